"""What a meter did before: windows over earlier days, never the day itself. All functions look backwards only."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from plagewatch.metering.local_time import local_fields
from rules.detectors.verdicts import MeterHours

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DayGrid:
    """Hours as a table of local days × 24; day and hour tell where each of the meter's hours stands in it.

    The hour that comes twice in October stands once, with its later value; the one skipped in March stays NaN.
    """

    value: Floats  # [days, 24]
    rest: NDArray[np.bool_]  # [days], weekends and holidays
    day: NDArray[np.int64]
    hour: NDArray[np.int64]

    @classmethod
    def of(cls, hours: MeterHours) -> Self:
        """The table of a meter's hours. There must be at least one."""
        fields = local_fields(hours.start_s, hours.tz)
        day = fields.day - fields.day[0]
        value = np.full((int(day[-1]) + 1, 24), np.nan)
        value[day, fields.hour] = hours.amount
        days = np.arange(len(value))
        weekend = (int(fields.weekday[0]) + days) % 7 >= SATURDAY
        holiday = np.isin(int(fields.day[0]) + days, np.array(sorted(hours.holidays), np.int64))
        return cls(value, weekend | holiday, day, fields.hour)

    def at_hours(self, table: Floats) -> Floats:
        """A table of the same form, read back hour by hour."""
        return np.asarray(table[self.day, self.hour])


def quantile(window: Floats, share: float, least: int) -> Floats:
    """A quantile over the last axis, unknown ones left aside (lower of two neighbours below the middle, mean at 0.5).

    NaN where fewer than `least` values are known.

    >>> quantile(np.array([[3.0, 1.0, np.nan, 2.0], [1.0, np.nan, np.nan, np.nan]]), 0.5, least=2)
    array([ 2., nan])
    """
    ordered = np.sort(window, axis=-1)  # NaN goes to the end
    known = np.isfinite(ordered).sum(axis=-1)
    place = share * np.maximum(known - 1, 0)
    low = np.take_along_axis(ordered, np.floor(place).astype(np.int64)[..., None], -1)[..., 0]
    high = np.take_along_axis(ordered, np.ceil(place).astype(np.int64)[..., None], -1)[..., 0]
    value = low + (high - low) * (place - np.floor(place))
    return np.where(known >= max(least, 1), value, np.nan)


def mean(window: Floats, least: int) -> Floats:
    """Mean over the last axis, unknown ones left aside; NaN where fewer than `least` values are known.

    >>> mean(np.array([[3.0, 1.0, np.nan], [1.0, np.nan, np.nan]]), least=2)
    array([ 2., nan])
    """
    known = np.isfinite(window)
    count = known.sum(axis=-1)
    total = np.where(known, window, 0.0).sum(axis=-1)
    return np.where(count >= max(least, 1), total / np.maximum(count, 1), np.nan)


def before(table: Floats, count: int) -> Floats:
    """For each row the `count` rows before it, on a new last axis; NaN before the first.

    >>> before(np.array([1.0, 2.0, 3.0]), 2)
    array([[nan, nan],
           [nan,  1.],
           [ 1.,  2.]])
    """
    padded = np.concatenate([np.full((count, *table.shape[1:]), np.nan), table[:-1]])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, count, axis=0)[: len(table)])


def same_weekday(table: Floats, weeks: int, least: int) -> Floats:
    """Median of the same hour on the same weekday of the last weeks."""
    reached = before(table, 7 * weeks)
    return quantile(reached[..., ::7], 0.5, least)


def same_kind(table: Floats, rest: NDArray[np.bool_], days: tuple[int, int], least: int) -> Floats:
    """Median of the same hour on the last days of the same kind: so many working days, or so many days of rest."""
    usual = np.full(table.shape, np.nan)
    for kind in (False, True):
        rows = rest == kind
        if rows.any():
            usual[rows] = quantile(before(table[rows], days[kind]), 0.5, least)
    return usual
