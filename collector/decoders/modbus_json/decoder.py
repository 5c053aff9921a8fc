"""Gateways and loggers that push Modbus registers as JSON: tags in maps, lists or arrays, many at once."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from collector.decoders.door import Message, Refused, nothing, plausible, shown
from collector.decoders.modbus_json import shapes
from collector.decoders.modbus_json.items import MAX_DEPTH, Item, items_of, quality_of, unpacked
from collector.decoders.modbus_json.moments import decimal, moment_ms, run_of
from collector.decoders.modbus_json.shapes import SHAPES, Shape
from collector.decoders.tags import AS_SAID, Gathered, Meaning, Tag, field_register, meaning
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason

TOPIC = re.compile(r"(?:.*/)?(?:modbus/(?P<device>[^/]+)(?:/.*)?|neuron/(?P<neuron>[^/].*))")

SHORTEST_CLOCK = 1e6  # no clock of any unit counts less
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
        values = record if not shape.values else unpacked(record[shape.values])
        if not isinstance(values, (dict, list)) and not shape.raw:
            raise Refused(Reason.MALFORMED, f"{shape.values} is {shown(values)}")
        for item in items_of(values, record, shape):
            if decimal(item.value) in shape.nothing:
                continue
            try:
                own = item.told()
                own_ms = None if own is None else moment_ms(own, self.received_ms)
                self._item(device, item, {**record, **item.beside}, at_ms if own_ms is None else own_ms)
            except Refused as refused:
                self.left_out.append(refused.left_out)

    def _device(self, record: Mapping[str, object], shape: Shape) -> str:
        known = self.topic_device.split("/")
        told = [
            str(record[key]) for key in shape.inner if isinstance(record.get(key), (str, int)) and record[key] != ""
        ]
        return "/".join([self.topic_device, *(name for name in told if name not in known)])

    def _moment(self, record: Mapping[str, object], shape: Shape) -> int | None:
        told = _told(record, shape)
        at_ms = None if told is None else moment_ms(told, self.received_ms)
        repeated = any(str(record.get(key) or "no").lower() not in shapes.NO_WORDS for key in shapes.REPEATED_KEYS)
        if at_ms is None and (self.several or repeated):
            raise Refused(
                Reason.MALFORMED, f"time = {shown(told)}: no moment with its zone, in a record that is not new"
            )
        return at_ms

    def _item(self, device: str, item: Item, around: Mapping[str, object], at_ms: int | None) -> None:
        quality = quality_of(item)
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

    def _run(self, device: str, item: Item, around: Mapping[str, object], at_ms: int | None) -> None:
        values = item.value if isinstance(item.value, list) else []
        if len(values) > MAX_VALUES:
            raise Refused(Reason.TOO_LARGE, f"{shown(item.name)}: {len(values)} values")
        run = run_of(around, len(values), self.received_ms)
        if run is None:
            for place, value in enumerate(values):
                self._item(device, Item(f"{item.name}_{place}", value, None, {}), around, at_ms)
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
            self.runs.append(Readings(device, register, moments, amounts, None, quality_of(item)))


def _run_register(item: Item, around: Mapping[str, object]) -> tuple[Meaning, int]:
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


def _told(record: Mapping[str, object], shape: Shape) -> object:
    """The moment of a record as it stands there; None where there is none. Gateways write its name in any letters."""
    spelled: dict[str, str] = {}
    for key in record:
        spelled.setdefault(key if len(key) == 1 else key.lower(), key)
    keys = (spelled.get(key if len(key) == 1 else key.lower()) for key in shape.time)
    told = next((record[key] for key in keys if key and record[key] not in (None, "")), None)
    # A small `t` alone is as often a temperature.
    return None if told is record.get("t") and abs(decimal(told) or math.inf) < SHORTEST_CLOCK else told


def _records(content: object, depth: int) -> Iterator[Mapping[str, object]]:
    """The messages in a message: one object, a list of them, or a list under a key of its own."""
    if isinstance(content, dict):
        inner = next((content[key] for key in shapes.RECORDS if isinstance(content.get(key), list)), None)
        if inner is None:
            several = _of_devices(content)
            yield from several or [content]
            return
        around = {key: value for key, value in content.items() if key not in shapes.RECORDS}
        yield from ({**around, **record} for record in _records(inner, depth + 1))
    elif isinstance(content, list) and depth < MAX_DEPTH:
        if content and not any(isinstance(one, (dict, list, str)) for one in content):
            yield {"values": {"register": content}}
            return
        for one in content:
            yield from _records(unpacked(one), depth + 1)


def _of_devices(content: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The records of a map whose names are devices, each with a list of moments and values; none of any other map."""
    made: list[Mapping[str, object]] = []
    for device, records in content.items():
        if not isinstance(records, list) or not records:
            return []
        if not all(isinstance(one, dict) and {"ts", "values"} <= one.keys() for one in records):
            return []
        made += [{**one, "device": device} for one in records]
    return made
