"""Takes what can still be read out of a spool that was set aside, or that is left of a machine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from collector.spool import Spool, SpoolDamaged
from plagewatch.metering.readings import Packet

AT_ONCE = 500
_COLUMNS = "SELECT topic, payload, received_ms FROM packet WHERE"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """How many packets that were not handled yet are in the other spool now, and how many could not be read."""

    saved: int
    lost: int


def salvage(damaged: Path, into: Spool) -> Salvaged:
    """Put the packets of a file that were not handled yet into a spool, with the time of their receipt.

    Done twice, their readings are stored once; only what is counted in quarantine counts them again.

    Raises SpoolDamaged where nothing can be read at all, SpoolError where the other spool does not take them.
    """
    saved = lost = 0
    try:
        with closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            for packets, unread in _pieces(connection, *_stretch(connection)):
                if packets:
                    into.append(packets)
                saved, lost = saved + len(packets), lost + unread
    except sqlite3.Error as error:
        told = f"{damaged} cannot be read at all ({error}): `sqlite3 {damaged} .recover` may find more"
        raise SpoolDamaged(told, retryable=False) from error
    return Salvaged(saved, lost)


def _stretch(connection: sqlite3.Connection) -> tuple[int, int]:
    """The last place that was handled, and the last one there was."""
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'packet'").fetchone()
    try:
        handled = connection.execute("SELECT spool_id FROM watermark WHERE consumer = 'pipeline'").fetchone()
    except sqlite3.DatabaseError:
        handled = None  # then all of them are taken: readings are stored once
    return int(handled[0]) if handled else 0, int(last[0]) if last else 0


def _pieces(connection: sqlite3.Connection, handled: int, last: int) -> Iterator[tuple[list[Packet], int]]:
    for first in range(handled + 1, last + 1, AT_ONCE):
        end = min(last + 1, first + AT_ONCE)
        try:
            rows = connection.execute(f"{_COLUMNS} id >= ? AND id < ? ORDER BY id", (first, end)).fetchall()
        except sqlite3.DatabaseError:
            yield _one_by_one(connection, range(first, end))
        else:
            yield [Packet(*row) for row in rows], 0


def _one_by_one(connection: sqlite3.Connection, places: range) -> tuple[list[Packet], int]:
    packets, lost = [], 0
    for place in places:
        try:
            row = connection.execute(f"{_COLUMNS} id = ?", (place,)).fetchone()
        except sqlite3.DatabaseError:
            lost += 1
        else:
            if row is not None:
                packets.append(Packet(*row))
    return packets, lost
