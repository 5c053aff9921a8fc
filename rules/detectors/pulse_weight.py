"""A meter that suddenly counts ten times as much, or half: its pulses weigh something else than what was entered.

Use changes too, but hardly ever by exactly ten, at midnight, on every day of the week alike. By two it does: so a
factor of two or a half is looked for only where somebody changed a meter or device. A data finding: nothing is wrong in
the building, the figures are.
"""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.history import DayGrid, before, quantile, same_weekday
from rules.detectors.verdicts import Flags, Judgement, Verdicts, judged, unfit

HOURS_OF_A_DAY = 22  # known ones, for its total to count


@dataclass(frozen=True, slots=True)
class PulseWeight:
    """How like a factor the change must be.

    days: days after the change, 7 at most, that are compared with the same weekday of the `weeks` before.
    factors: looked for at any moment, and their inverses. exchange_factors: looked for where the change lies within
        exchange_days of an exchange. tolerance, exchange_tolerance: largest deviation of the median day from the
        factor, relative. spread: days may deviate from each other by this factor, but for one before and after.
    """

    days: int = 7
    weeks: int = 4
    factors: tuple[float, ...] = (10.0, 100.0, 1000.0)
    exchange_factors: tuple[float, ...] = (2.0,)
    exchange_days: int = 2
    tolerance: float = 0.3
    exchange_tolerance: float = 0.2
    spread: float = 2.5


def judge(case: Case, parameters: PulseWeight) -> Judgement:
    """A verdict at the end of each local day that closes `days` comparable days; score 1 to 2, 0 where none fits."""
    hours = case.hours
    refused = unfit(hours)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    total = _totals(grid.value)
    ratio = _against_before(total, parameters)
    level = quantile(np.log(ratio), 0.5, least=parameters.days - 2)
    alike = _alike(np.log(ratio), parameters) & _steady_before(total, parameters)
    exchanged = _exchanged(case, grid, parameters)
    score, factor = np.zeros(len(total)), np.full(len(total), np.nan)
    for times in (*parameters.factors, *parameters.exchange_factors):
        everywhere = times in parameters.factors
        tolerance = np.log1p(parameters.tolerance if everywhere else parameters.exchange_tolerance)
        for one in (times, 1 / times):
            close = 2 - np.abs(level - np.log(one)) / tolerance
            fits = alike & (close >= 1) & (close > score) & (exchanged | everywhere)
            score, factor = np.where(fits, close, score), np.where(fits, one, factor)
    last = np.flatnonzero(np.diff(grid.day, append=grid.day[-1:] + (1 if grid.hour[-1] == 23 else 0)) > 0)
    day = grid.day[last]
    begun = np.searchsorted(grid.day, np.maximum(day - parameters.days + 1, 0))
    before_level = quantile(before(total, 7 * parameters.weeks + parameters.days)[:, : 7 * parameters.weeks], 0.5, 7)
    abnormal = score[day] >= 1
    verdicts = Verdicts(
        start_s=hours.start_s[last],
        since_s=np.where(abnormal, hours.start_s[begun], hours.start_s[last]),
        score=score[day],
        abnormal=abnormal,
        expected=np.full(len(last), np.nan),
        numbers={
            "factor": factor[day],
            "ratio": np.exp(level[day]),
            f"before_{hours.unit.lower()}_per_day": before_level[day],
            f"after_{hours.unit.lower()}_per_day": before_level[day] * np.exp(level[day]),
        },
    )
    return judged(verdicts.where(np.isfinite(level[day])), hours)


def _totals(days: Floats) -> Floats:
    """Total of each day [unit of the meter], unknown hours taken as the known ones; NaN where too few are known."""
    known = np.isfinite(days).sum(axis=1)
    total = np.where(np.isfinite(days), days, 0.0).sum(axis=1) * 24 / np.maximum(known, 1)
    return np.where((known >= HOURS_OF_A_DAY) & (total > 0), total, np.nan)


def _against_before(total: Floats, parameters: PulseWeight) -> Floats:
    """For each day the last `days` days, oldest first, each over the same weekday of the weeks before them all."""
    ratio = total / same_weekday(total, parameters.weeks, least=2)
    return np.stack([_shifted(ratio, back) for back in range(parameters.days - 1, -1, -1)], axis=1)


def _shifted(values: Floats, back: int) -> Floats:
    return np.concatenate([np.full(min(back, len(values)), np.nan), values[: max(len(values) - back, 0)]])


def _alike(log_ratio: Floats, parameters: PulseWeight) -> Flags:
    """Whether all days but one lie within the spread of their median, the first among them: it changed at once."""
    middle = quantile(log_ratio, 0.5, least=parameters.days - 2)[:, None]
    off = np.abs(log_ratio - middle) > np.log(parameters.spread)
    first = np.abs(log_ratio[:, 0] - middle[:, 0]) <= np.log(parameters.spread)
    return np.asarray((off.sum(axis=1) <= 1) & first)


def _steady_before(total: Floats, parameters: PulseWeight) -> Flags:
    """Whether the week before the change was like the weeks before it, but for one day."""
    ratio = np.log(total / same_weekday(total, parameters.weeks, least=2))
    week = before(_shifted(ratio, parameters.days - 1), 7)
    off = (np.abs(week) > np.log(parameters.spread)).sum(axis=1)
    return np.asarray((off <= 1) & (np.isfinite(week).sum(axis=1) >= 4))


def _exchanged(case: Case, grid: DayGrid, parameters: PulseWeight) -> Flags:
    """For each day whether something was exchanged about where its last days begin."""
    flags = np.zeros(len(grid.value), np.bool_)
    for at_s in case.facts.exchanged_s:
        place = int(np.searchsorted(case.hours.start_s, at_s, side="right")) - 1
        if 0 <= place < len(grid.day) and at_s < case.now_s:
            change = int(grid.day[place]) + parameters.days - 1
            flags[max(change - parameters.exchange_days, 0) : change + parameters.exchange_days + 1] = True
    return flags
