"""The energy signature: what a building uses a day at an outdoor temperature, learnt from its own year before.

A working day uses so much without heating, and so much more for each degree that it is colder than the building's own
base temperature; a day of rest has numbers of its own. Learnt anew each week from the days before that week.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.heat_days import HeatDays

BASES_C = np.arange(10.0, 22.0)
WEEK = 7
LIKE_WORK = 4.0  # a day of rest is thought to be like a working day, as if so many days had shown it
FAR = 1.5  # usual deviations beyond which a day weighs less in the fit
OUTLIER = 3.0  # and beyond which it tells no more of the usual deviation
PER_ABS = 1.2533  # deviation of a normal distribution over its mean absolute value


@dataclass(frozen=True, slots=True)
class Fitting:
    """What a signature is learnt from.

    days: how far back. least_days: known days in them. least_range_c: between their coldest and warmest twentieth [K].
    least_share: the usual deviation is at least this share of what is expected, and of half the mean day.
    unsure: how wrong the slope may be beyond the coldest day of the fit, as a share of it.
    """

    days: int = 365
    least_days: int = 70
    least_range_c: float = 8.0
    least_share: float = 0.08
    unsure: float = 0.5


@dataclass(frozen=True, slots=True)
class Signature:
    """What was to be expected of each day, arrays over the days; NaN where too little was known before it.

    expected, deviation: use and its usual deviation [unit]. base_c: base temperature [°C]. per_k: use for each degree
    below it [unit/K]. beyond_c: how much colder than the coldest day of the fit [K]. most: the largest day of the fit.
    heated: share of the variation of the fit that the temperature explains.
    """

    expected: Floats
    deviation: Floats
    base_c: Floats
    per_k: Floats
    beyond_c: Floats
    most: Floats
    heated: Floats


@dataclass(frozen=True, slots=True)
class _Fit:
    """One row for each fit: coefficients as columns of `_columns`, NaN where it may not be made."""

    base_c: Floats
    use: Floats  # [fits, 4]
    spread: Floats  # [fits, 4]
    mean: Floats
    coldest_c: Floats
    most: Floats
    heated: Floats


def signature(days: HeatDays, fitting: Fitting) -> Signature:
    """What each day was to use, by the days before its week (weeks begin on Mondays)."""
    ordinal = days.first_day + np.arange(len(days))
    weeks, of_week = np.unique((ordinal - 1) // WEEK, return_inverse=True)
    fit = _fits(days, weeks * WEEK + 1 - days.first_day, fitting)
    return _expected(days, fit, of_week, fitting)


def before_and_after(days: HeatDays, day: int, fitting: Fitting) -> Signature:
    """What each day was to use by the days before a day only, as if the building had stayed as it was."""
    fit = _fits(days, np.array([day]), fitting)
    return _expected(days, fit, np.zeros(len(days), np.int64), fitting)


def _expected(days: HeatDays, fit: _Fit, which: NDArray[np.int64], fitting: Fitting) -> Signature:
    base_c = fit.base_c[which]
    columns = _columns(days.temp_c, base_c, days.rest)
    expected = np.maximum((columns * fit.use[which]).sum(axis=-1), 0.0)
    spread = (columns * fit.spread[which]).sum(axis=-1)
    per_k = fit.use[which, 1] + np.where(days.rest, fit.use[which, 3], 0.0)
    beyond_c = np.maximum(fit.coldest_c[which] - days.temp_c, 0.0)
    floor = fitting.least_share * np.maximum(expected, fit.mean[which] / 2)
    wide = fitting.unsure * np.maximum(per_k, 0.0) * beyond_c
    deviation = np.hypot(np.maximum(spread, floor), wide)
    return Signature(expected, deviation, base_c, per_k, beyond_c, fit.most[which], fit.heated[which])


def _columns(temp_c: Floats, base_c: Floats, rest: NDArray[np.bool_]) -> Floats:
    cold_k = np.maximum(base_c - temp_c, 0.0)
    return np.stack([np.ones_like(cold_k), cold_k, rest * 1.0, rest * cold_k], axis=-1)


def _fits(days: HeatDays, first: NDArray[np.int64], fitting: Fitting) -> _Fit:
    """A fit for each place in `first`, by the days before it."""
    reached = first[:, None] - np.arange(fitting.days, 0, -1)
    there = (reached >= 0) & (reached < len(days))
    reached = np.clip(reached, 0, len(days) - 1)
    used, temp_c, rest = days.used[reached], days.temp_c[reached], days.rest[reached]
    known = there & np.isfinite(used) & np.isfinite(temp_c)
    weight = known * 1.0
    used, temp_c = np.where(known, used, 0.0), np.where(known, temp_c, 0.0)
    base_c = _best_base(used, temp_c, rest, weight)
    columns = _columns(temp_c, base_c[:, None], rest)
    use = _solved(columns, used, weight)
    for _ in range(4):
        off = np.where(known, np.abs(used - _times(columns, use)), np.nan)
        usual = _median(off)[:, None]
        trust = np.minimum(1.0, FAR * 1.4826 * usual / np.maximum(off, 1e-12))
        use = _solved(columns, used, np.where(known, trust, 0.0))
    off = np.abs(used - _times(columns, use))
    off = np.minimum(off, OUTLIER * 1.4826 * _median(np.where(known, off, np.nan))[:, None])
    spread = PER_ABS * _solved(columns, off, weight)
    count = known.sum(axis=1)
    mean = used.sum(axis=1) / np.maximum(count, 1)
    coldest, cold, warm = (_quantile(np.where(known, temp_c, np.nan), share) for share in (0.0, 0.05, 0.95))
    enough = (count >= fitting.least_days) & (warm - cold >= fitting.least_range_c) & (mean > 0)
    nothing = np.where(enough, 1.0, np.nan)
    return _Fit(
        base_c * nothing,
        use * nothing[:, None],
        spread,
        mean,
        coldest,
        used.max(axis=1),
        _heated(columns, used, weight, use) * nothing,
    )


def _best_base(used: Floats, temp_c: Floats, rest: NDArray[np.bool_], weight: Floats) -> Floats:
    left = []
    for base_c in BASES_C:
        columns = _columns(temp_c, np.full_like(temp_c[:, :1], base_c), rest)
        off = used - _times(columns, _solved(columns, used, weight))
        left.append((weight * off * off).sum(axis=1))
    return np.asarray(BASES_C[np.argmin(np.stack(left, axis=1), axis=1)])


def _heated(columns: Floats, used: Floats, weight: Floats, use: Floats) -> Floats:
    """Share of the variation within working days and within days of rest that goes with the temperature."""
    kinds = columns[..., [0, 2]]
    flat = np.concatenate([use[:, :1] * 0, use[:, :1] * 0], axis=1) + _solved(kinds, used, weight)
    without = (weight * (used - _times(kinds, flat)) ** 2).sum(axis=1)
    left = (weight * (used - _times(columns, use)) ** 2).sum(axis=1)
    share = 1 - left / np.maximum(without, 1e-12)
    return np.where(use[:, 1] > 0, share, 0.0)


def _solved(columns: Floats, value: Floats, weight: Floats) -> Floats:
    weighed = columns * weight[..., None]
    moments = np.matmul(np.swapaxes(weighed, 1, 2), columns)
    size = np.maximum(np.einsum("fij->fi", moments * np.eye(columns.shape[-1])), 1e-9)
    days = np.maximum(weight.sum(axis=1), 1.0)[:, None]
    ridge = np.full(size.shape, 1e-6) * size + 1e-9
    rest = columns.shape[-1] // 2
    ridge[:, rest:] += LIKE_WORK * size[:, :rest] / days
    moments = moments + ridge[:, :, None] * np.eye(columns.shape[-1])
    right = np.matmul(np.swapaxes(weighed, 1, 2), value[..., None])
    return np.asarray(np.linalg.solve(moments, right)[..., 0])


def _times(columns: Floats, coefficients: Floats) -> Floats:
    return np.asarray(np.matmul(columns, coefficients[..., None])[..., 0])


def _median(table: Floats) -> Floats:
    return _quantile(table, 0.5)


def _quantile(table: Floats, share: float) -> Floats:
    ordered = np.sort(table, axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    place = (share * np.maximum(known - 1, 0)).astype(np.int64)
    return np.take_along_axis(ordered, place[:, None], 1)[:, 0]
