"""An invented heated building: what it uses follows the outdoor temperature, by numbers written here."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rules.detectors.case import Case, Facts, HourlyWeather
from rules.detectors.verdicts import MeterHours
from tests.rules.invented import START_S, hours_of

BASE_C, PER_K_WORK, PER_K_REST, HOT_WATER = 16.0, 10.0, 5.0, 20.0  # °C, kWh/K a day, kWh a day
YEARS_3 = 3 * 365


def outdoor_c(days: int, seed: int = 5) -> NDArray[np.float64]:
    """Daily means over whole years that begin on 1 January: 10 ± 8 °C, with weather that lasts some days."""
    random = np.random.default_rng(seed)
    swing = np.convolve(random.normal(0, 3, days + 4), np.ones(5) / np.sqrt(5), "valid")
    return np.asarray(10 - 8 * np.cos(2 * np.pi * np.arange(days) / 365.25) + swing)


def rests(days: int) -> NDArray[np.bool_]:
    return np.asarray((np.arange(days) + 3) % 7 >= 5)  # 1 January 2026 is a Thursday


def daily_use(temp_c: NDArray[np.float64], seed: int = 6, noise: float = 0.05) -> NDArray[np.float64]:
    """What the building uses on each day [kWh], by the temperature it feels: 0.7 of today, 0.3 of yesterday."""
    felt = 0.7 * temp_c + 0.3 * np.concatenate([temp_c[:1], temp_c[:-1]])
    per_k = np.where(rests(len(temp_c)), PER_K_REST, PER_K_WORK)
    random = np.random.default_rng(seed).normal(1, noise, len(temp_c))
    return (HOT_WATER + per_k * np.maximum(BASE_C - felt, 0)) * random


def building(
    use: NDArray[np.float64], temp_c: NDArray[np.float64], facts: Facts | None = None, unit: str = "kWh"
) -> Case:
    """A case whose days use and have those temperatures, the same in each hour. Days are of 24 h from START_S on."""
    hours = replace(hours_of(np.repeat(use / 24, 24), unit), tz="Etc/GMT-1")
    weather = HourlyWeather(np.repeat(temp_c, 24), np.full(24 * len(use), np.nan))
    return Case(hours, weather=weather, facts=facts or Facts())


def cut(case: Case, hours: int, first: int = 0) -> Case:
    """The case as it was known after so many hours, and without the first ones."""
    part = slice(first, hours)
    weather = case.weather
    assert weather is not None
    return replace(
        case,
        hours=_cut(case.hours, part),
        weather=HourlyWeather(weather.temp_c[part], weather.ghi_wm2[part]),
        others={name: [_cut(one, part) for one in meters] for name, meters in case.others.items()},
    )


def _cut(hours: MeterHours, part: slice) -> MeterHours:
    return replace(hours, start_s=hours.start_s[part], amount=hours.amount[part], seen=hours.seen[part])


def day_s(day: int) -> int:
    """Start of a day of the invented building, seconds since 1970 UTC."""
    return START_S + 86_400 * day
