"""A meter of water or gas that stands still, longer than it ever did: stuck, unplugged, or the supply is shut."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.history import before, mean
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.night_water import LITRES
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, NotJudged, Verdicts, judged, unfit


@dataclass(frozen=True, slots=True)
class Stopped:
    """How long a standstill must be: the larger of these.

    times_usual: so many times the second longest standstill of the last `weeks`, because what happened once is no
        habit. least_h: and at least so long [h]. least_days: with fewer days known before no verdict.
    below_c: hours count only where the last day was colder on average [°C]: a boiler for heating stands still in
        summer. None where the weather has nothing to do with it.
    least_l_per_day: where a day usually has less [l], nobody is judged: a home stands still whenever its people travel.
    """

    times_usual: float = 3.0
    least_h: float = 48.0
    weeks: int = 16
    least_days: int = 28
    below_c: float | None = None
    least_l_per_day: float = 800.0


def judge(case: Case, parameters: Stopped) -> Judgement:
    """A verdict for each whole hour after `least_days`; abnormal from the limit on until something passes.

    >>> from plagewatch.metering.intervals import Intervals
    >>> from rules.detectors.verdicts import MeterHours
    >>> drawn = np.tile([1.0, 0.0, 0.0, 2.0], 6 * 60)
    >>> drawn[24 * 50 :] = 0
    >>> day_s = np.arange(len(drawn)) * 3600
    >>> hours = MeterHours.on_grid(Intervals.measured(day_s, drawn), 24 * 60 * 3600, "UTC", "m3")
    >>> said = judge(Case(hours), Stopped())
    >>> float(said.numbers["still_h"][said.abnormal][0]), float(said.numbers["usual_m3_per_day"][-1])
    (48.0, 18.0)
    """
    hours = case.hours
    refused = unfit(hours)
    if refused is not None:
        return refused
    if parameters.below_c is not None and (case.weather is None or not np.isfinite(case.weather.temp_c).any()):
        numbers = {"hours": float(len(hours))}
        return NotJudged("no_weather", "No outdoor temperature of these {hours:.0f} hours.", numbers)
    known, moves = np.isfinite(hours.amount), hours.amount > 0
    counts = known & ~moves & _cold(case, parameters)
    moved = np.maximum.accumulate(np.where(moves, np.arange(len(hours)), -1))
    so_far = np.cumsum(counts)
    still_h: Floats = (so_far - np.where(moved >= 0, so_far[moved], 0)).astype(np.float64)
    limit_h = _limit_h(still_h, moved, moves, parameters)
    days_known = np.cumsum(known) / 24
    able = counts | moves
    able &= (days_known >= parameters.least_days) & np.isfinite(limit_h)
    usual = _usual_per_day(hours.amount, moved, parameters)
    busy = usual * LITRES.get(hours.unit, np.inf) >= parameters.least_l_per_day
    if able.any() and not (able & busy).any():
        numbers = {"least_l_per_day": parameters.least_l_per_day}
        return NotJudged("little_use", "Fewer than {least_l_per_day:g} l a day: it may stand still.", numbers)
    able &= busy
    abnormal = counts & (still_h >= limit_h)
    verdicts = Verdicts(
        start_s=hours.start_s,
        since_s=np.where(abnormal, hours.start_s[0] + (moved + 1) * HOUR_S, hours.start_s),
        score=still_h / np.where(np.isfinite(limit_h), limit_h, np.inf),
        abnormal=abnormal,
        expected=np.full(len(hours), np.nan),
        numbers={
            "still_h": still_h,
            "limit_h": limit_h,
            f"usual_{hours.unit.lower()}_per_day": usual,
        },
    )
    return judged(verdicts.where(able), hours)


def _learn(case: Case, parameters: Stopped) -> Learnt | None:
    if unfit(case.hours) is not None or parameters.below_c is not None:
        return None
    return learnt_of(case.hours, {})


def _calm(learnt: Learnt, newest: Newest, parameters: Stopped) -> bool:
    """Whether it has moved within the shortest standstill that is ever told, at every new hour."""
    del learnt
    place = np.arange(len(newest.new))
    moved = np.maximum.accumulate(np.where(newest.hours.amount > 0, place, -int(1e6)))
    return not np.any(newest.new & np.isfinite(newest.hours.amount) & (place - moved >= parameters.least_h))


WARM = Warm(_learn, _calm)


def _cold(case: Case, parameters: Stopped) -> Flags:
    if parameters.below_c is None or case.weather is None:
        return np.ones(len(case.hours), np.bool_)
    temp_c = case.weather.temp_c
    last_day = np.concatenate([before(temp_c, 23), temp_c[:, None]], axis=1)
    return mean(last_day, least=12) < parameters.below_c


def _limit_h(still_h: Floats, moved: NDArray[np.int64], moves: Flags, parameters: Stopped) -> Floats:
    """For each hour the standstill that is too long, from those that were over when its own began; NaN = not known."""
    ends = np.flatnonzero(moves)
    length_h = still_h[np.maximum(ends - 1, 0)] * (ends > 0)  # of the standstill before each movement
    limit_h = np.full(len(still_h), np.nan)
    if len(ends):
        limit_h[ends[0] :] = parameters.least_h
    reach = parameters.weeks * 7 * 24
    # Only a standstill that reaches the least limit needs its own.
    for begin in np.unique(moved[(still_h >= parameters.least_h) & (moved >= 0)]).tolist():
        past = length_h[(ends <= begin) & (ends > begin - reach)]
        habit_h = float(np.sort(past)[-2]) if len(past) >= 2 else np.inf
        limit_h[moved == begin] = max(parameters.least_h, parameters.times_usual * habit_h)
    return limit_h


def _usual_per_day(amount: Floats, moved: NDArray[np.int64], parameters: Stopped) -> Floats:
    """What a day had, on average over the weeks before the standstill [unit of the meter]."""
    reach = parameters.weeks * 7 * 24
    known = np.isfinite(amount)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, amount, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    to = moved + 1
    start = np.maximum(to - reach, 0)
    hours = np.maximum(count[to] - count[start], 1)
    return np.asarray(np.round(24 * (total[to] - total[start]) / hours, 9))
