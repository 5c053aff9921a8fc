"""What the days of a building are, from the calendars and from what people entered, and why; nothing is learnt here."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.calendars.belgium import SATURDAY, bridge_days, public_holidays
from plagewatch.metering.calendars.entered import DayWord, EnteredDays
from plagewatch.metering.calendars.schools import Break, school_breaks
from plagewatch.metering.intervals import Floats

Flags = NDArray[np.bool_]

BELGIUM = "Europe/Brussels"
"""Belgian holidays are those of sites on this clock; of days elsewhere only what is entered is known."""


class Why(StrEnum):
    """Why a day is not as others. The first of these that holds is told."""

    OPEN = "open"  # it works, though it would rest
    OWN = "own"  # its own closing day
    SCHOOL_HOLIDAY = "school_holiday"
    PUBLIC_HOLIDAY = "public_holiday"
    WEEKLY = "weekly"  # it rests on this weekday every week
    BRIDGE = "bridge"  # it works; others do not


MARKS: Mapping[Why, Set[str]] = {
    Why.OPEN: {DayWord.OPEN},
    Why.OWN: {DayWord.CLOSED, DayWord.HOLIDAY},
    Why.SCHOOL_HOLIDAY: {DayWord.SCHOOL_HOLIDAY, DayWord.SCHOOL_HOLIDAYS},
    Why.PUBLIC_HOLIDAY: {DayWord.PUBLIC_HOLIDAY},
}
"""Which marks of people say what."""


@dataclass(frozen=True, slots=True)
class BuildingDays:
    """Consecutive local days of a building from `first` on; all arrays are as long.

    rest: whether it rests. open_from_h, open_to_h: opening hours [local hour]; NaN = not entered, equal = closed.
    bridge: working days alone between a public holiday and a weekend. reasons: days for which each reason holds,
    whether it rests on them or not. breaks: which school holidays it follows.
    """

    first: date
    rest: Flags
    open_from_h: Floats
    open_to_h: Floats
    bridge: Flags
    reasons: Mapping[Why, Flags]
    breaks: Mapping[date, Break]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from `first` to `last`, both included, that are not as others for one reason. school: which holidays."""

    first: date
    last: date
    why: Why
    school: Break | None = None


def building_days(first: date, last: date, tz: str, entered: EnteredDays) -> BuildingDays:
    """The days from `first` to `last`, both included, of a building of which this is entered.

    Without opening hours it rests in weekends; one that never closes works on holidays too.

    >>> days = building_days(date(2026, 5, 13), date(2026, 5, 16), BELGIUM, EnteredDays())
    >>> days.rest, days.bridge  # Wednesday, Ascension, a bridge day, Saturday
    (array([False,  True, False,  True]), array([False, False,  True, False]))
    """
    ordinal = np.arange(first.toordinal(), last.toordinal() + 1)
    weekday = weekdays(ordinal)
    open_h, close_h = _opening(ordinal, weekday, entered)
    known, sometimes = np.isfinite(open_h), ~((open_h == 0) & (close_h == 24))
    belgian = np.full(len(ordinal), tz == BELGIUM)
    breaks = _breaks(first, last, entered)
    reasons = {why: _among(ordinal, _marked(entered, kinds)) for why, kinds in MARKS.items()}
    reasons[Why.SCHOOL_HOLIDAY] |= _among(ordinal, breaks) & sometimes
    reasons[Why.PUBLIC_HOLIDAY] |= _among(ordinal, public_holidays(first, last)) & belgian & sometimes
    reasons[Why.WEEKLY] = np.where(known, open_h == close_h, weekday >= SATURDAY)
    rest = np.any([flags for why, flags in reasons.items() if why is not Why.OPEN], axis=0) & ~reasons[Why.OPEN]
    return BuildingDays(
        first,
        rest,
        open_h,
        np.where(rest & known, open_h, close_h),
        _among(ordinal, bridge_days(first, last)) & belgian & ~rest,
        reasons,
        breaks,
    )


def not_as_others(days: BuildingDays) -> list[Stretch]:
    """Holidays, closing days and bridge days in the order of time; a weekday of rest alone is as every week.

    >>> days = building_days(date(2026, 12, 24), date(2027, 1, 4), BELGIUM, EnteredDays())
    >>> [(one.first.isoformat(), one.why.value) for one in not_as_others(days)]
    [('2026-12-25', 'public_holiday'), ('2027-01-01', 'public_holiday')]
    """
    told = [(day, why, days.breaks.get(day) if why is Why.SCHOOL_HOLIDAY else None) for day, why in _told(days)]
    found = []
    # Consecutive days have the same distance to their place in the list.
    for _, run in groupby(enumerate(told), lambda pair: (pair[1][0].toordinal() - pair[0], pair[1][1:])):
        members = [one for _, one in run]
        found.append(Stretch(members[0][0], members[-1][0], *members[0][1:]))
    return found


def _told(days: BuildingDays) -> Iterator[tuple[date, Why]]:
    for place in range(len(days.rest)):
        why = next((why for why in Why if why in days.reasons and days.reasons[why][place]), None)
        if why is Why.OPEN and not any(days.reasons[other][place] for other in days.reasons if other is not Why.OPEN):
            why = None  # it would not rest anyway
        if days.bridge[place]:
            why = Why.BRIDGE
        if why is not None and why is not Why.WEEKLY:
            yield days.first + timedelta(days=place), why


def weekdays(ordinal: NDArray[np.int64]) -> NDArray[np.int64]:
    """The weekday of days by their ordinal; 0 = Monday."""
    return np.asarray((ordinal + 6) % 7)  # day 1 was a Monday


def _opening(ordinal: NDArray[np.int64], weekday: NDArray[np.int64], entered: EnteredDays) -> tuple[Floats, Floats]:
    """Opening and closing of each day: of the newest entry that has come; of a building before the whole site's."""
    open_h, close_h = np.full(len(ordinal), np.nan), np.full(len(ordinal), np.nan)
    for hours in sorted(entered.opening, key=lambda one: (one.building != "", one.valid_from)):
        on = (weekday == hours.weekday) & (ordinal >= hours.valid_from.toordinal())
        open_h[on], close_h[on] = hours.open_h, hours.close_h
    return open_h, close_h


def _breaks(first: date, last: date, entered: EnteredDays) -> dict[date, Break]:
    found: dict[date, Break] = {}
    for years in sorted(entered.schools, key=lambda one: (one.building != "", one.valid_from)):
        found = {day: kind for day, kind in found.items() if day < years.valid_from}
        if years.community is not None:
            found |= school_breaks(years.community, max(first, years.valid_from), last)
    return found


def _marked(entered: EnteredDays, kinds: Set[str]) -> set[date]:
    return {one.day for one in entered.marked if one.kind in kinds}


def _among(ordinal: NDArray[np.int64], days: Iterable[date]) -> Flags:
    return np.isin(ordinal, np.array(sorted(day.toordinal() for day in days), np.int64))
