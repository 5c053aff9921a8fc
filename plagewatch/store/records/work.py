"""Work that waits: windows whose figures are older than their evidence, and how far each job has come."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from plagewatch.store import tables


@dataclass(frozen=True, slots=True)
class DirtyWindow:
    """Evidence of a meter changed in [from_ms, to_ms]; its figures there must be made again."""

    meter: str
    from_ms: int
    to_ms: int


def mark_dirty(engine: Engine, windows: Iterable[DirtyWindow]) -> None:
    """Remember windows to be made again. Called after the evidence is written, never before."""
    rows = [{"meter": w.meter, "from_ms": w.from_ms, "to_ms": w.to_ms} for w in windows]
    if rows:
        with engine.begin() as connection:
            connection.execute(insert(tables.dirty_window), rows)


def dirty_windows(engine: Engine, limit_meters: int = 500) -> dict[str, tuple[list[int], list[DirtyWindow]]]:
    """Waiting windows by meter: the ids of their rows, and the windows. The rows stay until `done` is told."""
    table = tables.dirty_window
    first = select(table.c.meter).distinct().order_by(table.c.meter).limit(limit_meters)
    waiting: dict[str, tuple[list[int], list[DirtyWindow]]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(table).where(table.c.meter.in_(first)).order_by(table.c.id)):
            ids, windows = waiting.setdefault(row.meter, ([], []))
            ids.append(row.id)
            windows.append(DirtyWindow(row.meter, row.from_ms, row.to_ms))
    return waiting


def done(engine: Engine, ids: Iterable[int]) -> None:
    """Forget windows whose figures were written. A window marked again meanwhile has another id and stays."""
    table = tables.dirty_window
    with engine.begin() as connection:
        for row_id in ids:
            connection.execute(delete(table).where(table.c.id == row_id))


def mark(engine: Engine, job: str) -> int | None:
    """How far a job has come, in the job's own unit; None = it never ran."""
    table = tables.progress_mark
    with engine.connect() as connection:
        return connection.execute(select(table.c.value).where(table.c.job == job)).scalar()


def set_mark(engine: Engine, job: str, value: int) -> None:
    """Remember how far a job has come."""
    table = tables.progress_mark
    with engine.begin() as connection:
        changed = connection.execute(table.update().where(table.c.job == job).values(value=value)).rowcount
        if not changed:
            connection.execute(insert(table).values(job=job, value=value))
