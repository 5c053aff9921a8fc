"""Whether works changed what a building uses, for the worse: sums up (CUSUM) against the signature of before."""

from dataclasses import dataclass, field

import numpy as np

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.heat_days import HeatDays
from rules.detectors.heat_verdicts import Excess, of_days
from rules.detectors.signature import Fitting, before_and_after
from rules.detectors.verdicts import Judgement, NotJudged

UNIT_CHANGED = 10.0  # times the largest day before is no use but another unit or pulse weight
LARGEST = 3.0  # usual deviations; beyond, a day says no more: a feast is no drift
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class AfterWorks:
    """When the use after works is a drift.

    slack: excess of a day that is forgiven, in usual deviations. limit: the sum of what is beyond it that makes a
        ticket. stays: share of that which keeps one alive. settle_days: days after the works that are not judged.
    weeks: how long after works is watched. share: the use since then must be above the expected by at least this share.
    least_heated: share of the variation that the temperature must explain. fitting: how the signature is learnt.
    """

    slack: float = 0.6
    limit: float = 10.0
    stays: float = 0.5
    settle_days: int = 7
    weeks: int = 52
    share: float = 0.12
    least_heated: float = 0.6
    fitting: Fitting = field(default_factory=Fitting)


def judge(case: Case, parameters: AfterWorks) -> Judgement:
    """A verdict for each day after works of which anybody told; known when the day is over.

    A day colder than any before the works never opens a ticket.
    """
    if not case.facts.works_s:
        seen = {"days": len(case.hours) / 24}
        return NotJudged("no_works", "Nobody told of works in these {days:.0f} days.", seen)
    days = HeatDays.of(case)
    if isinstance(days, NotJudged):
        return days
    works_s = sorted(at for at in case.facts.works_s if days.start_s[0] < at < days.last_s[-1])
    if not works_s:
        return NotJudged("no_works", "Nobody told of works in these {days:.0f} days.", {"days": len(days)})
    score, share = np.full(len(days), np.nan), np.full(len(days), np.nan)
    expected, excess, base_c = (np.full(len(days), np.nan) for _ in range(3))
    heated = np.full(len(days), np.nan)
    for at, until in zip(works_s, [*works_s[1:], None], strict=True):
        first = int(np.searchsorted(days.start_s, at))
        last = len(days) if until is None else int(np.searchsorted(days.start_s, until))
        usual = before_and_after(days, first, parameters.fitting)
        after = slice(first, min(last, first + 7 * parameters.weeks))
        if not usual.heated[first:last].size or not usual.heated[first] >= parameters.least_heated:
            continue
        expected[after], base_c[after] = usual.expected[after], usual.base_c[after]
        used = np.where(days.used > UNIT_CHANGED * usual.most, np.nan, days.used)
        excess[after], heated[after] = (used - usual.expected)[after], usual.heated[after]
        watched = slice(first + parameters.settle_days, after.stop)
        deviation = np.clip(excess[watched] / usual.deviation[watched], -LARGEST, LARGEST)
        share[watched] = _share(excess[watched], usual.expected[watched])
        summed = _summed(deviation, parameters.slack, 1.5 * parameters.limit) / parameters.limit
        summed = np.where(share[watched] < parameters.share, np.minimum(summed, 0.99 * parameters.stays), summed)
        score[watched] = np.where(usual.beyond_c[watched] > 0, np.minimum(summed, 0.99), summed)
    found = Excess(expected, excess, base_c, heated, np.where(np.isfinite(excess), score, np.nan))
    return of_days(case, days, found, parameters.stays, {"extra_pct_since_works": 100 * share})


def _share(excess: Floats, expected: Floats) -> Floats:
    known = np.isfinite(excess)
    over, of = np.cumsum(np.where(known, excess, 0.0)), np.cumsum(np.where(known, expected, 0.0))
    return np.asarray(over / np.maximum(of, 1e-9))


def _summed(deviation: Floats, slack: float, most: float) -> Floats:
    """What is beyond the slack summed up, never below 0 and never above `most`; a day not known changes nothing.

    >>> _summed(np.array([2.0, np.nan, -3.0, 1.5]), slack=0.5, most=10.0).tolist()
    [1.5, 1.5, 0.0, 1.0]
    """
    total, sums = 0.0, []
    for each in deviation.tolist():
        if each == each:
            total = min(max(0.0, total + each - slack), most)
        sums.append(total)
    return np.array(sums)
