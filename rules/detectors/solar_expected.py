"""What a plant is expected to make, learned from its own past: of light, of a neighbour, or of its own clear days."""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats
from plagewatch.solar.sun import diffuse_share
from rules.detectors.history import before, quantile
from rules.detectors.verdicts import Flags

ABOVE_AIR_WM2 = 1361.0
"""Irradiance of the sun above the air [W/m2]."""
REFIT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Past:
    """What is learned from: `weeks` of days that ended `rest_days` ago, of which at least least_days were of use."""

    weeks: int = 9
    rest_days: int = 14
    least_days: int = 8

    @property
    def days(self):
        return 7 * self.weeks


def usual_ratio(ratio: Floats, past: Past) -> Floats:
    """What a ratio of each day usually is, from those before, carried on along their trend; NaN where too few are known."""
    window = before(ratio, past.days + past.rest_days)[:, : past.days]
    middle = quantile(window, 0.6, past.least_days)[:, None]
    relative = window / middle
    near = np.abs(relative - 1) < 0.35
    count = np.maximum(near.sum(axis=1), 1)[:, None]
    place = np.arange(past.days, dtype=float)
    centre = np.where(near, place, 0.0).sum(axis=1)[:, None] / count
    off = np.where(near, place - centre, 0.0)
    rise = (off * np.where(near, relative, 0.0)).sum(axis=1) / ((off**2).sum(axis=1) + 500.0)
    rise = np.clip(rise, -0.008, 0.008)[:, None]
    level = quantile(relative - rise * (place - centre), 0.6, past.least_days)[:, None]
    ahead = past.days + past.rest_days - centre
    return (middle * np.maximum(level + rise * ahead, 0.2))[:, 0]


def against_driver(made: Floats, driver: Floats, sunny: float, past: Past) -> Floats:
    both = np.isfinite(made) & np.isfinite(driver)
    m, d = np.where(both, made, 0).sum(1), np.where(both, driver, 0).sum(1)
    whole = np.where(np.isfinite(driver), driver, 0).sum(1)
    usual = quantile(before(whole, 30), 0.9, 8)
    ok = (d >= sunny * usual) & (d > 0) & (d >= 0.7 * whole)
    k = np.where(ok, m / np.where(d > 0, d, 1), np.nan)
    return k / usual_ratio(k, past)


def light_parts(ghi, sun, factor):
    up, east, north = sun
    high = np.maximum(up, 0.0)
    diffuse = ghi * diffuse_share(np.clip(ghi / np.maximum(ABOVE_AIR_WM2 * high, 1.0), 0, 1))
    beam = np.where(up > 0.05, (ghi - diffuse) / np.maximum(up, 0.05), 0.0)
    return np.stack([diffuse, beam * high, beam * east, beam * north], -1) * factor[..., None]


def against_light(made, parts, use, first_day, past):
    """share per day in `use` (mask)"""
    ok = np.isfinite(made) & np.isfinite(parts).all(-1)
    x = np.where(ok[..., None], parts, 0.0)
    y = np.where(ok, made, 0.0)
    share = np.full(len(made), np.nan)
    total = y.sum(1)
    n = len(made)
    first = (-first_day) % REFIT_DAYS
    for begin in range(first - REFIT_DAYS, n, REFIT_DAYS):
        lo, hi = begin - past.days - past.rest_days, begin - past.rest_days
        rows = np.arange(max(lo, 0), max(hi, 0))
        rows = rows[use[rows]]
        if len(rows) < past.least_days:
            continue
        c = None
        for _ in range(2):
            a = x[rows].reshape(-1, 4)
            g = a.T @ a
            c = np.linalg.lstsq(g + 1e-4 * np.trace(g) / 4 * np.eye(4), a.T @ y[rows].ravel(), rcond=None)[0]
            e = np.maximum(x[rows] @ c, 0).sum(1)
            r = total[rows] / np.where(e > 0, e, np.nan)
            good = np.abs(r / np.nanmedian(r) - 1) < 0.25
            if good.sum() < past.least_days:
                break
            rows = rows[good]
        e = np.maximum(x[rows] @ c, 0).sum(1)
        level = np.nanquantile(total[rows] / np.where(e > 0, e, np.nan), 0.5)
        now = np.arange(max(begin, 0), min(begin + REFIT_DAYS, n))
        e = np.maximum(x[now] @ c, 0).sum(1)
        share[now] = np.where(use[now] & (e > 0), total[now] / np.where(e > 0, e * level, 1), np.nan)
    return share
