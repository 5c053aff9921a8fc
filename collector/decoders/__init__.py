"""From a packet to readings. Each device family has a folder; the table below says which topics are whose."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.decoders import plain_json, shelly
from collector.decoders.door import MAX_PAYLOAD_BYTES, parse_json, shown
from plagewatch.metering.readings import Decoded, LeftOut, Packet, Reason

UNKNOWN_FAMILY = "unknown"


@dataclass(frozen=True, slots=True)
class Family:
    """A device family.

    topic: which topics are its own, matched whole. decode: takes the match, the parsed JSON and received_ms.
    sample_topic: one of its topics, for a payload that comes without one.
    """

    name: str
    topic: re.Pattern[str]
    decode: Callable[[re.Match[str], object, int], Decoded]
    sample_topic: str


FAMILIES: Sequence[Family] = (
    Family("plain_json", plain_json.TOPIC, plain_json.decode, "loggers/unknown/readings"),
    Family("shelly", shelly.TOPIC, shelly.decode, "unknown/events/rpc"),
)


def decode(packet: Packet) -> tuple[str, Decoded]:
    """The family a packet's topic belongs to, and all that its decoder made of it. Never raises.

    >>> family, decoded = decode(Packet("loggers/cellar/readings",
    ...     b'{"registers": {"gas_index": {"value": 12.5, "unit": "m3"}}}', 1_800_000_000_000))
    >>> family, decoded.readings[0].register, decoded.readings[0].value
    ('plain_json', 'gas_volume', [12.5])
    """
    for family in FAMILIES:
        if match := family.topic.fullmatch(packet.topic):
            return family.name, _decode_as(family, match, packet)
    return UNKNOWN_FAMILY, _nothing(Reason.UNKNOWN_TOPIC, f"topic {shown(packet.topic)} belongs to no family")


def device_of(topic: str) -> str:
    """The device a topic names, as its family reads topics; empty where it belongs to no family.

    >>> device_of("loggers/cellar/readings"), device_of("weather/today")
    ('cellar', '')
    """
    matches = (family.topic.fullmatch(topic) for family in FAMILIES)
    return next((match["device"] for match in matches if match), "")


def _decode_as(family: Family, match: re.Match[str], packet: Packet) -> Decoded:
    if len(packet.payload) > MAX_PAYLOAD_BYTES:
        return _nothing(Reason.TOO_LARGE, f"{len(packet.payload)} bytes, at most {MAX_PAYLOAD_BYTES} are read")
    try:
        content = parse_json(packet.payload)
    except ValueError as error:
        return _nothing(Reason.MALFORMED, f"not JSON: {shown(str(error))}")
    return family.decode(match, content, packet.received_ms)


def _nothing(reason: Reason, detail: str) -> Decoded:
    return Decoded((), (LeftOut(reason, detail),))
