"""Base load that creeps up: the nights, and the days of rest, against what this meter had in the months before."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.credible import beyond_use
from rules.detectors.history import DayGrid, before, mean, quantile
from rules.detectors.told_once import of_last, told_once
from rules.detectors.verdicts import Judgement, Verdicts, judged, unfit

NIGHT_H, LAST_H = 5, 23
YEAR_H = 8760
BELIEVED_WEEKS = 20  # half of them: what is usual has come to know another unit by then
SAME_DAYS = 42
"""A rise that comes back within so many days is the same one."""


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """What is usual, and what counts as more.

    days: the newest days, which are judged; twice as many where only days of rest count. at_least: quantile of them
        that must be so high. rest_days: the newest days that are no part of what is usual, so that a slow rise is
        seen. weeks: how far back from there the usual reaches. share: rise over the usual median that makes a ticket,
        as a part of it. spreads: it must also be so many usual deviations. told_nights: nights of ten weeks that
        unusual load has told, from which on a rise is no news.
    """

    days: int = 14
    at_least: float = 0.25
    rest_days: int = 28
    weeks: int = 12
    share: float = 0.25
    spreads: float = 3.0
    told_nights: int = 3


@dataclass(frozen=True, slots=True)
class _Drift:
    now: Floats
    usual: Floats
    score: Floats


def judge(case: Case, parameters: BaseLoad) -> Judgement:
    """A verdict for each local day, known when it is over; see `Verdicts`. Told once for each rise.

    Two loads are watched: the mean of the hours before five in the morning, and the lower quarter of days of rest.
    """
    hours = case.hours
    refused = unfit(hours)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    drift = _higher(
        _drift(mean(grid.value[:, :NIGHT_H], least=4), parameters, least=(10, 42)),
        _drift(
            np.where(grid.rest, quantile(grid.value, 0.25, least=18), np.nan),
            replace(parameters, days=2 * parameters.days),
            least=(6, 12),
        ),
    )
    over = np.flatnonzero(grid.hour == LAST_H)
    over = over[np.isfinite(drift.score[grid.day[over]])]
    day = grid.day[over]
    score = np.where(_told(case, grid, parameters), 0.0, np.maximum(drift.score, 0.0))[day]
    score = np.where(beyond_use(grid, BELIEVED_WEEKS)[over], 0.0, score)
    told, lasts = told_once(score, SAME_DAYS)
    extra = np.maximum(drift.now - drift.usual, 0.0)[day]
    verdicts = Verdicts(
        start_s=hours.start_s[over],
        since_s=hours.start_s[over],
        score=score,
        abnormal=told,
        expected=drift.usual[day],
        numbers={
            "base_now_kwh": drift.now[day],
            "base_usual_kwh": drift.usual[day],
            "extra_kwh": extra * 24 * parameters.days,
            "extra_kwh_per_year": extra * YEAR_H,
        },
        lasting=lasts,
    )
    return judged(verdicts, hours)


def _higher(one: _Drift, other: _Drift) -> _Drift:
    """By day the one with the higher score, the known one where one is not known."""
    first = (one.score >= other.score) | np.isnan(other.score)
    return _Drift(
        np.where(first, one.now, other.now),
        np.where(first, one.usual, other.usual),
        np.where(first, one.score, other.score),
    )


def _told(case: Case, grid: DayGrid, parameters: BaseLoad) -> NDArray[np.bool_]:
    """Days on which a rise has been told as unusual load, and is not yet half of what counts as usual."""
    nights = np.zeros(len(grid.value))
    if case.told is not None:
        told = np.zeros(grid.value.shape)
        told[grid.day, grid.hour] = case.told
        nights = (told[:, :NIGHT_H].sum(axis=1) >= 3).astype(np.float64)
    reach = parameters.rest_days + 7 * parameters.weeks // 2
    return np.asarray(of_last(nights, reach) >= parameters.told_nights)


def _drift(load: Floats, parameters: BaseLoad, least: tuple[int, int]) -> _Drift:
    """The last days' load [unit per hour] against the usual one, by day. least: days known of the new and the old."""
    newest = np.concatenate([before(load, parameters.days - 1), load[:, None]], axis=1)
    now = quantile(newest, parameters.at_least, least[0])
    older = before(load, 7 * parameters.weeks + parameters.rest_days)[:, : 7 * parameters.weeks]
    usual = quantile(older, 0.5, least[1])
    spread = 1.4826 * quantile(np.abs(older - usual[:, None]), 0.5, least[1])
    # A meter that stood at 0 at night has no share to rise by: what begins there is another rule's.
    limit = np.where(usual > 0, np.maximum(parameters.share * usual, parameters.spreads * spread), np.nan)
    return _Drift(now, usual, (now - usual) / limit)
