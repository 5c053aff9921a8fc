"""The row of intervals a chart shows: every one of its window, whether the store holds it or not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s

FAR_S = 2**40
INFERRED = ("spread", "estimated", "manual")
_LENGTH_S = {Resolution.QUARTER: QUARTER_S, Resolution.HOUR: HOUR_S}


@dataclass(frozen=True, slots=True)
class Grid:
    """Intervals side by side without a hole, NaN where the amount is not known; all arrays of one length.

    inferred: the part of the amount that was spread, estimated or typed in, not measured [unit of amount].
    origins: how much of it was which, by name of the field of `Intervals`; only what occurs.
    now_s: what lies after it is to come, no gap.
    """

    start_s: Seconds
    end_s: Seconds
    amount: Floats
    inferred: Floats
    coverage: Floats
    now_s: int = FAR_S
    origins: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def left_h(self) -> Floats:
        """Left edges [hours since the first]."""
        return self.hours(self.start_s)

    @property
    def right_h(self) -> Floats:
        """Right edges [hours since the first left one]."""
        return self.hours(self.end_s)

    def hours(self, at_s: Seconds) -> Floats:
        """Instants on the chart's own axis [hours since the first left edge]."""
        hours: Floats = (at_s - self.start_s[0]) / 3600
        return hours

    def at_places(self, start_s: Seconds, values: Floats) -> Floats:
        """Values of intervals that start at start_s, laid on this grid; NaN where there is none."""
        place = np.searchsorted(self.start_s, start_s)
        inside = place < len(self)
        inside[inside] = self.start_s[place[inside]] == start_s[inside]
        laid = np.full(len(self), np.nan)
        laid[place[inside]] = values[inside]
        return laid

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where an amount is not known though its interval is over."""
        return np.isnan(self.amount) & (self.end_s <= self.now_s)

    @property
    def running(self) -> NDArray[np.bool_]:
        """The interval that has begun and is not over."""
        return (self.start_s < self.now_s) & (self.end_s > self.now_s)

    def gaps(self) -> tuple[Floats, Floats]:
        """Left and right edges [h] of each run of unknown intervals."""
        unknown = np.concatenate([[False], self.missing, [False]]).astype(np.int8)
        first, after = np.flatnonzero(np.diff(unknown) == 1), np.flatnonzero(np.diff(unknown) == -1)
        return self.left_h[first], self.right_h[after - 1]

    def total_coverage(self) -> float:
        """Share of the window, as far as it has passed, that was measured; 0...1, NaN where nothing has passed."""
        passed_s = self.passed_s
        if not passed_s.sum():
            return float("nan")
        return float(min(np.sum(self.coverage * (self.end_s - self.start_s)) / np.sum(passed_s), 1.0))

    @property
    def passed_s(self) -> Seconds:
        """How much of each interval is over [s]."""
        return np.minimum(self.end_s, self.now_s) - np.minimum(self.start_s, self.now_s)

    @property
    def coverage_so_far(self) -> Floats:
        """Coverage of each interval, that of a running one over the part that is over; NaN for one to come."""
        passed_s = np.where(self.passed_s > 0, self.passed_s, np.nan)
        return np.minimum(self.coverage * (self.end_s - self.start_s) / passed_s, 1.0)


def grid_of(
    intervals: Intervals, resolution: Resolution, window_s: tuple[int, int] | None, tz: str, now_s: int = FAR_S
) -> Grid:
    """The intervals laid on every place of the window [start, end), seconds since 1970 UTC.

    window_s None = from the first interval to the end of the last one. An empty window is one interval long.

    >>> grid = grid_of(Intervals.measured(np.array([3600]), np.array([2.0])), Resolution.HOUR, (0, 10_800), "UTC")
    >>> grid.amount, grid.gaps()
    (array([nan,  2., nan]), (array([0., 2.]), array([1., 3.])))
    """
    start_s, end_s = _window(intervals, resolution, window_s)
    edges_s = bounds_s(resolution, start_s, max(end_s, start_s + 1), tz)
    nothing = np.full(len(edges_s) - 1, np.nan)
    empty = Grid(edges_s[:-1], edges_s[1:], nothing, nothing, nothing)
    inferred = intervals.spread + intervals.estimated + intervals.manual
    amount, inferred, coverage = (
        empty.at_places(intervals.start_s, values) for values in (intervals.amount, inferred, intervals.coverage)
    )
    origins = {name: np.nan_to_num(empty.at_places(intervals.start_s, getattr(intervals, name))) for name in INFERRED}
    return Grid(
        edges_s[:-1],
        edges_s[1:],
        amount,
        np.nan_to_num(inferred),
        np.nan_to_num(coverage),
        now_s,
        {name: values for name, values in origins.items() if values.any()},
    )


def _window(intervals: Intervals, resolution: Resolution, window_s: tuple[int, int] | None) -> tuple[int, int]:
    if window_s is not None:
        return window_s
    if not len(intervals):
        return (0, 1)
    return int(intervals.start_s[0]), int(intervals.start_s[-1]) + _LENGTH_S.get(resolution, 1)
