"""A series store whose hours are read in one go, and all of it once, for those who look at one past several times."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.store.series.protocol import SeriesStore

TOGETHER = 20
"""So many meters are asked for in one question."""


class ReadOnce:
    """Hours of some meters in [span_s[0], span_s[1]) are read for many of them at once, all else as it is asked for."""

    def __init__(self, series: SeriesStore, meters: Sequence[str], span_s: tuple[int, int]) -> None:
        self._series, self._span_s = series, span_s
        self._batch = {
            meter: meters[at : at + TOGETHER]
            for at in range(0, len(meters), TOGETHER)
            for meter in meters[at : at + TOGETHER]
        }
        self._hours: dict[str, Intervals] = {}
        self._kept: dict[str, Any] = {}

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        """As the store has them. Raises SeriesError."""
        inside = self._span_s[0] <= start_s and end_s <= self._span_s[1]
        if resolution is not Resolution.HOUR or flow != "main" or meter not in self._batch or not inside:
            read: Intervals = self._once("intervals", resolution, meter, start_s, end_s, flow)
            return read
        if meter not in self._hours:
            told = self._series.intervals_of(resolution, self._batch[meter], *self._span_s)
            nothing = Intervals.measured(np.zeros(0, np.int64), np.zeros(0))
            self._hours |= {one: told.get((one, "main"), nothing) for one in self._batch[meter]}
        found = self._hours[meter]
        return found.where((found.start_s >= start_s) & (found.start_s < end_s))

    def points(self, *asked: Any) -> Any:
        """As the store has them. Raises SeriesError."""
        return self._once("points", *asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._series, name)

    def _once(self, name: str, *asked: Any) -> Any:
        key = repr((name, asked))
        if key not in self._kept:
            self._kept[key] = getattr(self._series, name)(*asked)
        return self._kept[key]
