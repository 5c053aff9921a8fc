"""What devices and gateways say when they come and go, on whatever topic: a birth or a last will measures nothing."""

import json

LAST_LEVELS = (
    "/availability",
    "/available",
    "/online",
    "/status",
    "/state",
    "/lwt",
    "/LWT",
    "/connected",
    "/connection",
)
WORDS = frozenset(
    (
        "online",
        "offline",
        "connected",
        "disconnected",
        "available",
        "unavailable",
        "alive",
        "dead",
        "lost",
        "true",
        "false",
    )
)
DIGITS = frozenset(("0", "1", "2"))  # 2 is "connected, and its hardware too" for some gateways
DIGIT_LEVELS = ("/online", "/availability", "/available", "/connected", "/lwt", "/LWT")
LONGEST = 64


def is_life_sign(topic: str, payload: bytes) -> bool:
    """Whether a message says only that somebody came or went.

    >>> is_life_sign("zigbee2mqtt/plug/availability", b'{"state": "offline"}'), is_life_sign("loggers/a/LWT", b"Online")
    (True, True)
    >>> is_life_sign("loggers/a/status", b'{"gas_index": 5}'), is_life_sign("meter/state", b"1")
    (False, False)
    """
    if len(payload) > LONGEST or not topic.endswith(LAST_LEVELS):
        return False
    try:
        said: object = payload.decode().strip()
        if isinstance(said, str) and said[:1] in ("{", '"'):
            said = json.loads(said)
    except ValueError:
        return False
    if isinstance(said, dict):
        said = next(iter(said.values())) if said.keys() in ({"state"}, {"status"}) else None
    if not isinstance(said, str):
        return False
    return said.lower() in WORDS or (said in DIGITS and topic.endswith(DIGIT_LEVELS))
