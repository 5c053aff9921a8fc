"""A mapping proposed for a table that nobody described yet. It is shown; nothing is imported before it is accepted."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.imports.cells import bare_id
from collector.imports.headings import plain
from collector.imports.lines import Line, Unreadable
from collector.imports.mapping import AS_WRITTEN, Counts, Layout, Series, TableMapping
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.stamps import (
    DateOrder,
    has_zone,
    local_stamp,
    looks_like_serial,
    looks_like_stamp,
    looks_like_time,
    order_of,
)
from collector.imports.table_headings import headings
from collector.imports.table_series import usual_register
from collector.imports.time_slots import Stamp, stamp_of
from collector.imports.work import Directory, Import
from plagewatch.metering.meters import Meter
from plagewatch.metering.units import UNITS
from plagewatch.store.names import TEMP_C

BRUSSELS = "Europe/Brussels"
MOST_NAMES = 200

# Words of headings, as `plain` makes them, in Dutch, French and English.
INDEX_WORDS = ("index", "stand", "meterstand", "tellerstand", "releve", "reading", "compteur", "teller")
AMOUNT_WORDS = ("verbruik", "consumption", "consommation", "afname", "offtake", "prelevement", "volume",
                "productie", "production", "injectie", "injection", "vermogen", "power", "puissance")  # fmt: skip
EXPORT_WORDS = ("injectie", "injection", "export", "teruglevering")
VALUE_WORDS = ("value", "waarde", "valeur", "amount", "hoeveelheid", "quantite", *INDEX_WORDS, *AMOUNT_WORDS)
UNIT_WORDS = ("unit", "eenheid", "unite", "uom")
TEMPERATURE_WORDS = ("temperatuur", "temperature", "tempdryshelteravg", "tempavg", "tempc", "buitentemperatuur")
NAME_WORDS = ("ean", "meter", "teller", "compteur", "site", "naam", "name", "nom", "register", "registre", "logger",
              "code", "gebouw", "batiment", "building", "direction", "richting")  # fmt: skip
NUMBER = re.compile(r"[-+]?[\d .,'\u00a0\u202f]*\d([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping to look at. notes: what was concluded from what; questions: what somebody must fill in."""

    mapping: TableMapping
    notes: tuple[str, ...]
    questions: tuple[str, ...]


def propose(work: Import) -> Proposal:
    """Look at a whole table once and say what its columns seem to be. Raises ImportRefused where it has no dates."""
    sheet = sheet_of(work.path)
    head = sheet.head()
    when = _when(head, work.path.name)
    first = next(line for line, row in head if _is_stamp(row, when))
    above = _header_lines(head, first, when)
    names, rows = headings(head, above), [row for line, row in head if line >= first]
    looked = _Columns(names, rows, when)
    stamps = _Stamps(when, looked.named_by)
    for line, row in sheet.rows():
        if line >= first and not isinstance(row, Unreadable):
            stamps.add(row)
    directory = Directory(work.engine, work.order)
    counts, site = looked.counts(), work.order.sites.get("")
    series = (
        tuple(_series_of_name(name, directory, counts, looked) for name in stamps.names)
        if looked.layout is Layout.LONG
        else tuple(_series_of_column(names[place], directory, counts, site) for place in looked.values)
    )
    clock = stamps.clock()
    mapping = TableMapping(
        layout=looked.layout,
        counts=counts,
        when=tuple(names[place] for place in when),
        date_order=clock.order,
        zone=clock.zone,
        decimal=looked.decimal,
        series=series,
        header_lines=tuple(above),
        stamp=None if counts is Counts.INDEX else clock.stamp,
        interval_s=clock.interval_s,
        named_by=tuple(names[place] for place in looked.named_by),
        value=names[looked.values[0]] if looked.layout is Layout.LONG else None,
        unit_column=names[looked.unit] if looked.unit is not None else None,
    )
    return Proposal(mapping, tuple(clock.notes), tuple(mapping.open_questions()))


