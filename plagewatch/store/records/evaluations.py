"""How far the rules have looked at each unit of meters, and which worker looks at it now.

A unit is what must be judged together. A worker has it by a lock on its row, in PostgreSQL: other workers pass over it,
and the lock ends with the worker's connection, however that ends. What a worker did not finish is looked at again by
whoever comes next, which changes nothing where it was done.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Column, ColumnElement, Connection, Engine, delete, func, or_, select, update

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new

LOOKED: Column[int] = tables.evaluation.c.looked_s
MOST_IN_LIST = 500  # a statement holds only so many parameters


@dataclass(slots=True)
class Lease:
    """Units that this worker has until the end of the block, with the tick each was looked at up to; None = never.

    done: units whose look has ended well; put in by the worker. learnt: of which it was learnt what is usual.
    """

    looked_s: dict[str, int | None]
    done: list[str] = field(default_factory=list)
    learnt: frozenset[str] = frozenset()


def enrol(engine: Engine, units: Collection[str]) -> None:
    """Have a row for each unit, and none for what is no unit any more.

    A unit that comes later begins where the others are: its past before that is nobody's news.
    """
    table = tables.evaluation
    with engine.begin() as connection:
        rows = connection.execute(select(table.c.unit, table.c.looked_s)).all()
        newest_s = max((row.looked_s for row in rows if row.looked_s is not None), default=None)
        there = {row.unit for row in rows}
        for unit in sorted(there.difference(units)):
            connection.execute(delete(table).where(table.c.unit == unit))
        # Another worker may enrol the same ones.
        put_new(connection, table, [{"unit": unit, "looked_s": newest_s} for unit in sorted(set(units) - there)])


def any_due(engine: Engine, to_s: int, *, learn: bool = False) -> bool:
    """Whether some unit has not been looked at up to a tick, or not learnt from; also where there is none yet."""
    table = tables.evaluation
    due = _behind(to_s, table.c.learnt_s if learn else LOOKED)
    with engine.connect() as connection:
        count, behind = connection.execute(select(func.count(), func.count().filter(due)).select_from(table)).one()
    return not count or bool(behind)


def looked_upto_s(engine: Engine) -> int | None:
    """The tick up to which every unit has been looked at; None where one never was, or there is none."""
    table = tables.evaluation
    with engine.connect() as connection:
        count, known, least = connection.execute(
            select(func.count(), func.count(table.c.looked_s), func.min(table.c.looked_s)).select_from(table)
        ).one()
    return int(least) if count and count == known else None


def looked_s(engine: Engine) -> dict[str, int | None]:
    """The tick that each unit was looked at up to; None where it never was."""
    table = tables.evaluation
    with engine.connect() as connection:
        return {row.unit: row.looked_s for row in connection.execute(select(table))}


@contextmanager
def lease(engine: Engine, to_s: int, after: str, limit: int, learn: int | None = None) -> Iterator[Lease]:
    """Have the next units behind `after` that are due and that no other worker has; empty where there is none.

    learn: have those instead of which nothing was learnt since then, to learn. At the end of the block those in `done`
    are noted as looked at up to to_s, and as learnt, also where the block raises.
    """
    table = tables.evaluation
    due = _behind(to_s) if learn is None else _behind(learn, table.c.learnt_s)
    query = select(table).where(table.c.unit > after, due)
    query = query.order_by(table.c.unit).limit(limit).with_for_update(skip_locked=True)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        learnt = frozenset(row.unit for row in rows if row.learnt_s is not None)
        leased = Lease({row.unit: row.looked_s for row in rows}, learnt=learnt)
        if engine.dialect.name == "sqlite":
            connection.commit()  # it has no row locks: there is one worker, and it must not shut others out
        try:
            yield leased
        finally:
            if leased.done:
                _note(connection, leased.done, to_s)
                if learn is not None:
                    _note(connection, leased.done, to_s, table.c.learnt_s)
            connection.commit()


def set_looked(engine: Engine, units: Collection[str], to_s: int) -> None:
    """Note units as looked at up to a tick; one that is further stays so."""
    with engine.begin() as connection:
        _note(connection, units, to_s)


def look_again(engine: Engine, from_s: int) -> None:
    """Have every unit looked at once more from a tick on, as after a correction of what the rules go by."""
    table = tables.evaluation
    with engine.begin() as connection:
        connection.execute(update(table).where(table.c.looked_s > from_s).values(looked_s=from_s))


def pulse(engine: Engine, job: str, now_s: int, every_s: int) -> bool:
    """Whether a job that any one of several workers may do is this one's now: so often and no more, whoever asks.

    A worker that dies after it leaves the job to whoever asks after the next interval.
    """
    table = tables.progress_mark
    with engine.begin() as connection:
        # A mark from the future was made by a clock that has been set back since.
        mine = table.c.job == job, or_(table.c.value <= now_s - every_s, table.c.value > now_s)
        if connection.execute(update(table).where(*mine).values(value=now_s)).rowcount:
            return True
        return bool(put_new(connection, table, [{"job": job, "value": now_s}]))


def _behind(to_s: int, column: Column[int] = LOOKED) -> ColumnElement[bool]:
    return or_(column.is_(None), column < to_s)


def _note(connection: Connection, units: Collection[str], to_s: int, column: Column[int] = LOOKED) -> None:
    table, names = tables.evaluation, list(units)
    for first in range(0, len(names), MOST_IN_LIST):
        part = table.c.unit.in_(names[first : first + MOST_IN_LIST])
        connection.execute(update(table).where(part, _behind(to_s, column)).values({column.name: to_s}))
