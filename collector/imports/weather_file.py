"""Weather of a station as CSV: the open data of the Royal Meteorological Institute, or columns of our own names.

The institute's observations are in UTC and stamped at the end of what they are the mean of (10 minutes, an hour).
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from collector.decoders.door import shown
from collector.imports.cells import bare_id, meant, plain_number_of
from collector.imports.evidence import Block
from collector.imports.headings import Words, columns, plain
from collector.imports.lines import Unreadable
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.stamps import DateOrder, has_zone, local_stamp, zoned_stamp
from collector.imports.weather_hours import TooCoarse
from collector.imports.weather_writing import save_weather
from collector.imports.work import Import
from plagewatch.metering.intervals import Floats
from plagewatch.metering.readings import Reason
from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TEMP_C, WEATHER_FIELDS
from plagewatch.store.records import registry

HEADINGS: Words = {
    "site": ("site",),
    "station": ("code", "station", "stationcode"),
    "start": ("start",),
    "timestamp": ("timestamp",),
    # The institute's names: AWS of 10 minutes and of an hour, AWS of a day, synoptic stations.
    TEMP_C: ("tempc", "tempdryshelteravg", "tempavg", "temp"),
    GHI_WM2: ("ghiwm2", "shortwavefromskyavg"),
    HUMIDITY_PCT: ("humiditypct", "humidityrelshelteravg", "humidityrelative"),
}
ENDING = ("tempdryshelteravg", "shortwavefromskyavg", "humidityrelshelteravg")
"""Columns that are a mean over the time before their stamp; a day's mean is stamped with its day."""

HOUR_S = 3_600


def recognises(path: Path) -> bool:
    """Whether a file has a temperature beside an instant, and no readings of meters."""
    return path.is_file() and any(_is_header(row) for _, row in sheet_of(path).head()[:5])


def _is_header(row: Sequence[str]) -> bool:
    found = columns(row, HEADINGS)
    return TEMP_C in found and ("start" in found or "timestamp" in found)


def read(work: Import) -> Iterator[list[Block]]:
    """Hours of weather into the store; there are no readings. Raises ImportRefused."""
    reader = _Reader(work)
    for line, row in sheet_of(work.path).rows(".", work.progress):
        try:
            if isinstance(row, Unreadable):
                raise RowRefused(Reason.MALFORMED, "", row.why)
            reader.take(line, row)
        except RowRefused as refused:
            work.refuse(line, [row.text] if isinstance(row, Unreadable) else row, refused)
    reader.save()
    yield from ()


class _Reader:
    def __init__(self, work: Import) -> None:
        self._work = work
        self._sites = {site.id for site in registry.sites(work.engine)}
        self._place: Mapping[str, int] = {}
        self._stamped_at_end = False
        self._starts: dict[str, array[int]] = {}
        self._columns: dict[str, list[array[float]]] = {}

    def take(self, line: int, row: Sequence[str]) -> None:
        """One row. Raises RowRefused."""
        if not self._place:
            if not _is_header(row):
                raise ImportRefused(f"{self._work.path.name}, line {line}: no column for a temperature and its time")
            self._place = columns(row, HEADINGS)
            words = [plain(cell) for cell in row]
            self._stamped_at_end = "start" not in self._place and any(word in ENDING for word in words)
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
            if self._stamped_at_end:
                start_s = start_s - _usual_step_s(start_s)
            fields: dict[str, Floats] = {
                name: np.array(column) for name, column in zip(WEATHER_FIELDS, self._columns[site], strict=True)
            }
            try:
                hours, new = save_weather(self._work.series, site, start_s, fields)
            except TooCoarse as error:
                raise ImportRefused(f"{self._work.path.name}: {site}: {error}; daily is the coarsest") from error
            self._work.count("weather_hours", hours)
            self._work.count("new_weather_hours", new)
        if self._stamped_at_end and self._starts:
            self._work.notes.append("stamps are taken for the end of what they are the mean of, in UTC")

    def _cell(self, row: Sequence[str], name: str) -> str:
        place = self._place.get(name)
        return row[place].strip() if place is not None and place < len(row) else ""

    def _site(self, row: Sequence[str]) -> str:
        said = bare_id(self._cell(row, "site")) or bare_id(self._cell(row, "station"))
        sites = self._work.order.sites
        site = sites.get(said, sites.get("", said))
        if site not in self._sites:
            detail = f"there is no site {shown(site) or 'named'}: say which with --site {shown(said) or ''}=SITE"
            raise RowRefused(Reason.UNKNOWN_DEVICE, "site", detail.replace(" =SITE", " SITE"), said)
        return site

    def _at_s(self, row: Sequence[str], site: str) -> int:
        column = "start" if "start" in self._place else "timestamp"
        text = self._cell(row, column)
        try:
            if has_zone(text):
                at_s = zoned_stamp(text, DateOrder.YMD).timestamp()
            else:
                at_s = (local_stamp(text, DateOrder.YMD) - local_stamp("1970-01-01", DateOrder.YMD)).total_seconds()
        except ValueError:
            raise RowRefused(
                Reason.MALFORMED, column, f"{shown(text)} is no instant like 2026-01-01T00:00:00Z", site
            ) from None
        return meant(round(at_s * 1000), text, column, self._work.now_ms, site) // 1000


def _usual_step_s(start_s: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    steps = np.diff(np.unique(start_s))
    return int(np.median(steps)) if len(steps) else HOUR_S
