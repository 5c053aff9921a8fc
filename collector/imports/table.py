"""Any table of readings, read as a mapping says that somebody confirmed."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from collector.decoders.door import shown
from collector.imports.cells import bare_id, local_number_of, meant
from collector.imports.evidence import Block, Gathering
from collector.imports.local_moments import LocalMoments
from collector.imports.mapping import AS_WRITTEN, Counts, Layout, Series, TableMapping
from collector.imports.refusals import ImportRefused, RowRefused
from collector.imports.sheets import Sheet, sheet_of
from collector.imports.stamps import DateOrder, local_stamp, zoned_stamp
from collector.imports.table_headings import headings, place_of
from collector.imports.table_series import Meaning, meaning_of, series_of_name
from collector.imports.time_slots import Stamp
from collector.imports.weather_hours import TooCoarse
from collector.imports.weather_writing import save_weather
from collector.imports.work import Directory, Import
from plagewatch.metering.readings import Reason
from plagewatch.store.records import registry

NOTHING = ("", "-", "--", "n/a", "na", "nan", "null", "#n/a", "#nv", "#n/b")


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a table: of a meter's register in its unit, or of a site's weather."""

    subject: str
    register: str
    at_ms: int
    value: float
    is_weather: bool


def read(work: Import) -> Iterator[list[Block]]:
    """The values of a table; weather goes into the store at the end. Raises ImportRefused without a mapping."""
    mapping = work.order.mapping
    if mapping is None:
        raise ImportRefused(f"{work.path.name}: a table is read with a mapping: see what import proposes without one")
    if questions := mapping.open_questions():
        raise ImportRefused(f"the mapping for {work.path.name} does not say all: {'; '.join(questions[:3])}")
    gathering, weather = Gathering(), _Weather()
    reader = TableReader(work, mapping)
    for line, row in reader.rows():
        for found in reader.take(line, row):
            if found.is_weather:
                weather.add(found)
            elif gathering.add(found.subject, found.register, found.at_ms, found.value):
                yield gathering.drain()
    yield gathering.drain()
    weather.save(work)
    reader.close()


