"""The least a meter usually has: what is below it is low whatever the hour."""

import numpy as np

from plagewatch.metering.intervals import Floats
from rules.detectors.history import before, quantile

LOW_DAYS = 0.05
"""This share of days may have been lower: a few hours without power are not what is usual."""


def lowest_usual(days: Floats, weeks: int) -> Floats:
    """For each day the lowest hour that nearly every day of the weeks before it had.

    days: table of local days x 24 hours [unit of the meter], NaN = not known. A day counts with 18 known hours, and 14
    such days are needed; NaN where there are fewer.

    >>> table = np.full((30, 24), 5.0)
    >>> table[:, 3] = 2.0
    >>> table[25, 4] = 0.0
    >>> lowest_usual(table, weeks=8)[[13, 14, 29]]
    array([nan,  2.,  2.])
    """
    return quantile(before(quantile(days, 0.0, least=18), 7 * weeks), LOW_DAYS, least=14)


def share_below(amount: Floats, lowest: Floats) -> Floats:
    """How far each amount is below its lowest usual one, as a share of it; 0 where it is not, or either is not known.

    >>> share_below(np.array([1.0, 3.0, np.nan]), np.array([4.0, 2.0, 2.0]))
    array([0.75, 0.  , 0.  ])
    """
    able = (lowest > 0) & np.isfinite(amount)
    share = (lowest - amount) / np.where(able, lowest, 1.0)
    return np.where(able, np.clip(share, 0.0, 1.0), 0.0)
