"""Work that waits: windows whose figures are older than their evidence, and how far each job has come."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, delete, func, insert, select

from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over

MOST_IN_LIST = 500  # a statement holds only so many parameters


class DirtyWindow(NamedTuple):
    """Evidence of a meter changed in [from_ms, to_ms]; its figures there must be made again."""

    meter: str
    from_ms: int
    to_ms: int


Waiting = dict[str, tuple[list[int], list[DirtyWindow]]]
"""Windows by meter: the ids of their rows, and the windows."""


def mark_dirty(engine: Engine, windows: Iterable[DirtyWindow]) -> None:
    """Remember windows to be made again. Called after the evidence is written, never before."""
    rows = [{"meter": w.meter, "from_ms": w.from_ms, "to_ms": w.to_ms} for w in windows]
    if rows:
        with engine.begin() as connection:
            connection.execute(insert(tables.dirty_window), rows)


def dirty_windows(engine: Engine, limit_meters: int = 500, after: str = "") -> Waiting:
    """Waiting windows of the first meters behind `after`, by meter. The rows stay until `done` is told."""
    table = tables.dirty_window
    behind = table.c.meter > after
    first = select(table.c.meter).where(behind).distinct().order_by(table.c.meter).limit(limit_meters)
    with engine.connect() as connection:
        return windows_of(connection, connection.execute(first).scalars().all())


def windows_of(connection: Connection, meters: Sequence[str]) -> Waiting:
    """All waiting windows of these meters, by meter, as the caller's transaction sees them."""
    table, waiting = tables.dirty_window, Waiting()
    for first in range(0, len(meters), MOST_IN_LIST):
        some = table.c.meter.in_(meters[first : first + MOST_IN_LIST])
        query = select(table.c.id, table.c.meter, table.c.from_ms, table.c.to_ms).where(some)
        for number, meter, from_ms, to_ms in connection.execute(query.order_by(table.c.meter, table.c.id)):
            ids, windows = waiting.setdefault(meter, ([], []))
            ids.append(number)
            windows.append(DirtyWindow(meter, from_ms, to_ms))
    return waiting


def windows_waiting(engine: Engine) -> int:
    """How many windows wait to be made."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.dirty_window)).scalar_one())


def done(engine: Engine, ids: Iterable[int]) -> None:
    """Forget windows whose figures were written. A window marked again meanwhile has another id and stays."""
    table, ids = tables.dirty_window, list(ids)
    with engine.begin() as connection:
        for first in range(0, len(ids), MOST_IN_LIST):
            connection.execute(delete(table).where(table.c.id.in_(ids[first : first + MOST_IN_LIST])))


def facts_and_swaps(
    engine: Engine, meters: Sequence[str] | None = None
) -> tuple[dict[str, list[MeterFacts]], dict[str, list[Swap]]]:
    """Dated facts and declared swaps of meters, None = of all, by meter, oldest first."""
    facts: dict[str, list[MeterFacts]] = {}
    swaps: dict[str, list[Swap]] = {}
    told, swapped = tables.meter_facts, tables.swap
    with engine.connect() as connection:
        for some in in_lists(meters):
            for row in connection.execute(_of(told, some).order_by(told.c.valid_from_ms)):
                facts.setdefault(row.meter, []).append(MeterFacts(**row._mapping))
            for row in connection.execute(_of(swapped, some).order_by(swapped.c.at_ms)):
                swaps.setdefault(row.meter, []).append(Swap(**row._mapping))
    return facts, swaps


def in_lists(names: Sequence[str] | None) -> list[Sequence[str] | None]:
    """Names in pieces that a statement holds; None, which means all, as it is.

    >>> in_lists(None), in_lists(["a", "b"])
    ([None], [['a', 'b']])
    """
    if names is None:
        return [None]
    return [names[first : first + MOST_IN_LIST] for first in range(0, len(names), MOST_IN_LIST)]


def _of(table: Table, meters: Sequence[str] | None) -> Select[Any]:
    return select(table) if meters is None else select(table).where(table.c.meter.in_(meters))


def mark(engine: Engine, job: str) -> int | None:
    """How far a job has come, in the job's own unit; None = it never ran."""
    table = tables.progress_mark
    with engine.connect() as connection:
        return connection.execute(select(table.c.value).where(table.c.job == job)).scalar()


def set_mark(engine: Engine, job: str, value: int) -> None:
    """Remember how far a job has come."""
    table = tables.progress_mark
    with engine.begin() as connection:
        put_over(connection, table, [{"job": job, "value": value}])
