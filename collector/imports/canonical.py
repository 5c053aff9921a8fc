"""The plain way in: a folder of CSV files in the canonical form (intervals, register readings, weather, calendar).

Files for scoring (labels, events, runs, outages) may lie beside them and are never opened.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from collector.imports.registry_files import (
    CALENDAR_COLUMNS,
    INTERVAL_WORDS,
    METER_COLUMNS,
    SWAP_COLUMNS,
    MeterList,
    meter_of,
    read_calendar,
    read_meters,
    read_swaps,
    site_of,
)
from collector.imports.registry_writing import save_meters, save_swaps
from collector.imports.tables import (
    CsvFile,
    ImportRefused,
    Progress,
    Refusals,
    RowRefused,
    moment_of,
    number_of,
    open_csv,
)
from collector.imports.weather_hours import TooCoarse, hourly
from plagewatch.metering.meters import Kind
from plagewatch.metering.readings import Reason, Samples
from plagewatch.store.engine import Engine
from plagewatch.store.names import TAG_SITE, WEATHER, WEATHER_FIELDS
from plagewatch.store.records.registry import meters, save, save_calendar
from plagewatch.store.records.work import DirtyWindow, mark_dirty
from plagewatch.store.series.protocol import SeriesStore

__all__ = ["ImportRefused", "ImportReport", "import_folder"]

FLUSH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import took and what it did not. first_ms, last_ms: instants of the evidence in the folder.

    left_out: rows (or cells) not taken, by reason; the first 1000 of each file are in quarantine.
    examples: the first of them in words, with file, line and column.
    """

    sites: int = 0
    meters: int = 0
    samples: int = 0
    swaps: int = 0
    weather_hours: int = 0
    calendar_days: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    left_out: Mapping[Reason, int] = field(default_factory=dict)
    examples: Sequence[str] = ()


def import_folder(
    folder: Path, engine: Engine, series: SeriesStore, now_ms: int, progress: Progress | None = None
) -> ImportReport:
    """Bring a canonical folder into the stores. Doing it again changes nothing.

    now_ms: milliseconds since 1970 UTC; rows of later than a day after it are implausible.
    Raises ImportRefused where a file or column is missing or cannot be read, SeriesError where the store fails.
    """
    meters_file, values_files, weather_file, calendar_file, swaps_file = _files(folder)
    refusals = Refusals(folder.name, now_ms)
    listed = read_meters(meters_file, refusals)
    save_meters(listed, meters_file.name, engine, series, refusals)
    evidence = _Evidence(engine, series, f"file:{folder.name}", now_ms)
    for file in values_files:
        _read_values(file, listed, evidence, refusals, progress)
    swaps = read_swaps(swaps_file, listed.meters, refusals) if swaps_file else []
    save_swaps(swaps, engine)
    hours = _read_weather(weather_file, listed, series, refusals) if weather_file else 0
    days = read_calendar(calendar_file, listed.sites, refusals) if calendar_file else {}
    for site, marked in days.items():
        save_calendar(engine, site, marked)
    refusals.store(engine)
    return ImportReport(
        len(listed.sites),
        len(listed.meters),
        evidence.written,
        len(swaps),
        hours,
        sum(len(marked) for marked in days.values()),
        evidence.first_ms,
        evidence.last_ms,
        refusals.counts,
        refusals.examples,
    )


def _files(folder: Path) -> tuple[CsvFile, list[CsvFile], CsvFile | None, CsvFile | None, CsvFile | None]:
    """All files with their headers checked, before anything is written."""
    if not folder.is_dir():
        raise ImportRefused(f"{folder} is no folder: give the folder that holds meters.csv")
    meters = open_csv(folder, "meters", METER_COLUMNS)
    if meters is None:
        raise ImportRefused(f"{folder}: meters.csv is missing: it lists the meters, one a line")
    readings = open_csv(folder, "readings", ("meter", "start", "value"))
    samples = open_csv(folder, "samples", ("meter", "register", "at", "value"))
    values = [file for file in (readings, samples) if file is not None]
    if not values:
        raise ImportRefused(f"{folder}: neither readings.csv.gz nor samples.csv.gz is there: nothing to import")
    return (
        meters,
        values,
        open_csv(folder, "weather", ("site", "start", "temp_c")),
        open_csv(folder, "calendar", CALENDAR_COLUMNS),
        open_csv(folder, "swaps", SWAP_COLUMNS),
    )


