"""ChirpStack v4 over MQTT: `application/<application>/device/<DevEUI>/event/up`; v3's JSON is understood too."""

import re
from collections.abc import Iterator
from typing import Any

from collector.decoders.door import Message, Refused, moment_ms, nothing, plausible, shown
from collector.decoders.uplink import Uplink, decode_uplink, port_of, raw_bytes
from plagewatch.metering.readings import Decoded, Reason

TOPIC = re.compile(
    r"(?:(?P<prefix>[^/].*?)/)?application/(?P<application>[^/]+)/device/(?P<device>[^/]*)"
    r"/(?:event/)?(?P<kind>[a-z]+)"
)
UPLINKS = ("", "up", "rx")  # `rx` was the name before v3.11

_EUI = re.compile(r"[0-9a-fA-F]{16}")
_EUI_BYTES = 8


def decode(message: Message) -> Decoded:
    """Readings of one message. Joins, states, acknowledgements and logs measure nothing."""
    if message.part("kind") not in UPLINKS:
        return Decoded(())
    content = message.json()
    if isinstance(content, dict) and "deviceInfo" in content and not _is_uplink(content):
        return Decoded(())  # a join, a state, a log, on a route that carries everything
    if not isinstance(content, dict) or not _is_uplink(content):
        return nothing(Reason.MALFORMED, "no uplink event: neither `data` nor `object` of a device")
    return decode_uplink(
        Uplink(
            message.device or _device(content),
            message.received_ms,
            _time(message, content),
            port_of(content.get("fPort")),
            raw_bytes(content.get("data")),
            # v4 has an object, v3 the same as text; where no codec is set, an empty one or none.
            content.get("object") or content.get("objectJSON"),
        )
    )


def _is_uplink(content: dict[str, Any]) -> bool:
    told = content.keys() & {"data", "object", "objectJSON", "fCnt", "fPort"}
    return bool(told) and bool(content.keys() & {"deviceInfo", "devEUI", "deviceName"})


def _device(content: dict[str, Any]) -> str:
    """The device's EUI in lower case: v4 writes it in hexadecimal, v3 as base64.

    >>> _device({"deviceInfo": {"devEui": "A84041000181C061"}}), _device({"devEUI": "qEBBAAGBwGE="})
    ('a84041000181c061', 'a84041000181c061')
    """
    info = content.get("deviceInfo")
    eui = info.get("devEui") if isinstance(info, dict) else content.get("devEUI")
    if not isinstance(eui, str):
        return ""
    if _EUI.fullmatch(eui):
        return eui.lower()
    raw = raw_bytes(eui)
    return raw.hex() if len(raw) == _EUI_BYTES else ""


def _time(message: Message, content: dict[str, Any]) -> int | None:
    """When the network had it. `time` may be a gateway's clock; where that was never set, the server's own counts."""
    implausible = ""
    for name, value in _times(content):
        at_ms = moment_ms(value) if isinstance(value, str) else None
        if at_ms is None:
            raise Refused(Reason.MALFORMED, f"{name} = {shown(value)}")
        if plausible(at_ms, message.received_ms):
            return at_ms
        implausible = implausible or f"{name} = {shown(value)}"
    if implausible:
        raise Refused(Reason.TIME_IMPLAUSIBLE, implausible)
    return None


def _times(content: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name in ("time", "publishedAt"):
        if content.get(name) is not None:
            yield name, content[name]
    gateways = content.get("rxInfo")
    for place, gateway in enumerate(gateways if isinstance(gateways, list) else ()):
        if isinstance(gateway, dict) and gateway.get("nsTime") is not None:
            yield f"rxInfo[{place}].nsTime", gateway["nsTime"]
