"""The live rules over a set, through the normal import, with what their judging cost."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plagewatch.cli.backtesting import folder_in_store
from plagewatch.cli.opening import Stores
from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.validation.scoring import Told
from rules import backtest as backtesting
from rules.catalogue import NO_DATA, RULES, Rule
from rules.detectors.case import Case
from rules.detectors.verdicts import Judgement, NotJudged
from rules.rule_counts import YEAR_H, RuleCount


@dataclass(slots=True)
class Cost:
    """What rules cost: processor time [s], hours they looked at, and hours of meters they could judge, by rule."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    seen_h: dict[str, int] = field(default_factory=dict)
    judged_h: dict[str, int] = field(default_factory=dict)

    def per_meter_year(self, rule: str) -> float:
        """Processor time for a year of hours [s]; NaN where the rule looked at nothing."""
        seen_h = self.seen_h.get(rule, 0)
        return self.cpu_s[rule] * YEAR_H / seen_h if seen_h else float("nan")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the rules said of a set: tickets and scores by meter, counts by rule.

    cpu_s: processor time of all of it but the import: reading, judging, deciding, hour by hour [s].
    """

    tickets: Mapping[str, Sequence[Told]]
    scores: Mapping[str, tuple[Seconds, Floats]]
    counts: Sequence[RuleCount]
    cost: Cost
    cpu_s: float

    @property
    def meter_years(self) -> float:
        """Hours of all meters, as years."""
        return self.cost.seen_h.get(NO_DATA.id, 0) / YEAR_H  # the rule that looks at every meter

    @property
    def number_of_tickets(self) -> int:
        """Tickets of all meters."""
        return sum(len(each) for each in self.tickets.values())


@contextmanager
def in_store(folder: Path) -> Iterator[Stores]:
    """A set in stores of its own. Raises Refused where it cannot be read."""
    with folder_in_store(folder) as (opened, _):
        yield opened


def replay(opened: Stores, rules: Sequence[Rule] = RULES) -> Replayed:
    """All of the stored past before the rules."""
    cost, began_s = Cost(), time.process_time()
    result = backtesting.backtest(opened.engine, opened.series, rules=[_timed(rule, cost) for rule in rules])
    cpu_s = time.process_time() - began_s
    tickets: dict[str, list[Told]] = {}
    for each in result.tickets:
        told = Told(each.rule, each.first_abnormal_s, each.last_abnormal_s, each.opened_s, each.cleared_s)
        tickets.setdefault(each.meter, []).append(told)
    scores = {each.meter: (each.start_s, each.score) for each in result.scores}
    return Replayed(tickets, scores, result.counts, cost, cpu_s)


def _timed(rule: Rule, cost: Cost) -> Rule:
    detector: Callable[[Case, Any], Judgement] = rule.detector

    def judge(case: Case, parameters: Any) -> Judgement:
        began_s = time.process_time()
        said = detector(case, parameters)
        cost.cpu_s[rule.id] = cost.cpu_s.get(rule.id, 0.0) + time.process_time() - began_s
        cost.seen_h[rule.id] = cost.seen_h.get(rule.id, 0) + len(case.hours)
        if not isinstance(said, NotJudged):
            cost.judged_h[rule.id] = cost.judged_h.get(rule.id, 0) + len(case.hours)
        return said

    return replace(rule, detector=judge)
