"""Exact zeros, day and night, on every meter of a site at once: the metering stopped, not the plant."""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from rules.detectors.case import Case
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, NotJudged, Verdicts, judged, unfit


@dataclass(frozen=True, slots=True)
class SolarGap:
    """least_h: zeros of a whole day and night [h]. alive_days: a meter that has not moved for so long is left aside."""

    least_h: int = 24
    alive_days: int = 60


def judge(case: Case, parameters: SolarGap) -> Judgement:
    """A verdict for each known hour; see `Verdicts`. The score is the length of the zeros, in lengths that are told.

    Needs another meter of the site (a neighbour, or the site's load): one plant alone at 0 may be dead.
    """
    refused = unfit(case.hours)
    if refused is not None:
        return refused
    hours = case.hours
    others = [*case.others.get("alike", ()), *case.others.get("load", ())]
    if not others:
        numbers = {"hours": float(len(hours))}
        return NotJudged("no_neighbours", "{hours:.0f} hours, but no other meter of this site beside them.", numbers)
    beside = np.stack([_on(hours.start_s, other.start_s, other.amount) for other in others])
    counts = np.stack([_moves(amount, 24 * parameters.alive_days) for amount in beside])
    meters = counts.sum(axis=0)
    known = _moves(hours.amount, 24 * parameters.alive_days) & (meters > 0)
    zero = known & (hours.amount == 0) & np.all(~counts | (beside == 0), axis=0)
    place = np.arange(1, len(hours) + 1)
    run = place - np.maximum.accumulate(np.where(zero, 0, place))
    verdicts = Verdicts(
        start_s=hours.start_s,
        since_s=hours.start_s - (np.maximum(run, 1) - 1) * HOUR_S,
        score=run / parameters.least_h,
        abnormal=run >= parameters.least_h,
        expected=np.full(len(hours), np.nan),
        numbers={"zero_h": run.astype(np.float64), "meters": 1.0 + meters},
    )
    return judged(verdicts.where(known), hours)


def _on(start_s: Seconds, other_s: Seconds, amount: Floats) -> Floats:
    found = np.full(len(start_s), np.nan)
    if len(other_s) and len(start_s):
        place = (other_s - start_s[0]) // HOUR_S
        inside = (place >= 0) & (place < len(start_s))
        found[place[inside]] = amount[inside]
    return found


def _moves(amount: Floats, hours: int) -> Flags:
    """Hours that are known, of a meter that moved in the last so many hours."""
    place = np.arange(len(amount))
    last = np.maximum.accumulate(np.where(np.nan_to_num(amount) != 0, place, -hours - 1))
    return np.asarray(np.isfinite(amount) & (place - last <= hours))
