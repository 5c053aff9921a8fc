"""What a canonical folder may tell besides readings: formulas, sub-meters, deliveries, calorific values, opening hours.

Entered as a person would, under the file's name: refused rows are told, what is there already changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from collector.decoders.door import shown
from collector.imports.cells import moment_of, number_of, optional_whole
from collector.imports.csv_files import CsvFile, open_csv
from collector.imports.refusals import RowRefused
from collector.imports.work import Import
from plagewatch.metering.calendars.clock import hours_of
from plagewatch.metering.calendars.entered import OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Community
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import CalorificValue, Delivery, Meter, SubMeter, VirtualFormula
from plagewatch.metering.readings import Reason
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.works import Works
from plagewatch.store.records import registry
from plagewatch.store.records.calendars import CalendarEditor
from plagewatch.store.records.deliveries import DeliveryEditor
from plagewatch.store.records.formulas import FormulaEditor
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.sharing import ShareEditor
from plagewatch.store.records.works import WorksEditor

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "deliveries": ("meter", "delivered_on", "quantity", "unit"),
    "sub_meters": ("head", "sub"),
    "calorific_values": ("station", "valid_from", "kwh_per_m3"),
    "formulas": ("meter", "formula"),
    "opening_hours": ("site", "weekday", "open", "close"),
    "school_years": ("site", "community"),
    "works": ("building", "ended_on", "what"),
}
"""The tables in the order in which they are read, and the columns that each must have."""

EVER = date(1970, 1, 1)

_REASONS = {
    Refusal.UNKNOWN: Reason.UNKNOWN_DEVICE,
    Refusal.UNIT: Reason.UNIT_UNKNOWN,
    Refusal.DAY: Reason.TIME_IMPLAUSIBLE,
}

Enter = Callable[[], bool]
"""Enters what a row says; whether anything changed. Raises EditRefused."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to be entered. meter: whom it is about, empty where it is about none. ends: whether it ends something."""

    line: int
    cells: list[str]
    meter: str
    enter: Enter
    ends: bool = False


def open_tables(folder: Path) -> dict[str, CsvFile]:
    """The tables of a folder with their headers checked. Raises ImportRefused where a column is missing."""
    found = {name: open_csv(folder, name, columns) for name, columns in COLUMNS.items()}
    return {name: file for name, file in found.items() if file is not None}


def read_tables(work: Import, tables: Mapping[str, CsvFile]) -> None:
    """Enter what the tables say. Readings must be in the store: a formula is computed as far back as they go."""
    reader = _Reader(work)
    for name, file in tables.items():
        read: Callable[[CsvFile, list[str]], tuple[str, Enter, bool]] = getattr(reader, name)
        rows = []
        for line, cells in file.rows(work.refusals, work.progress):
            try:
                meter, enter, ends = read(file, cells)
            except RowRefused as refused:
                work.refusals.add(file.name, line, cells, refused)
                continue
            rows.append(_Row(line, cells, meter, enter, ends))
        # What ends first: a meter that moves behind another one has then left the one before.
        for row in sorted(rows, key=lambda row: not row.ends):
            _enter(work, name, file.name, row)


def _enter(work: Import, table: str, file: str, row: _Row) -> None:
    if work.order.only and row.meter and row.meter not in work.order.only:
        work.pass_over("of meters that are not asked for")
        return
    try:
        changed = row.enter()
    except EditRefused as refused:
        reason = _REASONS.get(refused.refusal, Reason.MALFORMED)
        work.refusals.add(file, row.line, row.cells, RowRefused(reason, "", str(refused), row.meter))
        return
    work.tell(table, changed)


