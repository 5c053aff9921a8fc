"""Gateways and loggers that push Modbus registers as JSON: tags in maps, lists or arrays, many at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from collector.decoders.door import Message, Refused, nothing, parse_json, plausible, shown
from collector.decoders.modbus_json import shapes
from collector.decoders.modbus_json.moments import decimal, moment_ms, run_of
from collector.decoders.modbus_json.shapes import SHAPES, Shape
from collector.decoders.tags import AS_SAID, Gathered, Meaning, Tag, field_register, meaning
from plagewatch.metering.readings import Decoded, LeftOut, Quality, Readings, Reason

TOPIC = re.compile(r"(?:.*/)?(?:modbus/(?P<device>[^/]+)(?:/.*)?|neuron/(?P<neuron>[^/].*))")

MAX_DEPTH = 4
MAX_RECORDS = 5_000
MAX_VALUES = 40_000  # a year of quarter-hours


def device_name(topic: re.Match[str]) -> str:
    """The level behind `modbus/`, or all levels behind `neuron/`.

    >>> device_name(TOPIC.fullmatch("site/modbus/gateway-1/data")), device_name(TOPIC.fullmatch("/neuron/app/meter"))
    ('gateway-1', 'app/meter')
    """
    parts = topic.groupdict()
    return parts.get("device") or parts.get("neuron") or ""


def decode(message: Message) -> Decoded:
    """Readings of one message, which may hold many records, devices and channels."""
    if message.topic.string.rpartition("/")[2].lower() in shapes.NOT_DATA:
        return Decoded(())
    content = message.json()
    if not isinstance(content, (dict, list)):
        return nothing(Reason.MALFORMED, f"no object or list: {shown(content)}")
    records = list(_records(content, 0))
    if len(records) > MAX_RECORDS:
        return nothing(Reason.TOO_LARGE, f"{len(records)} records, at most {MAX_RECORDS} are read")
    made = _Made(device_name(message.topic), message.received_ms, len(records) > 1)
    for record in records:
        try:
            made.record(record)
        except Refused as refused:
            made.left_out.append(refused.left_out)
    return Decoded(made.readings(), made.left_out)


class _Item(NamedTuple):
    """One tag as it stands in a message: its value may be a list. beside: the keys that stand next to the value."""

    name: str
    value: object
    unit: str | None
    beside: Mapping[str, object]


@dataclass(slots=True)
class _Made:
    """What a message has become so far."""

    topic_device: str
    received_ms: int
    several: bool  # records: the moment of receipt can then stand for none
    left_out: list[LeftOut] = field(default_factory=list)
    gathered: dict[str, Gathered] = field(default_factory=dict)
    runs: list[Readings] = field(default_factory=list)

    def readings(self) -> list[Readings]:
        return [*(one for gathered in self.gathered.values() for one in gathered.readings()), *self.runs]

    def record(self, record: Mapping[str, object]) -> None:
        shape = next(shape for shape in SHAPES if all(mark in record for mark in shape.marks))
        code = record.get(shape.good)
        if shape.good and code not in shapes.GOOD_CODES[shape.good]:
            raise Refused(Reason.FLAGGED, f"{shape.good} = {shown(code)}")
        device = self._device(record, shape)
        at_ms = self._moment(record, shape)
        errors = record.get(shape.errors)
        for name, error in errors.items() if isinstance(errors, dict) else ():
            self.left_out.append(LeftOut(Reason.FLAGGED, f"{shown(name)}: error {shown(error)}"))
        values = record if not shape.values else _unpacked(record[shape.values])
        if not isinstance(values, (dict, list)) and not shape.raw:
            raise Refused(Reason.MALFORMED, f"{shape.values} is {shown(values)}")
        for item in _items(values, record, shape):
            if decimal(item.value) in shape.nothing:
                continue
            try:
                self._item(device, item, {**record, **item.beside}, at_ms)
            except Refused as refused:
                self.left_out.append(refused.left_out)

    def _device(self, record: Mapping[str, object], shape: Shape) -> str:
        known = self.topic_device.split("/")
        told = [
            str(record[key]) for key in shape.inner if isinstance(record.get(key), (str, int)) and record[key] != ""
        ]
        return "/".join([self.topic_device, *(name for name in told if name not in known)])

    def _moment(self, record: Mapping[str, object], shape: Shape) -> int | None:
        told = next((record[key] for key in shape.time if record.get(key) not in (None, "")), None)
        at_ms = None if told is None else moment_ms(told, self.received_ms)
        repeated = next((key for key in shapes.REPEATED_KEYS if record.get(key)), None)
        if at_ms is None and (self.several or repeated):
            raise Refused(
                Reason.MALFORMED, f"time = {shown(told)}: no moment with its zone, in a record that is not new"
            )
        return at_ms

    def _item(self, device: str, item: _Item, around: Mapping[str, object], at_ms: int | None) -> None:
        quality = _quality(item)
        if isinstance(item.value, list):
            self._run(device, item, around, at_ms)
            return
        if item.value is None or isinstance(item.value, bool):
            return  # not read, or a contact
        value = decimal(item.value)
        if value is None:
            if not meaning(item.name, item.unit).register.startswith("field."):
                raise Refused(Reason.NOT_A_NUMBER, f"{shown(item.name)} = {shown(item.value)}")
            return  # a text that describes something
        gathered = self.gathered.setdefault(device, Gathered(device))
        gathered.add(Tag(item.name, item.unit, value, at_ms, quality))

    def _run(self, device: str, item: _Item, around: Mapping[str, object], at_ms: int | None) -> None:
        values = item.value if isinstance(item.value, list) else []
        if len(values) > MAX_VALUES:
            raise Refused(Reason.TOO_LARGE, f"{shown(item.name)}: {len(values)} values")
        run = run_of(around, len(values), self.received_ms)
        if run is None:
            for place, value in enumerate(values):
                self._item(device, _Item(f"{item.name}_{place}", value, None, {}), around, at_ms)
            return
        meant, shift = _run_register(item, around)
        register, unit = self.gathered.setdefault(device, Gathered(device)).own(item.name, meant)
        numbers = [decimal(value) for value in values]
        bad = [place for place, value in enumerate(values) if value is not None and numbers[place] is None]
        if bad:
            detail = f"{shown(item.name)}: {len(bad)} of {len(values)} values, the first {shown(values[bad[0]])}"
            self.left_out.append(LeftOut(Reason.NOT_A_NUMBER, detail))
        pairs = [
            (at - shift * run.step_ms, value * unit.times / unit.per)
            for at, value in zip(run.moments(len(values)), numbers, strict=True)
            if value is not None
        ]
        kept = [pair for pair in pairs if plausible(pair[0], self.received_ms)]
        if len(kept) < len(pairs):
            detail = f"{shown(item.name)}: {len(pairs) - len(kept)} values later than a day after receipt"
            self.left_out.append(LeftOut(Reason.TIME_IMPLAUSIBLE, detail))
        if kept:
            moments, amounts = [at for at, _ in kept], [value for _, value in kept]
            self.runs.append(Readings(device, register, moments, amounts, None, _quality(item)))


def _run_register(item: _Item, around: Mapping[str, object]) -> tuple[Meaning, int]:
    """What a run counts, and by how many steps its stamps lie after the start of what they count.

    Amounts of intervals are booked only where the message says at which end of the interval they are stamped.
    """
    words = re.split(r"[\s_\-./]+", item.name)
    bare = [word for word in words if word.lower() not in shapes.INTERVAL_WORDS]
    if len(bare) == len(words):
        return meaning(item.name, item.unit), 0
    counted = meaning("_".join([*bare, "total"]), item.unit)
    if counted.register.startswith("field."):
        counted = meaning("_".join(["total", *bare]), item.unit)
    word, _, channel = counted.register.partition(".")
    stamp = around.get(shapes.STAMP_KEY)
    if word not in shapes.INTERVAL_REGISTERS or stamp not in ("start", "end"):
        return Meaning(field_register(item.name), AS_SAID), 0
    register = shapes.INTERVAL_REGISTERS[word] + (f".{channel}" if channel else "")
    return Meaning(register, counted.unit), 1 if stamp == "end" else 0


def _records(content: object, depth: int) -> Iterator[Mapping[str, object]]:
    """The messages in a message: one object, a list of them, or a list under a key of its own."""
    if isinstance(content, dict):
        inner = next((content[key] for key in shapes.RECORDS if isinstance(content.get(key), list)), None)
        if inner is None:
            yield content
            return
        around = {key: value for key, value in content.items() if key not in shapes.RECORDS}
        yield from ({**around, **record} for record in _records(inner, depth + 1))
    elif isinstance(content, list) and depth < MAX_DEPTH:
        if content and not any(isinstance(one, (dict, list, str)) for one in content):
            yield {"values": {"register": content}}
            return
        for one in content:
            yield from _records(_unpacked(one), depth + 1)


def _items(values: object, record: Mapping[str, object], shape: Shape) -> Iterator[_Item]:
    if not isinstance(values, dict) and not (isinstance(values, list) and any(isinstance(one, dict) for one in values)):
        yield from _raw(values if isinstance(values, list) else [values], record, shape)
        return
    units = record.get("units") if isinstance(record.get("units"), dict) else record.get("unit")
    units = units if isinstance(units, dict) else {}
    for item in _flat(values, "", 0):
        unit = item.unit or units.get(item.name)
        yield item if not isinstance(unit, str) else item._replace(unit=unit)


def _raw(values: list[object], record: Mapping[str, object], shape: Shape) -> Iterator[_Item]:
    """Plain 16-bit registers: two of them may be one number, in either order, with any scale. Only shown."""
    first = decimal(record.get(shape.raw)) if shape.raw else 0.0
    for place, value in enumerate(values):
        name = f"register_{round(first) + place}" if first is not None else f"register_{place}"
        yield _Item(name, value, None, {})


def _flat(values: object, path: str, depth: int) -> Iterator[_Item]:
    """All tags of a map or a list, however deep: a folder's name goes before the names in it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(values, list):
        for place, one in enumerate(values):
            if isinstance(one, dict):
                name = next((str(one[key]) for key in shapes.NAME_KEYS if one.get(key) not in (None, "")), str(place))
                yield from _one(one, f"{path}{name}", depth)
    elif isinstance(values, dict):
        for key, value in values.items():
            if not path and (key.lower() in shapes.DESCRIBES or key in (*shapes.STEP_KEYS, *shapes.STEP_TEXT_KEYS)):
                continue
            value = _unpacked(value)
            if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
                yield from _one(value, f"{path}{key}", depth)
            else:
                unit = next((values[name] for name in (f"{key}_unit", f"{key}Unit") if name in values), None)
                yield _Item(f"{path}{key}", value, unit if isinstance(unit, str) else None, {})


