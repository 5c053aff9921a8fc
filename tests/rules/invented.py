"""Invented hours of meters: a year of real ones is not needed to try a rule."""

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals
from rules.detectors.verdicts import MeterHours

START_S = 1_767_222_000  # 1 January 2026, 00:00 in Brussels
HOUR_S, DAY_S = 3600, 86_400


def office_load(days: int, seed: int = 1) -> NDArray[np.float64]:
    """An office's hours [kWh]: high on working days, low at night and in the weekend, a little different each hour."""
    hour = np.arange(days * 24)
    weekday = (hour // 24 + 3) % 7  # 1 January 2026 is a Thursday
    busy = (weekday < 5) & (hour % 24 >= 8) & (hour % 24 < 18)
    noise = np.random.default_rng(seed).normal(1.0, 0.04, len(hour))
    return np.where(busy, 40.0, 10.0) * noise


def household_water(days: int, seed: int = 2) -> NDArray[np.float64]:
    """A building's hours of water [m3]: nothing at night, something by day."""
    hour = np.arange(days * 24) % 24
    drawn = np.random.default_rng(seed).gamma(2.0, 0.03, len(hour))
    return np.where((hour >= 7) & (hour < 23), drawn, 0.0)


def hours_of(amount: NDArray[np.float64], unit: str = "kWh", interval_s: int | None = 900) -> MeterHours:
    """Consecutive hours from START_S on; NaN = not known."""
    start_s = START_S + HOUR_S * np.arange(len(amount), dtype=np.int64)
    upto_s = START_S + HOUR_S * len(amount)
    return MeterHours.on_grid(Intervals.measured(start_s, amount), upto_s, "Europe/Brussels", unit, interval_s)