class _Reader:
    """Reads a row of each table: the meter it is about, what enters it, and whether it ends something."""

    def __init__(self, work: Import) -> None:
        by = By(f"file:{work.path.name}", work.now_ms)
        self._now_ms = work.now_ms
        self._meters: Mapping[str, Meter] = {meter.id: meter for meter in registry.meters(work.engine)}
        self._timezones = {site.id: site.timezone for site in registry.sites(work.engine)}
        self._engine = work.engine
        self._formulas = FormulaEditor(work.engine, work.series, by)
        self._deliveries = DeliveryEditor(work.engine, by)
        self._shares = ShareEditor(work.engine, by)
        self._values = MeterEditor(work.engine, work.series, by)
        self._days = CalendarEditor(work.engine, by)
        self._works = WorksEditor(work.engine, by)
        self._file = work.path.name

    def formulas(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """meter, formula, valid_from: a local day or an instant, empty = since ever."""
        meter = self._meter(file, row, "meter")
        text = file.cell(row, "valid_from")
        at_ms = 0
        if text and len(text) == len("2026-01-01"):
            at_ms = day_start_s(_day(text, "valid_from"), self._timezones[meter.site]) * 1000
        elif text:
            at_ms = moment_of(text, "valid_from", self._now_ms, meter.id)
        formula = VirtualFormula(meter.id, file.cell(row, "formula"), max(at_ms, 0))
        return meter.id, lambda: self._formulas.set(formula), False

    def sub_meters(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """head, sub, valid_from, valid_to: local days, empty = since ever, and still."""
        head, sub = self._meter(file, row, "head"), self._meter(file, row, "sub")
        since, until = (file.cell(row, name) for name in ("valid_from", "valid_to"))
        last = _day(until, "valid_to") if until else None
        link = SubMeter(head.id, sub.id, _day(since, "valid_from") if since else EVER, last)
        return head.id, lambda: self._shares.set_sub_meter(link), last is not None

    def deliveries(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """meter, delivered_on, quantity, unit, document, note. One of the same day and document is corrected."""
        meter = self._meter(file, row, "meter")
        day = _day(file.cell(row, "delivered_on"), "delivered_on")
        quantity = number_of(file.cell(row, "quantity"), "quantity", meter.id)
        document, note = file.cell(row, "document"), file.cell(row, "note")
        made = Delivery(meter.id, day, quantity, file.cell(row, "unit"), document, note)

        def enter() -> bool:
            keys = {(one.delivered_on, one.document) for one in registry.deliveries_of(self._engine, meter.id)}
            return self._deliveries.enter(made, (day, document) if (day, document) in keys else None)

        return meter.id, enter, False

    def calorific_values(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """station, valid_from, kwh_per_m3, source."""
        day = _day(file.cell(row, "valid_from"), "valid_from")
        kwh_per_m3 = number_of(file.cell(row, "kwh_per_m3"), "kwh_per_m3")
        value = CalorificValue(file.cell(row, "station"), day, kwh_per_m3, file.cell(row, "source"))
        return "", lambda: self._values.set_calorific_value(value), False

    def opening_hours(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """site, building, weekday (1 = Monday), open, close: `08:30`, both empty = closed; valid_from: a local day."""
        weekday = optional_whole(file.cell(row, "weekday"), "weekday")
        if weekday is None:
            raise RowRefused(Reason.MALFORMED, "weekday", "empty")
        opens, closes = (_clock(file.cell(row, name), name) for name in ("open", "close"))
        if (opens is None) != (closes is None):
            raise RowRefused(Reason.MALFORMED, "close", "give both times, or none for a day on which it is closed")
        made = OpeningHours(
            file.cell(row, "site"), weekday - 1, opens or 0.0, closes or 0.0, _since(file, row),
            file.cell(row, "building"), source=self._file,
        )  # fmt: skip
        return "", lambda: self._days.set_opening(made), False

    def school_years(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """site, building, community (`flemish`, `french`, empty = of no school any more), valid_from: a local day."""
        word = file.cell(row, "community")
        if word and word not in set(Community):
            words = ", ".join(Community)
            raise RowRefused(Reason.MALFORMED, "community", f"{shown(word)} is none of {words}")
        made = SchoolYears(
            file.cell(row, "site"), Community(word) if word else None, _since(file, row), file.cell(row, "building"),
            source=self._file,
        )  # fmt: skip
        return "", lambda: self._days.follow_schools(made), False

    def works(self, file: CsvFile, row: list[str]) -> tuple[str, Enter, bool]:
        """building, ended_on: a local day, what, source."""
        source = file.cell(row, "source") or self._file
        day = _day(file.cell(row, "ended_on"), "ended_on")
        made = Works(file.cell(row, "building"), day, file.cell(row, "what"), source)
        return "", lambda: self._works.enter(made), False

    def _meter(self, file: CsvFile, row: list[str], column: str) -> Meter:
        name = file.cell(row, column)
        if name not in self._meters:
            detail = f"there is no meter {shown(name)}: enter it in meters.csv" if name else "empty"
            raise RowRefused(Reason.UNKNOWN_DEVICE, column, detail, name)
        return self._meters[name]


def _day(text: str, column: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no day like 2018-01-31") from None


def _since(file: CsvFile, row: list[str]) -> date:
    text = file.cell(row, "valid_from")
    return _day(text, "valid_from") if text else EVER


def _clock(text: str, column: str) -> float | None:
    """Local hours of a time of the day; None where the cell is empty."""
    if not text:
        return None
    try:
        return hours_of(text)
    except ValueError:
        raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no time like 08:30") from None
