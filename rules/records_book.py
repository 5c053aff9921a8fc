"""The tickets in the records, as the live rules see and change them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from plagewatch.store.engine import Engine
from plagewatch.store.records import tickets
from plagewatch.tickets.states import LIVING, State, Ticket
from rules.catalogue import rule
from rules.incidents import Change, Clear, Fade, Key, Open, Reopen, Touch, Verify


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
