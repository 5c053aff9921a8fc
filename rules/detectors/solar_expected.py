"""What share of the expected a plant made each day; what is expected is learned from its own past, and from that only.

Of light where it is measured, of each neighbour where there are some, else of its own days without clouds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from plagewatch.solar.sun import diffuse_share
from rules.detectors.history import before, quantile
from rules.detectors.solar_days import SunDays
from rules.detectors.verdicts import Flags

ABOVE_AIR_WM2 = 1361.0
"""Irradiance of the sun above the air [W/m2]."""
PER_DEGREE, WARMED, COOL_C, MILD_C = 0.004, 0.03, 25.0, 15.0
"""A panel yields 0.4 % less for each °C above 25 and is 3 °C warmer than the air for each 100 W/m2, as data sheets of
crystalline silicon have it; where the air is not known it is mild."""
Days = NDArray[np.int64]

REFIT_DAYS = 7
LEAST_UP = 0.05
"""Below this sine of the sun's elevation irradiance is too small to be parted into sun and sky."""
NEAR_LEVEL = 0.35
STIFF_DAYS2 = 500.0
"""What keeps a trend from few days flat [days²]."""
MOST_A_DAY = 0.008
"""Faster than this no season changes what is usual [share a day]."""
CLOCK_H = 2.5
"""A plant whose production lies so far from the sun's noon has a clock that cannot be calculated with [h]."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is learned from: the weeks of days that ended rest_days ago, if least_days of them were of use.

    sunny: share of the light of the sunny days of the last month from which a day is of use.
    """

    weeks: int = 9
    rest_days: int = 14
    least_days: int = 8
    sunny: float = 0.5

    @property
    def days(self) -> int:
        """Length of what is learned from [days]."""
        return 7 * self.weeks


def of_clear_days(days: SunDays, clear: Flags, past: Past) -> Floats:
    """Share of the usual on each clear day, NaN on others: mean of the day's best three hours against days before."""
    best = np.sort(np.nan_to_num(days.made), axis=1)[:, -3:].mean(axis=1)
    best = np.where(clear, best, np.nan)
    return best / _usual(best, past)


def of_driver(made: Floats, driver: Floats, past: Past) -> Floats:
    """Share of the usual on each sunny day: production for each unit of the driver against days before.

    driver: light, or a neighbour's production, in the form of made [days × 24].
    """
    use = sunny(made, driver, past)
    both = np.isfinite(made) & np.isfinite(driver)
    drove = np.where(both, driver, 0.0).sum(axis=1)
    ratio = np.where(both, made, 0.0).sum(axis=1) / np.where(use, drove, np.nan)
    return np.asarray(ratio / _usual(ratio, past))


def sunny(made: Floats, driver: Floats, past: Past) -> Flags:
    """Days on which the driver is well known where production is, and shone as on sunny days of the last month."""
    light = np.nan_to_num(driver).sum(axis=1)
    known = np.where(np.isfinite(made), np.nan_to_num(driver), 0.0).sum(axis=1)
    usual = quantile(before(light, 30), 0.9, least=8)
    return np.asarray((known > 0) & (known >= 0.7 * light) & (known >= past.sunny * usual))


def _usual(ratio: Floats, past: Past) -> Floats:
    """What a ratio usually is, from the days before, carried on along their trend; NaN where too few are known."""
    window = before(ratio, past.days + past.rest_days)[:, : past.days]
    middle = quantile(window, 0.6, past.least_days)[:, None]
    relative = window / np.where(middle > 0, middle, np.nan)
    near = np.abs(relative - 1) < NEAR_LEVEL
    count = np.maximum(near.sum(axis=1, keepdims=True), 1)
    place = np.arange(past.days, dtype=np.float64)
    centre = np.where(near, place, 0.0).sum(axis=1, keepdims=True) / count
    off = np.where(near, place - centre, 0.0)
    moved = (off * np.where(near, relative, 0.0)).sum(axis=1, keepdims=True)
    rise = np.clip(moved / ((off**2).sum(axis=1, keepdims=True) + STIFF_DAYS2), -MOST_A_DAY, MOST_A_DAY)
    level = quantile(relative - rise * (place - centre), 0.6, past.least_days)[:, None]
    ahead = past.days + past.rest_days - centre
    return np.asarray((middle * np.maximum(level + rise * ahead, 0.2))[:, 0])


