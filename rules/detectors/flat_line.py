"""A value that repeats: how long it has, and how improbable that is for this meter at these hours."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.history import DayGrid, before

WORK_DAYS, REST_DAYS = 40, 16  # eight weeks of each kind tell how often values repeat at an hour of the day
LIKE_ANY = 8.0  # days that the meter's other hours count for, where an hour's own days are few
YOUNG_H = 50.0  # hours without a repetition that every meter is thought to have had: a young one is not sure
SELDOM, OFTEN = 0.002, 0.98  # the chance is never thought to be smaller or larger


@dataclass(frozen=True, slots=True)
class Repeats:
    """For each hour: hours its value has repeated already, and -ln of the chance that this meter does so."""

    unchanged_h: Floats
    improbable: Floats

    @classmethod
    def of(cls, amount: Floats, grid: DayGrid) -> Self:
        """Repetitions in consecutive hours of the grid; NaN = not known, which ends one.

        Each repetition adds -ln of how often the values of that hour and kind of day repeated before: a meter that
        stands still every weekend repeats nothing improbable then, one with three decimals does at the second hour.
        """
        same = _same(amount)
        place = np.arange(len(amount))
        first = np.maximum.accumulate(np.where(same, 0, place))
        so_far = np.cumsum(np.where(same, repeats_cost(amount, grid), 0.0))
        return cls((place - first).astype(np.float64), so_far - so_far[first])

    def since(self, least: float) -> NDArray[np.int64]:
        """Place of the first hour of each flat line that is at least so improbable; the hour's own place elsewhere."""
        place = np.arange(len(self.unchanged_h))
        return place - np.where(self.improbable >= least, self.unchanged_h, 0).astype(np.int64)


def repeats_cost(amount: Floats, grid: DayGrid) -> Floats:
    """For each hour -ln of the chance that its value is that of the hour before."""
    # Whole 1024ths add up without rounding, so that a sum does not depend on where the history begins.
    return np.round(-np.log(grid.at_hours(_chance(amount, _same(amount), grid))) * 1024) / 1024


def _same(amount: Floats) -> NDArray[np.bool_]:
    return np.concatenate([[False], amount[1:] == amount[:-1]])[: len(amount)]


def _chance(amount: Floats, same: NDArray[np.bool_], grid: DayGrid) -> Floats:
    """For each day and hour how often the value was that of the hour before, on earlier days of the same kind."""
    known = np.isfinite(amount) & np.isfinite(np.concatenate([[np.nan], amount[:-1]]))
    table = np.full(grid.value.shape, np.nan)
    table[grid.day, grid.hour] = np.where(known, same, np.nan)
    hits, of = _counted(before(table, WORK_DAYS + REST_DAYS))
    anywhere = ((hits.sum(axis=1) + 1) / (of.sum(axis=1) + YOUNG_H))[:, None]
    chance = np.full(table.shape, np.nan)
    for kind, days in ((False, WORK_DAYS), (True, REST_DAYS)):
        rows = grid.rest == kind
        hits, of = _counted(before(table[rows], days))
        chance[rows] = (hits + LIKE_ANY * anywhere[rows]) / (of + LIKE_ANY)
    return np.asarray(np.clip(chance, SELDOM, OFTEN))


def _counted(window: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(window)
    return np.where(known, window, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64)
