"""What the collector would make of one payload, for a person who looks at a device."""

from datetime import UTC, datetime
from typing import Any

from collector.decoders import FAMILIES, Family, decode, understood
from plagewatch.metering.readings import Decoded, Packet, register_word


class UnknownFamily(ValueError):
    """There is no decoder family of that name."""


def inspect(packet: Packet, family: str | None = None) -> dict[str, Any]:
    """Family, samples (device, register, value, unit, at in UTC or null) and what was left out, ready for JSON.

    A packet with an empty topic is tried as each family, or as the one that is named. Raises UnknownFamily.

    >>> inspect(Packet("loggers/a/readings", b'{"registers": {"co2": {"value": 600, "unit": "ppm"}}}', 0))["samples"]
    [{'device': 'a', 'register': 'co2', 'value': 600.0, 'unit': 'ppm', 'at': None}]
    """
    name, decoded = _decoded(packet, _wanted(family))
    return {
        "family": name,
        "samples": [
            {
                "device": readings.device,
                "register": readings.register,
                "value": value,
                "unit": register_word(readings.register).unit,
                "at": None if readings.at_ms is None else _utc(readings.at_ms[place]),
            }
            for readings in decoded.readings
            for place, value in enumerate(readings.value)
        ],
        "left_out": [{"reason": str(left.reason), "detail": left.detail} for left in decoded.left_out],
    }


def _wanted(family: str | None) -> list[Family]:
    wanted = [known for known in FAMILIES if family in (None, known.name)]
    if not wanted:
        known = ", ".join(known.name for known in FAMILIES)
        raise UnknownFamily(f"there is no family {family!r}; there are: {known}")
    return wanted


def _decoded(packet: Packet, wanted: list[Family]) -> tuple[str, Decoded]:
    if any(family.topic.fullmatch(packet.topic) for family in wanted):
        return decode(packet)
    if packet.topic and len(wanted) > 1:
        return decode(packet)  # a topic of no family: said as it is, the live collector would say it too
    tries = [decode(Packet(family.sample_topic, packet.payload, packet.received_ms)) for family in wanted]
    return max(tries, key=lambda tried: understood(tried[1]))


def _utc(at_ms: int) -> str:
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
