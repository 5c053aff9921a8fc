"""What could not be understood or placed yet: kept whole, with a reason, until somebody claims it.

A device that nobody bound sends for months: of its packets some stay here, all are counted, and the spool has them.

Several collectors, each with its own spool, keep here side by side: a place means nothing without the spool's name, and
each spool has its own counts and its own bound, which only its own collector changes. A line of a file has no spool.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select, text

from plagewatch.metering.readings import Reason
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new

FIRST_KEPT, NEWEST_KEPT = 20, 80
KEPT = FIRST_KEPT + NEWEST_KEPT

MOST_PAIRS = 2_000
"""Somebody who publishes under ever new names must not fill the records: further ones are kept together, without."""

Pair = tuple[str, Reason]  # a device and why its packets are here


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A packet or a part of it. source: `mqtt:<topic>` or `file:<name>:<line>`; spool_id: its place in the spool.

    spool: the spool's name, told by what is read; whoever keeps says it once for all.
    """

    received_ms: int
    source: str
    device: str
    reason: Reason
    detail: str
    payload: bytes
    spool_id: int | None = None
    spool: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Packets of one spool that were received in [since_ms, until_ms); until_ms None = no end."""

    spool: str
    since_ms: int
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many items of a device came for a reason, into all spools.

    first_ms, last_ms: the first and last packet's receipt; 0 = not known.
    """

    device: str
    reason: Reason
    number: int
    first_ms: int
    last_ms: int


def keep(engine: Engine, items: Iterable[Quarantined], spool: str = "") -> None:
    """Put items in quarantine. A packet that comes again, or a file that is read again, does not stand there twice.

    spool: whose packets these are; empty for lines of files.

    Of the packets of a device and reason the first FIRST_KEPT and the newest NEWEST_KEPT stay, and all are counted:
    the spool has the others. The lines of files all stay, as nothing else keeps them.
    """
    new = _without_known_lines(engine, list(items))
    if not new:
        return
    with engine.begin() as connection:
        for pair, arrived in _by_pair(connection, new, spool).items():
            row = _count_of(connection, pair, spool)
            spool_id, received_ms = (row.spool_id, row.received_ms) if row else (0, -1)
            # A packet counted before has both an older place and an older moment; a new spool's places begin at 1.
            fresh = [i for i in arrived if i.spool_id is None or i.spool_id > spool_id or i.received_ms > received_ms]
            if fresh:
                _count(connection, pair, fresh, spool)
                _put(connection, pair, fresh, spool)


def keep_again(connection: Connection, items: Iterable[Quarantined], of: Stretch) -> None:
    """Put what a replay still refused back, in its transaction, each packet once; see `withdraw`.

    What was not taken from the count is not added to it.
    """
    for pair, arrived in _by_pair(connection, items, of.spool).items():
        row = _count_of(connection, pair, of.spool)
        if row is None or (row.first_ms >= of.since_ms and of.until_ms is None):
            _count(connection, pair, arrived, of.spool)
        _put(connection, pair, arrived, of.spool)


def withdraw(connection: Connection, devices: Sequence[str] | None, of: Stretch) -> int:
    """Take packets of a stretch out: they are looked at again. At least how many had been counted.

    devices: only theirs; None = of all. Lines of files stay. A packet may stand there for several reasons: of each
    device the reason with the most counts. A stretch with an end leaves the counts: how many
    were in it nobody knows.
    """
    counted, kept = tables.quarantine_count, tables.quarantine
    of_pair: list[tuple[str, str, int]] = []
    for row in connection.execute(select(counted).where(counted.c.spool == of.spool, *_of(counted.c.device, devices))):
        if row.spool_id and row.first_ms >= of.since_ms and of.until_ms is None:
            of_pair.append((row.device, row.reason, row.number))
    packets = [kept.c.spool_id.is_not(None), kept.c.spool == of.spool, kept.c.received_ms >= of.since_ms]
    if of.until_ms is not None:
        packets.append(kept.c.received_ms < of.until_ms)
    connection.execute(kept.delete().where(*packets, *_of(kept.c.device, devices)))
    taken: dict[str, int] = {}
    for device, reason, number in of_pair:
        here = (kept.c.spool == of.spool, kept.c.device == device, kept.c.reason == reason)
        lines = connection.execute(select(func.count()).select_from(kept).where(*here)).scalar_one()
        same = (counted.c.spool == of.spool, counted.c.device == device, counted.c.reason == reason)
        if lines:
            connection.execute(counted.update().where(*same).values(number=lines, spool_id=0, received_ms=-1))
        else:
            connection.execute(counted.delete().where(*same))
        taken[device] = max(taken.get(device, 0), number - lines)
    return sum(taken.values())


def forget_empty(connection: Connection, spool: str) -> None:
    """Let go of counts of a spool of which nothing is kept any more: all of it has found its place."""
    counted, kept = tables.quarantine_count, tables.quarantine
    same = (kept.c.spool == spool, kept.c.device == counted.c.device, kept.c.reason == counted.c.reason)
    connection.execute(counted.delete().where(counted.c.spool == spool, ~select(kept.c.id).where(*same).exists()))


def quarantined(engine: Engine, limit: int = 200, device: str | None = None) -> list[Quarantined]:
    """The newest items, of one device or of all."""
    table = tables.quarantine
    query = select(table).where(*([] if device is None else [table.c.device == device]))
    with engine.connect() as connection:
        return [
            Quarantined(r.received_ms, r.source, r.device, Reason(r.reason), r.detail, r.payload, r.spool_id, r.spool)
            for r in connection.execute(query.order_by(table.c.received_ms.desc(), table.c.id.desc()).limit(limit))
        ]


