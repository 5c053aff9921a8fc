"""How each rule stands, and what people said of its tickets: dated rows that are never changed."""

from dataclasses import dataclass

from sqlalchemy import Engine, insert, select

from plagewatch.store import tables
from plagewatch.tickets.modes import Label, Mode, RuleMode


@dataclass(frozen=True, slots=True)
class TicketLabel:
    """What a person said of a ticket, at an instant, milliseconds since 1970 UTC."""

    ticket: int
    label: Label
    who: str
    at_ms: int
    note: str


def history(engine: Engine, rule: str | None = None) -> list[RuleMode]:
    """What was decided of one rule or of all, oldest first."""
    table = tables.rule_mode
    query = select(table).order_by(table.c.at_ms, table.c.id)
    if rule is not None:
        query = query.where(table.c.rule == rule)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [RuleMode(r.rule, Mode(r.mode), r.parameters, r.who, r.at_ms, r.note) for r in rows]


def decide(engine: Engine, mode: RuleMode) -> None:
    """Keep what was decided of a rule; it counts from its moment on."""
    values = {
        "rule": mode.rule,
        "mode": mode.mode.value,
        "parameters": dict(mode.parameters),
        "who": mode.who,
        "at_ms": mode.at_ms,
        "note": mode.note,
    }
    with engine.begin() as connection:
        connection.execute(insert(tables.rule_mode).values(values))


def say(engine: Engine, label: TicketLabel) -> None:
    """Keep what a person said of a ticket. Raises sqlalchemy.exc.IntegrityError where there is no such ticket."""
    values = {"ticket": label.ticket, "label": label.label.value, "who": label.who, "at_ms": label.at_ms}
    with engine.begin() as connection:
        connection.execute(insert(tables.ticket_label).values({**values, "note": label.note}))


def labels(engine: Engine, ticket: int | None = None) -> list[TicketLabel]:
    """What was said of one ticket or of all, oldest first."""
    table = tables.ticket_label
    query = select(table).order_by(table.c.id)
    if ticket is not None:
        query = query.where(table.c.ticket == ticket)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [TicketLabel(r.ticket, Label(r.label), r.who, r.at_ms, r.note) for r in rows]
