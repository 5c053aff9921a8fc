"""What pages and programs ask of a rule: how it stands, how it has done, and what it would have said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from api.context import AppContext
from api.entries import by, tidy
from api.problems import not_found
from api.registry import Registry
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Building
from plagewatch.store.records import rule_modes
from plagewatch.store.records import tickets as records
from plagewatch.tickets.modes import Label, Mode, RuleMode, RuleRecord, RuleWords, mode_at, moved, record_of
from plagewatch.tickets.states import State, Ticket
from rules.backtest import Trial, tell_again, trials

HOUR_S = 3600


def told_rule(context: AppContext, rule_id: str, language: str, advice: str) -> RuleWords:
    """A rule that a request names. Raises Problem (404)."""
    told = {one.id: one for one in context.rules(language)}
    if rule_id not in told:
        raise not_found("rule", rule_id[:80], "path: rule_id", advice)
    return told[rule_id]


@dataclass(frozen=True, slots=True)
class Standing:
    """How rules stand and have done at one moment, read once for all of them."""

    history: Sequence[RuleMode]
    labels: Mapping[int, Label]
    tickets: Sequence[Ticket]
    now_ms: int

    @classmethod
    def read(cls, context: AppContext) -> Self:
        """As it is in the records now."""
        engine = context.engine
        labels = {said.ticket: said.label for said in rule_modes.labels(engine)}
        return cls(rule_modes.history(engine), labels, records.tickets(engine), context.now_s() * 1000)

    def mode(self, rule_id: str) -> RuleMode:
        """How a rule stands."""
        return mode_at(self.history, rule_id, self.now_ms)

    def record(self, rule_id: str) -> RuleRecord:
        """How it has done."""
        return record_of(rule_id, self.tickets, self.labels, self.history, self.now_ms)

    def numbers(self, told: RuleWords) -> dict[str, float]:
        """The numbers by which a rule looks now, all of them."""
        usual = told.parameters
        return {**usual, **{name: value for name, value in self.mode(told.id).parameters.items() if name in usual}}


def decide(
    context: AppContext, told: RuleWords, mode: Mode, said: tuple[str, str], numbers: Mapping[str, float] | None
) -> RuleMode:
    """Keep what a person decides of a rule, from now on; said: who and why. numbers: None = as they are.

    Raises EditRefused where a number cannot be that, and then where nobody of that id is in the registry.
    """
    who, note = said
    wanted = None if numbers is None else moved(told.numbers, numbers)
    at_ms = by(context, who).at_ms
    before = mode_at(rule_modes.history(context.engine, told.id), told.id, at_ms)
    parameters = before.parameters if wanted is None else wanted
    decided = RuleMode(told.id, mode, parameters, who, at_ms, tidy(note))
    rule_modes.decide(context.engine, decided)
    if mode is Mode.OFF:
        _end_open(context, told.id, who)
    return decided


def _end_open(context: AppContext, rule_id: str, who: str) -> None:
    # Nothing looks at these meters for this rule any more: what nobody has taken up would stay open for ever.
    now_s = context.now_s()
    for ticket in records.tickets(context.engine, living_only=True):
        if ticket.rule == rule_id and ticket.state is State.OPEN:
            records.move(context.engine, ticket.id, State.OPEN, State.FADED, who=who, at_s=now_s, cleared_s=now_s)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a rule would have said of a building in the last twelve months: as it stands, and with moved numbers.

    span_s: (from, to], seconds since 1970 UTC. standing, numbers: those of each that differ from the catalogue's.
    lines: every ticket of either, newest first, with whether each of the two tells it. labelled: tickets of that time
    on which people said something, with what they said and whether each of the two tells them too.
    """

    building: Building
    span_s: tuple[int, int]
    standing: Mapping[str, float]
    numbers: Mapping[str, float]
    now: Trial
    then: Trial
    lines: Sequence[tuple[Ticket, bool, bool]]
    labelled: Sequence[tuple[Ticket, Label, bool, bool]]
    tz: str

    @property
    def is_moved(self) -> bool:
        """Whether the two differ in their numbers."""
        return self.now is not self.then


def count(
    context: AppContext, registry: Registry, told: RuleWords, building: Building, numbers: Mapping[str, float]
) -> Counted:
    """The live rule over the last twelve months of a building's meters. Raises EditRefused, SeriesError."""
    standing = Standing.read(context)
    usual = told.parameters
    now = {name: value for name, value in standing.numbers(told).items() if value != usual[name]}
    then = moved(told.numbers, numbers)
    tz, meters = registry.sites[building.site].timezone, {meter.id for meter, _ in registry.meters_of(building.id)}
    to_s = context.now_s() // HOUR_S * HOUR_S
    span_s = day_start_s(_year_before(local_day(to_s, tz)), tz), to_s
    sets = [now] if now == then else [now, then]
    said = trials((context.engine, context.series), meters, told.id, sets, span_s)
    past = [
        ticket
        for ticket in standing.tickets
        if ticket.rule == told.id
        and ticket.meter in meters
        and span_s[0] < ticket.opened_s
        and ticket.id in standing.labels
    ]
    again = tell_again(past, said[0]), tell_again(past, said[-1])
    labelled = [(one, standing.labels[one.id], one.id in again[0], one.id in again[1]) for one in past]
    return Counted(building, span_s, now, then, said[0], said[-1], _lines(said[0], said[-1]), labelled, tz)


def _lines(now: Trial, then: Trial) -> list[tuple[Ticket, bool, bool]]:
    kept, still = tell_again(now.tickets, then), tell_again(then.tickets, now)
    lines = [(ticket, True, ticket.id in kept) for ticket in now.tickets]
    lines += [(ticket, False, True) for ticket in then.tickets if ticket.id not in still]
    return sorted(lines, key=lambda line: (-line[0].opened_s, line[0].meter))


def _year_before(day: date) -> date:
    """The same day a year before; the 28th for the 29th of February.

    >>> _year_before(date(2028, 2, 29))
    datetime.date(2027, 2, 28)
    """
    return (day - timedelta(days=1) if (day.month, day.day) == (2, 29) else day).replace(year=day.year - 1)
