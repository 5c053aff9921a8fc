"""Daily findings that are told on the day they are reached, and wait as lasting until they have gone."""

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.verdicts import Flags

GONE = 0.5
"""A finding has gone when its score is below this; between this and 1 it goes on if it was told."""


def told_once(score: Floats, same_days: int = 0) -> tuple[Flags, Flags]:
    """Whether each day is the one on which a finding is told, and whether it is one of those after it.

    same_days: what is reached again so many days after it had gone is the same finding, and not told again.

    >>> told, lasts = told_once(np.array([0.6, 1.2, 1.5, 0.7, 0.2, 0.7, 1.0]))
    >>> np.flatnonzero(told).tolist(), np.flatnonzero(lasts).tolist()
    ([1, 6], [2, 3])
    >>> np.flatnonzero(told_once(np.array([1.2, 0.2, 0.7, 1.0, 0.6]), same_days=3)[1]).tolist()
    [3, 4]
    """
    told, lasts = np.zeros(len(score), np.bool_), np.zeros(len(score), np.bool_)
    going_on, last = False, -same_days - 1
    for place, value in enumerate(score.tolist()):
        if not (value >= GONE if going_on else value >= 1):
            going_on = False
            continue
        known = going_on or place - last <= same_days
        (lasts if known else told)[place] = True
        going_on, last = True, place
    return told, lasts


def of_last(value: NDArray[np.generic], days: int) -> Floats:
    """Sum over each day and those before it, so many in all.

    >>> of_last(np.array([1, 0, 1, 1]), 3).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    # Window by window, not by a running sum: its rounding would depend on where the history begins.
    padded = np.concatenate([np.zeros(days - 1), np.asarray(value, np.float64)])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, days).sum(axis=1))
