"""A plant that makes less than it should: on days with sun, against the weather, its neighbours or its own past."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.history import before, quantile
from rules.detectors.solar_days import SunDays, said
from rules.detectors.solar_expected import Past, of_clear_days, of_driver, of_light
from rules.detectors.verdicts import Flags, Judgement, Verdicts, unfit

Kinds = NDArray[np.int64]
OWN, WEATHER, NEIGHBOURS = 0, 1, 2
"""What a day was compared with: the plant's own past, the weather, its neighbours."""
CREDIBLE = (0.004, 3.0)
"""Shares outside are no loss: a dead plant is told by another rule, a thousandth is a change of unit."""
MOST_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class SolarLoss:
    """When a loss is told. Shares are of the expected production of a day.

    allowance: share that may lack on a day without counting. enough: what lacks beyond, summed over the days counted in
    a row, to be told. most_a_day: most that one day adds to it. back: a day with at least this share ends the row.
    reach_days: how far back a row may begin. major: mean share of a row below which the loss is called major.
    most_wiggle, least_full: what a day without clouds looks like, see `SunDays.bell_shaped`. steady: where snow or
    clouds are in doubt, a day counts if its share is so close to that of the day judged before. covered: while snow may
    lie, a share below is snow. past: what the expected production is learned from.
    """

    allowance: float = 0.10
    enough: float = 0.4
    most_a_day: float = 0.2
    back: float = 0.96
    reach_days: int = 30
    major: float = 0.6
    most_wiggle: float = 1.06
    least_full: float = 0.92
    steady: float = 0.15
    covered: float = 0.3
    past: Past = field(default_factory=Past)


def judge(case: Case, parameters: SolarLoss) -> Judgement:
    """A verdict for each day with sun that can be judged, known when the day is over; see `Verdicts`.

    The score is what lacks in a row of such days, in times of what is told: two days at 70 % or four at 80 %.
    """
    refused = unfit(case.hours)
    if refused is not None:
        return refused
    days = SunDays.of(case.hours)
    temp_c = _at_days(case, days, "temp_c")
    share, with_what = _shares(case, days, temp_c, parameters)
    share = np.where((share > CREDIBLE[0]) & (share < CREDIBLE[1]), share, np.nan)
    snow = days.snow_may_lie(temp_c, southern=(case.facts.latitude or 0.0) < 0)
    share = np.where(_told_apart(share, snow, with_what == OWN, parameters), share, np.nan)
    return said(_verdicts(case, days, share, with_what, parameters), case.hours)


def _shares(case: Case, days: SunDays, temp_c: Floats, parameters: SolarLoss) -> tuple[Floats, Kinds]:
    """Share of the expected that each day made, NaN where it cannot be told, and what it was compared with.

    With neighbours and weather both must say that something lacks: neighbours know of snow, weather of neighbours that
    were bad and became good.
    """
    facts, past = case.facts, parameters.past
    share = of_clear_days(days, days.bell_shaped(parameters.most_wiggle, parameters.least_full), past)
    with_what = np.full(len(days), OWN)
    weather = np.full(len(days), np.nan)
    ghi_wm2 = _at_days(case, days, "ghi_wm2")
    if (there := _in_use(ghi_wm2)).any():
        if facts.latitude is None or facts.longitude is None:
            weather = of_driver(days.made, ghi_wm2, past)
        else:
            weather = of_light(days, ghi_wm2, temp_c, days.sun(facts.latitude, facts.longitude), past)
        share, with_what = np.where(there, weather, share), np.where(there, WEATHER, with_what)
    near = [days.fill(other.start_s, other.amount) for other in case.others.get("alike", ())[:MOST_NEIGHBOURS]]
    if near and (there := np.any([_in_use(amount) for amount in near], axis=0)).any():
        by_them = quantile(np.stack([of_driver(days.made, amount, past) for amount in near], axis=1), 0.5, least=1)
        both = np.where(np.isfinite(by_them), np.fmax(by_them, weather), np.nan)
        share, with_what = np.where(there, both, share), np.where(there, NEIGHBOURS, with_what)
    return share, with_what


def _in_use(driver: Floats) -> Flags:
    """Days before which the driver was known and moved on most days of a month."""
    total = np.where(np.isfinite(driver).any(axis=1), np.nansum(driver, axis=1), np.nan)
    return quantile(before(total, 30), 0.9, least=8) > 0


def _told_apart(share: Floats, snow: Flags, by_itself: Flags, parameters: SolarLoss) -> Flags:
    """Days that can be judged: a low one only if it can be no snow and no cloud.

    Both come and go, a loss stays: in doubt, a low share must be that of the day before it, and not near nothing.
    """
    known = np.flatnonzero(np.isfinite(share))
    level = share[known]
    alike = np.abs(np.diff(level, prepend=np.inf)) <= parameters.steady
    loss = (alike | ~(snow | by_itself)[known]) & (~snow[known] | (level > parameters.covered))
    able = np.zeros(len(share), np.bool_)
    able[known] = (level >= 1 - parameters.allowance) | loss
    return able


def _verdicts(case: Case, days: SunDays, share: Floats, with_what: Kinds, parameters: SolarLoss) -> Verdicts:
    lack = np.minimum(1 - parameters.allowance - share, parameters.most_a_day)
    lack = np.where(share >= parameters.back, -1.0, lack)
    back = np.nan_to_num(_row(lack, parameters)).cumsum(axis=1)
    low = np.nan_to_num(lack) > 0
    length = np.where(low, back.argmax(axis=1), 0)
    end_s = days.start_s[:, 23]
    at = np.flatnonzero(np.isfinite(share) & (end_s <= case.hours.start_s[-1]))
    made = np.nansum(days.made, axis=1)
    usual = made / share
    in_row = np.arange(parameters.reach_days + 1) <= length[:, None]
    row_usual, row_made = (_summed(_row(np.where(low, each, np.nan), parameters), in_row) for each in (usual, made))
    counted = _summed(_row(np.where(low, 1.0, np.nan), parameters), in_row)
    ratio = np.where(row_usual > 0, row_made / np.where(row_usual > 0, row_usual, 1.0), 1.0)
    return Verdicts(
        start_s=end_s[at],
        since_s=np.maximum(days.start_s[at - length[at], 0], case.hours.start_s[0]),
        score=np.where(low, back.max(axis=1), 0.0)[at] / parameters.enough,
        abnormal=low[at],
        expected=usual[at],
        numbers={
            "made_kwh": made[at],
            "usual_kwh": usual[at],
            "made_pct": 100 * ratio[at],
            "lost_kwh": (row_usual - row_made)[at],
            "sunny_days": counted[at],
            "major": (ratio < parameters.major)[at].astype(np.float64),
            "compared_with": with_what[at].astype(np.float64),
        },
    )


def _row(values: Floats, parameters: SolarLoss) -> Floats:
    """For each day its value and those of the days before it, newest first."""
    return np.concatenate([before(values, parameters.reach_days), values[:, None]], axis=1)[:, ::-1]


def _summed(rows: Floats, keep: Flags) -> Floats:
    return np.asarray(np.where(keep, np.nan_to_num(rows), 0.0).sum(axis=1))


def _at_days(case: Case, days: SunDays, name: str) -> Floats:
    if case.weather is None:
        return np.full(days.made.shape, np.nan)
    return days.fill(case.hours.start_s, getattr(case.weather, name))
