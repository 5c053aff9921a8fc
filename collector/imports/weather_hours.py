"""Weather as a source gives it, brought to hours. Pure.

Finer rows are averaged into their hour. A coarser row is a mean over its own time, so it is the value of each hour of
that time: the mean of a local day then comes out as the source says it, with full coverage. Rows coarser than a day say
nothing about a day and are refused.
"""

from collections.abc import Mapping

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.store.series.protocol import Points

HOUR_S = 3_600
LONGEST_DAY_S = 25 * HOUR_S


class TooCoarse(ValueError):
    """The rows lie further apart than a day."""


def hourly(start_s: Seconds, fields: Mapping[str, Floats]) -> Points:
    """Hourly points from means that begin at start_s (any order, any spacing up to a day); NaN = not known.

    Raises TooCoarse.

    >>> points = hourly(np.array([0, 1800, 3600]), {"temp_c": np.array([1.0, 3.0, np.nan])})
    >>> points.start_s.tolist(), points.fields["temp_c"].tolist()
    ([0, 3600], [2.0, nan])
    """
    start_s, fields = _averaged(start_s, fields)
    gaps = np.diff(start_s)
    step_s = int(np.median(gaps)) if len(gaps) else HOUR_S
    if step_s > LONGEST_DAY_S:
        raise TooCoarse(f"{step_s / 86_400:.1f} days between rows")
    if step_s > HOUR_S:
        start_s, fields = _spread(start_s, fields, step_s)
    return of_hours(start_s, fields)


def of_hours(start_s: Seconds, fields: Mapping[str, Floats]) -> Points:
    """Hourly points from means of an hour or less that begin at start_s, in any order; where no row is, no hour is.

    >>> of_hours(np.array([600, 0, 10800]), {"temp_c": np.array([1.0, 3.0, 7.0])}).start_s.tolist()
    [0, 10800]
    """
    return Points(*_averaged(start_s // HOUR_S * HOUR_S, fields))


def _averaged(start_s: Seconds, fields: Mapping[str, Floats]) -> tuple[Seconds, dict[str, Floats]]:
    """Rows of one start become one, in order of time."""
    starts, place = np.unique(start_s, return_inverse=True)
    return starts, {name: _means(values, place, len(starts)) for name, values in fields.items()}


def _spread(start_s: Seconds, fields: Mapping[str, Floats], step_s: int) -> tuple[Seconds, dict[str, Floats]]:
    # Up to the next row where it follows at once: a local day has 23, 24 or 25 hours.
    length_s = np.diff(start_s, append=start_s[-1] + step_s)
    length_s = np.where(length_s <= step_s + HOUR_S, length_s, step_s)
    hours = np.maximum(1, length_s // HOUR_S)
    row = np.repeat(np.arange(len(start_s)), hours)
    within = np.arange(len(row)) - np.repeat(np.cumsum(hours) - hours, hours)
    return start_s[row] + within * HOUR_S, {name: values[row] for name, values in fields.items()}


def _means(values: Floats, place: Seconds, length: int) -> Floats:
    known = ~np.isnan(values)
    counts = np.bincount(place[known], minlength=length)
    sums = np.bincount(place[known], weights=values[known], minlength=length)
    means: Floats = np.divide(sums, counts, out=np.full(length, np.nan), where=counts > 0)
    return means
