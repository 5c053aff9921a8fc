"""Weather as a table with columns of our own names; each row is a mean from its start on."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from collector.imports import rmi_file
from collector.imports.cells import bare_id, plain_number_of
from collector.imports.evidence import Block
from collector.imports.headings import Words, columns
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.weather_hours import TooCoarse
from collector.imports.weather_rows import read_rows, site_for, utc_s
from collector.imports.weather_writing import save_weather
from collector.imports.work import Import
from plagewatch.metering.intervals import Floats
from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TEMP_C, WEATHER_FIELDS
from plagewatch.store.records import registry

HEADINGS: Words = {
    "site": ("site",),
    "station": ("code", "station", "stationcode"),
    "start": ("start",),
    "timestamp": ("timestamp",),
    TEMP_C: ("tempc",),
    GHI_WM2: ("ghiwm2",),
    HUMIDITY_PCT: ("humiditypct",),
}


def recognises(path: Path) -> bool:
    """Whether a file has a temperature beside an instant, and no readings of meters."""
    return path.is_file() and any(_is_header(row) for _, row in sheet_of(path).head()[:5])


def _is_header(row: Sequence[str]) -> bool:
    found = columns(row, HEADINGS)
    return TEMP_C in found and ("start" in found or "timestamp" in found)


def read(work: Import) -> Iterator[list[Block]]:
    """Hours of weather into the store; there are no readings. Raises ImportRefused."""
    if rmi_file.recognises(work.path):
        yield from rmi_file.read(work)
        return
    reader = _Reader(work)
    read_rows(work, reader.take)
    reader.save()
    yield from ()


class _Reader:
    def __init__(self, work: Import) -> None:
        self._work = work
        self._sites = {site.id for site in registry.sites(work.engine)}
        self._place: Mapping[str, int] = {}
        self._starts: dict[str, array[int]] = {}
        self._columns: dict[str, list[array[float]]] = {}

    def take(self, line: int, row: Sequence[str]) -> None:
        """One row. Raises RowRefused."""
        if not self._place:
            if not _is_header(row):
                raise ImportRefused(f"{self._work.path.name}, line {line}: no column for a temperature and its time")
            self._place = columns(row, HEADINGS)
            return
        site = self._site(row)
        at_s = self._at_s(row, site)
        starts = self._starts.setdefault(site, array("q"))
        values = self._columns.setdefault(site, [array("d") for _ in WEATHER_FIELDS])
        starts.append(at_s)
        for name, column in zip(WEATHER_FIELDS, values, strict=True):
            text = self._cell(row, name)
            try:
                column.append(plain_number_of(text, name, site) if text else float("nan"))
            except RowRefused as refused:  # the other cells of the row stay
                self._work.refuse(line, row, refused)
                column.append(float("nan"))

    def save(self) -> None:
        """All that was read, site by site."""
        for site, starts in self._starts.items():
            start_s = np.array(starts, np.int64)
            fields: dict[str, Floats] = {
                name: np.array(column) for name, column in zip(WEATHER_FIELDS, self._columns[site], strict=True)
            }
            try:
                hours, new = save_weather(self._work.series, site, start_s, fields)
            except TooCoarse as error:
                raise ImportRefused(f"{self._work.path.name}: {site}: {error}; daily is the coarsest") from error
            self._work.count("weather_hours", hours)
            self._work.count("new_weather_hours", new)

    def _cell(self, row: Sequence[str], name: str) -> str:
        place = self._place.get(name)
        return row[place].strip() if place is not None and place < len(row) else ""

    def _site(self, row: Sequence[str]) -> str:
        said = bare_id(self._cell(row, "site")) or bare_id(self._cell(row, "station"))
        return site_for(said, self._work.order, self._sites)

    def _at_s(self, row: Sequence[str], site: str) -> int:
        column = "start" if "start" in self._place else "timestamp"
        return utc_s(self._cell(row, column), column, site, self._work.now_ms)
