"""What the days of a meter are that serves one building or several."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from plagewatch.metering.calendars.belgium import SATURDAY
from plagewatch.metering.calendars.building_days import building_days, weekdays
from plagewatch.metering.calendars.entered import EnteredDays
from rules.detectors.case import DayKinds


def day_kinds(first: date, last: date, tz: str, parts: Sequence[EnteredDays]) -> DayKinds:
    """The days from `first` to `last`, both included, of a meter that serves several parts of a site.

    parts: what is entered of each building it serves. It rests when all of them rest, and is open from when the first
    opens until the last closes; hours are known where those of all parts are. A part of which nothing is entered rests
    in weekends and on public holidays.

    >>> days = day_kinds(date(2026, 5, 13), date(2026, 5, 16), "Europe/Brussels", [EnteredDays()])
    >>> days.rest, days.bridge  # Wednesday, Ascension, a bridge day, Saturday
    (array([False,  True, False,  True]), array([False, False,  True, False]))
    """
    found = [building_days(first, last, tz, part) for part in parts or [EnteredDays()]]
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
    ...     day_kinds(date(2026, 12, 23), date(2026, 12, 28), "Europe/Brussels", []))]
    ['2026-12-25']
    """
    ordinal = days.first_day + np.arange(len(days.rest))
    return frozenset(ordinal[days.rest & (weekdays(ordinal) < SATURDAY)].tolist())
