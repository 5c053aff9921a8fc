"""Use while the building is closed: hours in which it draws as much as when it is open, again and again.

A single evening is what `unusual_load` is for. What is meant here has become a habit, of which no hour is unusual:
lights or ventilation that run on each evening, or through the weekend.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from plagewatch.metering.local_time import local_fields
from rules.detectors.below_minimum import lowest_usual
from rules.detectors.case import Case
from rules.detectors.credible import beyond_use
from rules.detectors.history import DayGrid, before, mean, quantile
from rules.detectors.told_once import of_last, told_once
from rules.detectors.usual_use import UsualUse
from rules.detectors.verdicts import Judgement, NotJudged, Verdicts, judged, unfit

HOURS = np.arange(24)
LAST_H = 23
LEARNT_SURE = 0.99
"""Nobody said when it is open: what its weeks show is never quite sure."""


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """What counts as use, and how often it makes a habit.

    margin_h: so long before it opens and after it closes nothing is said [h]. in_use: part of the way from rest to the
        usual load of open hours from which an hour is in use. least_h: hours of use while closed that make a day count.
    days: so many such days of the last `of_days` make a ticket. least_contrast: part by which the load at rest must be
        below that of open hours, else there is nothing to see. learnt: whether hours that the load shows are taken
        where none are entered; they must agree in this share of the hours: least_agreement. Of these nobody can say
        since when, so the ticket begins with the day on which it is told.
    """

    margin_h: float = 1.0
    in_use: float = 0.5
    least_h: int = 2
    days: int = 4
    of_days: int = 14
    least_contrast: float = 0.3
    learnt: bool = True
    least_agreement: float = 0.96


@dataclass(frozen=True, slots=True)
class _Opening:
    from_h: Floats
    to_h: Floats
    sure: Floats  # 1 where entered, the agreement where learnt


@dataclass(frozen=True, slots=True)
class _Use:
    """By day: use while closed [days, 24], whether it makes the day count, and what is usual at rest and while open."""

    used: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    able: NDArray[np.bool_]
    at_rest: Floats
    when_open: Floats


def judge(case: Case, parameters: OutsideHours) -> Judgement:
    """A verdict for each local day whose opening hours are known, when it is over; told once for each habit."""
    hours = case.hours
    refused = unfit(hours)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    opening = _opening(case, grid, parameters)
    if not np.isfinite(opening.from_h).any():
        numbers = {"days": float(len(grid.value))}
        return NotJudged("no_opening_hours", "No opening hours are entered for these {days:.0f} days.", numbers)
    use = _use(case, grid, opening, parameters)
    over = np.flatnonzero(grid.hour == LAST_H)
    over = over[use.able[grid.day[over]]]
    day = grid.day[over]
    score = (of_last(use.counts, parameters.of_days) / parameters.days)[day]
    told, lasts = told_once(score)
    first = _first_used(use.used, grid, parameters.of_days)[over]
    verdicts = Verdicts(
        start_s=hours.start_s[over],
        since_s=np.where(told & (opening.sure[day] == 1), hours.start_s[first], hours.start_s[over]),
        score=score,
        abnormal=told,
        expected=use.at_rest[day],
        numbers={name: values[day] for name, values in _numbers(use, grid.value, opening, parameters).items()},
        lasting=lasts,
    )
    return judged(verdicts, hours)


def _use(case: Case, grid: DayGrid, opening: _Opening, parameters: OutsideHours) -> _Use:
    table, from_h, to_h = grid.value, opening.from_h[:, None], opening.to_h[:, None]
    is_open = (from_h <= HOURS) & (to_h > HOURS)
    at_rest = lowest_usual(table, weeks=8)
    when_open = quantile(before(mean(np.where(is_open, table, np.nan), least=2), 28), 0.5, least=8)
    able = np.isfinite(opening.from_h) & (when_open > 0)
    able &= when_open - at_rest >= parameters.least_contrast * when_open
    limit = np.where(able, at_rest + parameters.in_use * (when_open - at_rest), np.nan)
    used = _closed(opening, parameters.margin_h) & (table > limit[:, None]) & ~_told(case, grid)
    used[grid.day, grid.hour] &= ~beyond_use(grid)
    counts = used.sum(axis=1) >= parameters.least_h
    return _Use(used & counts[:, None], counts, able, at_rest, when_open)


def _numbers(use: _Use, table: Floats, opening: _Opening, parameters: OutsideHours) -> dict[str, Floats]:
    of_days = parameters.of_days
    hours_used = of_last(use.used.sum(axis=1), of_days)
    extra = of_last(np.where(use.used, table - use.at_rest[:, None], 0.0).sum(axis=1), of_days)
    return {
        "days": of_last(use.counts, of_days),
        "closed_hours_in_use_h": hours_used,
        "used_kwh": of_last(np.where(use.used, table, 0.0).sum(axis=1), of_days) / np.maximum(hours_used, 1),
        "rest_kwh": use.at_rest,
        "open_kwh": use.when_open,
        "extra_kwh": extra,
        "extra_kwh_per_year": extra * 365 / of_days,
        "sure_share": opening.sure,
    }


def _opening(case: Case, grid: DayGrid, parameters: OutsideHours) -> _Opening:
    """Entered hours of each day of the table; where there are none, those that the load shows, if they are wanted."""
    count = len(grid.value)
    from_h, to_h, entered = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, np.bool_)
    if case.days is not None:
        first = int(local_fields(case.hours.start_s[:1], case.hours.tz).day[0])
        place = first + np.arange(count) - case.days.first_day
        there = (place >= 0) & (place < len(case.days.rest))
        from_h[there], to_h[there] = case.days.open_from_h[place[there]], case.days.open_to_h[place[there]]
        # A day of rest of a building whose hours are entered is closed, though nobody entered hours for a Sunday.
        rests = there.copy()
        rests[there] = case.days.rest[place[there]] & np.isfinite(case.days.open_from_h).any()
        from_h, to_h = np.where(rests & np.isnan(from_h), 0.0, from_h), np.where(rests & np.isnan(to_h), 0.0, to_h)
        entered = np.isfinite(from_h)
    if not parameters.learnt:
        return _Opening(from_h, to_h, np.where(entered, 1.0, np.nan))
    use = UsualUse.of(grid)
    shown = ~entered & (use.agreement >= parameters.least_agreement)
    return _Opening(
        np.where(shown, use.from_h, from_h),
        np.where(shown, use.to_h, to_h),
        np.where(entered, 1.0, np.where(shown, np.minimum(use.agreement, LEARNT_SURE), np.nan)),
    )


def _closed(opening: _Opening, margin_h: float) -> NDArray[np.bool_]:
    """For each day and hour whether all of it lies outside the opening hours, those around them left out."""
    from_h, to_h = opening.from_h[:, None], opening.to_h[:, None]
    around = (from_h - margin_h >= HOURS + 1) | (to_h + margin_h <= HOURS)
    return np.asarray(np.isfinite(from_h) & (around | (from_h == to_h)))


def _told(case: Case, grid: DayGrid) -> NDArray[np.bool_]:
    """Days and hours that another rule has told already."""
    told = np.zeros(grid.value.shape, np.bool_)
    if case.told is not None:
        told[grid.day, grid.hour] = case.told
    return told


def _first_used(used: NDArray[np.bool_], grid: DayGrid, days: int) -> NDArray[np.int64]:
    """For each hour the place of the first hour of use while closed, of its day and the days before it."""
    flags = used[grid.day, grid.hour]
    place = np.arange(len(flags))
    begin = np.searchsorted(grid.day, grid.day - days + 1)
    following = np.minimum.accumulate(np.where(flags, place, len(flags))[::-1])[::-1]
    return np.minimum(following[begin], place)
