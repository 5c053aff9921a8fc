"""The weather of a site: its own, or that of the one station there is."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Carrier
from plagewatch.store.names import TAG_SITE, TEMP_C, WEATHER
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import Points, SeriesStore


def weather_hours(engine: Engine, series: SeriesStore, site: str, start_s: int, end_s: int) -> Points:
    """Hourly weather that begins in [start_s, end_s), fields as in names.WEATHER_FIELDS; no rows where there is none.

    A site without weather of its own takes that of the only site with a weather station; of several, none is guessed.
    Raises SeriesError.
    """
    own = series.points(WEATHER, {TAG_SITE: site}, start_s, end_s)
    stations = {meter.site for meter in registry.meters(engine) if meter.carrier is Carrier.WEATHER}
    if len(own.start_s) or site in stations or len(stations) != 1:
        return own
    return series.points(WEATHER, {TAG_SITE: stations.pop()}, start_s, end_s)


def daily_mean_temp_c(points: Points, tz: str) -> tuple[Seconds, Floats, Floats]:
    """Start [s since 1970 UTC], mean outdoor temperature [°C] and coverage [0...1] of each local day with a row.

    The mean is of the known hours; NaN where none is. Coverage is their number over the 23, 24 or 25 hours of the day.

    >>> hours = Points(np.arange(24) * 3600, {"temp_c": np.append(np.full(12, 4.0), np.full(12, np.nan))})
    >>> daily_mean_temp_c(hours, "UTC")
    (array([0]), array([4.]), array([0.5]))
    """
    if len(points.start_s) == 0 or TEMP_C not in points.fields:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    bounds = day_starts_s(int(points.start_s[0]), int(points.start_s[-1]) + 1, tz)
    place = np.searchsorted(bounds, points.start_s, side="right") - 1
    known: NDArray[np.bool_] = ~np.isnan(points.fields[TEMP_C])
    count = np.bincount(place[known], minlength=len(bounds) - 1)
    sums = np.bincount(place[known], weights=points.fields[TEMP_C][known], minlength=len(bounds) - 1)
    mean = np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)
    rows = np.bincount(place, minlength=len(bounds) - 1) > 0
    hours = np.diff(bounds) / 3600
    return bounds[:-1][rows], mean[rows], np.minimum(count / hours, 1.0)[rows]
