"""Swaps that nobody declared, put together from telegrams' serial numbers, the ledger's findings and the evidence."""

from collections.abc import Iterator
from itertools import groupby, pairwise

from sqlalchemy import Engine, select

from plagewatch.metering.course import Note
from plagewatch.metering.flows import is_index
from plagewatch.metering.proposals import Exchange, Proposal, Why, proposals
from plagewatch.store import tables
from plagewatch.store.records import registry
from plagewatch.store.records.serials import serials_of
from plagewatch.store.records.withdrawals import counting
from plagewatch.store.series.protocol import SeriesStore


def open_proposals(engine: Engine, series: SeriesStore, meter: str) -> list[Proposal]:
    """What somebody should decide at a meter, by time. Raises SeriesError."""
    series = counting(engine, series)
    seen = [*_by_serials(engine, series, meter), *_by_falls(engine, series, meter)]
    return proposals(meter, seen, registry.swaps_of(engine, meter), dismissed(engine, meter)) if seen else []


def dismissed(engine: Engine, meter: str) -> list[tuple[str, int]]:
    """(register, instant) of proposals of which somebody said that nothing was replaced."""
    table = tables.swap_dismissed
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.register, table.c.at_ms).where(table.c.meter == meter))
        return [(row.register, row.at_ms) for row in rows]


def _by_serials(engine: Engine, series: SeriesStore, meter: str) -> Iterator[Exchange]:
    for register, told in groupby(serials_of(engine, meter), key=lambda one: one.register):
        for old, new in pairwise(told):
            if is_index(register):
                found = _around(series, meter, register, new.at_ms, new.at_ms)
                if found:
                    yield Exchange(register, *found, Why.SERIAL_CHANGED, old.serial, new.serial)


def _by_falls(engine: Engine, series: SeriesStore, meter: str) -> Iterator[Exchange]:
    table = tables.ledger_finding
    query = select(table).where(table.c.meter == meter, table.c.note == Note.UNDECLARED_SWAP.value)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.from_ms)).all()
    for row in rows:
        found = _around(series, meter, row.register, row.from_ms + 1, row.to_ms)
        if found:
            yield Exchange(row.register, *found, Why.INDEX_FELL)


def _around(
    series: SeriesStore, meter: str, register: str, after_ms: int, from_ms: int
) -> tuple[int, int, float, float] | None:
    """The last reading before one instant and the first from another one on: both moments, both indexes."""
    earlier = series.samples_around(meter, register, after_ms, after_ms, 1)
    later = series.samples_around(meter, register, from_ms, from_ms, 1)
    before, after = earlier.at_ms < after_ms, later.at_ms >= from_ms
    if not before.any() or not after.any():
        return None
    return (
        int(earlier.at_ms[before][0]),
        int(later.at_ms[after][0]),
        float(earlier.value[before][0]),
        float(later.value[after][0]),
    )
