"""The live rules: looks at every meter up to a moment and keeps the tickets in step with the verdicts.

Meters are looked at unit by unit (`Estate.units`): workers share the units among them, and one whose data raise an
error keeps no other waiting.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from plagewatch.store.engine import RECORDS_AWAY, Engine
from plagewatch.store.records import evaluations, tickets
from plagewatch.store.series.protocol import SeriesError, SeriesStore
from plagewatch.tickets.states import LIVING, State, Ticket
from rules.catalogue import rule
from rules.detectors.verdicts import HOUR_S
from rules.estate import Estate
from rules.incidents import Change, Clear, Fade, Key, Open, Reopen, Touch, Verify
from rules.tracks import Progress, judge_all
from rules.walk import walk

log = structlog.get_logger()

DAY_S = 86_400
LATE_S = 2 * DAY_S
"""Readings this late are still looked at by the live rules [s]."""
SETTLE_S = 300
"""An hour's last readings get this long to arrive before it is looked at [s]."""
TOGETHER = 20
"""So many units a worker has at once: few enough to share, enough not to ask for each."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What one run did. from_s, to_s: the ticks looked at are those in (from_s, to_s].

    units: how many were looked at here. failed: units that could not be, and why; they stay due.
    """

    from_s: int
    to_s: int
    tracks: int = 0
    changes: int = 0
    not_judged: int = 0
    units: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)

    def and_also(self, other: "EvaluationReport") -> "EvaluationReport":
        """Both runs as one."""
        return EvaluationReport(
            min(self.from_s, other.from_s),
            max(self.to_s, other.to_s),
            self.tracks + other.tracks,
            self.changes + other.changes,
            self.not_judged + other.not_judged,
            self.units + other.units,
            {**self.failed, **other.failed},
        )


def looked_upto_s(engine: Engine) -> int | None:
    """The tick up to which the rules have looked at everything, seconds since 1970 UTC; None where they have not."""
    return evaluations.looked_upto_s(engine)


def evaluate_due(engine: Engine, series: SeriesStore, now_s: int) -> EvaluationReport | None:
    """Look at the hours that are over now, and again at those before them, whose readings may have come late.

    None where nothing is due. Several workers may do so at once: each takes units that no other has. The first time it
    looks back as far as readings may be late. Raises SeriesError where the series store does not answer now: what was
    done until then stays.
    """
    to_s = (now_s - SETTLE_S) // HOUR_S * HOUR_S
    if not evaluations.any_due(engine, to_s):
        return None
    estate = Estate.read(engine)
    units = estate.units()
    evaluations.enrol(engine, units.keys())
    report, last = EvaluationReport(to_s, to_s), ""
    while True:
        # Each once: a unit that fails is due again at the next run, and one that another worker has is theirs.
        with evaluations.lease(engine, to_s, last, TOGETHER) as leased:
            if not leased.looked_s:
                return report
            last = max(leased.looked_s)
            mine = {unit: part for unit in leased.looked_s if (part := units.get(unit)) is not None}
            book = RecordsBook(engine, [meter.id for part in mine.values() for meter in part.meters])
            for unit, part in mine.items():
                looked_s = leased.looked_s[unit]
                look = _Look((looked_s or to_s) - LATE_S, to_s, looked_s or 0)
                said = look.tried(unit, series, part, book)
                report = report.and_also(said)
                if not said.failed:
                    leased.done.append(unit)


def evaluate(
    engine: Engine, series: SeriesStore, from_s: int, to_s: int, progress: Progress | None = None
) -> EvaluationReport:
    """Look at every full hour in (from_s, to_s], in order, as it was known then; tickets follow.

    The same span again changes nothing, whoever else looks at the same time. Raises SeriesError where the store does
    not answer; what was applied until then stays, and the marks with it.
    """
    to_s -= to_s % HOUR_S
    estate = Estate.read(engine)
    units = estate.units()
    evaluations.enrol(engine, units.keys())
    looked_s = evaluations.looked_s(engine)
    book = RecordsBook(engine, [meter.id for meter in estate.meters])
    report, judged = EvaluationReport(from_s, to_s), 0
    for unit, part in units.items():
        look = _Look(from_s, to_s, looked_s.get(unit) or 0)
        report = report.and_also(look.at(series, part, book))
        evaluations.set_looked(engine, [unit], to_s)
        judged += len(part.meters)
        if progress is not None and part.meters:
            progress(f"rules: {judged} of {len(estate.meters)} meters judged")
    return report


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the ticks in (from_s, to_s]. looked_s: the last one that was looked at before."""

    from_s: int
    to_s: int
    looked_s: int

    def at(self, series: SeriesStore, part: Estate, book: "RecordsBook") -> EvaluationReport:
        """Judge the meters of a unit and let the tickets follow."""
        judged = judge_all(series, part, (self.from_s, self.to_s), None)
        known_s = min(self.looked_s, self.to_s)
        # A tick that was looked at before is news only through late readings: its ticket is opened when that is found.
        changes = walk(judged.tracks, (self.from_s, self.to_s), book, lambda tick: max(tick, known_s))
        return EvaluationReport(self.from_s, self.to_s, len(judged.tracks), changes, len(judged.not_judged), 1)

    def tried(self, unit: str, series: SeriesStore, part: Estate, book: "RecordsBook") -> EvaluationReport:
        """The same; where the data of this unit are at fault, told and left for the next run."""
        try:
            return self.at(series, part, book)
        except RECORDS_AWAY:
            raise
        except Exception as error:
            if isinstance(error, SeriesError) and error.retryable:
                raise
            log.error("the rules cannot judge a site", site=unit, error=str(error), exc_info=True)
            return EvaluationReport(self.from_s, self.to_s, failed={unit: f"{type(error).__name__}: {error}"})


@dataclass(slots=True)
class RecordsBook:
    """Tickets of some meters in the records, read once and kept in step with what this run writes."""

    engine: Engine
    meters: Collection[str]
    _latest: dict[Key, Ticket] = field(init=False, default_factory=dict)
    _living: dict[Key, None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for ticket in tickets.of_meters(self.engine, self.meters):
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