class TableReader:
    """Takes the rows of one table to pieces."""

    def __init__(self, work: Import, mapping: TableMapping) -> None:
        self._work, self._mapping = work, mapping
        self.directory = Directory(work.engine, work.order)
        self._sites = {site.id for site in registry.sites(work.engine)}
        found = sheet_of(work.path)
        self._sheet = Sheet(found.path, found.encoding, found.separator, mapping.sheet)
        names = headings(self._sheet.head(), mapping.header_lines)
        file = work.path.name
        self._when = [place_of(column, names, file) for column in mapping.when]
        self._named_by = [place_of(column, names, file) for column in mapping.named_by]
        self._value = place_of(mapping.value, names, file) if mapping.value else None
        self._unit = place_of(mapping.unit_column, names, file) if mapping.unit_column else None
        self._columns = (
            [(series, place_of(series.name, names, file)) for series in mapping.series]
            if mapping.layout is Layout.WIDE
            else []
        )
        self._by_name = {series.name: series for series in mapping.series}
        self._meanings: dict[tuple[str, str], Meaning | None] = {}
        self._moments = self._clock(mapping)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows under the headings; a line that is no row is refused."""
        last = max(self._mapping.header_lines, default=0)
        for line, row in self._work.rows(self._sheet, self._mapping.decimal):
            if line > last:
                yield line, row

    def take(self, line: int, row: Sequence[str]) -> list[Reading]:
        """The values of one row; what cannot be read is refused."""
        found: list[Reading] = []
        try:
            if self._mapping.layout is Layout.LONG:
                found += self._of(row, self._long_series(row), self._cell(row, self._value))
                return found
            at_ms = self._at_ms(row, "")
        except RowRefused as refused:
            self._work.refuse(line, row, refused)
            return found
        for series, place in self._columns:
            try:
                found += self._of(row, series, self._cell(row, place), at_ms)
            except RowRefused as refused:  # the other columns of the row stay
                self._work.refuse(line, row, refused)
        return found

    def close(self) -> None:
        """What there is to tell of the whole file."""
        self._work.count("meters", len(self.directory.taken))
        self._work.tell_unknown(self.directory)

    def _of(self, row: Sequence[str], series: Series, text: str, at_ms: int | None = None) -> list[Reading]:
        if at_ms is None:
            at_ms = self._at_ms(row, series.name)  # told also where the value is missing: stamps of October count
        unit = series.unit or self._cell(row, self._unit)
        key = (series.name, unit)
        if key not in self._meanings:
            self._meanings[key] = meaning_of(series, unit, self._mapping, self.directory, self._sites)
        meaning = self._meanings[key]
        if meaning is None:
            self._work.pass_over("of meters that are not asked for")
            return []
        if text.strip().lower() in NOTHING:
            self._work.pass_over("without a value: a gap, not zero")
            return []
        value = local_number_of(text.strip(), series.name, self._mapping.decimal, meaning.subject) * meaning.times
        return [Reading(meaning.subject, meaning.register, at_ms, value, meaning.is_weather)]

    def _long_series(self, row: Sequence[str]) -> Series:
        name = " ".join(bare_id(self._cell(row, place)) for place in self._named_by).strip()
        if not self._named_by:
            return self._mapping.series[0]
        known = self._by_name.get(name)
        if known is None:
            known = self._by_name[name] = series_of_name(name, self._mapping, self.directory)
        return known

    def _cell(self, row: Sequence[str], place: int | None) -> str:
        # Trailing empty cells are often left out.
        return row[place] if place is not None and place < len(row) else ""

    def _clock(self, mapping: TableMapping) -> LocalMoments | None:
        order = mapping.date_order or DateOrder.YMD
        if mapping.zone in (None, AS_WRITTEN):
            return None
        return LocalMoments(mapping.zone or "UTC", lambda text: local_stamp(text, order), self._work.now_ms)

    def _at_ms(self, row: Sequence[str], series: str) -> int:
        mapping = self._mapping
        text = " ".join(self._cell(row, place).strip() for place in self._when).strip()
        ends = mapping.counts is Counts.INTERVAL and mapping.stamp is Stamp.END
        try:
            at_ms = self._moments.read(text, series, mapping.when[0], as_end=ends) if self._moments else None
            at_ms = self._written_ms(text) if at_ms is None else at_ms
        except RowRefused as refused:
            if mapping.date_order is None and refused.reason is Reason.MALFORMED:
                what = f"{shown(text)}: is the day first, or the month? `date_order` says it"
                raise RowRefused(Reason.MALFORMED, mapping.when[0], what) from None
            raise
        return at_ms - (mapping.interval_s or 0) * 1000 if ends else at_ms

    def _written_ms(self, text: str) -> int:
        column = self._mapping.when[0]
        try:
            found: datetime = zoned_stamp(text, self._mapping.date_order or DateOrder.YMD)
        except ValueError:
            raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no date and time with its zone") from None
        return meant(round(found.timestamp() * 1000), text, column, self._work.now_ms)


class _Weather:
    """Hours of weather by site; of a table they all are held until its end, three numbers an hour."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], tuple[array[int], array[float]]] = {}

    def add(self, found: Reading) -> None:
        starts, values = self._columns.setdefault((found.subject, found.register), (array("q"), array("d")))
        starts.append(found.at_ms // 1000)
        values.append(found.value)

    def save(self, work: Import) -> None:
        for (site, field), (starts, values) in self._columns.items():
            fields: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {field: np.array(values)}
            try:
                hours, new = save_weather(work.series, site, np.array(starts, np.int64), fields)
            except TooCoarse as error:
                raise ImportRefused(f"{work.path.name}: {field} of {site}: {error}; daily is the coarsest") from error
            work.count("weather_hours", hours)
            work.count("new_weather_hours", new)
