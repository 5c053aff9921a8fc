"""Tickets and their history in the records."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, case, func, insert, select
from sqlalchemy.exc import IntegrityError

from plagewatch.store import tables
from plagewatch.store.records import rule_modes
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.modes import in_shadow
from plagewatch.tickets.states import LIVING, State, Ticket

MOST_IN_LIST = 500  # a statement holds only so many parameters


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One step in a ticket's life: who, when, to which state, and what was noted."""

    at_s: int
    who: str
    state: State
    note: str


def tickets(
    engine: Engine, now_s: int | None = None, *, living_only: bool = False, meter: str | None = None
) -> list[Ticket]:
    """Tickets, newest first.

    now_s: those of rules that only count are left out, by how each rule stands then, seconds since 1970 UTC; None =
    nothing is left out.
    """
    query = select(tables.ticket).order_by(tables.ticket.c.opened_s.desc(), tables.ticket.c.id.desc())
    if living_only:
        query = query.where(tables.ticket.c.living_key.is_not(None))
    if meter is not None:
        query = query.where(tables.ticket.c.meter == meter)
    with engine.connect() as connection:
        found = [_build(row) for row in connection.execute(query).mappings()]
    if now_s is None:
        return found
    said = rule_modes.history(engine)
    return [ticket for ticket in found if not in_shadow(ticket, said, now_s * 1000)] if said else found


