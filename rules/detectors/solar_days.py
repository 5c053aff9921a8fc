"""Production as days of the sun, and what the sun, the sky or a neighbour would let a plant make on them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from plagewatch.solar.sun import towards_sun
from rules.detectors.history import before, quantile
from rules.detectors.verdicts import HOUR_S, Flags, MeterHours

PER_DEGREE = 0.004
"""A panel yields so much less for each °C above 25 [share]; crystalline silicon, as data sheets have it."""
WARMED = 0.03
"""A panel is so much warmer than the air [°C per W/m2]; 0.02 to 0.04 by how it is mounted."""


@dataclass(frozen=True, slots=True)
class SunDays:
    """Hours as a table of days × 24 that begin at about midnight by the sun, the same all year round.

    first_s: start of the table, seconds since 1970 UTC. made: production [unit of the meter]; NaN = not known.
    """

    first_s: int
    made: Floats

    @classmethod
    def of(cls, hours: MeterHours) -> Self:
        """The table of a meter's hours; there must be one. Whole days: hours that are missing at both ends are NaN."""
        shift_s = _winter_shift_s(hours.tz)
        first_s = (int(hours.start_s[0]) + shift_s) // 86_400 * 86_400 - shift_s
        days = (int(hours.start_s[-1]) - first_s) // 86_400 + 1
        empty = cls(first_s, np.full((days, 24), np.nan))
        return cls(first_s, empty.fill(hours.start_s, hours.amount))

    @property
    def start_s(self) -> Seconds:
        """Starts of the hours, in the form of the table."""
        return self.first_s + HOUR_S * np.arange(self.made.size, dtype=np.int64).reshape(self.made.shape)

    def fill(self, start_s: Seconds, value: Floats) -> Floats:
        """Other hours in the same table; those outside it are left out."""
        table = np.full(self.made.size, np.nan)
        place = (start_s - self.first_s) // HOUR_S
        inside = (place >= 0) & (place < len(table))
        table[place[inside]] = value[inside]
        return table.reshape(self.made.shape)

    def sun(self, latitude: float, longitude: float) -> tuple[Floats, Floats, Floats]:
        """Direction of the sun (up, east, north) in the middle of each hour, in the form of the table."""
        return towards_sun(self.start_s + HOUR_S // 2, latitude, longitude)


def _winter_shift_s(tz: str) -> int:
    # That of January 1970: one and the same whatever hours are looked at, and days begin far from any sun.
    fields = local_fields(np.array([0], np.int64), tz)
    hour = int(fields.hour[0])
    return (hour - 24 if hour > 12 else hour) * HOUR_S


def yielding(ghi_wm2: Floats, temp_c: Floats) -> Floats:
    """What panels make of irradiance, in W/m2 of cool ones: warm ones yield less. An unknown temperature is 15 °C.

    >>> yielding(np.array([1000.0, 1000.0]), np.array([25.0, -5.0]))
    array([880., 1000.])
    """
    cell_c = np.where(np.isfinite(temp_c), temp_c, 15.0) + WARMED * ghi_wm2
    return ghi_wm2 * (1 - PER_DEGREE * (cell_c - 25.0))


def bell_shaped(made: Floats, most_wiggle: float, least_full: float) -> Flags:
    """Days on which production rose once and fell once, as wide as it does in these weeks: no clouds, whatever it lost.

    The shape says nothing of the height, so a plant that lost a third still has its clear days. most_wiggle: all ups
    and downs together, in times of the least possible. least_full: width (production in hours at its peak) in times of
    that of the wide days of the last month. An hour unknown by day leaves its day out.
    """
    value = np.where(np.isfinite(made), made, 0.0)
    peak = value.max(axis=1)
    walked = np.abs(np.diff(value, axis=1, prepend=0.0, append=0.0)).sum(axis=1)
    month = quantile(before(value, 30).swapaxes(1, 2).reshape(len(value), -1, 24).swapaxes(1, 2), 0.9, least=5)
    daylight = month > 0.05 * np.nanmax(np.where(np.isfinite(month), month, -1.0), axis=1, keepdims=True)
    whole = ~(np.isnan(made) & (daylight | np.isnan(month))).any(axis=1)
    able = whole & (peak > 0)
    full_h = np.where(able, value.sum(axis=1) / np.where(peak > 0, peak, 1.0), np.nan)
    wide_h = quantile(before(full_h, 30), 0.8, least=5)
    bell = able & (walked <= 2 * peak * most_wiggle)
    return np.asarray(bell & (full_h >= least_full * np.where(np.isfinite(wide_h), wide_h, np.inf)))
