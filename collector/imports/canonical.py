"""The plain way in: a folder of CSV files in the canonical form (intervals, register readings, weather, calendar, and
what people would else enter one by one).

Files for scoring (labels, events, runs, outages) may lie beside them and are never opened.
"""

import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np

from collector.imports.cells import Moments, moment_of, number_of
from collector.imports.csv_files import CsvFile, open_csv
from collector.imports.evidence import Block, Gathering
from collector.imports.extra_tables import open_tables, read_tables
from collector.imports.refusals import ImportRefused, RowRefused
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
from collector.imports.registry_writing import save_days, save_meters, save_swaps
from collector.imports.weather_hours import TooCoarse
from collector.imports.weather_writing import save_weather
from collector.imports.work import Import
from plagewatch.store.names import WEATHER_FIELDS
from plagewatch.store.records import registry
from plagewatch.store.records.life_cycle import By, MeterEditor


@dataclass(frozen=True, slots=True)
class _Files:
    meters: CsvFile
    values: list[CsvFile]
    weather: CsvFile | None
    calendar: CsvFile | None
    swaps: CsvFile | None
    tables: Mapping[str, CsvFile]


def recognises(path: Path) -> bool:
    """Whether this is a canonical folder: every folder is taken for one, and told what it lacks."""
    return path.is_dir()


def read(work: Import) -> Iterator[list[Block]]:
    """Registry and weather into the stores, values as blocks. Doing it again changes nothing.

    Raises ImportRefused where a file or column is missing or cannot be read.
    """
    files = _files(work.path)
    listed = read_meters(files.meters, work.refusals)
    editor = MeterEditor(work.engine, work.series, By(f"file:{work.path.name}", work.now_ms))
    new, facts = save_meters(listed, files.meters.name, editor, work.refusals)
    work.new_meters += new
    work.count("new_facts", facts)
    work.count("sites", len(listed.sites))
    work.count("meters", len(listed.meters))
    for file in files.values:
        yield from _values(work, file, listed)
    if files.swaps:
        swaps = read_swaps(files.swaps, listed.meters, work.refusals)
        work.count("swaps", len(swaps))
        work.count("new_swaps", save_swaps(swaps, editor))
    if files.weather:
        _read_weather(work, files.weather, listed)
    if files.calendar:
        buildings = {(building.site, building.id) for building in registry.buildings(work.engine)}
        days = read_calendar(files.calendar, listed.sites, buildings, work.refusals)
        work.count("calendar_days", len(days))
        work.count("new_calendar_days", save_days(days, editor))
    read_tables(work, files.tables)


def _files(folder: Path) -> _Files:
    """All files with their headers checked, before anything is written."""
    if not folder.is_dir():
        raise ImportRefused(f"{folder} is no folder: give the folder that holds meters.csv")
    meters = open_csv(folder, "meters", METER_COLUMNS)
    if meters is None:
        raise ImportRefused(f"{folder}: meters.csv is missing: it lists the meters, one a line")
    readings = open_csv(folder, "readings", ("meter", "start", "value"))
    samples = open_csv(folder, "samples", ("meter", "register", "at", "value"))
    values = [file for file in (readings, samples) if file is not None]
    tables = open_tables(folder)
    if not values and not tables:
        raise ImportRefused(f"{folder}: neither readings.csv.gz nor samples.csv.gz is there: nothing to import")
    return _Files(
        meters,
        values,
        open_csv(folder, "weather", ("site", "start", "temp_c")),
        open_csv(folder, "calendar", CALENDAR_COLUMNS),
        open_csv(folder, "swaps", SWAP_COLUMNS),
        tables,
    )


def _values(work: Import, file: CsvFile, listed: MeterList) -> Iterator[list[Block]]:
    """Readings (interval amounts, no register column) or samples (register readings)."""
    has_register = "register" in file.column
    when = "at" if has_register else "start"
    places = [file.column[name] for name in ("meter", when, "value", "register" if has_register else "value")]
    picked, longest = itemgetter(*places), max(places)
    moments, gathering, only = Moments(work.now_ms), Gathering(), work.order.only
    known: dict[tuple[str, str | None], tuple[str, str, float, float]] = {}
    for line, row in file.rows(work.refusals, work.progress):
        try:
            if longest >= len(row):
                file.cell(row, next(name for name, place in file.column.items() if place == longest))
            meter_text, at_text, value_text, word = picked(row)
            key = (meter_text, word if has_register else None)
            found = known.get(key)
            if found is None:
                found = known[key] = _register(meter_text.strip(), word.strip() if has_register else None, listed)
            meter, register, times, per = found
            at_ms = moments.read(at_text.strip(), when, meter)
            value = number_of(value_text.strip(), "value", meter)
        except RowRefused as refused:
            work.refusals.add(file.name, line, row, refused)
            continue
        if only and meter not in only:
            work.pass_over("of meters that are not asked for")
        elif gathering.add(meter, register, at_ms, value * times / per):
            yield gathering.drain()
    yield gathering.drain()


def _register(meter_id: str, word: str | None, listed: MeterList) -> tuple[str, str, float, float]:
    meter = meter_of(meter_id, listed.meters)
    register = meter.register(word) if word is not None else INTERVAL_WORDS[meter.meter.unit]
    return meter_id, register, meter.unit.times, meter.unit.per


def _read_weather(work: Import, file: CsvFile, listed: MeterList) -> None:
    """Weather of each site as hourly points."""
    starts: dict[str, array[int]] = {}
    cells: dict[str, list[array[float]]] = {}
    for line, row in file.rows(work.refusals, work.progress):
        try:
            site = site_of(file.cell(row, "site"), listed.sites)
            at_ms = moment_of(file.cell(row, "start"), "start", work.now_ms, site)
            texts = [file.cell(row, name) for name in WEATHER_FIELDS]
        except RowRefused as refused:
            work.refusals.add(file.name, line, row, refused)
            continue
        columns = cells.setdefault(site, [array("d") for _ in WEATHER_FIELDS])
        starts.setdefault(site, array("q")).append(at_ms // 1000)
        for name, text, column in zip(WEATHER_FIELDS, texts, columns, strict=True):
            try:
                column.append(number_of(text, name, site) if text else math.nan)
            except RowRefused as refused:  # the other cells of the row stay
                work.refusals.add(file.name, line, row, refused)
                column.append(math.nan)
    for site, start_s in starts.items():
        fields = {name: np.array(column) for name, column in zip(WEATHER_FIELDS, cells[site], strict=True)}
        try:
            hours, new = save_weather(work.series, site, np.array(start_s, np.int64), fields)
        except TooCoarse as error:
            raise ImportRefused(f"{file.name}, column start: site {site}: {error}; daily is the coarsest") from error
        work.count("weather_hours", hours)
        work.count("new_weather_hours", new)
