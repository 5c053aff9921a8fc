"""A heated building by the day: what it used, how cold it was, whether it rested."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from rules.detectors.case import Case
from rules.detectors.verdicts import Flags, NotJudged, unfit

WHOLE_DAY_H = 22  # known hours that make a day: the missing ones count as the mean of the others
TEMPERATURE_H = 20
SATURDAY = 5
HELD = 0.3
"""Part of yesterday's temperature in what a building feels today: walls hold warmth for a day or two."""


@dataclass(frozen=True, slots=True)
class HeatDays:
    """Consecutive local days that are over, all arrays of one length.

    first_day: ordinal of the first local date. used: [unit of the meter]; temp_c: outdoor temperature as the building
    feels it, part of the day before in it [°C]; NaN = not known. rest: whether the building rests. start_s: start of
    the day's first hour on the grid, last_s: of its last one, seconds since 1970 UTC.
    """

    first_day: int
    used: Floats
    temp_c: Floats
    rest: NDArray[np.bool_]
    start_s: Seconds
    last_s: Seconds

    def __len__(self) -> int:
        return len(self.used)

    @classmethod
    def of(cls, case: Case, until_h: int = 24) -> Self | NotJudged:
        """The days of a case, or why there are none. A negative amount is not known.

        until_h: only what was used before this local hour counts: the night, if it is small [h].
        """
        hours, weather = case.hours, case.weather
        refused = unfit(hours)
        if refused is not None:
            return refused
        if weather is None or not np.isfinite(weather.temp_c).any():
            return NotJudged("no_weather", "No outdoor temperature of these {hours:.0f} hours.", {"hours": len(hours)})
        fields = local_fields(hours.start_s, hours.tz)
        first_day = int(fields.day[0])
        day = fields.day - first_day
        count = int(day[-1]) + (1 if fields.hour[-1] == 23 else 0)
        if not count:
            return NotJudged("too_short", "No day is over yet.", {"days": 0.0})
        amount = np.where((hours.amount >= 0) & (fields.hour < until_h), hours.amount, np.nan)
        bounds = np.searchsorted(day, np.arange(count + 1))
        return cls(
            first_day,
            until_h * _mean(day, amount, count, WHOLE_DAY_H * until_h // 24),
            held(_mean(day, weather.temp_c, count, TEMPERATURE_H)),
            _rest(case, first_day, count),
            hours.start_s[bounds[:-1]],
            hours.start_s[bounds[1:] - 1],
        )


def held(temp_c: Floats) -> Floats:
    """Daily temperatures with a part of the day before in each; a day whose day before is not known stands alone.

    >>> held(np.array([10.0, 0.0, np.nan, 5.0])).tolist()
    [10.0, 3.0, nan, 5.0]
    """
    before = np.concatenate([temp_c[:1], temp_c[:-1]])
    return temp_c + HELD * (np.where(np.isnan(before), temp_c, before) - temp_c)


def _rest(case: Case, first_day: int, count: int) -> Flags:
    days = first_day + np.arange(count)
    rest = np.isin(days, np.array(sorted(case.hours.holidays), np.int64)) | ((days + 6) % 7 >= SATURDAY)
    if case.days is not None:
        place = days - case.days.first_day
        known = (place >= 0) & (place < len(case.days.rest))
        rest[known] = case.days.rest[place[known]]
    return rest


def _mean(day: NDArray[np.int64], value: Floats, count: int, least: int) -> Floats:
    known = np.isfinite(value) & (day < count)
    hours = np.bincount(day[known], minlength=count)
    total = np.bincount(day[known], weights=value[known], minlength=count)
    return np.where(hours >= least, total / np.maximum(hours, 1), np.nan)
