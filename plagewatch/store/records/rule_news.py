"""Meters with new figures, of the carriers at which some rules look within seconds: a burst, a dead solar plant."""

import secrets
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Engine, and_, delete, or_, select

from plagewatch.metering.meters import Carrier
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over

CARRIERS = frozenset({Carrier.WATER, Carrier.SOLAR})
MOST = 200  # a statement holds only so many parameters


def put(connection: Connection, meters: Collection[str]) -> None:
    """Note that there are new figures of these meters, in the transaction in which they were finished."""
    mark = secrets.token_hex(4)
    # In one order, so that two who note the same meters wait for each other and not in a ring.
    put_over(connection, tables.rule_news, [{"meter": meter, "mark": mark} for meter in sorted(meters)])


def waiting(engine: Engine) -> dict[str, str]:
    """Meters with news, and the mark of each."""
    table = tables.rule_news
    with engine.connect() as connection:
        return {meter: mark for meter, mark in connection.execute(select(table.c.meter, table.c.mark))}


def done(engine: Engine, looked_at: Mapping[str, str]) -> None:
    """Forget news that was looked at; what came meanwhile has another mark and stays."""
    table, items = tables.rule_news, sorted(looked_at.items())
    with engine.begin() as connection:
        for first in range(0, len(items), MOST):
            some = (and_(table.c.meter == meter, table.c.mark == mark) for meter, mark in items[first : first + MOST])
            connection.execute(delete(table).where(or_(*some)))
