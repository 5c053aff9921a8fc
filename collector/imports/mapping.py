"""Which column of a table is what, as somebody confirmed it: shown, edited and stored as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from collector.imports.refusals import ImportRefused
from collector.imports.stamps import DateOrder
from collector.imports.time_slots import Stamp
from plagewatch.metering.readings import REGISTERS, Behaviour
from plagewatch.metering.units import UNITS
from plagewatch.store.names import WEATHER_FIELDS


class Layout(StrEnum):
    """How values stand in a table."""

    LONG = "long"  # one value a row, columns name its meter
    WIDE = "wide"  # one column for each meter


class Counts(StrEnum):
    """What a value is."""

    INDEX = "index"  # what the meter shows at an instant
    INTERVAL = "interval"  # an amount from one stamp to the next


AS_WRITTEN = "as written"
"""The zone of stamps that carry their own: a Z, or an offset from UTC."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a table. name: heading of its column, or in a long table the cells that name it.

    meter: id of the meter, of weather the site; register: a word of the glossary, or a field of the weather; unit: of
    the values, None where a column tells it. None elsewhere: nobody said it yet.
    """

    name: str
    meter: str | None = None
    register: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What the columns of a table are. Columns are named by their headings, or `#1`, `#2` where there are none.

    header_lines: numbers of the lines above the values whose cells together are the headings. when: the columns of
    date and time. named_by: the columns that name a value's meter, long tables only. interval_s: length of the
    intervals. None: nobody said it yet, and nothing is imported before.
    """

    layout: Layout
    counts: Counts | None
    when: tuple[str, ...]
    date_order: DateOrder | None
    zone: str | None
    decimal: str
    series: tuple[Series, ...]
    header_lines: tuple[int, ...] = ()
    stamp: Stamp | None = None
    interval_s: int | None = None
    named_by: tuple[str, ...] = ()
    value: str | None = None
    unit_column: str | None = None
    sheet: str = ""

    def open_questions(self) -> list[str]:
        """What somebody must say before a table can be imported; empty where all is said."""
        questions = [f"`{name}`: {what}" for name, what in _QUESTIONS.items() if getattr(self, name) is None]
        if self.counts is Counts.INTERVAL:
            questions += [f"`{name}`: {what}" for name, what in _OF_INTERVALS.items() if getattr(self, name) is None]
        for series in self.series:
            for name, what in _OF_SERIES.items():
                if getattr(series, name) is None and not (name == "unit" and self.unit_column):
                    choice = f" {', '.join(_registers_in(series.unit))}" if name == "register" else ""
                    questions.append(f"`{name}` of `{series.name}`: {what}{choice}")
        return questions

    def as_json(self) -> dict[str, Any]:
        """The mapping as JSON can hold it."""
        return asdict(self)


_QUESTIONS = {
    "counts": "index or interval?",
    "date_order": "which of day and month comes first is not clear from any row: dmy, mdy or ymd",
    "zone": "Europe/Brussels for local time, UTC, or Etc/GMT-1 for winter time all year",
}
_OF_INTERVALS = {
    "stamp": "does a stamp name the start or the end of its interval: start or end",
    "interval_s": "length of an interval in seconds",
}
_OF_SERIES = {
    "meter": "which meter is it: its id, or the site of weather",
    "register": "what it counts, one of",
    "unit": f"one of {', '.join(UNITS)}",
}


def _registers_in(unit: str | None) -> list[str]:
    """Registers that a column in a unit can be of; all that a file can tell where the unit is not known.

    >>> _registers_in("m³")
    ['gas_volume', 'water_volume', 'volume_interval']
    """
    canonical = UNITS[unit].canonical if unit is not None and unit in UNITS else ""
    words = [word for word, known in REGISTERS.items() if known.behaviour is not Behaviour.UNSAID]
    if canonical not in ("kWh", "m3", "W"):
        return [*words, *WEATHER_FIELDS]
    means = ("energy_interval", "energy_export_interval") if canonical == "W" else ()  # power over an interval
    return [word for word in words if REGISTERS[word].unit == canonical or word in means]


def mapping_of(told: object, where: str) -> TableMapping:
    """A mapping from JSON. where: for the refusal. Raises ImportRefused naming the key that is not usable."""
    if not isinstance(told, Mapping):
        raise ImportRefused(f"{where}: a mapping is a JSON object with the keys that a proposal shows")
    known = {field.name for field in fields(TableMapping)}
    for key in told:
        if key not in known:
            raise ImportRefused(f"{where}: there is no key `{key}` in a mapping; there are {', '.join(sorted(known))}")
    values = {name: value for name, value in told.items() if value is not None}
    try:
        mapping = TableMapping(
            layout=Layout(values["layout"]),
            counts=Counts(values["counts"]) if "counts" in values else None,
            when=_texts(values["when"]),
            date_order=DateOrder(values["date_order"]) if "date_order" in values else None,
            zone=_zone(values["zone"]) if "zone" in values else None,
            decimal=values.get("decimal", ","),
            series=tuple(Series(**series) for series in values.get("series", ())),
            header_lines=tuple(int(line) for line in values.get("header_lines", ())),
            stamp=Stamp(values["stamp"]) if "stamp" in values else None,
            interval_s=int(values["interval_s"]) if "interval_s" in values else None,
            named_by=_texts(values.get("named_by", ())),
            value=values.get("value"),
            unit_column=values.get("unit_column"),
            sheet=values.get("sheet", ""),
        )
    except KeyError as error:
        raise ImportRefused(f"{where}: the key `{error.args[0]}` is missing") from error
    except (TypeError, ValueError) as error:
        raise ImportRefused(f"{where}: {error}") from error
    _check(mapping, where)
    return mapping


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r} must be a list of headings")
    return tuple(str(text) for text in value)


def _zone(name: str) -> str:
    try:
        return name if name == AS_WRITTEN else ZoneInfo(name).key
    except (KeyError, OSError, ValueError):  # zoneinfo raises any of them, by the kind of nonsense
        raise ValueError(f"{name!r} is no time zone") from None


def _check(mapping: TableMapping, where: str) -> None:
    if mapping.decimal not in (",", "."):
        raise ImportRefused(f"{where}: `decimal` is a comma or a point, not {mapping.decimal!r}")
    if mapping.layout is Layout.LONG and (mapping.value is None or not (mapping.named_by or mapping.series)):
        raise ImportRefused(f"{where}: a long table needs `value`, and `named_by` or one series")
    if mapping.interval_s is not None and not 0 < mapping.interval_s <= 86_400:
        raise ImportRefused(f"{where}: `interval_s` is at most a day, not {mapping.interval_s}")
    for series in mapping.series:
        if (
            series.register
            and series.register.partition(".")[0] not in REGISTERS
            and series.register not in WEATHER_FIELDS
        ):
            raise ImportRefused(f"{where}: {series.register!r} of `{series.name}` is no register of the glossary")
        if series.unit and series.unit not in UNITS:
            raise ImportRefused(f"{where}: {series.unit!r} of `{series.name}` is no unit we know: {', '.join(UNITS)}")
