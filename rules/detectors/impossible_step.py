"""A movement that the meter cannot have made, set aside by the ledger: a data finding, no work in the building."""

from dataclasses import dataclass

import numpy as np

from rules.detectors.case import Case
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.verdicts import HOUR_S, Judgement, NotJudged, Verdicts, unread

QUARTER_S, DAY_S = 900, 86_400


@dataclass(frozen=True, slots=True)
class ImpossibleStep:
    """least: movements set aside that make a finding. days: for so long it is told, unless it is explained before."""

    least: int = 1
    days: int = 30


def judge(case: Case, parameters: ImpossibleStep) -> Judgement:
    """A verdict for every hour, and at the end of each quarter of which the ledger set something aside.

    Abnormal as long as what was set aside in the last days stands: what somebody explains is no longer among the facts.
    """
    hours, facts = case.hours, case.facts
    refused = unread(hours)
    if refused is not None:
        return refused
    if len(facts.jumps) != len(facts.quarantined_s):
        numbers = {"moments": float(len(facts.quarantined_s)), "amounts": float(len(facts.jumps))}
        return NotJudged("facts_unlike", "{moments:g} moments, but {amounts:g} amounts.", numbers)
    # What lies beyond the hour that is going on is of a clock that is wrong.
    known = (facts.quarantined_s >= hours.start_s[0]) & (facts.quarantined_s < case.now_s + HOUR_S)
    order = np.argsort(facts.quarantined_s[known], kind="stable")
    begun_s, jump = facts.quarantined_s[known][order], facts.jumps[known][order]
    told_s = begun_s + QUARTER_S
    start_s = np.union1d(hours.start_s, told_s - HOUR_S).astype(np.int64)
    last = np.searchsorted(told_s, start_s + HOUR_S, side="right")
    first = np.searchsorted(told_s, start_s + HOUR_S - parameters.days * DAY_S, side="right")
    known_sum, unknown = (np.concatenate([[0.0], np.cumsum(each)]) for each in (np.nan_to_num(jump), np.isnan(jump)))
    count = (last - first).astype(np.float64)
    abnormal = count >= parameters.least
    since_s = start_s.copy()
    since_s[abnormal] = begun_s[first[abnormal]]
    return Verdicts(
        start_s=start_s,
        since_s=since_s,
        score=count / parameters.least,
        abnormal=abnormal,
        expected=np.full(len(start_s), np.nan),
        numbers={
            f"set_aside_{hours.unit.lower()}": np.where(
                unknown[last] > unknown[first], np.nan, known_sum[last] - known_sum[first]
            ),
            "movements": count,
        },
    )


def _learn(case: Case, parameters: ImpossibleStep) -> Learnt | None:
    del parameters
    return learnt_of(case.hours, {}) if len(case.hours) else None


def _calm(learnt: Learnt, newest: Newest, parameters: ImpossibleStep) -> bool:
    del learnt
    last_s = int(newest.hours.start_s[-1])
    found_s = newest.facts.quarantined_s
    return not np.any((found_s >= last_s - parameters.days * DAY_S) & (found_s < last_s + 2 * HOUR_S))


WARM = Warm(_learn, _calm)
