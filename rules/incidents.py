"""From verdicts to ticket changes. No input or output: the caller loads, this decides, the store applies.

The life of a ticket, as far as the meter has a say (what people may do stands in `plagewatch.tickets.states`):

- abnormal, no living ticket: **Open**, if the score opens one and the verdict is newer than the last ticket of the key;
- abnormal, living ticket: **Touch** - one living ticket per meter and cause, however often it is found; one that was
  cleared meanwhile needs the score that opens one to be carried on;
- abnormal again within a day of a ticket that faded: **Reopen** it - neighbours are one ticket;
- abnormal again days after a ticket's last abnormal hour, and nobody has taken that up: **Fade** it and **Open** one;
- normal long enough, nobody has taken it up: **Fade**. It is over; the history keeps it;
- normal long enough, somebody works on it: **Clear**. The state is theirs, the page says the meter is normal again;
- normal long enough, a person said "mended": **Verify**;
- abnormal after a person said "mended" and a grace: **Reopen**.

"Normal long enough" is a number of normal verdicts in a row, so that neighbours within that time are one ticket. A
meter that tells nothing is neither: its ticket waits. A dead logger comes before all else that is found at its meters:
as long as it is silent nothing is opened for them, and what lives goes on.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from plagewatch.tickets.findings import Finding
from plagewatch.tickets.states import LIVING, State, Ticket
from plagewatch.tickets.worth import carried_on

OPENS = 1.0
"""The score that opens a ticket; every detector scales its score to it."""
GRACE_S = 12 * 3600
"""How long after "mended" a meter may still look abnormal: it is often noted before the work is done [s]."""

NEIGHBOURS_S = 24 * 3600
"""What begins so soon after the last abnormal hour of a ticket that faded is the same incident [s]."""

LONG_AGO_S = 3 * 86_400
"""A ticket that nobody took up makes room for a new one if it was abnormal so long before that began [s]."""

SILENCES = frozenset({"no_data", "device_silent"})
"""Causes of a meter or a device that tells nothing."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Normal:
    """A rule judged a meter normal, `in_a_row` times up to seen_s; `enough` of them end a ticket."""

    meter: str
    cause: str
    seen_s: int
    in_a_row: int
    enough: int

    @property
    def key(self) -> Key:
        """The key of the ticket it speaks to."""
        return self.meter, self.cause


@dataclass(frozen=True, slots=True)
class Open:
    """Open a ticket for a finding."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Touch:
    """Carry a living ticket on; the finding brings the worst score so far and the numbers that explain it."""

    ticket: Ticket
    finding: Finding


@dataclass(frozen=True, slots=True)
class Clear:
    """The meter is normal again; the ticket stays in the state its person gave it."""

    ticket: Ticket
    cleared_s: int


@dataclass(frozen=True, slots=True)
class Fade:
    """The meter is normal again and nobody had taken the ticket up: over."""

    ticket: Ticket
    cleared_s: int


@dataclass(frozen=True, slots=True)
class Verify:
    """The meter agrees with the person who said "mended": over."""

    ticket: Ticket
    cleared_s: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """The meter does not agree: work to do again."""

    ticket: Ticket
    finding: Finding


Change = Open | Touch | Clear | Fade | Verify | Reopen


def decide(
    verdicts: Iterable[Finding | Normal],
    tickets: Mapping[Key, Ticket],
    now_s: int,
    silent: Collection[str] = frozenset(),
) -> list[Change]:
    """What changes on account of these verdicts, one per key, at the moment now_s.

    tickets: by key, the living ticket, else the newest one that is over: what is not newer than it is old news, so that
        looking at the same hours again changes nothing.
    now_s: when this is decided, seconds since 1970 UTC; a ticket is opened at that moment, later than its verdict where
        the readings came late.
    silent: meters whose device is known to be dead at this moment. Only what speaks of the silence opens a ticket
        there.
    """
    changes: list[Change] = []
    for verdict in verdicts:
        if isinstance(verdict, Finding):
            ticket = tickets.get((verdict.meter, verdict.cause))
            if ticket is not None and _makes_room(ticket, verdict):
                changes.append(Fade(ticket, max(verdict.seen_s, ticket.opened_s)))
                ticket = None
            muted = verdict.meter in silent and verdict.cause not in SILENCES
            change = _on_finding(verdict, ticket, now_s, muted=muted)
        else:
            change = _on_normal(verdict, tickets.get(verdict.key), now_s)
        if change is not None:
            changes.append(change)
    return changes


def _makes_room(ticket: Ticket, finding: Finding) -> bool:
    long_ago = finding.first_abnormal_s - ticket.last_abnormal_s >= LONG_AGO_S
    return long_ago and ticket.state is State.OPEN and finding.score >= OPENS


def _on_finding(finding: Finding, ticket: Ticket | None, now_s: int, *, muted: bool) -> Change | None:
    opens = finding.score >= OPENS and not muted
    if ticket is None or ticket.state not in LIVING:
        if not opens or not _news(finding, ticket):
            return None
        if ticket is not None and _is_neighbour(finding, ticket):
            return Reopen(ticket, replace(_worst(finding, ticket), seen_s=now_s))
        return Open(replace(finding, seen_s=now_s))
    if not _news(finding, ticket) or (ticket.cleared_s is not None and not opens):
        return None
    if ticket.state is State.RESOLVED and opens and finding.last_abnormal_s >= (ticket.resolved_s or 0) + GRACE_S:
        return Reopen(ticket, _worst(finding, ticket))
    return Touch(ticket, _worst(finding, ticket))


def _is_neighbour(finding: Finding, ticket: Ticket) -> bool:
    return ticket.state is State.FADED and finding.first_abnormal_s - ticket.last_abnormal_s <= NEIGHBOURS_S


def _news(finding: Finding, ticket: Ticket | None) -> bool:
    if ticket is None:
        return True
    cleared = ticket.cleared_s is not None and finding.seen_s <= ticket.cleared_s
    return finding.last_abnormal_s > ticket.last_abnormal_s and not cleared


def _worst(finding: Finding, ticket: Ticket) -> Finding:
    so_far = carried_on(ticket, finding)
    if finding.score >= ticket.score:
        return replace(finding, numbers={**finding.numbers, **so_far})
    return replace(finding, score=ticket.score, numbers={**ticket.numbers, **so_far})


def _on_normal(normal: Normal, ticket: Ticket | None, now_s: int) -> Change | None:
    if ticket is None or ticket.state not in LIVING or normal.in_a_row < normal.enough:
        return None
    if normal.seen_s <= ticket.last_abnormal_s:
        return None
    cleared_s = ticket.cleared_s or max(normal.seen_s, ticket.opened_s)
    if ticket.state is State.RESOLVED:
        return Verify(ticket, cleared_s)
    if ticket.cleared_s is not None:
        return None
    return Fade(ticket, cleared_s) if ticket.state is State.OPEN else Clear(ticket, cleared_s)
