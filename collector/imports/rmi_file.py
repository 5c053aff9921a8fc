"""Observations of the Belgian Royal Meteorological Institute as CSV, as its open data service gives them.

`collector/weather/rmi_columns.py` says which column is what and what a stamp means. Where the hours come from is kept
with them: station, place, licence.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from collector.imports.cells import bare_id, plain_number_of
from collector.imports.evidence import Block
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.weather_hours import of_hours
from collector.imports.weather_rows import read_rows, site_for, utc_s
from collector.imports.work import Import
from collector.weather.hours import of_instants
from collector.weather.rmi_columns import LICENCE, Columns, Layer, columns_of, place_in, unvalidated
from collector.weather.source import DAY_S, HOUR_S
from collector.weather.writing import write_new
from plagewatch.metering.intervals import Seconds
from plagewatch.metering.weather import Source
from plagewatch.store.names import TAG_SITE, WEATHER, WEATHER_FIELDS
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.weather_sources import Fetch
from plagewatch.store.series.protocol import Points

MEANS = {
    Layer.BEFORE: "stamps are taken for the end of what they are the mean of, in UTC",
    Layer.DAY: "stamps are taken for the UTC day that they are the mean of",
    Layer.INSTANT: "values are taken for instants: an hour is the mean of its two ends",
}


def recognises(path: Path) -> bool:
    """Whether a file begins with the institute's column names."""
    return path.is_file() and any(columns_of(row) is not None for _, row in sheet_of(path).head()[:5])


def read(work: Import) -> Iterator[list[Block]]:
    """Hours of weather into the store; there are no readings. Raises ImportRefused."""
    reader = _Reader(work)
    read_rows(work, reader.take)
    reader.save()
    yield from ()


@dataclass(slots=True)
class _Station:
    """Rows of one station, as they come."""

    site: str
    place: tuple[float, float] | None
    stamps_s: "array[int]" = field(default_factory=lambda: array("q"))
    values: "list[array[float]]" = field(default_factory=lambda: [array("d") for _ in WEATHER_FIELDS])
    open_s: "array[int]" = field(default_factory=lambda: array("q"))  # stamps of rows that are not validated


