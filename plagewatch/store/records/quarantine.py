"""What could not be understood or placed yet: kept whole, with a reason, until somebody claims it.

A device that nobody bound sends for months: of its packets some stay here, all are counted, and the spool has them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from plagewatch.metering.readings import Reason
from plagewatch.store import tables

FIRST_KEPT, NEWEST_KEPT = 20, 80
KEPT = FIRST_KEPT + NEWEST_KEPT

Pair = tuple[str, Reason]  # a device and why its packets are here


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
    """Put items in quarantine. A packet that is replayed, or a file that is read again, does not stand there twice.

    Of the packets of a device and reason the first FIRST_KEPT and the newest NEWEST_KEPT stay, and all are counted:
    the spool has the others. The lines of files all stay, as nothing else keeps them.
    """
    pairs: dict[Pair, list[Quarantined]] = {}
    for item in _without_known_lines(engine, list(items)):
        pairs.setdefault((item.device, item.reason), []).append(item)
    if not pairs:
        return
    with engine.begin() as connection:
        for pair, arrived in pairs.items():
            _keep_pair(connection, pair, arrived)


def _keep_pair(connection: Connection, pair: Pair, arrived: list[Quarantined]) -> None:
    table = tables.quarantine_count
    here = (table.c.device == pair[0], table.c.reason == pair[1].value)
    row = connection.execute(select(table.c.number, table.c.spool_id, table.c.received_ms).where(*here)).first()
    number, spool_id, received_ms = (row.number, row.spool_id, row.received_ms) if row else (0, 0, -1)
    # A packet counted before has both an older place and an older moment; the places of a new spool begin again at 1.
    new = [i for i in arrived if i.spool_id is None or i.spool_id > spool_id or i.received_ms > received_ms]
    if not new:
        return
    packets = [item for item in new if item.spool_id is not None]
    last = packets[-1] if packets else None
    counted = {
        "number": number + len(new),
        "spool_id": last.spool_id if last else spool_id,
        "received_ms": last.received_ms if last else received_ms,
    }
    if row:
        connection.execute(table.update().where(*here).values(counted))
    else:
        connection.execute(table.insert().values(device=pair[0], reason=pair[1].value, **counted))
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    staying = packets if len(packets) <= KEPT else packets[:FIRST_KEPT] + packets[-NEWEST_KEPT:]
    lines = [item for item in new if item.spool_id is None]
    connection.execute(insert(tables.quarantine).on_conflict_do_nothing(), [_row(item) for item in lines + staying])
    if number + len(packets) > KEPT:
        _prune(connection, pair)


def _prune(connection: Connection, pair: Pair) -> None:
    table = tables.quarantine
    of_pair = (table.c.device == pair[0], table.c.reason == pair[1].value, table.c.spool_id.is_not(None))
    ids = list(connection.execute(select(table.c.id).where(*of_pair).order_by(table.c.id)).scalars())
    between = ids[FIRST_KEPT:-NEWEST_KEPT]
    if between:
        connection.execute(table.delete().where(*of_pair, table.c.id.between(between[0], between[-1])))


def _row(item: Quarantined) -> dict[str, object]:
    return {
        "received_ms": item.received_ms,
        "source": item.source,
        "device": item.device,
        "reason": item.reason.value,
        "detail": item.detail,
        "payload": item.payload,
        "spool_id": item.spool_id,
    }


def _without_known_lines(engine: Engine, items: list[Quarantined]) -> list[Quarantined]:
    known = _known_lines(engine, [item.source for item in items if item.spool_id is None])
    return [
        item
        for item in items
        if item.spool_id is not None or (item.source, item.reason.value, item.detail) not in known
    ]


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
    """How many items came for each reason, those among them that the spool alone still has."""
    table = tables.quarantine_count
    query = select(table.c.reason, func.sum(table.c.number)).group_by(table.c.reason)
    with engine.connect() as connection:
        return {Reason(reason): int(number) for reason, number in connection.execute(query)}
