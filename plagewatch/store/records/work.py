"""Work that waits: windows whose figures are older than their evidence, and how far each job has come."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, func, insert, select

from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over

MOST_IN_LIST = 500  # a statement holds only so many parameters


@dataclass(frozen=True, slots=True)
class DirtyWindow:
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
    """Waiting windows by meter: the ids of their rows, and the windows. The rows stay until `done` is told.

    The first meters behind `after`, in the order of their ids, so that a caller comes by each of them.
    """
    table = tables.dirty_window
    behind = table.c.meter > after
    first = select(table.c.meter).where(behind).distinct().order_by(table.c.meter).limit(limit_meters)
    waiting: Waiting = {}
    with engine.connect() as connection:
        query = select(table).where(table.c.meter.in_(first)).order_by(table.c.meter, table.c.id)
        for row in connection.execute(query):
            ids, windows = waiting.setdefault(row.meter, ([], []))
            ids.append(row.id)
            windows.append(DirtyWindow(row.meter, row.from_ms, row.to_ms))
    return waiting


def windows_waiting(engine: Engine) -> int:
    """How many windows wait to be made."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.dirty_window)).scalar_one())


def still_waiting(engine: Engine, ids: Iterable[int]) -> set[int]:
    """Which of these windows nobody has forgotten meanwhile."""
    table, ids, there = tables.dirty_window, list(ids), set()
    with engine.connect() as connection:
        for first in range(0, len(ids), MOST_IN_LIST):
            part = table.c.id.in_(ids[first : first + MOST_IN_LIST])
            there |= set(connection.execute(select(table.c.id).where(part)).scalars())
    return there


def done(engine: Engine, ids: Iterable[int]) -> None:
    """Forget windows whose figures were written. A window marked again meanwhile has another id and stays."""
    table, ids = tables.dirty_window, list(ids)
    with engine.begin() as connection:
        for first in range(0, len(ids), MOST_IN_LIST):
            connection.execute(delete(table).where(table.c.id.in_(ids[first : first + MOST_IN_LIST])))


def facts_and_swaps(engine: Engine) -> tuple[dict[str, list[MeterFacts]], dict[str, list[Swap]]]:
    """Dated facts and declared swaps of all meters, by meter, oldest first: in two queries for a job on many meters."""
    facts: dict[str, list[MeterFacts]] = {}
    swaps: dict[str, list[Swap]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(tables.meter_facts).order_by(tables.meter_facts.c.valid_from_ms)):
            facts.setdefault(row.meter, []).append(MeterFacts(**row._mapping))
        for row in connection.execute(select(tables.swap).order_by(tables.swap.c.at_ms)):
            swaps.setdefault(row.meter, []).append(Swap(**row._mapping))
    return facts, swaps


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