class _Reader:
    def __init__(self, work: Import) -> None:
        self._work = work
        self._sites = {site.id for site in registry.sites(work.engine)}
        self._columns: Columns | None = None
        self._stations: dict[str, _Station] = {}

    def take(self, line: int, row: Sequence[str]) -> None:
        """One row. Raises RowRefused, and ImportRefused where the first is no header."""
        columns = self._columns
        if columns is None:
            self._columns = columns_of(row)
            if self._columns is None:
                raise ImportRefused(
                    f"{self._work.path.name}, line {line}: no columns code, timestamp and a temperature"
                )
            return
        code = bare_id(_cell(row, columns.code))
        station = self._station(code, row, columns)
        at_s = utc_s(_cell(row, columns.stamp), "timestamp", code, self._work.now_ms)
        station.stamps_s.append(at_s)
        for name, column in zip(WEATHER_FIELDS, station.values, strict=True):
            text = _cell(row, columns.fields.get(name))
            try:
                column.append(plain_number_of(text, columns.names[name], code) if text else math.nan)
            except RowRefused as refused:  # the other cells of the row stay
                self._work.refuse(line, row, refused)
                column.append(math.nan)
        if columns.flags is not None and unvalidated(_cell(row, columns.flags), columns.names):
            station.open_s.append(at_s)

    def save(self) -> None:
        """All that was read, station by station. Raises ImportRefused."""
        if self._columns is None or not self._stations:
            return
        sites = [station.site for station in self._stations.values()]
        twice = next((site for site in sites if sites.count(site) > 1), None)
        if twice is not None:
            codes = ", ".join(code for code, station in self._stations.items() if station.site == twice)
            why = f"stations {codes} would be mixed at site {twice}: take one, --site CODE={twice}"
            raise ImportRefused(f"{self._work.path.name}: {why}")
        open_rows = 0
        for code, station in self._stations.items():
            points, length_s = self._hours(station, self._columns.layer)
            new = self._write(code, station, points)
            self._work.count("weather_hours", len(points.start_s))
            self._work.count("new_weather_hours", new)
            self._record(code, station, points, length_s)
            open_rows += len(station.open_s)
        self._work.notes.append(MEANS[self._columns.layer])
        if open_rows:
            self._work.notes.append(
                f"{open_rows} rows are not validated by the institute yet: import them again some weeks later"
            )

    def _hours(self, station: _Station, layer: Layer) -> tuple[Points, int]:
        """Hours of a station, and how long before or after its stamp a row reaches [s]."""
        stamps_s = np.array(station.stamps_s, np.int64)
        fields = {n: np.array(values) for n, values in zip(WEATHER_FIELDS, station.values, strict=True)}
        if layer is Layer.INSTANT:
            at_s, first = np.unique(stamps_s, return_index=True)
            start_s = np.unique(at_s // HOUR_S * HOUR_S)
            means = {name: of_instants(at_s, values[first], start_s) for name, values in fields.items()}
            somewhere = ~np.all([np.isnan(values) for values in means.values()], axis=0)
            return Points(start_s[somewhere], {name: values[somewhere] for name, values in means.items()}), 0
        if layer is Layer.DAY:
            within = np.arange(0, DAY_S, HOUR_S)
            start_s = (stamps_s[:, None] // DAY_S * DAY_S + within).ravel()
            return of_hours(start_s, {name: np.repeat(values, len(within)) for name, values in fields.items()}), 0
        step_s = _step_s(stamps_s)
        return of_hours(stamps_s - step_s, fields), step_s

    def _write(self, code: str, station: _Station, points: Points) -> int:
        if len(points.start_s) == 0:
            return 0
        first_s, last_s = int(points.start_s[0]), int(points.start_s[-1]) + HOUR_S
        others = [
            one
            for one in weather_sources.fetches(self._work.engine, station.site)
            if one.source is Source.FILE and one.station != code and one.start_s < last_s and one.end_s > first_s
        ]
        if others:
            raise ImportRefused(
                f"{self._work.path.name}: site {station.site} has hours of station {others[0].station} of this time; "
                "hours of two stations are not mixed"
            )
        return write_new(self._work.series, WEATHER, {TAG_SITE: station.site}, points)

    def _record(self, code: str, station: _Station, points: Points, length_s: int) -> None:
        if len(points.start_s) == 0:
            return
        first_s, end_s = int(points.start_s[0]), int(points.start_s[-1]) + HOUR_S
        open_s = min(station.open_s, default=end_s + length_s) - length_s
        open_s = min(max(open_s // HOUR_S * HOUR_S, first_s), end_s)
        latitude, longitude = station.place or (None, None)
        for start_s, until_s, provisional in ((first_s, open_s, False), (open_s, end_s, True)):
            if start_s < until_s:
                told = Fetch(
                    site=station.site,
                    source=Source.FILE,
                    start_s=start_s,
                    end_s=until_s,
                    fetched_ms=self._work.now_ms,
                    provisional=provisional,
                    station=code,
                    place=code,
                    model="RMI",
                    latitude=latitude,
                    longitude=longitude,
                    licence=LICENCE,
                )
                weather_sources.record(self._work.engine, [told])

    def _station(self, code: str, row: Sequence[str], columns: Columns) -> _Station:
        if code not in self._stations:
            site = site_for(code, self._work.order, self._sites)
            self._stations[code] = _Station(site, place_in(_cell(row, columns.place)))
        return self._stations[code]


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _step_s(stamps_s: Seconds) -> int:
    """What a row is the mean of: ten minutes or an hour, however many rows are missing."""
    return min(HOUR_S, int(np.diff(np.unique(stamps_s)).min(initial=HOUR_S)))