def packets_of(engine: Engine, device: str) -> list[Quarantined]:
    """The packets kept of a device, each once whatever it is here for, oldest first."""
    packets = [item for item in quarantined(engine, KEPT * len(Reason), device) if item.spool_id is not None]
    return list({(item.spool, item.spool_id, item.received_ms): item for item in reversed(packets)}.values())


def counted(engine: Engine, device: str | None = None) -> list[Counted]:
    """How many packets came of each device for each reason, of one device or of all; the latest first."""
    table = tables.quarantine_count
    of_spools = (
        table.c.device,
        table.c.reason,
        func.sum(table.c.number).label("number"),
        func.min(table.c.first_ms).label("first_ms"),
        func.max(table.c.received_ms).label("last_ms"),
    )
    query = select(*of_spools).where(table.c.spool_id > 0, *([] if device is None else [table.c.device == device]))
    query = query.group_by(table.c.device, table.c.reason).order_by(text("last_ms DESC"), table.c.device)
    with engine.connect() as connection:
        return [
            Counted(r.device, Reason(r.reason), int(r.number), r.first_ms, max(0, r.last_ms))
            for r in connection.execute(query)
        ]


def topics(engine: Engine) -> dict[str, list[str]]:
    """On which topics the packets kept of each device came, sorted."""
    table = tables.quarantine
    query = select(table.c.device, table.c.source).where(table.c.spool_id.is_not(None)).distinct()
    found: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for row in connection.execute(query.order_by(table.c.source)):
            found.setdefault(row.device, []).append(row.source.removeprefix("mqtt:"))
    return found


def counts(engine: Engine) -> dict[Reason, int]:
    """How many items came for each reason, those among them that the spool alone still has."""
    table = tables.quarantine_count
    query = select(table.c.reason, func.sum(table.c.number)).group_by(table.c.reason)
    with engine.connect() as connection:
        return {Reason(reason): int(number) for reason, number in connection.execute(query)}


def _by_pair(connection: Connection, items: Iterable[Quarantined], spool: str) -> dict[Pair, list[Quarantined]]:
    """Items by device and reason; where there are too many of these already, new ones under no name."""
    table = tables.quarantine_count
    pairs: dict[Pair, list[Quarantined]] = {}
    room: int | None = None
    for item in items:
        pair = item.device, item.reason
        if pair not in pairs and item.spool_id is not None and _count_of(connection, pair, spool) is None:
            if room is None:
                of_spool = select(func.count()).where(table.c.spool == spool)
                room = MOST_PAIRS - connection.execute(of_spool).scalar_one()
            if room <= 0:
                pair = "", item.reason
                item = replace(item, device="")
            room -= 1
        pairs.setdefault(pair, []).append(item)
    return pairs


def _count_of(connection: Connection, pair: Pair, spool: str) -> Row[Any] | None:
    table = tables.quarantine_count
    here = (table.c.device == pair[0], table.c.reason == pair[1].value, table.c.spool == spool)
    return connection.execute(select(table).where(*here)).first()


def _count(connection: Connection, pair: Pair, items: Sequence[Quarantined], spool: str) -> None:
    table, row = tables.quarantine_count, _count_of(connection, pair, spool)
    packets = [item for item in items if item.spool_id is not None]
    number, first_ms = len(items), min(item.received_ms for item in items)
    spool_id = packets[-1].spool_id if packets else 0
    received_ms = max((item.received_ms for item in packets), default=-1)
    if row is not None:
        number, first_ms = number + row.number, min(first_ms, row.first_ms)
        if not packets or received_ms < row.received_ms:  # out of a replay, beside newer ones
            spool_id, received_ms = row.spool_id, row.received_ms
    values = {"number": number, "first_ms": first_ms, "spool_id": spool_id, "received_ms": received_ms}
    if row is None:
        connection.execute(table.insert().values(device=pair[0], reason=pair[1].value, spool=spool, **values))
    else:
        here = (table.c.device == pair[0], table.c.reason == pair[1].value, table.c.spool == spool)
        connection.execute(table.update().where(*here).values(values))


def _put(connection: Connection, pair: Pair, items: Sequence[Quarantined], spool: str) -> None:
    packets = sorted((i for i in items if i.spool_id is not None), key=lambda item: item.received_ms)
    staying = packets if len(packets) <= KEPT else packets[:FIRST_KEPT] + packets[-NEWEST_KEPT:]
    lines = [item for item in items if item.spool_id is None]
    put_new(connection, tables.quarantine, [_row(item, spool) for item in lines + staying])
    if packets:
        _prune(connection, pair, spool)


def _prune(connection: Connection, pair: Pair, spool: str) -> None:
    table = tables.quarantine
    of_pair = (table.c.device == pair[0], table.c.reason == pair[1].value, table.c.spool == spool)
    packets = select(table.c.id).where(*of_pair, table.c.spool_id.is_not(None))
    ids = list(connection.execute(packets.order_by(table.c.received_ms, table.c.id)).scalars())
    for first in range(FIRST_KEPT, max(FIRST_KEPT, len(ids) - NEWEST_KEPT), 500):
        between = ids[first : min(first + 500, len(ids) - NEWEST_KEPT)]
        connection.execute(table.delete().where(table.c.id.in_(between)))


def _of(column: ColumnElement[str], devices: Sequence[str] | None) -> list[ColumnElement[bool]]:
    return [] if devices is None else [column.in_(devices)]


def _row(item: Quarantined, spool: str) -> dict[str, object]:
    return {
        "received_ms": item.received_ms,
        "source": item.source,
        "device": item.device,
        "reason": item.reason.value,
        "detail": item.detail,
        "payload": item.payload,
        "spool_id": item.spool_id,
        "spool": spool,
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
