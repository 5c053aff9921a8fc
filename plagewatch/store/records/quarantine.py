"""What could not be understood or placed yet: kept whole, with a reason, until somebody claims it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from plagewatch.metering.readings import Reason
from plagewatch.store import tables


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A packet or a part of it. source: `mqtt:<topic>` or `file:<name>:<line>`; spool_id: its place in the spool."""

    received_ms: int
    source: str
    device: str
    reason: Reason
    detail: str
    payload: bytes
    spool_id: int | None = None


def keep(engine: Engine, items: Iterable[Quarantined]) -> None:
    """Put items in quarantine. A packet that is replayed, or a file that is read again, does not stand there twice."""
    items = list(items)
    known = _known_lines(engine, [item.source for item in items if item.spool_id is None])
    rows = [
        {
            "received_ms": item.received_ms,
            "source": item.source,
            "device": item.device,
            "reason": item.reason.value,
            "detail": item.detail,
            "payload": item.payload,
            "spool_id": item.spool_id,
        }
        for item in items
        if item.spool_id is not None or (item.source, item.reason.value, item.detail) not in known
    ]
    if not rows:
        return
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    with engine.begin() as connection:
        connection.execute(insert(tables.quarantine).on_conflict_do_nothing(), rows)


def _known_lines(engine: Engine, sources: list[str]) -> set[tuple[str, str, str]]:
    # The database's own key cannot see these: a line of a file has no place in the spool, and NULL equals nothing.
    table = tables.quarantine
    known: set[tuple[str, str, str]] = set()
    with engine.connect() as connection:
        for first in range(0, len(sources), 500):
            query = select(table.c.source, table.c.reason, table.c.detail).where(
                table.c.spool_id.is_(None), table.c.source.in_(sources[first : first + 500])
            )
            known.update((row.source, row.reason, row.detail) for row in connection.execute(query))
    return known


def quarantined(engine: Engine, limit: int = 200) -> list[Quarantined]:
    """The newest items."""
    query = select(tables.quarantine).order_by(tables.quarantine.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        return [
            Quarantined(r.received_ms, r.source, r.device, Reason(r.reason), r.detail, r.payload, r.spool_id)
            for r in connection.execute(query)
        ]


def counts(engine: Engine) -> dict[Reason, int]:
    """How many items wait for each reason."""
    table = tables.quarantine
    query = select(table.c.reason, func.count()).group_by(table.c.reason)
    with engine.connect() as connection:
        return {Reason(reason): number for reason, number in connection.execute(query)}
