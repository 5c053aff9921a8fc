"""Serial numbers that telegrams carry: one that changes says that a device was replaced, whoever forgot to tell."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from plagewatch.store import tables
from plagewatch.store.records.alone import alone

MOST_METERS_ASKED = 500

Register = tuple[str, str]  # a meter and one of its registers


@dataclass(frozen=True, slots=True)
class SerialSeen:
    """A telegram of an instant [ms since 1970 UTC] carried this serial number."""

    meter: str
    register: str
    at_ms: int
    serial: str


def note_seen(engine: Engine, seen: Iterable[SerialSeen]) -> None:
    """Remember serial numbers where they differ from the one in force at their moment, whatever arrives first.

    Nothing is written where nothing is new, so it may be called with every batch of packets, and twice with the same.
    A serial that was away and came back before a late telegram told of the one between is met again with its next
    telegram.
    """
    arrived: dict[Register, list[SerialSeen]] = {}
    for one in seen:
        if one.serial:
            arrived.setdefault((one.meter, one.register), []).append(one)
    if not arrived:
        return
    with engine.connect() as connection:
        known = _rows(connection, sorted({meter for meter, _ in arrived}))
    changes = [
        register
        for register, some in arrived.items()
        if in_force(known.get(register, []), some) != known.get(register, [])
    ]
    if changes:
        with engine.begin() as connection:
            alone(connection, "serials")
            # Asked again: another collector may have been told of the same telegrams.
            known = _rows(connection, sorted({meter for meter, _ in changes}))
            for register in changes:
                before = known.get(register, [])
                _replace(connection, before, in_force(before, arrived[register]))


def serials_of(engine: Engine, meter: str) -> list[SerialSeen]:
    """From when on which serial number was seen at a meter's registers, by register and time."""
    with engine.connect() as connection:
        rows = _rows(connection, [meter])
    return [one for register in sorted(rows) for one in rows[register]]


def in_force(known: Sequence[SerialSeen], arrived: Iterable[SerialSeen]) -> list[SerialSeen]:
    """What is known of one register after more was seen: the first telegram of each serial number, by time.

    >>> told = [SerialSeen("m", "r", at_ms, serial) for at_ms, serial in ((10, "a"), (90, "b"), (50, "b"), (70, "b"))]
    >>> [(one.at_ms, one.serial) for one in in_force([], told)]
    [(10, 'a'), (50, 'b')]
    """
    by_instant = {one.at_ms: one for one in arrived}
    by_instant.update({one.at_ms: one for one in known})  # of two at one instant the first to come stays
    return list(_changing(by_instant[at_ms] for at_ms in sorted(by_instant)))


def _changing(ordered: Iterable[SerialSeen]) -> Iterator[SerialSeen]:
    last = ""
    for one in ordered:
        if one.serial != last:
            yield one
        last = one.serial


def _rows(connection: Connection, meters: Sequence[str]) -> dict[Register, list[SerialSeen]]:
    table = tables.serial_seen
    found: dict[Register, list[SerialSeen]] = {}
    for first in range(0, len(meters), MOST_METERS_ASKED):
        asked = meters[first : first + MOST_METERS_ASKED]
        for row in connection.execute(select(table).where(table.c.meter.in_(asked)).order_by(table.c.at_ms)):
            found.setdefault((row.meter, row.register), []).append(SerialSeen(**row._mapping))
    return found


def _replace(connection: Connection, before: Sequence[SerialSeen], after: Sequence[SerialSeen]) -> None:
    table = tables.serial_seen
    for gone in [one for one in before if one not in after]:
        same = (table.c.meter == gone.meter, table.c.register == gone.register, table.c.at_ms == gone.at_ms)
        connection.execute(delete(table).where(*same))
    fresh = [asdict(one) for one in after if one not in before]
    if fresh:
        connection.execute(insert(table), fresh)