def _when(head: Sequence[Line], file: str) -> list[int]:
    """The columns of date and time: of the first row with a date, and of the most rows."""
    counted: Counter[tuple[int, ...]] = Counter()
    for _, row in head:
        dates = [place for place, cell in enumerate(row) if looks_like_stamp(cell)]
        dates = dates or [place for place, cell in enumerate(row[:2]) if looks_like_serial(cell)]
        if dates:
            after = dates[0] + 1
            has_clock = after < len(row) and looks_like_time(row[after])
            counted[(dates[0], after) if has_clock else (dates[0],)] += 1
    if not counted:
        raise ImportRefused(f"{file}: no column has dates; give the format with --format, or a mapping")
    return list(counted.most_common(1)[0][0])


def _is_stamp(row: Sequence[str], when: Sequence[int]) -> bool:
    place = when[0]
    return place < len(row) and (looks_like_stamp(row[place]) or looks_like_serial(row[place]))


def _header_lines(head: Sequence[Line], first: int, when: Sequence[int]) -> list[int]:
    """The lines right above the values whose cells are words, not only above the dates; two at the most."""
    found: list[int] = []
    width = max(len(row) for line, row in head if line >= first)
    for line, row in reversed([(line, row) for line, row in head if line < first]):
        words = [cell for cell in row if cell.strip()]
        reaches = any(cell.strip() for place, cell in enumerate(row) if place not in when)
        if len(found) == 2 or not reaches or len(row) > width or any(NUMBER.fullmatch(cell.strip()) for cell in words):
            break
        found.insert(0, line)
    return found


