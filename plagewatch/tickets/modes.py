"""What people decide of a rule: whether it tells, only counts, or rests; and what they say of its tickets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plagewatch.tickets.states import LIVING, Ticket


class Mode(StrEnum):
    """What a rule does with what it finds."""

    ON = "on"
    SHADOW = "shadow"  # it opens tickets that are counted and that nobody is told of
    OFF = "off"


class Label(StrEnum):
    """What a person who looked says of a ticket."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True)
class RuleMode:
    """How a rule stands from a moment on, milliseconds since 1970 UTC, until the next of the same rule.

    parameters: those of its detector that differ from the catalogue's, by name. who: a person's id.
    """

    rule: str
    mode: Mode
    parameters: Mapping[str, float] = field(default_factory=dict)
    who: str = ""
    at_ms: int = 0
    note: str = ""


def mode_at(history: Iterable[RuleMode], rule: str, at_ms: int) -> RuleMode:
    """How a rule stood at a moment; on, as the catalogue has it, where nobody has said anything yet.

    >>> tried = RuleMode("night_water", Mode.SHADOW, at_ms=1000)
    >>> [mode_at([tried], "night_water", at_ms).mode.value for at_ms in (999, 1000)]
    ['on', 'shadow']
    """
    said = [one for one in history if one.rule == rule and one.at_ms <= at_ms]
    return max(said, key=lambda one: one.at_ms, default=RuleMode(rule, Mode.ON))


def in_shadow(ticket: Ticket, history: Iterable[RuleMode], now_ms: int) -> bool:
    """Whether nobody is told of a ticket: its rule only counts now or, once it is over, did when it was opened."""
    at_ms = now_ms if ticket.state in LIVING else ticket.opened_s * 1000
    return mode_at(history, ticket.rule, at_ms).mode is Mode.SHADOW


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule as people are shown it: its title in their language and its numbers as the catalogue has them."""

    id: str
    title: str
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """How a rule has done: all its tickets, those a person called real or a false alarm, those that live.

    shadow: those nobody was told of. They are counted in the others too.
    """

    tickets: int = 0
    real: int = 0
    false_alarm: int = 0
    living: int = 0
    shadow: int = 0

    @property
    def precision(self) -> float:
        """Part of the labelled tickets that were real, 0...1; NaN where none is labelled.

        >>> RuleRecord(tickets=9, real=3, false_alarm=1).precision
        0.75
        """
        labelled = self.real + self.false_alarm
        return self.real / labelled if labelled else float("nan")


def record_of(
    rule: str, tickets: Iterable[Ticket], labels: Mapping[int, Label], history: Iterable[RuleMode], now_ms: int
) -> RuleRecord:
    """Counts over all tickets of a rule. labels: the newest word on each ticket, by its number."""
    mine, said = [ticket for ticket in tickets if ticket.rule == rule], list(history)
    return RuleRecord(
        len(mine),
        sum(labels.get(ticket.id) is Label.REAL for ticket in mine),
        sum(labels.get(ticket.id) is Label.FALSE_ALARM for ticket in mine),
        sum(ticket.state in LIVING for ticket in mine),
        sum(in_shadow(ticket, said, now_ms) for ticket in mine),
    )
