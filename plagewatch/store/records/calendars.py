"""Opening hours, marked days and school calendars of buildings: each with who entered it, when and from where."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Table, delete, select

from plagewatch.metering.calendars.entered import (
    WHOLE_SITE,
    DayWord,
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

    def set_opening(self, *week: OpeningHours) -> bool:
        """Opening hours of weekdays of one place from a day on, over those of the same weekday and day; all or none."""
        for hours in week:
            _check_hours(hours)
        return self._put(week, What.OPENING_HOURS_SET)

    def remove_opening(self, site: str, building: str, valid_from: date) -> bool:
        """Take the opening hours of a place and day back: those before it hold on."""
        place = {"site": site, "building": building, "valid_from": valid_from}
        return self._remove(OpeningHours, place, What.OPENING_HOURS_REMOVED)

    def mark(self, *days: MarkedDay) -> bool:
        """Mark days of one place, as closed for example; a day that is closed is not open any more, and back."""
        return self._put(days, What.DAY_MARKED)

    def unmark(self, *days: MarkedDay) -> bool:
        """Take the marks of days of one place back."""
        with editing(self.engine) as connection:
            old = [there for day in days if (there := _same(connection, day)) is not None]
            return self._delete(connection, old, What.DAY_UNMARKED)

    def follow_schools(self, years: SchoolYears) -> bool:
        """Whose school holidays a building follows from a day on."""
        return self._put([years], What.SCHOOL_YEARS_SET)

    def remove_schools(self, site: str, building: str, valid_from: date) -> bool:
        """Take back what was said of school holidays from a day on: what was before it holds on."""
        place = {"site": site, "building": building, "valid_from": valid_from}
        return self._remove(SchoolYears, place, What.SCHOOL_YEARS_REMOVED)

    def _put(self, entries: Sequence[Entry], what: What) -> bool:
        entries = [replace(entry, who=self.by.who, at_ms=self.by.at_ms) for entry in entries]
        with editing(self.engine) as connection:
            for site, building in {(entry.site, entry.building) for entry in entries}:
                _check_place(connection, site, building)
            pairs = [(_same(connection, entry), entry) for entry in entries]
            changed = [(old, new) for old, new in pairs if old is None or not _alike(old, new)]
            before = [old for old, _ in changed if old is not None]
            for _, entry in changed:
                if isinstance(entry, MarkedDay) and (opposite := _opposite(connection, entry)):
                    before.append(opposite)
                    connection.execute(delete(_TABLES[MarkedDay]).where(*_key(_TABLES[MarkedDay], opposite)))
            if not changed:
                return False
            put_over(connection, _TABLES[type(entries[0])], [asdict(entry) for _, entry in changed])
            self._tell(connection, what, before, [entry for _, entry in changed])
            return True

    def _remove(self, noun: type[Entry], place: Mapping[str, object], what: What) -> bool:
        with editing(self.engine) as connection:
            return self._delete(connection, _read(connection, noun, **place), what)

    def _delete(self, connection: Connection, old: Sequence[Entry], what: What) -> bool:
        for entry in old:
            table = _TABLES[type(entry)]
            connection.execute(delete(table).where(*_key(table, entry)))
        if old:
            self._tell(connection, what, old, ())
        return bool(old)

    def _tell(self, connection: Connection, what: What, old: Sequence[Entry], new: Sequence[Entry]) -> None:
        first = [*new, *old][0]
        audit.line(connection, self.by.at_ms, self.by.who, what, first.building or first.site, _told(old), _told(new))


def _told(entries: Sequence[Entry]) -> object:
    """What the audit keeps: one entry as itself, several as a list, none as nothing."""
    return None if not entries else entries[0] if len(entries) == 1 else entries


def _check_hours(hours: OpeningHours) -> None:
    if not 0 <= hours.weekday <= 6:
        text = N_("There is no weekday %(day)s: 1 is Monday, 7 Sunday.")
        raise EditRefused(Refusal.DAY, text, day=str(hours.weekday + 1))
    if not (math.isfinite(hours.open_h + hours.close_h) and 0 <= hours.open_h <= hours.close_h <= 24):
        text = N_("Opening hours lie between 0:00 and 24:00, and it closes after it opens.")
        raise EditRefused(Refusal.MOMENT, text)


def _alike(old: Entry, new: Entry) -> bool:
    return replace(old, who=new.who, at_ms=new.at_ms) == new


def _opposite(connection: Connection, day: MarkedDay) -> MarkedDay | None:
    """The mark that says the contrary of the same day and place."""
    opposites = {DayWord.CLOSED: DayWord.OPEN, DayWord.OPEN: DayWord.CLOSED}
    kind = next((other for word, other in opposites.items() if word == day.kind), None)
    return None if kind is None else _same(connection, replace(day, kind=kind))


def _check_place(connection: Connection, site: str, building: str) -> None:
    if not registry.entries(connection, Site, id=site):
        raise EditRefused(Refusal.UNKNOWN, N_("There is no site “%(site)s”."), site=site)
    if building != WHOLE_SITE and not registry.entries(connection, Building, id=building, site=site):
        text = N_("Site “%(site)s” has no building “%(building)s”.")
        raise EditRefused(Refusal.UNKNOWN, text, site=site, building=building)


def _key(table: Table, entry: Entry) -> list[ColumnElement[bool]]:
    return [column == getattr(entry, column.name) for column in table.primary_key.columns]


def _same(connection: Connection, entry: Entry) -> Entry | None:
    table = _TABLES[type(entry)]
    row = connection.execute(select(table).where(*_key(table, entry))).mappings().first()
    return None if row is None else _built(type(entry), row)


def _read(connection: Connection, noun: type[Entry], **equal: object) -> Sequence[Entry]:
    table = _TABLES[noun]
    query = select(table).order_by(*table.primary_key.columns)
    query = query.where(*(table.c[name] == value for name, value in equal.items()))
    return [_built(noun, row) for row in connection.execute(query).mappings()]


def _built(noun: type[Entry], row: RowMapping) -> Entry:
    values = dict(row)
    if values.get("community") is not None:
        values["community"] = Community(values["community"])
    return noun(**values)
