"""What the days of a building are, from the calendars and from what people entered; nothing is learnt here."""

from collections.abc import Iterable, Sequence, Set
from datetime import date

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.calendars import bridge_days, public_holidays
from plagewatch.metering.calendars.entered import RESTS, DayWord, EnteredDays
from plagewatch.metering.calendars.schools import school_breaks
from plagewatch.metering.intervals import Floats
from rules.detectors.case import DayKinds

SATURDAY = 5
BELGIUM = "Europe/Brussels"
"""Belgian holidays are those of sites on this clock; of days elsewhere only what is entered is known."""


def day_kinds(first: date, last: date, tz: str, parts: Sequence[EnteredDays]) -> DayKinds:
    """The days from `first` to `last`, both included, of a meter that serves several parts of a site.

    parts: what is entered of each building it serves. It rests when all of them rest, and is open from when the first
    opens until the last closes; hours are known where those of all parts are. A part of which nothing is entered rests
    in weekends and on public holidays.

    >>> days = day_kinds(date(2026, 5, 13), date(2026, 5, 16), BELGIUM, [EnteredDays()])
    >>> days.rest, days.bridge  # Wednesday, Ascension, a bridge day, Saturday
    (array([False,  True, False,  True]), array([False, False,  True, False]))
    """
    found = [_of_part(first, last, tz, part) for part in parts or [EnteredDays()]]
    return DayKinds(
        first_day=first.toordinal(),
        rest=np.all([one.rest for one in found], axis=0),
        open_from_h=np.min([one.open_from_h for one in found], axis=0),
        open_to_h=np.max([one.open_to_h for one in found], axis=0),
        bridge=found[0].bridge,
    )


def holidays_of(days: DayKinds) -> frozenset[int]:
    """Ordinals of the days of rest that are no weekend.

    >>> [date.fromordinal(day).isoformat() for day in holidays_of(
    ...     day_kinds(date(2026, 12, 23), date(2026, 12, 28), BELGIUM, []))]
    ['2026-12-25']
    """
    ordinal = days.first_day + np.arange(len(days.rest))
    return frozenset(ordinal[days.rest & (_weekday(ordinal) < SATURDAY)].tolist())


def _of_part(first: date, last: date, tz: str, entered: EnteredDays) -> DayKinds:
    ordinal = np.arange(first.toordinal(), last.toordinal() + 1)
    weekday = _weekday(ordinal)
    open_h, close_h = _opening(ordinal, weekday, entered)
    known = np.isfinite(open_h)
    always = (open_h == 0) & (close_h == 24)
    rest = np.where(known, open_h == close_h, weekday >= SATURDAY)
    belgian = tz == BELGIUM
    holiday = np.isin(ordinal, _ordinals(public_holidays(first, last))) if belgian else np.zeros(len(ordinal), np.bool_)
    rest |= (holiday | _school(ordinal, first, last, entered)) & ~always
    rest |= _marked(ordinal, entered, RESTS)
    rest &= ~_marked(ordinal, entered, {DayWord.OPEN})
    return DayKinds(
        first_day=first.toordinal(),
        rest=rest,
        open_from_h=open_h,
        open_to_h=np.where(rest & known, open_h, close_h),
        bridge=np.isin(ordinal, _ordinals(bridge_days(first, last))) & belgian & ~rest,
    )


def _opening(ordinal: NDArray[np.int64], weekday: NDArray[np.int64], entered: EnteredDays) -> tuple[Floats, Floats]:
    """Opening and closing of each day: of the newest entry that has come; of a building before the whole site's."""
    open_h, close_h = np.full(len(ordinal), np.nan), np.full(len(ordinal), np.nan)
    for hours in sorted(entered.opening, key=lambda one: (one.building != "", one.valid_from)):
        on = (weekday == hours.weekday) & (ordinal >= hours.valid_from.toordinal())
        open_h[on], close_h[on] = hours.open_h, hours.close_h
    return open_h, close_h


def _school(ordinal: NDArray[np.int64], first: date, last: date, entered: EnteredDays) -> NDArray[np.bool_]:
    closed = np.zeros(len(ordinal), np.bool_)
    for years in sorted(entered.schools, key=lambda one: (one.building != "", one.valid_from)):
        on = ordinal >= years.valid_from.toordinal()
        breaks = {} if years.community is None else school_breaks(years.community, first, last)
        closed[on] = np.isin(ordinal, _ordinals(breaks))[on]
    return closed


def _marked(ordinal: NDArray[np.int64], entered: EnteredDays, kinds: Set[str]) -> NDArray[np.bool_]:
    return np.isin(ordinal, _ordinals({one.day for one in entered.marked if one.kind in kinds}))


def _ordinals(days: Iterable[date]) -> NDArray[np.int64]:
    return np.array(sorted(day.toordinal() for day in days), np.int64)


def _weekday(ordinal: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((ordinal + 6) % 7)  # day 1 was a Monday
