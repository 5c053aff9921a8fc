"""InfluxDB line protocol: `influx/<device>`, or `influx/<device>/<precision>`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from line_protocol_parser import LineFormatError, parse_line

from collector.decoders.door import Message, Refused, number, plausible, shown
from collector.decoders.tags import Gathered, Tag, known_unit, meaning, tag_words
from plagewatch.metering.readings import Decoded, LeftOut, Reason

TOPIC = re.compile(r"(?:(?P<prefix>[^/].*?)/)?influx/(?P<device>[^/]+)(?:/(?P<precision>ns|us|ms|s))?")

NS_PER: Mapping[str, int] = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
NS_PER_MS = 10**6

# Tags that name one of several devices behind a gateway, in the order in which they are put together.
DEVICE_TAGS = ("topic", "name", "device", "device_id", "meter", "meter_id", "slave_id")
SERIAL_TAGS = ("serial", "serial_number", "serialnumber")
UNIT_TAGS = ("unit", "unit_of_measurement", "units", "uom")
# Tags that tell nothing of what is counted. All others keep series apart: phase, location, direction.
OTHER_TAGS = ("host", "hostname", "domain", "type", "source", "friendly_name", "agent_host", "url", "db")
# Measurements that are named after the way or the matter; others are part of the name.
PLAIN_MEASUREMENTS = tag_words(
    "modbus mqtt_consumer opcua snmp http exec file serial energy electricity sensor sensors meter meters"
    " reading readings data measurement measurements"
)
VALUE_FIELDS = ("value", "val", "reading", "state")

# How names end that hold a unit in small letters. Not `mw` and `mwh`: they may be milli or mega.
SMALL_UNITS: Mapping[str, str] = {"w": "W", "kw": "kW", "wh": "Wh", "degc": "°C", "percent": "%"}

_MAX_LINES_OF_A_TEXT = 20
_NUMBER = re.compile(r"\s*[+-]?[0-9]")


class _Point(NamedTuple):
    """A line as read. place: the number of its line, from 1."""

    place: int
    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, object]
    time: int | None


def decode(message: Message) -> Decoded:
    """Readings of one message: lines of points. A line that cannot be read is lost alone."""
    if not message.payload.strip():
        raise Refused(Reason.MALFORMED, "no line")
    gathered: dict[tuple[str, str | None], Gathered] = {}
    left_out: list[LeftOut] = []
    for point in _points(message.payload, left_out):
        try:
            at_ms = _at_ms(message, point)
        except Refused as refused:
            left_out.append(refused.left_out)
            continue
        key = (_device(message.device, point.tags), _first(point.tags, SERIAL_TAGS))
        for tag in _tags(point, at_ms, left_out):
            gathered.setdefault(key, Gathered(key[0])).add(tag)
    return Decoded(
        [one._replace(serial=serial) for (_, serial), known in gathered.items() for one in known.readings()], left_out
    )


def _points(payload: bytes, left_out: list[LeftOut]) -> Iterator[_Point]:
    lines = payload.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    place = 0
    while place < len(lines):
        taken = 1
        try:
            point, taken = _point(lines, place)
            if point is not None:
                yield _Point(place + 1, point["measurement"], point["tags"], point["fields"], point["time"])
        except ValueError as error:
            left_out.append(LeftOut(Reason.MALFORMED, f"line {place + 1}: {error} {shown(lines[place])}"))
        place += taken


def _point(lines: Sequence[bytes], place: int) -> tuple[Any, int]:
    """The point that begins at a line, None for a comment or an empty line, and of how many lines it is.

    Raises ValueError where it is no point.
    """
    first = lines[place].strip()
    if not first:
        return None, 1
    try:
        return parse_line(first.decode("utf-8")), 1
    except LineFormatError as error:
        if first.count(b'"') % 2 == 0:
            raise ValueError(str(error)) from error
        # A text in quotes may hold line ends.
        for taken in range(2, min(_MAX_LINES_OF_A_TEXT, len(lines) - place) + 1):
            try:
                return parse_line(b"\n".join(lines[place : place + taken]).decode("utf-8")), taken
            except LineFormatError:
                continue
        raise ValueError(str(error)) from error


def _at_ms(message: Message, point: _Point) -> int | None:
    """The moment of a point; None = of its receipt. Nanoseconds unless the topic says another unit: none is guessed."""
    if point.time is None:
        return None
    precision = message.part("precision") or message.topic.string.rpartition("/")[2]
    precision = precision if precision in NS_PER else "ns"
    at_ms = _in_ms(point.time, precision)
    if plausible(at_ms, message.received_ms):
        return at_ms
    others = [known for known in NS_PER if plausible(_in_ms(point.time, known), message.received_ms)]
    hint = f"; if it is in {others[0]}, let the topic end with /{others[0]}" if others else ""
    raise Refused(Reason.TIME_IMPLAUSIBLE, f"line {point.place}: timestamp {point.time} {precision}{hint}")


def _in_ms(time: int, precision: str) -> int:
    return (time * NS_PER[precision] + NS_PER_MS // 2) // NS_PER_MS


def _first(tags: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((tags[name] for name in names if tags.get(name)), None)


def _device(topic_device: str, tags: Mapping[str, str]) -> str:
    """The topic's device, and which one behind it: a broker lets each device write only under its own name.

    >>> _device("gateway-1", {"host": "raspberry", "name": "main_meter"}), _device("a", {"serial": "7"})
    ('gateway-1/main_meter', 'a/7')
    """
    behind = [tags[name] for name in DEVICE_TAGS if tags.get(name)] or [_first(tags, SERIAL_TAGS) or ""]
    return "/".join(part for part in (topic_device, *behind) if part)


def _tags(point: _Point, at_ms: int | None, left_out: list[LeftOut]) -> Iterator[Tag]:
    texts = {name: value for name, value in point.fields.items() if isinstance(value, str)}
    said = _first(point.tags, UNIT_TAGS) or _first(texts, UNIT_TAGS)  # some write it as a text beside the value
    before = []
    if said is None and known_unit(point.measurement) is not None:
        said = point.measurement  # Home Assistant names its measurements after units
    elif point.measurement.lower() not in PLAIN_MEASUREMENTS:
        before.append(point.measurement)
    known = {*DEVICE_TAGS, *SERIAL_TAGS, *UNIT_TAGS, *OTHER_TAGS}
    before += [value for name, value in sorted(point.tags.items()) if name not in known]
    for field, value in sorted(point.fields.items()):
        parts = [*before, *([] if field.lower() in VALUE_FIELDS else [field])]
        name, unit = _with_unit(".".join(parts) or point.measurement, said)
        amount = number(value)
        if amount is not None:
            yield Tag(name, unit, amount, at_ms)
        elif isinstance(value, str) and _NUMBER.match(value) and not meaning(name, unit).register.startswith("field."):
            # What stands in quotes is a text; only where it is a number, and one was due, it is worth a word.
            left_out.append(LeftOut(Reason.NOT_A_NUMBER, f"line {point.place}: {shown(name)} = {shown(value)}"))


def _with_unit(name: str, unit: str | None) -> tuple[str, str | None]:
    """A name without the unit in small letters at its end, and that unit, where they make a register.

    >>> _with_unit("power_w", None), _with_unit("import_total_wh", None), _with_unit("import_total_mwh", None)
    (('power', 'W'), ('import_total', 'Wh'), ('import_total_mwh', None))
    """
    head, _, tail = name.rpartition("_")
    if unit is not None or meaning(head, SMALL_UNITS.get(tail)).register.startswith("field."):
        return name, unit
    return head, SMALL_UNITS.get(tail)
