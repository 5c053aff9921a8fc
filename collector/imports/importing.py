"""A file or folder into the stores: finds out what it is, reads it, writes what is new, and tells all of it."""

from dataclasses import replace

from collector.imports import formats
from collector.imports.evidence import Bookkeeper
from collector.imports.refusals import ImportRefused, Progress, Refusals
from collector.imports.rehearsal import rehearsal
from collector.imports.stores import ImportStore
from collector.imports.work import Import, ImportReport, Order
from plagewatch.store.engine import Engine

__all__ = ["ImportRefused", "ImportReport", "Order", "dry_run", "run"]


def run(
    order: Order, engine: Engine, series: ImportStore, now_ms: int, progress: Progress | None = None
) -> ImportReport:
    """Bring a file or folder into the stores. Doing it again changes nothing.

    now_ms: milliseconds since 1970 UTC; rows of later than a day after it are implausible.
    Raises ImportRefused where it cannot be read as it is, SeriesError where the store fails.
    """
    name = order.format or formats.recognised(order.path)
    folder = order.path.name if order.path.is_dir() else ""
    refusals = Refusals(folder, now_ms)
    books = Bookkeeper(engine, series, f"file:{order.path.name}", now_ms)
    work = Import(replace(order, format=name), engine, series, now_ms, refusals, books, progress)
    for blocks in formats.FORMATS[name].read(work):
        books.take(blocks)
    refusals.store(engine)
    return work.report(name)


def dry_run(
    order: Order, engine: Engine, series: ImportStore, now_ms: int, progress: Progress | None = None
) -> ImportReport:
    """What `run` would do, into stores that are thrown away; the real ones are only read."""
    with rehearsal(engine, series) as (scratch, overlay):
        return run(order, scratch, overlay, now_ms, progress)
