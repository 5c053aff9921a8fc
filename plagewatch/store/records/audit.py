"""Who changed what, from what to what: a line for each change, written with it and never altered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from plagewatch.store import tables

NEWEST = 200


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change. at_ms: ms since 1970 UTC. subject: the meter, building, ... it is about; before, after: plain values.

    who: a person's id, or `file:<name>` for an import. what: a stable word, e.g. `swap declared`.
    """

    id: int
    at_ms: int
    who: str
    what: str
    subject: str
    before: Any
    after: Any


def line(
    connection: Connection, at_ms: int, who: str, what: str, subject: str, before: object = None, after: object = None
) -> None:
    """Write a line in the caller's transaction: the change and its line are there together, or neither is.

    before, after: what it was and is, as dataclasses, mappings, sequences or plain values; None = there was nothing.
    """
    connection.execute(
        insert(tables.audit).values(
            at_ms=at_ms, who=who, what=what, subject=subject, before=plain(before), after=plain(after)
        )
    )


def lines(engine: Engine, subject: str | None = None, limit: int = NEWEST) -> list[AuditLine]:
    """The newest lines, of one subject or of all, the newest first."""
    table = tables.audit
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(table.c.subject == subject)
    with engine.connect() as connection:
        return [AuditLine(**row._mapping) for row in connection.execute(query)]


def plain(value: object) -> Any:
    """A value as JSON can hold it: dates as ISO text, what is not set left out of records.

    >>> plain({"valid_from": date(2026, 1, 1), "digits": None, "shares": (0.25, 0.75)})
    {'valid_from': '2026-01-01', 'shares': [0.25, 0.75]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
