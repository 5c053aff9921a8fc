"""From a packet to readings. Each device family has a folder; the table below says which topics are whose."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.decoders import (
    chirpstack,
    dsmr_p1,
    inverter_json,
    line_protocol,
    modbus_json,
    plain_json,
    senml,
    shelly,
    sparkplug_b,
    tasmota,
    ttn,
)
from collector.decoders.door import MAX_PAYLOAD_BYTES, Memory, Message, Refused, nothing, shown
from collector.decoders.life_signs import is_life_sign
from collector.decoders.marks import marked
from plagewatch.metering.readings import Decoded, Packet, Reason

UNKNOWN_FAMILY = "unknown"
LIFE_SIGN = "life sign"


@dataclass(frozen=True, slots=True)
class Family:
    """A device family.

    topic: which topics are its own, matched whole, with a group `device`. decode: readings of one message; it may raise
    Refused. sample_topic: one of its topics, for a payload that comes without one. device: the device that a topic
    names, where that is not the group as it stands.
    """

    name: str
    topic: re.Pattern[str]
    decode: Callable[[Message], Decoded]
    sample_topic: str
    device: Callable[[re.Match[str]], str] = lambda match: match["device"] or ""


FAMILIES: Sequence[Family] = (
    Family("plain_json", plain_json.TOPIC, plain_json.decode, "loggers/unknown/readings"),
    Family(
        "sparkplug_b",
        sparkplug_b.TOPIC,
        sparkplug_b.decode,
        "spBv1.0/unknown/DDATA/unknown/unknown",
        sparkplug_b.device_name,
    ),
    Family("modbus_json", modbus_json.TOPIC, modbus_json.decode, "modbus/unknown/data", modbus_json.device_name),
    Family("inverter_json", inverter_json.TOPIC, inverter_json.decode, "inverters/unknown/data"),
    Family("shelly", shelly.TOPIC, shelly.decode, "unknown/events/rpc"),
    Family("tasmota", tasmota.TOPIC, tasmota.decode, "tele/unknown/SENSOR"),
    Family("dsmr_p1", dsmr_p1.TOPIC, dsmr_p1.decode, "dsmr/unknown/telegram"),
    Family("ttn", ttn.TOPIC, ttn.decode, "v3/unknown/devices//up"),
    Family("chirpstack", chirpstack.TOPIC, chirpstack.decode, "application/unknown/device//event/up"),
    Family("senml", senml.TOPIC, senml.decode, "senml/unknown"),
    Family("line_protocol", line_protocol.TOPIC, line_protocol.decode, "influx/unknown"),
)
BY_NAME = {family.name: family for family in FAMILIES}


@dataclass(frozen=True, slots=True)
class Route:
    """Topics of which somebody said whose they are. It goes before the families' own topics."""

    topic: re.Pattern[str]
    family: Family

    @classmethod
    def of(cls, template: str, family: str) -> "Route":
        """A route by a template like an MQTT filter, `{device}` standing for the level that names the device.

        Raises KeyError for a family that is not there, ValueError for a template without `{device}`.

        >>> Route.of("site/+/{device}/data", "plain_json").topic.fullmatch("site/a/b/data")["device"]
        'b'
        """
        levels = template.split("/")
        if levels.count("{device}") != 1 or "#" in levels[:-1]:
            raise ValueError(f"{template!r}: one level must be {{device}}, and # can only be the last")
        words = {"{device}": "(?P<device>[^/]+)", "+": "[^/]*", "#": ".*"}
        return cls(re.compile("/".join(words.get(level, re.escape(level)) for level in levels)), BY_NAME[family])


def decode(packet: Packet, routes: Sequence[Route] = (), memory: Memory | None = None) -> tuple[str, Decoded]:
    """The family a packet's topic belongs to, and all that its decoder made of it. Never raises.

    routes: what somebody said of topics; they go first. memory: what families remember; it may be changed.

    >>> family, decoded = decode(Packet("loggers/cellar/readings",
    ...     b'{"registers": {"gas_index": {"value": 12.5, "unit": "m3"}}}', 1_800_000_000_000))
    >>> family, decoded.readings[0].register, decoded.readings[0].value
    ('plain_json', 'gas_volume', [12.5])
    """
    found = _matching(packet.topic, routes)
    if is_life_sign(packet.topic, packet.payload):
        return found[0].name if found else LIFE_SIGN, Decoded(())
    if found:
        return found[0].name, _decode_as(*found, packet, {} if memory is None else memory)
    return UNKNOWN_FAMILY, nothing(Reason.UNKNOWN_TOPIC, f"topic {shown(packet.topic)} belongs to no family")


def device_of(topic: str, routes: Sequence[Route] = ()) -> str:
    """The device a topic names, as its family reads topics; empty where it belongs to no family.

    >>> device_of("loggers/cellar/readings"), device_of("weather/today")
    ('cellar', '')
    """
    found = _matching(topic, routes)
    return found[0].device(found[1]) if found else ""


def guesses(packet: Packet) -> list[tuple[str, Decoded]]:
    """What each family would make of a payload whose topic says nothing, the best guess first; none is left out.

    The family whose marks the payload has goes before all others, also where it can read nothing of it.

    >>> made = guesses(Packet("", b'{"registers": {"gas_index": {"value": 12.5, "unit": "m3"}}}', 1_800_000_000_000))
    >>> made[0][0], len(made[0][1].readings)
    ('plain_json', 1)
    """
    made = [(family.name, decode_as(family, packet)) for family in FAMILIES]
    mark = marked(packet.payload)
    return sorted(made, key=lambda one: (one[0] == mark, understood(one[1])), reverse=True)


def decode_as(family: Family, packet: Packet) -> Decoded:
    """What a family makes of a packet, whatever its topic."""
    match = family.topic.fullmatch(packet.topic) or family.topic.fullmatch(family.sample_topic)
    assert match is not None, family.name
    return _decode_as(family, match, packet, {})


def understood(decoded: Decoded) -> tuple[int, int]:
    """How much a decoder made of a payload: readings with a meaning, then those that are only a number with a name."""
    meant = sum(not readings.register.startswith("field.") for readings in decoded.readings)
    return meant, len(decoded.readings)


def _matching(topic: str, routes: Sequence[Route]) -> tuple[Family, re.Match[str]] | None:
    for route in routes:
        if match := route.topic.fullmatch(topic):
            return route.family, match
    for family in FAMILIES:
        if match := family.topic.fullmatch(topic):
            return family, match
    return None


def _decode_as(family: Family, match: re.Match[str], packet: Packet, memory: Memory) -> Decoded:
    if len(packet.payload) > MAX_PAYLOAD_BYTES:
        return nothing(Reason.TOO_LARGE, f"{len(packet.payload)} bytes, at most {MAX_PAYLOAD_BYTES} are read")
    try:
        return family.decode(Message(match, packet.payload, packet.received_ms, memory))
    except Refused as refused:
        return Decoded((), (refused.left_out,))
