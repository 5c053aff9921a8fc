"""When something unusual has lasted so long that it is a change, told already, and no longer an event."""

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.verdicts import Flags

QUIET_H = 24
"""Hours without a symptom that part one stretch from the next."""
NEVER = np.iinfo(np.int64).max // 2


def lasting(symptom: Flags, score: Floats, since: NDArray[np.int64], lasts_h: int, reach_h: int) -> Flags:
    """Hours with the symptom in a stretch that began `lasts_h` before; hours that nobody was told of begin none.

    symptom: hours that have it. score: 1 opens a ticket. since: place of the first hour of each hour's abnormal run. A
    stretch begins where the run began whose score first opened a ticket, but at most reach_h before that.

    >>> lasting(np.ones(6, np.bool_), np.array([0.9, 1, 0.9, 0.9, 1, 1]), np.arange(6), lasts_h=3, reach_h=12).tolist()
    [False, False, False, False, True, True]
    """
    flags = np.zeros(len(symptom), np.bool_)
    place = np.flatnonzero(symptom)
    if not len(place):
        return flags
    new = np.diff(place, prepend=-NEVER) > QUIET_H
    stretch = np.cumsum(new) - 1
    told = np.minimum.reduceat(np.where(score[place] >= 1, place, NEVER), np.flatnonzero(new))
    begun = np.maximum(since[np.minimum(told, len(symptom) - 1)], told - reach_h)
    flags[place] = (place >= told[stretch]) & (place - begun[stretch] >= lasts_h)
    return flags
