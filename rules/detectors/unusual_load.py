"""Electricity that is not what this hour of this kind of day usually has: too much, too little, or a flat line.

Three symptoms add up to one score, because each is weak evidence alone: the deviation from the usual over the last
hours, measured in the usual deviations of that hour and kind of day; a value that repeats longer than this meter's
values do; a value below everything of the last weeks. What lasts longer than a day and a half is a change of use: its
ticket stays, but its hours are unusual no more; after some two weeks it is what is usual.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.below_minimum import lowest_usual, share_below
from rules.detectors.credible import beyond_use
from rules.detectors.flat_line import Repeats
from rules.detectors.history import DayGrid, before, mean, quantile, same_kind, same_weekday
from rules.detectors.lasting import lasting
from rules.detectors.verdicts import HOUR_S, Judgement, MeterHours, Verdicts, judged, unfit

LARGEST_DEVIATION = 20.0  # usual deviations; beyond, more says nothing more: an hour alone makes no ticket
SPAN_H = 12  # hours that the weighing over the last hours reaches back
BEGUN = 2.0  # usual deviations from which a deviation counts as begun
HINT = 0.3  # part of the improbability from which a flat line counts as begun
STAYS = 0.8  # a score that keeps a ticket alive; it takes 1 to open one
FADE_H = 3.0  # the weight of an hour falls to 1/e in this time
TOLD = 0.5  # an hour of a lasting change scores this part: there was more reason to look when it began


@dataclass(frozen=True, slots=True)
class UnusualLoad:
    """What is usual, and what counts how much.

    weeks, days: the hour's usual value is the nearer of the medians of the last weeks' same weekday and of the last
        days of the same kind. scale_weeks: weeks whose days of that kind give the usual deviation. least_scale_share:
        it is at least this share of the meter's level. deviations: weighed usual deviations that alone make a ticket.
    repeats: improbability of a flat line, natural logarithm, that alone makes a ticket. below: share of the lowest
        usual amount that must be missing to make one alone. lasts_h: after so long an event is a lasting change [h].
    """

    weeks: int = 8
    days: int = 10
    scale_weeks: int = 6
    least_scale_share: float = 0.04
    deviations: float = 9.0
    repeats: float = 16.0
    below: float = 0.5
    lasts_h: int = 36


@dataclass(frozen=True, slots=True)
class _Usual:
    expected: Floats
    deviation: Floats  # in usual deviations, clipped
    lowest: Floats


def judge(hours: MeterHours, parameters: UnusualLoad) -> Judgement:
    """A verdict for each hour whose usual value is known; see `Verdicts`."""
    refused = unfit(hours)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    usual = _usual(hours, grid, parameters)
    flat = Repeats.of(hours.amount, grid)
    weighed = _weighed(usual.deviation)
    parts = {
        "part_deviation": np.minimum(np.abs(weighed) / parameters.deviations, 1.0),
        "part_flat": flat.improbable / parameters.repeats,
        "part_below": np.minimum(share_below(hours.amount, usual.lowest) / parameters.below, 1.0),
    }
    score = parts["part_deviation"] + parts["part_flat"] + parts["part_below"]
    begun = (usual.deviation * np.sign(weighed) >= BEGUN) | (parts["part_flat"] >= HINT) | (parts["part_below"] > 0)
    unusual = begun & (score >= STAYS)
    since = np.minimum(_same_sign_since(usual.deviation), flat.since(HINT * parameters.repeats))
    stuck, high = parts["part_flat"] >= 1, weighed > 0
    told = np.zeros(len(hours), np.bool_)
    for symptom in (unusual & stuck, unusual & ~stuck & high, unusual & ~stuck & ~high):
        told |= lasting(symptom, score, since, parameters.lasts_h, SPAN_H)
    known = np.isfinite(usual.deviation)
    abnormal = unusual & ~told & known
    verdicts = Verdicts(
        start_s=hours.start_s,
        since_s=np.where(abnormal, hours.start_s[0] + since * HOUR_S, hours.start_s),
        score=np.where(told, TOLD, 1.0) * score,
        abnormal=abnormal,
        expected=usual.expected,
        numbers={
            "used_kwh": hours.amount,
            "usual_kwh": usual.expected,
            "lowest_usual_kwh": usual.lowest,
            "unchanged_h": flat.unchanged_h,
            "extra_kwh": _since(hours.amount - usual.expected, since),
            **parts,
        },
        lasting=told,
    )
    return judged(verdicts.where(known), hours)


def _usual(hours: MeterHours, grid: DayGrid, parameters: UnusualLoad) -> _Usual:
    by_week = grid.value - same_weekday(grid.value, parameters.weeks, least=2)
    by_day = grid.value - same_kind(grid.value, grid.rest, (parameters.days, parameters.days), least=4)
    off = _nearer(by_week, by_day)
    scale_days = (5 * parameters.scale_weeks, 2 * parameters.scale_weeks)
    spread = 1.4826 * same_kind(_beside(np.abs(off)), grid.rest, scale_days, least=5)
    level = quantile(before(mean(grid.value, least=12), 28), 0.5, least=7)[:, None]
    # A meter that stood at 0 has no usual deviation: nothing is said about it until it has moved for a while.
    floor = np.where(level > 0, parameters.least_scale_share * level, np.nan)
    deviation = np.clip(off / np.maximum(spread, floor), -LARGEST_DEVIATION, LARGEST_DEVIATION)
    return _Usual(
        grid.at_hours(grid.value - off),
        hours.amount * 0 + np.where(beyond_use(grid), np.nan, grid.at_hours(deviation)),
        lowest_usual(grid.value, parameters.weeks)[grid.day],
    )


def _nearer(one: Floats, other: Floats) -> Floats:
    """The smaller of two deviations; 0 where they point to different sides; the known one where one is missing."""
    smaller = np.where(np.abs(one) < np.abs(other), one, other)
    both = np.where(np.sign(one) == np.sign(other), smaller, 0.0)
    return np.where(np.isnan(one), other, np.where(np.isnan(other), one, both))


def _beside(table: Floats) -> Floats:
    """Mean of each hour and its neighbours of the same day: the usual deviation changes slowly over the day."""
    return mean(np.stack([np.roll(table, step, axis=1) for step in (-1, 0, 1)], axis=-1), least=1)


def _weighed(deviation: Floats) -> Floats:
    """Mean over the last hours, newer ones weigh more; an hour that is not known weighs as a usual one."""
    filled = np.where(np.isnan(deviation), 0.0, deviation)
    weights = np.exp(-np.arange(SPAN_H) / FADE_H)
    weights /= weights.sum()
    mean = np.zeros(len(filled))
    for back, weight in enumerate(weights[: len(filled)]):
        mean[back:] += weight * filled[: len(filled) - back]
    return mean


def _since(amount: Floats, since: NDArray[np.int64]) -> Floats:
    """The sum of an amount from the hour `since` of each hour up to it; what is not known adds nothing."""
    total = np.concatenate([[0.0], np.cumsum(np.where(np.isnan(amount), 0.0, amount))])
    return np.asarray(total[1:] - total[since])


def _same_sign_since(deviation: Floats) -> NDArray[np.int64]:
    side = np.where(np.abs(deviation) >= BEGUN, np.sign(deviation), 0.0)
    place = np.arange(len(side))
    broken = np.concatenate([[True], (side[1:] != side[:-1]) | (side[1:] == 0)])
    return np.maximum.accumulate(np.where(broken, place, 0))
