"""A building's usual hours of use and its days of rest, learnt from what its meter did; from the past only."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.history import DayGrid, before, mean, quantile, same_weekday

WEEKS = 8
LEAST_CONTRAST = 0.3
"""Part of its height by which a load must fall at rest; one that hardly falls shows no hours of use."""
DAY_H = slice(8, 18)
"""Hours in which a day of work differs most from a day of rest."""


@dataclass(frozen=True, slots=True)
class UsualUse:
    """For each local day when the building is usually in use, as its weekday was in the eight weeks before.

    from_h, to_h: local hours; equal = usually not in use that weekday; NaN = the load does not show it. agreement:
    share 0...1 of the hours of those weeks that were in use, or not, as is usual. Both know only what is before the
    day. like_rest: how far the day itself, once over, came down from the load of a day of work to that of a day of
    rest, 0...1; NaN = not known.
    """

    from_h: Floats
    to_h: Floats
    agreement: Floats
    like_rest: Floats

    @classmethod
    def of(cls, grid: DayGrid) -> Self:
        """What the days of a table show.

        >>> working = np.where((np.arange(24) >= 8) & (np.arange(24) < 18), 40.0, 10.0)
        >>> rest = np.arange(70) % 7 >= 5
        >>> day, hour = np.divmod(np.arange(70 * 24), 24)
        >>> use = UsualUse.of(DayGrid(np.where(rest[:, None], 10.0, working), rest, day, hour))
        >>> use.from_h[63:].tolist(), use.to_h[63:].tolist()
        ([8.0, 8.0, 8.0, 8.0, 8.0, 0.0, 0.0], [18.0, 18.0, 18.0, 18.0, 18.0, 0.0, 0.0])
        """
        table = grid.value
        low = quantile(before(quantile(table, 0.1, least=18), 28), 0.5, least=14)
        high = quantile(before(quantile(table, 0.9, least=18), 28), 0.75, least=14)
        shows = high - low >= LEAST_CONTRAST * high
        middle = np.where(shows, (low + high) / 2, np.nan)[:, None]
        usual = same_weekday(table, WEEKS, least=3)
        in_use = usual > middle
        known = shows & np.isfinite(usual).all(axis=1)
        any_use = in_use.any(axis=1)
        first = np.where(any_use, np.argmax(in_use, axis=1), 0).astype(np.float64)
        after = np.where(any_use, 24 - np.argmax(in_use[:, ::-1], axis=1), 0).astype(np.float64)
        weeks = before(table, 7 * WEEKS)[..., ::7]
        as_usual = np.where(np.isfinite(weeks), (weeks > middle[..., None]) == in_use[..., None], np.nan)
        agreement = mean(as_usual.reshape(len(table), -1), least=3 * 24)
        return cls(
            np.where(known, first, np.nan),
            np.where(known, after, np.nan),
            np.where(known, agreement, np.nan),
            like_rest(table, grid.rest),
        )


def like_rest(table: Floats, rest: NDArray[np.bool_]) -> Floats:
    """For each day, once over, how far it came down from the load of days of work to that of days of rest, 0...1.

    By the mean of the hours from 8 to 18, against the medians of both kinds of the eight weeks before; 20 days of work
    and 5 of rest are needed, and rest must be lower by a third.

    >>> days = np.arange(70)
    >>> table = np.repeat(np.where(days % 7 >= 5, 10.0, 40.0)[:, None], 24, axis=1)
    >>> table[65] = 13.0
    >>> like_rest(table, days % 7 >= 5)[64:67]
    array([0. , 0.9, 0. ])
    """
    load = mean(table[:, DAY_H], least=8)
    work = quantile(before(np.where(rest, np.nan, load), 7 * WEEKS), 0.5, least=20)
    resting = quantile(before(np.where(rest, load, np.nan), 7 * WEEKS), 0.5, least=5)
    fall = work - resting
    shows = (fall >= work / 3) & (fall > 0)
    return np.where(shows, np.clip((work - load) / np.where(shows, fall, 1.0), 0.0, 1.0), np.nan)
