"""From fine intervals to hours, local days and months, coverage always with them."""

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.local_time import day_starts_s, month_starts_s

QUARTER_S = 900
HOUR_S = 3600


def finest(interval_s: int | None) -> Resolution:
    """The finest resolution at which a meter that reports intervals of this length says something.

    None = not known, taken as a quarter. Nothing finer than what was said is ever invented.

    >>> [finest(length_s).value for length_s in (300, 900, 1800, 3600, 86_400)]
    ['quarter', 'quarter', 'hour', 'hour', 'day']
    """
    if interval_s is None or interval_s <= QUARTER_S:
        return Resolution.QUARTER
    return Resolution.HOUR if interval_s <= HOUR_S else Resolution.DAY


def bounds_s(resolution: Resolution, start_s: int, end_s: int, tz: str) -> Seconds:
    """Starts of all intervals of a resolution that touch [start_s, end_s), and the end of the last as last element.

    Quarters and hours go by UTC, days and months by the clock of `tz`.

    >>> bounds_s(Resolution.HOUR, 4000, 7201, "Europe/Brussels")
    array([ 3600,  7200, 10800])
    """
    if resolution is Resolution.DAY:
        return day_starts_s(start_s, end_s, tz)
    if resolution is Resolution.MONTH:
        return month_starts_s(start_s, end_s, tz)
    step_s = QUARTER_S if resolution is Resolution.QUARTER else HOUR_S
    first_s = start_s // step_s * step_s
    return np.arange(first_s, max(first_s, -(-end_s // step_s) * step_s) + step_s, step_s, dtype=np.int64)


def roll_up(fine: Intervals, length_s: Seconds | int, bounds: Seconds) -> Intervals:
    """Sums of fine intervals between neighbouring bounds; a stretch in which no fine interval starts has no row.

    length_s: how long each fine interval is [s]. bounds: rising instants [s since 1970 UTC], from `bounds_s`.
    The amount is that of the known intervals and NaN where none is known. Coverage is what was measured of the whole
    stretch: missing and unknown intervals weigh in as not covered.

    >>> quarters = Intervals.measured(np.array([0, 900, 1800]), np.array([1.0, 2.0, np.nan]))
    >>> hour = roll_up(quarters, 900, np.array([0, 3600, 7200]))
    >>> hour.start_s, hour.amount, hour.coverage
    (array([0]), array([3.]), array([0.5]))
    """
    place = np.searchsorted(bounds, fine.start_s, side="right") - 1
    inside = (place >= 0) & (place < len(bounds) - 1)
    fine, place = fine.where(inside), place[inside]
    lengths_s = np.broadcast_to(np.asarray(length_s, np.float64), inside.shape)[inside]
    count = max(len(bounds) - 1, 0)
    known = fine.known
    rows = np.bincount(place, minlength=count) > 0

    def total(values: Floats) -> Floats:
        sums = np.bincount(place[known], weights=values[known], minlength=count)
        return np.asarray(sums[rows], np.float64)

    amount = np.where(total(np.ones(len(fine))) > 0, total(fine.amount), np.nan)
    coverage = np.minimum(total(fine.coverage * lengths_s) / np.diff(bounds)[rows], 1.0)
    origins = (total(part) for part in (fine.interpolated, fine.spread, fine.estimated, fine.manual))
    return Intervals(bounds[:-1][rows], amount, coverage, *origins)