def yielding(ghi_wm2: Floats, temp_c: Floats) -> Floats:
    """What panels make of irradiance, in W/m2 of cool ones: warm ones yield less.

    >>> yielding(np.array([1000.0, 1000.0]), np.array([25.0, -5.0]))
    array([ 880., 1000.])
    """
    cell_c = np.where(np.isfinite(temp_c), temp_c, MILD_C) + WARMED * ghi_wm2
    return np.asarray(ghi_wm2 * (1 - PER_DEGREE * (cell_c - COOL_C)))


def of_light(days: SunDays, ghi_wm2: Floats, temp_c: Floats, sun: tuple[Floats, Floats, Floats], past: Past) -> Floats:
    """Share of the expected on each sunny day, from irradiance and where the sun stands.

    Production is a sum of light of the sky and of the sun from above, east and north; how much of each is fitted every
    week on the days before, which finds tilt and direction of the panels, of several roofs too. Days of a plant whose
    clock is not the sun's go by irradiance alone.
    """
    made = days.made
    use = sunny(made, ghi_wm2, past)
    parts = _parts(yielding(ghi_wm2, temp_c), ghi_wm2, sun[0], np.stack(sun, axis=-1))
    known = np.isfinite(made) & np.isfinite(parts).all(axis=-1)
    parts, target = np.where(known[..., None], parts, 0.0), np.where(known, made, 0.0)
    share = np.full(len(made), np.nan)
    begin_at = -(days.first_s // 86_400) % REFIT_DAYS - REFIT_DAYS
    for begin in range(begin_at, len(made), REFIT_DAYS):
        until = begin - past.rest_days
        learned = np.flatnonzero(use[: max(until, 0)])
        learned = learned[learned >= until - past.days]
        now = np.arange(max(begin, 0), min(begin + REFIT_DAYS, len(made)))
        share[now] = _fitted(parts, target, learned, now, past.least_days)
    share = np.where(use, share, np.nan)
    trusted = _by_the_sun(made, sun[0], past)
    return share if trusted.all() else np.where(trusted, share, of_driver(made, yielding(ghi_wm2, temp_c), past))


def _parts(cool_wm2: Floats, ghi_wm2: Floats, up: Floats, towards: Floats) -> Floats:
    clearness = np.clip(ghi_wm2 / np.maximum(ABOVE_AIR_WM2 * up, 1.0), 0.0, 1.0)
    diffuse = cool_wm2 * diffuse_share(clearness)
    beam = np.where(up > LEAST_UP, (cool_wm2 - diffuse) / np.maximum(up, LEAST_UP), 0.0)
    return np.concatenate([diffuse[..., None], beam[..., None] * towards], axis=-1)


def _fitted(parts: Floats, target: Floats, learned: Days, now: Days, least: int) -> Floats:
    """Shares of the days `now`, fitted on the days `learned`, those far from the others left out the second time."""
    total = target.sum(axis=1)
    for _ in range(2):
        if len(learned) < least:
            return np.full(len(now), np.nan)
        light = parts[learned].reshape(-1, parts.shape[-1])
        square = light.T @ light
        stiff = 1e-4 * np.trace(square) / len(square) + 1e-12
        weights = np.linalg.solve(square + stiff * np.eye(len(square)), light.T @ target[learned].ravel())
        expected = np.maximum(parts[learned] @ weights, 0.0).sum(axis=1)
        ratio = total[learned] / np.where(expected > 0, expected, np.nan)
        level = float(quantile(ratio, 0.5, least))
        if not level > 0:
            return np.full(len(now), np.nan)
        learned = learned[np.abs(ratio / level - 1) < 0.25]
    expected = level * np.maximum(parts[now] @ weights, 0.0).sum(axis=1)
    return np.asarray(total[now] / np.where(expected > 0, expected, np.nan))


def _by_the_sun(made: Floats, up: Floats, past: Past) -> Flags:
    """Days before which the middle of production lay near the sun's noon; unknown counts as near."""
    hour = np.arange(24.0)

    def middle(table: Floats) -> Floats:
        table = np.maximum(np.nan_to_num(table), 0.0)
        total = table.sum(axis=1)
        return np.asarray((table * hour).sum(axis=1) / np.where(total > 0, total, np.nan))

    away_h = quantile(before(middle(made) - middle(up), past.days), 0.5, past.least_days)
    return np.asarray(~(np.abs(away_h) > CLOCK_H))
