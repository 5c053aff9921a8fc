"""The spools of all collectors on these records: who has one, where it is, and when it was last at work."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select

from plagewatch.store import tables

GIVEN_UP_MS = 30 * 86_400_000
"""A spool that nobody has seen for so long is not waited for: its machine is gone, or its packets are."""


@dataclass(frozen=True, slots=True)
class KnownSpool:
    """A spool.

    place: its machine and file. seen_ms: when its collector last said that it is there. gone_ms: since when another
    file is in its place; None = it is there.
    """

    name: str
    place: str
    seen_ms: int
    gone_ms: int | None = None


def seen(engine: Engine, spool: KnownSpool) -> None:
    """Say that a spool is at work: before its first packet is brought into the stores, and again and again.

    Whichever was in its place before is gone: set aside because it was damaged, or lost with its disk.
    """
    table = tables.spool
    with engine.begin() as connection:
        before = (table.c.place == spool.place, table.c.name != spool.name, table.c.gone_ms.is_(None))
        connection.execute(table.update().where(*before).values(gone_ms=spool.seen_ms))
        values = {"place": spool.place, "seen_ms": spool.seen_ms, "gone_ms": None}
        if not connection.execute(table.update().where(table.c.name == spool.name).values(values)).rowcount:
            connection.execute(insert(table).values(name=spool.name, **values))


def known(connection: Connection) -> list[KnownSpool]:
    """All spools, by name."""
    return [KnownSpool(**row) for row in connection.execute(select(tables.spool).order_by("name")).mappings()]
