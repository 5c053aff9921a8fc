"""From the stamps of a source to our hours, each the mean of [start, start + 3600). Pure.

A value at an instant holds for no hour by itself: the mean of the two ends is taken, which is exact where it changes
evenly in between. A mean of the preceding hour is stamped at its end, and belongs to the hour before the stamp.
"""

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds

HOUR_S = 3_600


def of_instants(at_s: Seconds, values: Floats, start_s: Seconds) -> Floats:
    """Mean of each hour of a quantity known at instants; NaN where one of the hour's two ends is not known.

    >>> of_instants(np.array([0, 3600, 7200]), np.array([4.0, 6.0, 9.0]), np.array([0, 3600, 7200])).tolist()
    [5.0, 7.5, nan]
    """
    means: Floats = (_at(at_s, values, start_s) + _at(at_s, values, start_s + HOUR_S)) / 2
    return means


def of_preceding(at_s: Seconds, values: Floats, start_s: Seconds) -> Floats:
    """Mean of each hour of a quantity told as the mean of the hour before its stamp; NaN where it is not told.

    >>> of_preceding(np.array([3600, 7200]), np.array([100.0, 300.0]), np.array([0, 3600, 7200])).tolist()
    [100.0, 300.0, nan]
    """
    return _at(at_s, values, start_s + HOUR_S)


def _at(at_s: Seconds, values: Floats, wanted_s: Seconds) -> Floats:
    found = np.full(len(wanted_s), np.nan)
    if len(at_s):
        place = np.minimum(np.searchsorted(at_s, wanted_s), len(at_s) - 1)
        there = at_s[place] == wanted_s
        found[there] = values[place[there]]
    return found
