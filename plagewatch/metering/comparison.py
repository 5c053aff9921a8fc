"""Two weeks beside each other, only over what both of them have: one rule for pages, mails and rules. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals, Resolution
from plagewatch.metering.local_time import local_fields

FULL = 0.99
"""From this coverage on an interval was measured whole."""


@dataclass(frozen=True, slots=True)
class Common:
    """now, before: amounts of both weeks over the intervals that both have [unit]. compared: how many these are."""

    now: float
    before: float
    compared: int


def whole(intervals: Intervals) -> Intervals:
    """The intervals that can be compared: measured whole, or filled from a total that is known.

    An hour of which only some quarters are known says too little and would look like a saving.

    >>> len(whole(Intervals.measured(np.array([0, 3600]), np.array([1.0, np.nan]))))
    1
    """
    filled = intervals.spread + intervals.estimated + intervals.manual > 0
    return intervals.where(intervals.known & ((intervals.coverage >= FULL) | filled))


def in_common(now: Intervals, before: Intervals, resolution: Resolution, tz: str) -> Common:
    """Hold seven local days against the seven before, at the same weekday and hour on the wall.

    resolution: of the intervals, an hour or a local day. An hour that a change-over day lacks, or has twice, is in one
    week only and counts in neither.

    >>> week = Intervals.measured(np.arange(168) * 3600, np.full(168, 2.0))
    >>> next_week = Intervals.measured(168 * 3600 + np.arange(84) * 3600, np.full(84, 3.0))
    >>> in_common(next_week, week, Resolution.HOUR, "UTC")
    Common(now=252.0, before=168.0, compared=84)
    """
    now, before = whole(now), whole(before)
    now_slots, before_slots = _slots(now, resolution, tz), _slots(before, resolution, tz)
    in_both = np.isin(now_slots, before_slots)
    in_both_before = np.isin(before_slots, now_slots)
    return Common(_total(now.amount[in_both]), _total(before.amount[in_both_before]), int(in_both.sum()))


def _slots(intervals: Intervals, resolution: Resolution, tz: str) -> NDArray[np.int64]:
    fields = local_fields(intervals.start_s, tz)
    if resolution is Resolution.DAY:
        return fields.weekday
    slots = fields.weekday * 24 + fields.hour
    second_time = np.zeros(len(slots), np.int64)  # 02:00 comes twice on the last Sunday of October
    second_time[1:] = (slots[1:] == slots[:-1]) & (fields.day[1:] == fields.day[:-1])
    return np.asarray(slots + 1000 * second_time, np.int64)


def _total(amounts: Floats) -> float:
    return float(amounts.sum()) if len(amounts) else float("nan")