class _Evidence:
    """Gathers values by meter and register and writes them in large blocks."""

    def __init__(self, engine: Engine, series: SeriesStore, source: str, now_ms: int) -> None:
        self._engine = engine
        self._series = series
        self._source = source
        self._now_ms = now_ms
        self._gathered: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        self._without_interval = {
            meter.id: meter for meter in meters(engine) if meter.kind is Kind.INTERVAL and meter.interval_s is None
        }
        self._rows = 0
        self.written = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def column(self, meter: str, register: str) -> tuple[list[int], list[float]]:
        """The lists to which instants and values of a register are added."""
        return self._gathered.setdefault((meter, register), ([], []))

    def count(self, file: str, progress: Progress | None) -> None:
        """One row more; writes when enough have gathered."""
        self._rows += 1
        if self._rows >= FLUSH_ROWS:
            self.flush()
            if progress:
                progress(f"{file}: {self.written} values stored")

    def flush(self) -> None:
        """Write the evidence, then remember that the figures of its time are old."""
        blocks = [
            Samples(meter, register, at_ms, value, self._source, self._now_ms)
            for (meter, register), (at_ms, value) in self._gathered.items()
            if at_ms
        ]
        if not blocks:
            return
        self._series.write_samples(blocks)
        self._learn_intervals(blocks)
        windows = [DirtyWindow(block.meter, min(block.at_ms), max(block.at_ms)) for block in blocks]
        mark_dirty(self._engine, windows)
        self.written += self._rows
        self.first_ms = min([w.from_ms for w in windows] + ([] if self.first_ms is None else [self.first_ms]))
        self.last_ms = max([w.to_ms for w in windows] + ([] if self.last_ms is None else [self.last_ms]))
        self._gathered = {}
        self._rows = 0

    def _learn_intervals(self, blocks: Sequence[Samples]) -> None:
        # Without its length an hourly amount would be taken for that of a quarter.
        for block in blocks:
            meter = self._without_interval.get(block.meter)
            steps_ms = np.diff(np.unique(np.array(block.at_ms, np.int64)))
            if meter is not None and len(steps_ms):
                found, counts = np.unique(steps_ms, return_counts=True)
                save(self._engine, [replace(meter, interval_s=int(found[np.argmax(counts)]) // 1000)])
                del self._without_interval[block.meter]


def _read_values(
    file: CsvFile, listed: MeterList, evidence: _Evidence, refusals: Refusals, progress: Progress | None
) -> None:
    """Readings (interval amounts, no register column) or samples (register readings) into evidence."""
    has_register = "register" in file.column
    moment_column = "at" if has_register else "start"
    known: dict[tuple[str, str], tuple[str, float, float]] = {}
    for line, row in file.rows(progress):
        try:
            meter_id = file.cell(row, "meter")
            word = file.cell(row, "register") if has_register else ""
            found = known.get((meter_id, word))
            if found is None:
                meter = meter_of(meter_id, listed.meters)
                register = meter.register(word) if has_register else INTERVAL_WORDS[meter.meter.unit]
                found = known[meter_id, word] = (register, meter.unit.times, meter.unit.per)
            at_ms = moment_of(file.cell(row, moment_column), moment_column, refusals.now_ms, meter_id)
            value = number_of(file.cell(row, "value"), "value", meter_id)
        except RowRefused as refused:
            refusals.add(file.name, line, row, refused)
            continue
        register, times, per = found
        instants, values = evidence.column(meter_id, register)
        instants.append(at_ms)
        values.append(value * times / per)
        evidence.count(file.name, progress)
    evidence.flush()


def _read_weather(file: CsvFile, listed: MeterList, series: SeriesStore, refusals: Refusals) -> int:
    """Weather of each site as hourly points; how many."""
    starts: dict[str, list[int]] = {}
    cells: dict[str, list[list[float]]] = {}
    for line, row in file.rows():
        try:
            site = site_of(file.cell(row, "site"), listed.sites)
            at_ms = moment_of(file.cell(row, "start"), "start", refusals.now_ms, site)
            texts = [file.cell(row, name) for name in WEATHER_FIELDS]
        except RowRefused as refused:
            refusals.add(file.name, line, row, refused)
            continue
        values = []
        for name, text in zip(WEATHER_FIELDS, texts, strict=True):
            try:
                values.append(number_of(text, name, site) if text else math.nan)
            except RowRefused as refused:  # the other cells of the row stay
                refusals.add(file.name, line, row, refused)
                values.append(math.nan)
        starts.setdefault(site, []).append(at_ms // 1000)
        cells.setdefault(site, []).append(values)
    hours = 0
    for site, start_s in starts.items():
        table = np.array(cells[site])
        fields = {name: table[:, place] for place, name in enumerate(WEATHER_FIELDS)}
        try:
            points = hourly(np.array(start_s, np.int64), fields)
        except TooCoarse as error:
            raise ImportRefused(f"{file.name}, column start: site {site}: {error}; daily is the coarsest") from error
        series.write_points(WEATHER, {TAG_SITE: site}, points)
        hours += len(points.start_s)
    return hours
