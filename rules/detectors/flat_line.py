"""A value that repeats: how long it has, and how improbable that is for this meter."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats

WEEKS = 8
"""Weeks that tell how often a meter's values repeat."""
YOUNG_H = 50
"""Hours without a repetition that a meter is thought to have had before its first: a young one is not sure."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """For each hour: hours its value has repeated already, and -ln of the chance that this meter does so."""

    unchanged_h: Floats
    improbable: Floats

    @classmethod
    def of(cls, amount: Floats) -> Self:
        """Repetitions in consecutive hours; NaN = not known, which ends one.

        A meter whose values never repeat finds two hours at one value improbable already; one that counts in steps of
        a kWh repeats them every night.

        >>> Repeats.of(np.array([3.0, 1.0, 1.0, 1.0, 2.0])).unchanged_h
        array([0., 0., 1., 2., 0.])
        """
        same = np.concatenate([[False], amount[1:] == amount[:-1]])[: len(amount)]
        place = np.arange(len(amount))
        unchanged = (place - np.maximum.accumulate(np.where(same, 0, place))).astype(np.float64)
        so_far = np.concatenate([[0], np.cumsum(same)])
        known = np.concatenate([[0], np.cumsum(np.isfinite(amount))])
        # The last day is left aside: a flat line does not make itself probable.
        until, since = np.maximum(place - 24, 0), np.maximum(place - 24 * 7 * WEEKS, 0)
        chance = (so_far[until] - so_far[since] + 1) / (known[until] - known[since] + YOUNG_H)
        return cls(unchanged, unchanged * -np.log(np.clip(chance, 0.002, 0.9)))

    def since(self, least: float) -> NDArray[np.int64]:
        """Place of the first hour of each flat line that is at least so improbable; the hour's own place elsewhere."""
        place = np.arange(len(self.unchanged_h))
        return place - np.where(self.improbable >= least, self.unchanged_h, 0).astype(np.int64)
