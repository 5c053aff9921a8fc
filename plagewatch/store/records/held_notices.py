"""Mails that were not sent for now, and which tickets belong to a storm."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new


@dataclass(frozen=True, slots=True)
class HeldNotice:
    """A ticket a person was not mailed yet. why: `cap` or `cool_down`. held_s: since when, seconds since 1970 UTC."""

    ticket: int
    person: str
    why: str
    held_s: int


def held(engine: Engine, person: str | None = None) -> list[HeldNotice]:
    """What is held back, for one person or for all, longest waiting first."""
    table = tables.notice_held
    query = select(table).order_by(table.c.held_s, table.c.ticket, table.c.person)
    if person is not None:
        query = query.where(table.c.person == person)
    with engine.connect() as connection:
        return [HeldNotice(r.ticket, r.person, r.why, r.held_s) for r in connection.execute(query)]


def keep(engine: Engine, notices: Collection[HeldNotice]) -> None:
    """Hold exactly these; one that was held before keeps its moment, one that is not among them is let go."""
    table = tables.notice_held
    wanted = {(one.ticket, one.person): one for one in notices}
    with engine.begin() as connection:
        there = {(row.ticket, row.person) for row in connection.execute(select(table.c.ticket, table.c.person))}
        for ticket, person in sorted(there - wanted.keys()):
            connection.execute(delete(table).where(table.c.ticket == ticket, table.c.person == person))
        new = [wanted[key] for key in sorted(wanted.keys() - there)]
        rows = [{"ticket": n.ticket, "person": n.person, "why": n.why, "held_s": n.held_s} for n in new]
        if rows:
            put_new(connection, table, rows)


def wholes(engine: Engine) -> dict[int, int]:
    """The storm that each ticket was put to, living or over, by number."""
    table = tables.ticket_part
    with engine.connect() as connection:
        return {row.ticket: row.whole for row in connection.execute(select(table))}


def put_to(engine: Engine, whole: int, parts: Collection[int]) -> None:
    """Put tickets to a storm; one that belongs to another stays there."""
    with engine.begin() as connection:
        put_new(connection, tables.ticket_part, [{"ticket": part, "whole": whole} for part in sorted(parts)])
