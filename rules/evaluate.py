"""The live rules: looks at every meter up to a moment and keeps the tickets in step with the verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from plagewatch.store.engine import Engine
from plagewatch.store.records import tickets, work
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.states import LIVING, State, Ticket
from rules.catalogue import HISTORY_DAYS, rule
from rules.detectors.verdicts import HOUR_S
from rules.incidents import Change, Clear, Fade, Key, Open, Reopen, Touch, Verify
from rules.tracks import Progress, judge_all
from rules.walk import walk

JOB = "rules"
DAY_S = 86_400
LATE_S = 2 * DAY_S
"""Readings this late are still looked at by the live rules [s]."""
SETTLE_S = 300
"""An hour's last readings get this long to arrive before it is looked at [s]."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What one run did. from_s, to_s: the ticks looked at are those in (from_s, to_s]."""

    from_s: int
    to_s: int
    tracks: int
    changes: int
    not_judged: int


def looked_upto_s(engine: Engine) -> int | None:
    """The last tick the rules have looked at, seconds since 1970 UTC; None where they never ran."""
    return work.mark(engine, JOB)


def evaluate_due(engine: Engine, series: SeriesStore, now_s: int) -> EvaluationReport | None:
    """Look at the hours that are over now, and again at those before them, whose readings may have come late.

    None where no hour has ended since the last time. The first time it looks back as far as readings may be late.
    """
    to_s = (now_s - SETTLE_S) // HOUR_S * HOUR_S
    looked_s = looked_upto_s(engine)
    if looked_s is not None and to_s <= looked_s:
        return None
    return evaluate(engine, series, (looked_s or to_s) - LATE_S, to_s)


def evaluate(
    engine: Engine, series: SeriesStore, from_s: int, to_s: int, progress: Progress | None = None
) -> EvaluationReport:
    """Look at every full hour in (from_s, to_s], in order, as it was known then; tickets follow.

    The same span again changes nothing; several workers may run at once. Raises SeriesError where the store does not
    answer; what was applied until then stays, and the mark with it.
    """
    to_s -= to_s % HOUR_S
    looked_s = looked_upto_s(engine) or 0
    judged = judge_all(engine, series, (from_s - HISTORY_DAYS * DAY_S, to_s), progress)
    book = RecordsBook(engine)
    # A tick that was looked at before is news only through late readings: its ticket is opened when that is found.
    changes = walk(judged.tracks, (from_s, to_s), book, lambda tick: max(tick, min(looked_s, to_s)))
    if to_s > looked_s:
        work.set_mark(engine, JOB, to_s)
    return EvaluationReport(from_s, to_s, len(judged.tracks), changes, len(judged.not_judged))


@dataclass(slots=True)
class RecordsBook:
    """Tickets in the records, read once and kept in step with what this run writes."""

    engine: Engine
    _latest: dict[Key, Ticket] = field(init=False, default_factory=dict)
    _living: dict[Key, None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for ticket in reversed(tickets.tickets(self.engine)):
            self._keep(ticket)

    def latest(self, key: Key) -> Ticket | None:
        """The living ticket of a key, else the newest one that is over."""
        return self._latest.get(key)

    def living(self) -> Iterable[Key]:
        """Keys of all living tickets."""
        return tuple(self._living)

    def apply(self, change: Change) -> None:
        """Write a change; where another worker or a person was first, take over what stands there."""
        match change:
            case Open(finding):
                # Another worker may have opened such a ticket, and even ended it, since it was read here.
                self._read(finding.meter)
                known = self.latest((finding.meter, finding.cause))
                if known is not None and known.last_abnormal_s >= finding.last_abnormal_s:
                    return
                found = rule(finding.rule)
                tickets.open_ticket_if_first(self.engine, finding, found.urgency, found.skill)
                self._read(finding.meter)
                return
            case Touch(ticket, finding):
                tickets.touch(self.engine, ticket.id, finding)
            case Clear(ticket, cleared_s):
                tickets.clear(self.engine, ticket.id, cleared_s)
            case Fade(ticket, cleared_s):
                self._end(ticket, State.FADED, cleared_s)
            case Verify(ticket, cleared_s):
                self._end(ticket, State.VERIFIED, cleared_s)
            case Reopen(ticket, finding):
                moved = tickets.move(self.engine, ticket.id, ticket.state, State.OPEN, who="meter", at_s=finding.seen_s)
                if moved:
                    tickets.touch(self.engine, ticket.id, finding)
        self._read(change.ticket.meter)

    def _end(self, ticket: Ticket, state: State, cleared_s: int) -> None:
        tickets.move(self.engine, ticket.id, ticket.state, state, who="meter", at_s=cleared_s, cleared_s=cleared_s)

    def _read(self, meter: str) -> None:
        for ticket in reversed(tickets.tickets(self.engine, meter=meter)):
            self._keep(ticket)

    def _keep(self, ticket: Ticket) -> None:
        before = self._latest.get(ticket.key)
        if before is not None and before.id > ticket.id:
            return
        if ticket.state is State.RESOLVED:
            ticket = replace(ticket, resolved_s=tickets.resolved_s(self.engine, ticket.id))
        self._latest[ticket.key] = ticket
        if ticket.state in LIVING:
            self._living[ticket.key] = None
        else:
            self._living.pop(ticket.key, None)