class _Columns:
    """What the columns beside the dates hold."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[str]], when: Sequence[int]) -> None:
        self.names, self._rows = names, rows
        others = [place for place in range(len(names)) if place not in when]
        numeric = [place for place in others if self._is_numeric(place)]
        self.unit = next((place for place in others if plain(names[place]) in UNIT_WORDS), None)
        texts = [place for place in others if place not in numeric and place != self.unit and self._is_filled(place)]
        ids = [place for place in numeric if self._is_id(place)]
        self.values = [place for place in numeric if place not in ids]
        named = [place for place in texts + ids if _holds(names[place], NAME_WORDS) or place in ids]
        self.named_by = sorted(named)
        is_value = [place for place in self.values if _holds(names[place], VALUE_WORDS)]
        self.layout = Layout.LONG if named and (len(self.values) == 1 or len(is_value) == 1) else Layout.WIDE
        if self.layout is Layout.LONG:
            self.values = is_value or self.values
        else:
            self.named_by = []
        self.decimal = self._decimal()

    def counts(self) -> Counts | None:
        """Whether values are indexes or amounts, where the headings say it."""
        words = " ".join(self.names[place] for place in self.values)
        if _holds(words, INDEX_WORDS) != _holds(words, AMOUNT_WORDS):
            return Counts.INDEX if _holds(words, INDEX_WORDS) else Counts.INTERVAL
        return None

    def _cells(self, place: int) -> list[str]:
        return [cell for row in self._rows if place < len(row) and (cell := row[place].strip())]

    def _is_filled(self, place: int) -> bool:
        return bool(self._cells(place))

    def _is_numeric(self, place: int) -> bool:
        cells = self._cells(place)
        return bool(cells) and sum(bool(NUMBER.fullmatch(bare_id(cell))) for cell in cells) * 2 > len(cells)

    def _is_id(self, place: int) -> bool:
        bare = [bare_id(cell) for cell in self._cells(place)]
        long = all(text.isdigit() and len(text) >= 12 for text in bare)
        return long or plain(self.names[place]) in ("ean", "eancode", "codeean")

    def _decimal(self) -> str:
        cells = [cell for place in self.values for cell in self._cells(place)]
        commas, points = sum("," in cell for cell in cells), sum("." in cell for cell in cells)
        both = [cell for cell in cells if "," in cell and "." in cell]
        if both:
            return "," if both[0].rindex(",") > both[0].rindex(".") else "."
        return "," if commas > points else "."


@dataclass(frozen=True, slots=True)
class _Clock:
    order: DateOrder | None
    zone: str | None
    stamp: Stamp | None
    interval_s: int | None
    notes: list[str]


class _Stamps:
    """All stamps of a table, looked at once from beginning to end."""

    def __init__(self, when: Sequence[int], named_by: Sequence[int]) -> None:
        self._when, self._named_by = when, named_by
        self._first: list[str] = []
        self._possible: set[DateOrder] = set(DateOrder)
        self._zoned = True
        self.names: dict[str, None] = {}

    def add(self, row: Sequence[str]) -> None:
        """One row."""
        text = " ".join(row[place].strip() for place in self._when if place < len(row))
        if len(self._first) < 1000:
            self._first.append(text)
        found = order_of([text])
        if found is not None:
            self._possible &= {found}
        self._zoned &= has_zone(text)
        name = " ".join(bare_id(row[place]) for place in self._named_by if place < len(row)).strip()
        if name and len(self.names) < MOST_NAMES:
            self.names.setdefault(name)

    def clock(self) -> _Clock:
        """What the stamps say of their own form."""
        notes = []
        serial = bool(self._first) and looks_like_serial(self._first[0])
        order = DateOrder.YMD if serial else self._possible.pop() if len(self._possible) == 1 else None
        if order in (DateOrder.DMY, DateOrder.MDY):
            notes.append(f"dates are read as {order.value}: some row allows no other order")
        zone = AS_WRITTEN if self._zoned else BRUSSELS
        if not self._zoned:
            notes.append("times are taken for local time; write UTC or Etc/GMT-1 (winter time all year) where they are")
        interval_s, stamp = None, None
        if order is not None:
            interval_s = _usual_step_s(self._first, order)
            clocks = [(text[:10], text[11:16]) for text in map(str, _local(self._first, order))]
            stamp = stamp_of(clocks)
            notes.append(
                f"a stamp is taken for the {stamp.value} of its interval, by the first of them: {self._first[0]}"
            )
        return _Clock(order, zone, stamp, interval_s, notes)


def _local(texts: Iterable[str], order: DateOrder) -> list[object]:
    found: list[object] = []
    for text in texts:
        try:
            found.append(local_stamp(text, order))
        except ValueError:
            continue
    return found


def _usual_step_s(texts: Iterable[str], order: DateOrder) -> int | None:
    at_s = sorted({round(stamp.timestamp()) for stamp in _local(texts, order)})  # type: ignore[attr-defined]
    steps = Counter(after - before for before, after in zip(at_s, at_s[1:], strict=False))
    step_s = steps.most_common(1)[0][0] if steps else None
    return step_s if step_s is not None and step_s <= 86_400 else None


def _series_of_name(name: str, directory: Directory, counts: Counts | None, looked: _Columns) -> Series:
    meter = _meter(name, directory)
    register = _register(name, meter, counts)
    unit = None if looked.unit is not None else _unit(looked.names[looked.values[0]]) or _unit(name)
    return Series(name, meter.id if meter else None, register, unit)


def _series_of_column(heading: str, directory: Directory, counts: Counts | None, site: str | None) -> Series:
    if _holds(heading, TEMPERATURE_WORDS):
        return Series(heading, site, TEMP_C, "°C")
    meter = _meter(heading, directory)
    return Series(heading, meter.id if meter else None, _register(heading, meter, counts), _unit(heading))


def _register(text: str, meter: Meter | None, counts: Counts | None) -> str | None:
    if meter is None:
        return None
    if _holds(text, EXPORT_WORDS) and meter.unit == "kWh":
        return {Counts.INDEX: "energy_export_total", Counts.INTERVAL: "energy_export_interval"}.get(counts)  # type: ignore[arg-type]
    return usual_register(meter, counts)


def _meter(text: str, directory: Directory) -> Meter | None:
    """The meter that a text names as a whole, or with one of its words."""
    for part in [text, *re.split(r"[ ()\[\]]+", text)]:
        try:
            found = directory.find(bare_id(part), "") if part else None
        except RowRefused:
            continue
        if found is not None:
            return found
    return None


def _unit(text: str) -> str | None:
    words = re.split(r"[ ()\[\]/]+", text)
    return next((word for word in reversed(words) if word in UNITS and word != "1"), None)


def _holds(text: str, words: Iterable[str]) -> bool:
    parts = [plain(part) for part in re.split(r"[^\w]+", text)] + [plain(text)]
    return any(part == word or (len(word) > 4 and word in part) for part in parts for word in words)
