"""The tags in a record, however they are arranged, each with what stands beside its value."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from collector.decoders.door import Refused, parse_json, shown
from collector.decoders.modbus_json import shapes
from collector.decoders.modbus_json.moments import decimal
from collector.decoders.modbus_json.shapes import Shape
from plagewatch.metering.readings import Quality, Reason

MAX_DEPTH = 4
_RUN_KEYS = frozenset((*shapes.FIRST_KEYS, *shapes.LAST_KEYS))


class Item(NamedTuple):
    """One tag as it stands in a message: its value may be a list. beside: the keys that stand next to the value."""

    name: str
    value: object
    unit: str | None
    beside: Mapping[str, object]

    def told(self) -> object:
        """The moment that stands beside the value, as it stands there; None where there is none."""
        keys = (key for key in shapes.OWN_TIME_KEYS if self.beside.get(key) not in (None, ""))
        return next((self.beside[key] for key in keys), None)


def items_of(values: object, record: Mapping[str, object], shape: Shape) -> Iterator[Item]:
    if not isinstance(values, dict) and not (isinstance(values, list) and any(isinstance(one, dict) for one in values)):
        if isinstance(values, list) and record.keys() & _RUN_KEYS and not shape.raw:
            yield _run(values, record)
            return
        yield from _raw(values if isinstance(values, list) else [values], record, shape)
        return
    units = record.get("units") if isinstance(record.get("units"), dict) else record.get("unit")
    units = units if isinstance(units, dict) else {}
    for item in _flat(values, "", 0):
        unit = item.unit or units.get(item.name)
        yield item if not isinstance(unit, str) else item._replace(unit=unit)


def _run(values: list[object], record: Mapping[str, object]) -> Item:
    """The only values of a record, which says when they begin or end: their name and unit stand beside them."""
    name = next((record[key] for key in shapes.RUN_NAME_KEYS if isinstance(record.get(key), str)), "values")
    unit = next((record[key] for key in shapes.UNIT_KEYS if isinstance(record.get(key), str)), None)
    return Item(str(name), values, unit if isinstance(unit, str) else None, {})


def _raw(values: list[object], record: Mapping[str, object], shape: Shape) -> Iterator[Item]:
    """Plain 16-bit registers: two of them may be one number, in either order, with any scale. Only shown."""
    first = decimal(record.get(shape.raw)) if shape.raw else 0.0
    for place, value in enumerate(values):
        name = f"register_{round(first) + place}" if first is not None else f"register_{place}"
        yield Item(name, value, None, {})


def _flat(values: object, path: str, depth: int) -> Iterator[Item]:
    """All tags of a map or a list, however deep: a folder's name goes before the names in it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(values, list):
        for place, one in enumerate(values):
            if isinstance(one, dict):
                name = next((str(one[key]) for key in shapes.NAME_KEYS if one.get(key) not in (None, "")), str(place))
                yield from _one(one, f"{path}{name}", depth)
    elif isinstance(values, dict):
        clock = {key: values[key] for key in shapes.OWN_TIME_KEYS[:-1] if path and key in values}
        for key, value in values.items():
            if key in clock or (path and key in shapes.NO_VALUES):
                continue
            if not path and (key.lower() in shapes.DESCRIBES or key in (*shapes.STEP_KEYS, *shapes.STEP_TEXT_KEYS)):
                continue
            value = unpacked(value)
            if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
                yield from _one(value, f"{path}{key}", depth)
            else:
                unit = next((values[name] for name in (f"{key}_unit", f"{key}Unit") if name in values), None)
                yield Item(f"{path}{key}", value, unit if isinstance(unit, str) else None, clock)


def _one(values: Any, name: str, depth: int) -> Iterator[Item]:
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
    yield Item(name, values.get(key), unit, {k: value for k, value in values.items() if k != key})


def quality_of(item: Item) -> Quality:
    """How a value came about. Raises Refused where the gateway says that it is none."""
    error = next((item.beside[key] for key in shapes.ERROR_KEYS if item.beside.get(key) not in shapes.NO_ERRORS), None)
    if error is not None:
        raise Refused(Reason.FLAGGED, f"{shown(item.name)}: error {shown(error)}")
    for key in shapes.QUALITY_KEYS:
        said = item.beside.get(key)
        if isinstance(said, str) and said.lower() in shapes.BAD_WORDS:
            raise Refused(Reason.FLAGGED, f"{shown(item.name)}: {key} {shown(said)}")
        if said is True:
            continue
        if isinstance(said, int) and key in ("quality", "q") and said not in shapes.OPC_GOOD:
            raise Refused(Reason.FLAGGED, f"{shown(item.name)}: {key} {said}")
        if isinstance(said, str) and said.lower() in shapes.ESTIMATED_WORDS:
            return Quality.ESTIMATED
    return Quality.ESTIMATED if any(item.beside.get(key) is True for key in shapes.ESTIMATED_KEYS) else Quality.MEASURED


def unpacked(value: object) -> object:
    """A text that is JSON itself, as what it says; every other value as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return parse_json(value.encode())
        except ValueError:
            return value
    return value
