"""A meter's figures are read, made and written by one process at a time, which has the meter while it does.

On PostgreSQL a worker locks the meters' rows of `ledger_tail` in a transaction that stays open meanwhile; others pass
them over. The lock ends with the connection, however the worker ends, and not while a worker only stands still: nobody
else makes these figures then, so that nothing is written over what another made of newer evidence. Embedded records are
one machine's, where a file is the lock.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, delete, insert, select

from plagewatch.metering.tails import Tail
from plagewatch.store import tables
from plagewatch.store.records import ledger_tails, rule_news
from plagewatch.store.records.conflicts import put_new
from plagewatch.store.records.turns import turn
from plagewatch.store.records.work import MOST_IN_LIST, DirtyWindow, Waiting, windows_of

JOB = "rollup"


@dataclass(slots=True)
class Finished:
    """What is written when a lease ends. windows: ids of those done. tails: where meters stand now, None = not known.

    marked: windows of other meters that are computed from these. news: meters at whose new figures rules look at once.
    """

    windows: set[int]
    tails: dict[str, Tail | None]
    marked: list[DirtyWindow]
    news: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Lease:
    """Meters that nobody else makes figures of, their windows, and where they stand.

    finished: filled by who has the lease; written when it ends, all or nothing.
    """

    waiting: Waiting
    tails: Mapping[str, Tail]
    finished: Finished
    _connection: Connection | None = None

    def still_held(self) -> None:
        """Raise the database's own error where the lease is lost: asked before anything is written elsewhere."""
        if self._connection is not None:
            self._connection.execute(select(1))


@contextmanager
def leased(engine: Engine, meters: Sequence[str]) -> Iterator[Lease]:
    """Have those of the meters that nobody else has, with the windows that wait for them then, until the block ends.

    Facts are read after this: one entered before its window was marked is then always in it. What is `finished` is
    written also where the block raises.
    """
    if engine.dialect.name != "postgresql":
        with turn(engine, JOB):
            with engine.connect() as connection:
                lease = _taken(connection, meters, None)
            try:
                yield lease
            finally:
                with engine.begin() as connection:
                    _finish(connection, lease.finished)
        return
    with engine.begin() as connection:
        put_new(connection, tables.ledger_tail, [{"meter": meter, "tail": None} for meter in meters])
    with engine.connect() as connection:
        lease = _taken(connection, meters, connection)
        try:
            yield lease
        finally:
            _finish(connection, lease.finished)
            connection.commit()


def _taken(connection: Connection, meters: Sequence[str], holding: Connection | None) -> Lease:
    table = tables.ledger_tail
    names = list(meters)
    tails: dict[str, Tail] = {}
    had: list[str] = []
    for first in range(0, len(names), MOST_IN_LIST):
        some = names[first : first + MOST_IN_LIST]
        query = select(table).where(table.c.meter.in_(some)).order_by(table.c.meter)
        if holding is not None:
            query = query.with_for_update(skip_locked=True)
        for meter, packed in connection.execute(query).all():
            had.append(meter)
            if (tail := ledger_tails.read(packed)) is not None:
                tails[meter] = tail
    # Read after the rows are had: what another worker did of them is no longer there.
    waiting = windows_of(connection, names if holding is None else had)
    return Lease(waiting, tails, Finished(set(), {}, []), holding)


def _finish(connection: Connection, finished: Finished) -> None:
    table, ids = tables.dirty_window, sorted(finished.windows)
    for first in range(0, len(ids), MOST_IN_LIST):
        connection.execute(delete(table).where(table.c.id.in_(ids[first : first + MOST_IN_LIST])))
    ledger_tails.save(connection, finished.tails)
    if finished.marked:
        marked = [{"meter": one.meter, "from_ms": one.from_ms, "to_ms": one.to_ms} for one in finished.marked]
        connection.execute(insert(table), marked)
    if finished.news:
        rule_news.put(connection, finished.news)


def waiting_meters(engine: Engine, after: str, limit: int) -> list[str]:
    """The first meters behind `after`, in the order of their ids, that windows wait for."""
    table = tables.dirty_window
    query = select(table.c.meter).where(table.c.meter > after).distinct().order_by(table.c.meter).limit(limit)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())
