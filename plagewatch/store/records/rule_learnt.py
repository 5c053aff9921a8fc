"""What the rules learnt of each meter for the hours to come; made anew each night, so losing it costs only time."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, delete, select

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over
from plagewatch.store.records.work import in_lists


@dataclass(frozen=True, slots=True)
class LearntOf:
    """What was learnt of a meter up to made_s, seconds since 1970 UTC; packed as the rules pack it."""

    meter: str
    made_s: int
    packed: bytes


def save(engine: Engine, learnt: Iterable[LearntOf]) -> None:
    """Put what was learnt in place of what was before."""
    rows = [asdict(one) for one in learnt]
    with engine.begin() as connection:
        put_over(connection, tables.rule_learnt, rows)


def made_s(engine: Engine, meters: Collection[str]) -> dict[str, int]:
    """When it was learnt, of those of these meters of which anything was."""
    table, found = tables.rule_learnt, dict[str, int]()
    with engine.connect() as connection:
        for some in in_lists(list(meters)):
            query = select(table.c.meter, table.c.made_s).where(table.c.meter.in_(some or ()))
            found |= {meter: made for meter, made in connection.execute(query)}
    return found


def learnt(engine: Engine, meters: Collection[str]) -> list[LearntOf]:
    """What was learnt of these meters."""
    table, found = tables.rule_learnt, list[LearntOf]()
    with engine.connect() as connection:
        for some in in_lists(list(meters)):
            query = select(table).where(table.c.meter.in_(some or ()))
            found += [LearntOf(row.meter, row.made_s, row.packed) for row in connection.execute(query)]
    return found


def forget(engine: Engine, meters: Collection[str]) -> None:
    """Take back what was learnt of these meters."""
    table = tables.rule_learnt
    with engine.begin() as connection:
        for some in in_lists(list(meters)):
            connection.execute(delete(table).where(table.c.meter.in_(some or ())))
