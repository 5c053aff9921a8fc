"""When something unusual has lasted so long that it is a change, told already, and no longer an event."""

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.verdicts import Flags

QUIET_H = 24
"""Hours without a symptom that part one stretch from the next."""
SAME_CHANGE_H = 6 * 24
"""Hours without it after which a change has gone: working days learn it in a week, and then the weekend still shows."""
OFTEN = 0.2
"""Share of its hours that have the symptom in a change: an odd hour every day is none."""


def lasting(symptom: Flags, score: Floats, since: NDArray[np.int64], lasts_h: int, reach_h: int) -> Flags:
    """Hours with the symptom that belong to a change: its stretch began `lasts_h` before, or a change came just before.

    symptom: hours that have it. score: 1 opens a ticket. since: place of the first hour of each hour's abnormal run. A
    stretch begins where the run began whose score first opened a ticket, but at most reach_h before that: what nobody
    was told of is no change.

    >>> lasting(np.ones(6, np.bool_), np.array([0.9, 1, 0.9, 0.9, 1, 1]), np.arange(6), lasts_h=3, reach_h=12).tolist()
    [False, False, False, False, True, True]
    """
    flags = np.zeros(len(symptom), np.bool_)
    place = np.flatnonzero(symptom)
    changed = -SAME_CHANGE_H - 1  # place of the last hour of a change
    for stretch in np.split(place, np.flatnonzero(np.diff(place) > QUIET_H) + 1):
        told = stretch[score[stretch] >= 1]
        if len(stretch) and stretch[0] - changed <= SAME_CHANGE_H:
            flags[stretch] = True
        elif len(told):
            begun = max(since[told[0]], told[0] - reach_h)
            age_h, with_it = stretch - begun, np.cumsum(stretch >= begun)
            flags[stretch] = (stretch >= told[0]) & (age_h >= lasts_h) & (with_it >= OFTEN * age_h)
        if flags[stretch].any():
            changed = stretch[-1]
    return flags