def _one(values: Any, name: str, depth: int) -> Iterator[_Item]:
    key = next((key for key in shapes.VALUE_KEYS if key in values), None) if isinstance(values, dict) else None
    if key is None and isinstance(values, dict) and any(error in values for error in shapes.ERROR_KEYS):
        key = "value"
    if key is None:
        yield from _flat(values, f"{name}/", depth + 1)
        return
    unit = next((values[k] for k in shapes.UNIT_KEYS if isinstance(values.get(k), str)), None)
    told = [values[k] for k in shapes.SCALE_KEYS if values.get(k) is not None]
    scale = next((one for one in told if isinstance(one, bool) or one not in (1, 1.0, "1")), None)  # True equals 1
    if scale is not None:  # whether it is in the value already stands nowhere
        unit = f"{unit or ''} x {scale}"
    if isinstance(values.get(key), dict):  # one unit for all that stands in the value
        yield from (item._replace(unit=item.unit or unit) for item in _flat(values[key], f"{name}/", depth + 1))
        return
    yield _Item(name, values.get(key), unit, {k: value for k, value in values.items() if k != key})


def _quality(item: _Item) -> Quality:
    """How a value came about. Raises Refused where the gateway says that it is none."""
    error = next(
        (item.beside[key] for key in shapes.ERROR_KEYS if item.beside.get(key) not in (None, 0, "", False)), None
    )
    if error is not None:
        raise Refused(Reason.FLAGGED, f"{shown(item.name)}: error {shown(error)}")
    for key in shapes.QUALITY_KEYS:
        said = item.beside.get(key)
        if isinstance(said, str) and said.lower() in shapes.BAD_WORDS:
            raise Refused(Reason.FLAGGED, f"{shown(item.name)}: {key} {shown(said)}")
        if isinstance(said, int) and key in ("quality", "q") and said not in shapes.OPC_GOOD:
            raise Refused(Reason.FLAGGED, f"{shown(item.name)}: {key} {said}")
        if isinstance(said, str) and said.lower() in shapes.ESTIMATED_WORDS:
            return Quality.ESTIMATED
    return Quality.ESTIMATED if any(item.beside.get(key) is True for key in shapes.ESTIMATED_KEYS) else Quality.MEASURED


def _unpacked(value: object) -> object:
    """A text that is JSON itself, as what it says; every other value as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return parse_json(value.encode())
        except ValueError:
            return value
    return value
