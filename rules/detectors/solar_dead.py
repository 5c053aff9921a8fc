"""A plant that makes nothing while the sun shines: told when the first whole hour is over."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.history import before, quantile
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.solar_days import SunDays, said
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, Verdicts, unfit


@dataclass(frozen=True, slots=True)
class SolarDead:
    """What counts as daylight and what as nothing.

    least_sine: sine of the sun's elevation from which every plant makes something (0.17 = 10 degrees). awake: what the
    plant nearly always made at this hour, one before and one after, as a share of its best hour, for the hour to count.
    days, rest_days: how many days are looked back at, and how many of the newest are left out. asleep: most that
    nothing may be, as a share of the best hour (what it shows at night is less). bright: share of the best hour that it
    made an hour before, from which no snow brings it down. snow_days: so many days of nothing are no snow either.
    """

    least_sine: float = 0.17
    awake: float = 0.02
    days: int = 21
    rest_days: int = 8
    asleep: float = 0.005
    bright: float = 0.1
    snow_days: int = 7


def judge(case: Case, parameters: SolarDead) -> Judgement:
    """A verdict for each hour of daylight, known when it is over; see `Verdicts`. The score is 1 where it is dead.

    While snow may lie, nothing counts only right after an hour of good production or after a week of days of it. Hours
    in which every neighbour stands at exactly 0 too are left to the rule for gaps.
    """
    refused = unfit(case.hours)
    if refused is not None:
        return refused
    days = SunDays.of(case.hours)
    made = days.fill(case.hours.start_s, np.where(case.hours.amount >= 0, case.hours.amount, np.nan))
    best, dark, awake = _usual(case, days, parameters)
    nothing = awake & (made <= dark)
    sudden = _goes_on(nothing & (_hour_before(made) >= parameters.bright * best), nothing | ~awake)
    empty = np.asarray(awake.any(axis=1) & (nothing | ~awake).all(axis=1))
    long = _run_until_yesterday(empty)[:, None] >= parameters.snow_days
    dead = nothing & (~_snow(case, days) | sudden | long) & ~_all_at_zero(case, days, made)
    works = np.isfinite(made) & (made > parameters.awake * best)
    return said(_verdicts(days, made, dead, dead | works, best * parameters.awake), case.hours)


def _usual(case: Case, days: SunDays, parameters: SolarDead) -> tuple[Floats, Floats, Flags]:
    """The best hour [days, 1], the most that is nothing and the hours in which it makes something [days, 24]."""
    past = before(days.made, parameters.days + parameters.rest_days)[..., : parameters.days]
    best = quantile(past.reshape(len(days), -1), 1.0, least=24 * 7)[:, None]
    lowest = quantile(past, 0.1, least=7)
    night = np.where(lowest <= 0.001 * best, quantile(past, 0.9, least=7), np.nan)
    dark = np.minimum(np.nan_to_num(quantile(night, 0.5, least=1))[:, None], parameters.asleep * best)
    awake = _inside(lowest > parameters.awake * best) & _lit(case, days, parameters.least_sine)
    return best, dark, awake


def _learn(case: Case, parameters: SolarDead) -> Learnt | None:
    hours = case.hours
    if unfit(hours) is not None:
        return None
    days = SunDays.of(hours)
    _, dark, awake = _usual(case, days, parameters)
    place = (hours.start_s - days.first_s) // HOUR_S
    # Where it sleeps nothing is too little; NaN compares as never.
    least = np.where(awake, np.broadcast_to(dark, awake.shape), np.nan).ravel()[place]
    return learnt_of(hours, {"nothing": least})


def _calm(learnt: Learnt, newest: Newest, parameters: SolarDead) -> bool:
    del parameters
    nothing = learnt.at("nothing", newest.hours.start_s)
    return not np.any(newest.new & (newest.hours.amount <= 1.01 * nothing))


WARM = Warm(_learn, _calm)


def _verdicts(days: SunDays, made: Floats, dead: Flags, at: Flags, least: Floats) -> Verdicts:
    start_s, dead_at = days.start_s[at], dead[at]
    place = np.arange(len(start_s))
    alive = np.maximum.accumulate(np.where(dead_at, -1, place)) if len(place) else place
    first = np.where(dead_at, alive + 1, place)
    lowest = np.broadcast_to(least, made.shape)[at]
    return Verdicts(
        start_s=start_s,
        since_s=start_s[first],
        score=np.where(dead_at, 1.0, 0.0),
        abnormal=dead_at,
        expected=lowest,
        numbers={"made_kwh": made[at], "least_kwh": lowest, "dead_daylight_h": (place - alive).astype(np.float64)},
    )


def _snow(case: Case, days: SunDays) -> Flags:
    """Days on which snow may lie, as far as the days before can tell."""
    temp_c = np.full(days.made.shape, np.nan)
    if case.weather is not None:
        temp_c[1:] = days.fill(case.hours.start_s, case.weather.temp_c)[:-1]
    return days.snow_may_lie(temp_c, southern=(case.facts.latitude or 0.0) < 0)[:, None]


def _lit(case: Case, days: SunDays, least_sine: float) -> Flags:
    facts = case.facts
    if facts.latitude is None or facts.longitude is None:
        return np.ones(days.made.shape, np.bool_)
    up = days.sun(facts.latitude, facts.longitude)[0]
    return np.asarray(up >= least_sine)


def _inside(awake: Flags) -> Flags:
    """Hours of which the one before and the one after are awake too."""
    wide = np.pad(awake, ((0, 0), (1, 1)))
    return np.asarray(awake & wide[:, :-2] & wide[:, 2:])


def _goes_on(begins: Flags, stays: Flags) -> Flags:
    """Hours from one that begins on, as long as it stays so."""
    begin, stay = begins.ravel(), stays.ravel() | begins.ravel()
    place = np.arange(len(begin))
    begun = np.maximum.accumulate(np.where(begin, place, -1))
    ended = np.maximum.accumulate(np.where(stay, -1, place))
    return np.asarray((begun > ended).reshape(begins.shape))


def _hour_before(made: Floats) -> Floats:
    return np.concatenate([[np.nan], made.ravel()[:-1]]).reshape(made.shape)


def _run_until_yesterday(days: Flags) -> NDArray[np.int64]:
    place = np.arange(1, len(days) + 1)
    run = place - np.maximum.accumulate(np.where(days, 0, place))
    return np.concatenate([[0], run[:-1]])


def _all_at_zero(case: Case, days: SunDays, made: Floats) -> Flags:
    near = [days.fill(other.start_s, other.amount) == 0 for other in case.others.get("alike", ())]
    return np.asarray(np.all([made == 0, *near], axis=0)) if near else np.zeros(made.shape, np.bool_)
