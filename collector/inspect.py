"""What the collector would make of one payload, for a person who looks at a device."""

from datetime import UTC, datetime
from typing import Any

from collector.decoders import BY_NAME, decode, guesses
from plagewatch.metering.readings import Decoded, Packet, Quality, register_word


class UnknownFamily(ValueError):
    """There is no decoder family of that name."""


def inspect(packet: Packet, family: str | None = None) -> dict[str, Any]:
    """Family, samples (device, register, value, unit, at in UTC or null) and what was left out, ready for JSON.

    A packet with an empty topic is tried as each family, or as the one that is named. unit: `?` where the payload does
    not say. A value that was not measured has its `quality`; what a device would be asked stands in `asks`. Raises
    UnknownFamily.

    >>> inspect(Packet("loggers/a/readings", b'{"registers": {"co2": {"value": 600, "unit": "ppm"}}}', 0))["samples"]
    [{'device': 'a', 'register': 'co2', 'value': 600.0, 'unit': 'ppm', 'at': None}]
    """
    if family is not None and family not in BY_NAME:
        raise UnknownFamily(f"there is no family {family!r}; there are: {', '.join(BY_NAME)}")
    name, decoded = _decoded(packet, family)
    made: dict[str, Any] = {"family": name, "samples": _samples(decoded)}
    made["left_out"] = [{"reason": str(left.reason), "detail": left.detail} for left in decoded.left_out]
    if decoded.asks:
        made["asks"] = [{"topic": ask.topic, "bytes": len(ask.payload)} for ask in decoded.asks]
    return made


def _samples(decoded: Decoded) -> list[dict[str, Any]]:
    return [
        {
            "device": readings.device,
            "register": readings.register,
            "value": value,
            "unit": register_word(readings.register).unit,
            "at": None if readings.at_ms is None else _utc(readings.at_ms[place]),
        }
        | ({} if readings.quality is Quality.MEASURED else {"quality": readings.quality.name.lower()})
        for readings in decoded.readings
        for place, value in enumerate(readings.value)
    ]


def _decoded(packet: Packet, family: str | None) -> tuple[str, Decoded]:
    own = [known for known in BY_NAME.values() if known.topic.fullmatch(packet.topic) and family in (None, known.name)]
    if own or (packet.topic and family is None):
        return decode(packet)  # a topic of no family: said as it is, the live collector would say it too
    return next(tried for tried in guesses(packet) if family in (None, tried[0]))


def _utc(at_ms: int) -> str:
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
