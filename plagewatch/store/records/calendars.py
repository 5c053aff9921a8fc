"""Opening hours, marked days and school calendars of buildings: each with who entered it, when and from where."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Table, delete, select

from plagewatch.metering.calendars.entered import (
    WHOLE_SITE,
    EnteredDays,
    MarkedDay,
    OpeningHours,
    SchoolYears,
)
from plagewatch.metering.calendars.schools import Community
from plagewatch.metering.meters import Building, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store import tables
from plagewatch.store.records import audit, registry
from plagewatch.store.records.conflicts import put_over
from plagewatch.store.records.life_cycle import By, What, editing
from plagewatch.tickets.texts import N_

Entry = TypeVar("Entry", OpeningHours, MarkedDay, SchoolYears)

_TABLES: dict[type, Table] = {
    OpeningHours: tables.opening_hours,
    MarkedDay: tables.calendar_day,
    SchoolYears: tables.school_years,
}


def entered_days(engine: Engine) -> dict[str, EnteredDays]:
    """All that is entered, by site; a site of which nothing is has no place in it."""
    opening, marked, schools = defaultdict(list), defaultdict(list), defaultdict(list)
    with engine.connect() as connection:
        for hours in _read(connection, OpeningHours):
            opening[hours.site].append(hours)
        for day in _read(connection, MarkedDay):
            marked[day.site].append(day)
        for years in _read(connection, SchoolYears):
            schools[years.site].append(years)
    sites = [*opening, *marked, *schools]
    return {site: EnteredDays(opening[site], marked[site], schools[site]) for site in sites}


def save(engine: Engine, days: Mapping[str, EnteredDays]) -> None:
    """Keep entries as they are, with who made them: for a copy of records. No line in the audit."""
    with editing(engine) as connection:
        for of_site in days.values():
            put_over(connection, tables.opening_hours, [asdict(one) for one in of_site.opening])
            put_over(connection, tables.calendar_day, [asdict(one) for one in of_site.marked])
            put_over(connection, tables.school_years, [asdict(one) for one in of_site.schools])


@dataclass(frozen=True, slots=True)
class CalendarEditor:
    """Edits of a building's days. Each method tells whether anything changed, and raises EditRefused."""

    engine: Engine
    by: By

    def set_opening(self, hours: OpeningHours) -> bool:
        """Opening hours of a weekday from a day on, over those of the same weekday and day."""
        if not 0 <= hours.weekday <= 6:
            raise EditRefused(
                Refusal.DAY, N_("There is no weekday %(day)s: 1 is Monday, 7 Sunday."), day=hours.weekday + 1
            )
        if not (math.isfinite(hours.open_h + hours.close_h) and 0 <= hours.open_h <= hours.close_h <= 24):
            text = N_("Opening hours lie between 0:00 and 24:00, and it closes after it opens.")
            raise EditRefused(Refusal.MOMENT, text)
        return self._put(hours, What.OPENING_HOURS_SET)

    def mark(self, day: MarkedDay) -> bool:
        """Mark a day, as closed for example."""
        return self._put(day, What.DAY_MARKED)

    def unmark(self, day: MarkedDay) -> bool:
        """Take the mark of a day back."""
        with editing(self.engine) as connection:
            old = _same(connection, day)
            if old is None:
                return False
            connection.execute(delete(tables.calendar_day).where(*_key(tables.calendar_day, old)))
            audit.line(connection, self.by.at_ms, self.by.who, What.DAY_UNMARKED, _subject(day), old, None)
            return True

    def follow_schools(self, years: SchoolYears) -> bool:
        """Whose school holidays a building follows from a day on."""
        return self._put(years, What.SCHOOL_YEARS_SET)

    def _put(self, entry: Entry, what: What) -> bool:
        entry = replace(entry, who=self.by.who, at_ms=self.by.at_ms)
        with editing(self.engine) as connection:
            _check_place(connection, entry.site, entry.building)
            old = _same(connection, entry)
            if old is not None and replace(old, who=entry.who, at_ms=entry.at_ms) == entry:
                return False
            put_over(connection, _TABLES[type(entry)], [asdict(entry)])
            audit.line(connection, self.by.at_ms, self.by.who, what, _subject(entry), old, entry)
            return True


def _check_place(connection: Connection, site: str, building: str) -> None:
    if not registry.entries(connection, Site, id=site):
        raise EditRefused(Refusal.UNKNOWN, N_("There is no site “%(site)s”."), site=site)
    if building != WHOLE_SITE and not registry.entries(connection, Building, id=building, site=site):
        text = N_("Site “%(site)s” has no building “%(building)s”.")
        raise EditRefused(Refusal.UNKNOWN, text, site=site, building=building)


def _subject(entry: OpeningHours | MarkedDay | SchoolYears) -> str:
    return entry.building or entry.site


def _key(table: Table, entry: Entry) -> list[ColumnElement[bool]]:
    return [column == getattr(entry, column.name) for column in table.primary_key.columns]


def _same(connection: Connection, entry: Entry) -> Entry | None:
    table = _TABLES[type(entry)]
    row = connection.execute(select(table).where(*_key(table, entry))).mappings().first()
    return None if row is None else _built(type(entry), row)


def _read(connection: Connection, noun: type[Entry]) -> Sequence[Entry]:
    table = _TABLES[noun]
    query = select(table).order_by(*table.primary_key.columns)
    return [_built(noun, row) for row in connection.execute(query).mappings()]


def _built(noun: type[Entry], row: RowMapping) -> Entry:
    values = dict(row)
    if values.get("community") is not None:
        values["community"] = Community(values["community"])
    return noun(**values)
