"""What a meter usually shows at an hour of the week: the comparison a person draws beside what was abnormal. Pure."""

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals, Seconds
from plagewatch.metering.local_time import local_fields

FEWEST = 3
HOURS = 168


def usual_amounts(past: Intervals, start_s: Seconds, tz: str) -> Floats:
    """The median of past hours on the same local weekday and hour, for each of the hours that start at start_s.

    past: hours before the stretch in question, several weeks of them. Returns the past's unit per hour, NaN where
    fewer than three past hours are known: that is no habit yet.

    >>> weeks = Intervals.measured(np.arange(4 * 168) * 3600, np.tile(np.arange(168.0), 4))
    >>> usual_amounts(weeks, np.array([4 * 168 * 3600, (4 * 168 + 5) * 3600]), "UTC")
    array([0., 5.])
    """
    hours, amounts = _hour_of_week(past.start_s, tz)[past.known], past.amount[past.known]
    order = np.lexsort((amounts, hours))
    hours, amounts = hours[order], amounts[order]
    # In each hour's run of sorted amounts the median lies in the middle, or between the two there.
    first, count = np.searchsorted(hours, np.arange(HOURS)), np.bincount(hours, minlength=HOURS)
    enough = count >= FEWEST
    usual = np.full(HOURS, np.nan)
    lower, upper = first[enough] + (count[enough] - 1) // 2, first[enough] + count[enough] // 2
    usual[enough] = (amounts[lower] + amounts[upper]) / 2
    return usual[_hour_of_week(start_s, tz)]


def _hour_of_week(start_s: Seconds, tz: str) -> Seconds:
    local = local_fields(start_s, tz)
    return local.weekday * 24 + local.hour
