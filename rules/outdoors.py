"""The weather of sites at the hours of their meters, read once for each site."""

from dataclasses import dataclass, field

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.store.names import GHI_WM2, TEMP_C
from plagewatch.store.series.protocol import Points, SeriesStore
from plagewatch.store.weather import Whose
from rules.detectors.case import HourlyWeather
from rules.detectors.verdicts import HOUR_S, MeterHours


@dataclass(frozen=True, slots=True)
class Outdoors:
    """Reads a site's weather when a meter of it is first judged, and keeps it for the others."""

    series: SeriesStore
    whose: Whose
    span_s: tuple[int, int]
    _read: dict[str, Points] = field(init=False, default_factory=dict)

    def at(self, site: str, hours: MeterHours) -> HourlyWeather | None:
        """The weather at a meter's hours; None where none is known at any of them. Raises SeriesError."""
        if not len(hours):
            return None
        points = self._read.get(site)
        if points is None:
            points = self._read[site] = self.whose.hours(self.series, site, *self.span_s).points
        temp_c, ghi_wm2 = (at_hours(points, name, hours.start_s) for name in (TEMP_C, GHI_WM2))
        if not np.isfinite(temp_c).any() and not np.isfinite(ghi_wm2).any():
            return None
        return HourlyWeather(temp_c, ghi_wm2)


def at_hours(points: Points, name: str, start_s: Seconds) -> Floats:
    """One field of hourly points at unbroken hours; NaN = not known.

    >>> at_hours(Points(np.array([0, 7200]), {"temp_c": np.array([4.0, 6.0])}), "temp_c", np.array([0, 3600, 7200]))
    array([ 4., nan,  6.])
    """
    value = np.full(len(start_s), np.nan)
    if name in points.fields and len(start_s):
        place = (points.start_s - start_s[0]) // HOUR_S
        there = (place >= 0) & (place < len(start_s)) & (points.start_s % HOUR_S == 0)
        value[place[there]] = points.fields[name][there]
    return value
