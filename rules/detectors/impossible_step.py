"""A movement that the meter cannot have made, set aside by the ledger: a data finding, no work in the building."""

from dataclasses import dataclass

import numpy as np

from rules.detectors.case import Case
from rules.detectors.verdicts import HOUR_S, Judgement, NotJudged, Verdicts, unread


@dataclass(frozen=True, slots=True)
class ImpossibleStep:
    """least: movements set aside within an hour that make a finding."""

    least: int = 1


def judge(case: Case, parameters: ImpossibleStep) -> Judgement:
    """A verdict for every hour; abnormal where the ledger set a quarter of it aside."""
    hours, facts = case.hours, case.facts
    refused = unread(hours)
    if refused is not None:
        return refused
    if len(facts.jumps) != len(facts.quarantined_s):
        numbers = {"moments": float(len(facts.quarantined_s)), "amounts": float(len(facts.jumps))}
        return NotJudged("facts_unlike", "{moments:g} moments, but {amounts:g} amounts.", numbers)
    place = (facts.quarantined_s - hours.start_s[0]) // HOUR_S
    known = (place >= 0) & (place < len(hours))
    count = np.bincount(place[known], minlength=len(hours)).astype(np.float64)
    jump = np.bincount(place[known], weights=facts.jumps[known], minlength=len(hours)).astype(np.float64)
    return Verdicts(
        start_s=hours.start_s,
        since_s=hours.start_s,
        score=count / parameters.least,
        abnormal=count >= parameters.least,
        expected=np.full(len(hours), np.nan),
        numbers={f"set_aside_{hours.unit.lower()}": jump, "movements": count},
    )
