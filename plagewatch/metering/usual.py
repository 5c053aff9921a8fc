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
    usual = np.full(HOURS, np.nan)
    hours, amounts = _hour_of_week(past.start_s, tz)[past.known], past.amount[past.known]
    order = np.argsort(hours, kind="stable")
    hours, amounts = hours[order], amounts[order]
    for group in np.split(np.arange(len(hours)), np.flatnonzero(np.diff(hours)) + 1):
        if len(group) >= FEWEST:
            usual[hours[group[0]]] = np.median(amounts[group])
    return usual[_hour_of_week(start_s, tz)]


def _hour_of_week(start_s: Seconds, tz: str) -> Seconds:
    local = local_fields(start_s, tz)
    return local.weekday * 24 + local.hour
