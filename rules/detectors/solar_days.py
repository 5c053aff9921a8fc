"""Production as days of the sun: tables of days, what counts as a clear day, and when snow may lie on a roof."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from plagewatch.solar.sun import towards_sun
from rules.detectors.history import before, quantile
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, MeterHours, NotJudged, Verdicts, judged

FROST_C = 1.5
"""A day whose mean is below may bring snow or keep it [°C]."""
FROST_DAYS = 10
"""Snow on a roof is gone so many days after the last frost."""
SNOW_SEASON = (1101, 415)
"""Where the temperature is not known, snow may lie from the first to the second of these (month × 100 + day)."""
NIGHT_SHARE = 0.05
"""A day whose lowest hour makes more than this share of its highest knows no night: no solar meter."""


@dataclass(frozen=True, slots=True)
class SunDays:
    """Hours as a table of days × 24 that begin at about midnight by the clock of winter, the same all year round.

    first_s: start of the table, seconds since 1970 UTC. made: production [unit of the meter]; NaN = not known.
    """

    first_s: int
    made: Floats

    @classmethod
    def of(cls, hours: MeterHours) -> Self:
        """The table of a meter's hours; there must be one. Hours that are missing at both ends are NaN.

        Days that no plant makes are unknown: with an hour below 0, or without a night.
        """
        shift_s = _winter_shift_s(hours.tz)
        first_s = (int(hours.start_s[0]) + shift_s) // 86_400 * 86_400 - shift_s
        days = (int(hours.start_s[-1]) - first_s) // 86_400 + 1
        made = cls(first_s, np.full((days, 24), np.nan)).fill(hours.start_s, hours.amount)
        lowest = np.where(np.isfinite(made), made, np.inf).min(axis=1)
        highest = np.where(np.isfinite(made), made, -np.inf).max(axis=1)
        night_known = np.isfinite(made).sum(axis=1) >= 20
        odd = (lowest < -NIGHT_SHARE * np.abs(highest)) | (night_known & (lowest > NIGHT_SHARE * highest))
        made[odd & (highest != 0)] = np.nan
        return cls(first_s, made)

    def __len__(self) -> int:
        return len(self.made)

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

    def bell_shaped(self, most_wiggle: float, least_full: float) -> Flags:
        """Days on which production rose once and fell once, as wide as it does in these weeks: no clouds.

        The shape says nothing of the height, so a plant that lost a third still has its clear days. most_wiggle: all
        ups and downs together, in times of the least possible. least_full: width (production in hours of its peak) in
        times of that of the wide days of the last month. A day of which an hour of daylight is unknown is left out.
        """
        value = np.where(np.isfinite(self.made), self.made, 0.0)
        peak = value.max(axis=1)
        walked = np.abs(np.diff(value, axis=1, prepend=0.0, append=0.0)).sum(axis=1)
        month = np.nan_to_num(before(self.made, 30), nan=0.0).max(axis=2)
        daylight = month > NIGHT_SHARE * month.max(axis=1, keepdims=True)
        able = (peak > 0) & ~(np.isnan(self.made) & daylight).any(axis=1)
        wide_h = np.where(able, value.sum(axis=1) / np.where(peak > 0, peak, 1.0), np.nan)
        usual_h = quantile(before(wide_h, 30), 0.8, least=5)
        wide = wide_h >= least_full * np.where(np.isfinite(usual_h), usual_h, np.inf)
        return np.asarray(able & wide & (walked <= 2 * peak * most_wiggle))

    def snow_may_lie(self, temp_c: Floats, southern: bool = False) -> Flags:
        """Days on which panels may be covered: it froze in the last days; without temperatures, the months of snow."""
        known = np.isfinite(temp_c).sum(axis=1)
        mean_c = np.where(known >= 12, np.nan_to_num(temp_c).sum(axis=1) / np.maximum(known, 1), np.nan)
        window = np.concatenate([before(mean_c, FROST_DAYS - 1), mean_c[:, None]], axis=1)
        date = self.start_s[:, 12].astype("datetime64[s]").astype("datetime64[D]")
        month = date.astype("datetime64[M]").astype(np.int64) % 12
        of_year = 100 * ((month + 6 * southern) % 12 + 1) + (date - date.astype("datetime64[M]")).astype(np.int64) + 1
        season = (of_year >= SNOW_SEASON[0]) | (of_year <= SNOW_SEASON[1])
        enough = np.isfinite(window).sum(axis=1) >= FROST_DAYS // 2
        return np.where(enough, (window < FROST_C).any(axis=1), season)


def _winter_shift_s(tz: str) -> int:
    # That of January 1970: one and the same whatever hours are looked at.
    hour = int(local_fields(np.array([0], np.int64), tz).hour[0])
    return (hour - 24 if hour > 12 else hour) * HOUR_S


def said(verdicts: Verdicts, hours: MeterHours) -> Judgement:
    """The verdicts on a plant, or why there is none."""
    if len(verdicts) or not np.isfinite(hours.amount).any():
        return judged(verdicts, hours)
    least, most = float(np.nanmin(hours.amount)), float(np.nanmax(hours.amount))
    if least < -NIGHT_SHARE * abs(most):
        numbers = {"lowest": least}
        return NotJudged(
            "negative", "Production below 0, down to {lowest:g}: is the meter the right way round?", numbers
        )
    if most > 0 and least > NIGHT_SHARE * most:
        return NotJudged("no_night", "It makes at least {lowest:g} day and night: no solar plant.", {"lowest": least})
    return judged(verdicts, hours)
