"""What a rule is: who looks, by which numbers, at which meters, and what a ticket of it tells people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from rules.detectors.case import Case
from rules.detectors.learnt import Warm
from rules.detectors.verdicts import Judgement, MeterHours

HISTORY_DAYS = 120
"""How far back the hours must reach so that every rule says the same as with all of the past, but for those that say
so themselves [days]."""


class Need(StrEnum):
    """What a rule has to be given beside the hours of its meter and their days."""

    WEATHER = "weather"  # how cold it was, how much the sun shone
    FINE = "fine"  # the newest quarter-hours
    LEDGER = "ledger"  # what the ledger set aside
    EXCHANGES = "exchanges"  # when the meter or its device was exchanged
    FACTS = "facts"  # contracted power, place, care zone, works
    PARTS = "parts"  # the meters behind it
    ALIKE = "alike"  # other meters of its kind at the site
    LOAD = "load"  # electricity meters of the site
    OPPOSITE = "opposite"  # cooling beside heating, heating beside cooling
    ROOMS = "rooms"  # temperatures of rooms of its buildings


@dataclass(frozen=True, slots=True)
class Says:
    """A sentence and where its numbers stand: placeholder -> name of the finding's number, after `|` how to write it.

    A name may contain `{unit}`, the unit of the meter in small letters. `|hours` writes hours as a duration, anything
    else is a pattern of Babel's; without one it is "#,##0.##". also: numbers that were worked out for the sentence.
    """

    template: str
    shows: Mapping[str, str]
    also: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. detector, parameters: what looks, by which numbers. normal_in_a_row: so many normal verdicts end it.

    says: the sentence for a finding's numbers. needs: what the detector has to be given. history_days: how far back it
    has to look [days]. hard: whether it need not wait for an hour to be over. warm: how it looks at the newest hours
    only; None = it judges whole days, at night.
    """

    id: str
    cause: str
    carriers: frozenset[Carrier]
    detector: Callable[[Case, Any], Judgement]
    parameters: Any
    normal_in_a_row: int
    urgency: Urgency
    skill: Skill
    title: str
    first_checks: tuple[str, ...]
    says: Callable[[Mapping[str, float]], Says]
    needs: frozenset[Need] = frozenset()
    history_days: int = HISTORY_DAYS
    hard: bool = False
    warm: Warm | None = None

    def judge(self, case: Case) -> Judgement:
        """What the detector says of a meter."""
        return self.detector(case, self.parameters)


def of_hours(judge: Callable[[MeterHours, Any], Judgement]) -> Callable[[Case, Any], Judgement]:
    """A detector that needs a meter's hours only."""
    return lambda case, parameters: judge(case.hours, parameters)


def always(template: str, **shows: str) -> Callable[[Mapping[str, float]], Says]:
    """One sentence, whatever the numbers are.

    >>> always("{days} days", days="days|0")({}).shows
    {'days': 'days|0'}
    """
    said = Says(template, shows)
    return lambda _numbers: said