def of_meters(engine: Engine, meters: Collection[str]) -> list[Ticket]:
    """All tickets of some meters, oldest first."""
    table, names, found = tables.ticket, list(meters), list[Ticket]()
    with engine.connect() as connection:
        for first in range(0, len(names), MOST_IN_LIST):
            query = select(table).where(table.c.meter.in_(names[first : first + MOST_IN_LIST]))
            found += [_build(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda ticket: (ticket.opened_s, ticket.id))


def numbered(engine: Engine, numbers: Collection[int]) -> list[Ticket]:
    """The tickets of these numbers that there are."""
    table, wanted, found = tables.ticket, list(numbers), list[Ticket]()
    with engine.connect() as connection:
        for first in range(0, len(wanted), MOST_IN_LIST):
            query = select(table).where(table.c.id.in_(wanted[first : first + MOST_IN_LIST]))
            found += [_build(row) for row in connection.execute(query).mappings()]
    return found


def ticket(engine: Engine, ticket_id: int) -> Ticket | None:
    """One ticket, or None where there is none of that number."""
    with engine.connect() as connection:
        row = connection.execute(select(tables.ticket).where(tables.ticket.c.id == ticket_id)).mappings().first()
    return _build(row) if row else None


def events(engine: Engine, ticket_id: int) -> list[TicketEvent]:
    """The history of a ticket, oldest first."""
    table = tables.ticket_event
    query = select(table).where(table.c.ticket == ticket_id).order_by(table.c.id)
    with engine.connect() as connection:
        return [TicketEvent(r.at_s, r.who, State(r.state), r.note) for r in connection.execute(query)]


def openings(engine: Engine) -> dict[int, int]:
    """How often each ticket that stands as open must be told: when it was opened, and each time a repair did not help.

    One that had faded and came back is the same news. By number, in one query.
    """
    event, ticket = tables.ticket_event, tables.ticket
    counted = case((event.c.state == State.OPEN.value, 1), (event.c.state == State.FADED.value, -1), else_=0)
    query = select(event.c.ticket, func.sum(counted)).join(ticket, ticket.c.id == event.c.ticket)
    query = query.where(ticket.c.state == State.OPEN.value).group_by(event.c.ticket)
    with engine.connect() as connection:
        return {number: int(count) for number, count in connection.execute(query)}


def open_ticket(engine: Engine, finding: Finding, urgency: Urgency, skill: Skill) -> int:
    """Open a ticket for a finding and return its number.

    Raises sqlalchemy.exc.IntegrityError where a living ticket has the same meter and cause: another worker was first.
    """
    values = {
        "meter": finding.meter,
        "rule": finding.rule,
        "cause": finding.cause,
        "state": State.OPEN.value,
        "urgency": urgency.value,
        "skill": skill.value,
        "first_abnormal_s": finding.first_abnormal_s,
        "last_abnormal_s": finding.last_abnormal_s,
        "opened_s": finding.seen_s,
        "score": finding.score,
        "numbers": dict(finding.numbers),
        "living_key": f"{finding.meter}|{finding.cause}",
    }
    with engine.begin() as connection:
        number = int(connection.execute(insert(tables.ticket).values(values)).inserted_primary_key[0])  # type: ignore[index]
        event = {"ticket": number, "at_s": finding.seen_s, "who": "meter", "state": State.OPEN.value, "note": ""}
        connection.execute(insert(tables.ticket_event).values(event))
    return number


def open_ticket_if_first(engine: Engine, finding: Finding, urgency: Urgency, skill: Skill) -> int | None:
    """Open a ticket and return its number; None where another worker was first with the same meter and cause.

    Raises sqlalchemy.exc.IntegrityError where the meter is not in the registry.
    """
    try:
        return open_ticket(engine, finding, urgency, skill)
    except IntegrityError:
        if any(living.cause == finding.cause for living in tickets(engine, living_only=True, meter=finding.meter)):
            return None
        raise


def clear(engine: Engine, ticket_id: int, cleared_s: int) -> None:
    """Note that the meter is back to normal; the state stays as its person left it."""
    _change_living(engine, ticket_id, {"cleared_s": cleared_s})


def resolved_s(engine: Engine, ticket_id: int) -> int | None:
    """When somebody last said that the cause is mended [s]; None where nobody did."""
    said = [event.at_s for event in events(engine, ticket_id) if event.state is State.RESOLVED]
    return said[-1] if said else None


def touch(engine: Engine, ticket_id: int, finding: Finding) -> None:
    """Carry a living ticket on with what was found since."""
    changes = {
        "last_abnormal_s": finding.last_abnormal_s,
        "score": finding.score,
        "numbers": dict(finding.numbers),
        "cleared_s": None,
    }
    _change_living(engine, ticket_id, changes)


def _change_living(engine: Engine, ticket_id: int, changes: dict[str, Any]) -> None:
    # What another worker has ended meanwhile stays as it was ended.
    living = tables.ticket.c.living_key.is_not(None)
    with engine.begin() as connection:
        connection.execute(tables.ticket.update().where(tables.ticket.c.id == ticket_id, living).values(changes))


def move(
    engine: Engine,
    ticket_id: int,
    was: State,
    becomes: State,
    *,
    who: str,
    at_s: int,
    note: str = "",
    cleared_s: int | None = None,
    assigned_to: str | None = None,
) -> bool:
    """Take a ticket from one state to the next and write the event.

    False where it was no longer in `was`, or where it would live again beside another of its meter and cause.
    """
    changes: dict[str, Any] = {"state": becomes.value}
    if becomes not in LIVING:
        changes["living_key"] = None
    elif was not in LIVING:
        changes["living_key"] = tables.ticket.c.meter + "|" + tables.ticket.c.cause
    if cleared_s is not None:
        changes["cleared_s"] = cleared_s
    if assigned_to is not None:
        changes["assigned_to"] = assigned_to
    table = tables.ticket
    with suppress(IntegrityError), engine.begin() as connection:
        guarded = table.update().where(table.c.id == ticket_id, table.c.state == was.value).values(changes)
        if connection.execute(guarded).rowcount != 1:
            return False
        event = {"ticket": ticket_id, "at_s": at_s, "who": who, "state": becomes.value, "note": note}
        connection.execute(insert(tables.ticket_event).values(event))
        return True
    return False


def _build(row: RowMapping) -> Ticket:
    values = {name: value for name, value in row.items() if name != "living_key"}
    values.update(state=State(row["state"]), urgency=Urgency(row["urgency"]), skill=Skill(row["skill"]))
    return Ticket(**values)
