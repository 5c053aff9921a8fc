"""Rows of figures into a series, where they say something that the store does not have."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from plagewatch.store.series.protocol import Points


class PointStore(Protocol):
    """The part of a series store that holds rows of figures."""

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        """Write rows of figures."""

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        """Rows of one series that start in [start_s, end_s)."""


def write_new(series: PointStore, measurement: str, tags: Mapping[str, str], points: Points) -> int:
    """Write rows by time; how many of them are new or say something else. What is not known (NaN) stays as it was."""
    if len(points.start_s) == 0:
        return 0
    stored = series.points(measurement, tags, int(points.start_s[0]), int(points.start_s[-1]) + 1)
    place = np.searchsorted(stored.start_s, points.start_s)
    there = np.zeros(len(points.start_s), np.bool_)
    inside = place < len(stored.start_s)
    there[inside] = stored.start_s[place[inside]] == points.start_s[inside]
    merged, new = {}, ~there
    for name, values in points.fields.items():
        old = np.full(len(values), np.nan)
        if name in stored.fields:
            old[there] = stored.fields[name][place[there]]
        merged[name] = np.where(np.isnan(values), old, values)
        new |= ~np.isnan(values) & (values != old)
    if new.any():
        fresh = Points(points.start_s[new], {name: values[new] for name, values in merged.items()})
        series.write_points(measurement, tags, fresh)
    return int(np.count_nonzero(new))
