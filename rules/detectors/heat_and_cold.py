"""Heating and cooling that work against each other in the same hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.credible import beyond_use
from rules.detectors.history import DayGrid, before, mean, quantile
from rules.detectors.verdicts import Flags, Judgement, MeterHours, NotJudged, Verdicts, judged, unfit


@dataclass(frozen=True, slots=True)
class HeatAndCold:
    """When both run at once.

    runs: share of the way from what a meter idles at to what it draws when busy, from which it counts as running.
    hours: hours of both running a day, in the mean of the last days, that make a ticket [h]. days: how many.
    stays: share of that which keeps one alive. idle_days, busy_days: how far back idle and busy are learnt.
    """

    runs: float = 0.2
    hours: float = 4.0
    days: int = 3
    stays: float = 0.5
    idle_days: int = 56
    busy_days: int = 365


def judge(case: Case, parameters: HeatAndCold) -> Judgement:
    """A verdict for each day of a cooling meter that has the heating beside it, or the other way round."""
    hours = case.hours
    refused = unfit(hours)
    if refused is not None:
        return refused
    beside = [*case.others.get("heating", ()), *case.others.get("cooling", ())]
    beside = [one for one in beside if len(one) == len(hours) and one.seen.any()]
    if not beside:
        return NotJudged("no_pair", "{hours:.0f} hours and no meter of the opposite.", {"hours": len(hours)})
    grid = DayGrid.of(hours)
    mine, extra = _running(hours, parameters)
    others = [_running(one, parameters) for one in beside]
    theirs = np.fmax.reduce([one[0] for one in others])
    both = np.where(np.isfinite(mine + theirs), (mine > 0) & (theirs > 0), np.nan)
    both_h = 24 * mean(both, least=20)
    window = np.concatenate([before(both_h, parameters.days - 1), both_h[:, None]], axis=1)
    score = mean(window, least=parameters.days) / parameters.hours
    wasted = mean(np.where(both == 1, extra, 0.0), least=20) * 24
    last = np.flatnonzero(grid.hour == 23)
    day = grid.day[last]
    keep = np.isfinite(score[day])
    last, day = last[keep], day[keep]
    abnormal = score[day] >= parameters.stays
    run = np.arange(len(day))
    first = run - np.maximum(_run(abnormal) - 1, 0) if len(day) else run
    verdicts = Verdicts(
        start_s=hours.start_s[last],
        since_s=np.where(abnormal, hours.start_s[last[first]] - 23 * 3600, hours.start_s[last]),
        score=score[day],
        abnormal=abnormal,
        expected=np.full(len(day), np.nan),
        numbers={
            "both_h": both_h[day],
            f"extra_day_{hours.unit.lower()}": wasted[day],
            "days": _run(abnormal).astype(np.float64),
        },
    )
    return judged(verdicts, hours)


def _running(hours: MeterHours, parameters: HeatAndCold) -> tuple[Floats, Floats]:
    """Tables of days x 24: 1 where it runs, 0 where not, NaN = not known; and how much above idle [unit]."""
    grid = DayGrid.of(hours)
    value = np.where(grid.value >= 0, grid.value, np.nan)
    lowest, highest = quantile(value, 0.0, least=20), quantile(value, 1.0, least=20)
    idle = quantile(before(lowest, parameters.idle_days), 0.5, least=14)[:, None]
    busy = quantile(before(highest, parameters.busy_days), 0.9, least=14)[:, None]
    able = busy > 1.5 * idle  # what never does more than idle never runs
    above = value - idle
    runs = np.where(np.isfinite(above + busy), able & (above > parameters.runs * (busy - idle)), np.nan)
    believed = ~beyond_use(grid)
    runs[grid.day, grid.hour] = np.where(believed, runs[grid.day, grid.hour], np.nan)
    return runs, np.where(np.isfinite(above), np.maximum(above, 0.0), 0.0)


def _run(over: Flags) -> NDArray[np.int64]:
    place = np.arange(1, len(over) + 1)
    return np.asarray(place - np.maximum.accumulate(np.where(over, 0, place)))
