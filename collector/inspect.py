"""What the collector would make of one payload, for a person who looks at a device."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from collector.decoders import BY_NAME, UNKNOWN_FAMILY, decode, decode_as, guesses, understood
from collector.decoders.door import nothing, shown
from collector.decoders.marks import families_called, marked
from plagewatch.metering.readings import Decoded, Packet, Quality, Reason, register_word


class UnknownFamily(ValueError):
    """There is no decoder family of that name."""


def inspect(packet: Packet, family: str | None = None) -> dict[str, Any]:
    """Family, samples (device, register, value, unit, at in UTC or null) and what was left out, ready for JSON.

    family: a family's name, or what people call it (`p1`, `sparkplug`). Where neither it nor the topic says the family,
    the payload's marks do, then what understands the most of it; a topic of no family has a `note`, as the collector
    would need a route for it. unit: `?` where the payload does not say. A value that was not measured has its
    `quality`; what a device would be asked stands in `asks`. Raises UnknownFamily.

    >>> inspect(Packet("loggers/a/readings", b'{"registers": {"co2": {"value": 600, "unit": "ppm"}}}', 0))["samples"]
    [{'device': 'a', 'register': 'co2', 'value': 600.0, 'unit': 'ppm', 'at': None}]
    """
    called = [] if family is None else families_called(family, list(BY_NAME))
    if family is not None and not called:
        raise UnknownFamily(f"there is no family {family!r}; there are: {', '.join(BY_NAME)}")
    name, decoded = _decoded(packet, called)
    made: dict[str, Any] = {"family": name, "samples": _samples(decoded)}
    made["left_out"] = [{"reason": str(left.reason), "detail": left.detail} for left in decoded.left_out]
    if packet.topic and not any(known.topic.fullmatch(packet.topic) for known in BY_NAME.values()):
        made["note"] = "The topic belongs to no family: the collector needs a route that says whose it is."
    if decoded.asks:
        made["asks"] = [{"topic": ask.topic, "bytes": len(ask.payload)} for ask in decoded.asks]
    return made


def _samples(decoded: Decoded) -> list[dict[str, Any]]:
    return [
        {
            "device": readings.device,
            "register": readings.register,
            "value": float(f"{value:.15g}"),  # 1530.19342, where the division by 1000 gave 1530.1934199999998
            "unit": register_word(readings.register).unit,
            "at": None if readings.at_ms is None else _utc(readings.at_ms[place]),
        }
        | ({} if readings.quality is Quality.MEASURED else {"quality": readings.quality.name.lower()})
        for readings in decoded.readings
        for place, value in enumerate(readings.value)
    ]


def _decoded(packet: Packet, called: Sequence[str]) -> tuple[str, Decoded]:
    """The family by its name or by the topic; where neither says it, by what the payload looks like."""
    if called:
        of_topic = [name for name in called if BY_NAME[name].topic.fullmatch(packet.topic)]
        if len(of_topic or called) == 1:
            name = (of_topic or called)[0]
            return name, decode_as(BY_NAME[name], packet)
        return next(tried for tried in guesses(packet) if tried[0] in called)
    if any(family.topic.fullmatch(packet.topic) for family in BY_NAME.values()):
        return decode(packet)
    made = guesses(packet)
    name, decoded = made[0]
    if marked(packet.payload) is None and understood(decoded) == (0, 0):
        read = [
            one
            for one in made
            if any(left.reason not in (Reason.MALFORMED, Reason.FLAGGED) for left in one[1].left_out)
        ]
        if read:
            return read[0]
        reason = Reason.UNKNOWN_TOPIC if packet.topic else Reason.MALFORMED
        where = f"topic {shown(packet.topic)} belongs to no family, and " if packet.topic else ""
        return UNKNOWN_FAMILY, nothing(reason, f"{where}no family can read the payload")
    return name, decoded


def _utc(at_ms: int) -> str:
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
