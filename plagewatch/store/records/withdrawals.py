"""Evidence that does not count: kept, changed with the bindings, and told to the audit in the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from plagewatch.metering.meters import Binding
from plagewatch.metering.withdrawals import Withdrawal, settled
from plagewatch.store import tables
from plagewatch.store.records import audit
from plagewatch.store.records.work import DirtyWindow
from plagewatch.store.series.counted import counted
from plagewatch.store.series.protocol import SeriesStore

WITHDRAWN, RESTORED = "evidence_withdrawn", "evidence_restored"
"""What the audit says was done. The words are stable."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A withdrawal, and how much evidence it passes over: readings, the first and the last of their instants."""

    withdrawal: Withdrawal
    readings: int
    first_ms: int
    last_ms: int


def withdrawals(engine: Engine, device: str | None = None) -> list[Withdrawal]:
    """All that is withdrawn, or of one device, by meter, register and time."""
    with engine.connect() as connection:
        return _all(connection, device)


def counting(engine: Engine, series: SeriesStore) -> SeriesStore:
    """The series store as figures are made of it: without what is withdrawn now."""
    return counted(series, withdrawals(engine))


def passed_over(engine: Engine, series: SeriesStore, device: str) -> list[Passed]:
    """What is withdrawn of a device and passes over any evidence. Raises SeriesError."""
    return [found for one in withdrawals(engine, device) if (found := _passed(series, one)).readings]


@dataclass(frozen=True, slots=True)
class Rebinding:
    """All bindings of one register of a device, as they were and as they are; who changed them, when."""

    before: Sequence[Binding]
    after: Sequence[Binding]
    who: str
    at_ms: int


def follow(connection: Connection, series: SeriesStore, change: Rebinding) -> None:
    """Withdraw what a meter no longer has from a device and restore what it has again, in the caller's transaction.

    Exactly the windows in which there is such evidence are marked. Raises SeriesError.
    """
    device = next((binding.device for binding in [*change.before, *change.after]), "")
    standing = _all(connection, device)
    found = settled(standing, change.before, change.after, change.who, change.at_ms)
    for what, pieces in ((WITHDRAWN, found.withdrawn), (RESTORED, found.restored)):
        for piece in pieces:
            told = _passed(series, piece)
            if told.readings:
                window = DirtyWindow(piece.meter, told.first_ms, told.last_ms)
                connection.execute(insert(tables.dirty_window).values(window._asdict()))
                # The readings that there are: a binding that nobody ended has no end to be shown.
                line = {
                    "device": piece.device,
                    "register": piece.register,
                    "source": piece.source,
                    "from_ms": told.first_ms,
                    "to_ms": told.last_ms,
                    "readings": told.readings,
                }
                sides = (None, line) if what == WITHDRAWN else (line, None)
                audit.line(connection, change.at_ms, change.who, what, piece.meter, *sides)
    if found.standing != standing:
        connection.execute(delete(tables.withdrawal).where(tables.withdrawal.c.device == device))
        if found.standing:
            connection.execute(insert(tables.withdrawal), [asdict(one) for one in found.standing])


def _all(connection: Connection, device: str | None) -> list[Withdrawal]:
    table = tables.withdrawal
    query = select(table).order_by(table.c.meter, table.c.register, table.c.source, table.c.from_ms)
    if device is not None:
        query = query.where(table.c.device == device)
    return [Withdrawal(**row) for row in connection.execute(query).mappings()]


def _passed(series: SeriesStore, one: Withdrawal) -> Passed:
    there = _told(series, one, ())
    theirs = sorted(there - _told(series, one, [one])) if there else []
    return Passed(one, len(theirs), theirs[0][0] if theirs else 0, theirs[-1][0] if theirs else 0)


def _told(series: SeriesStore, one: Withdrawal, without: Iterable[Withdrawal]) -> set[tuple[int, float]]:
    spans = [other.span for other in without]
    evidence = series.samples(one.meter, one.register, one.from_ms, one.to_ms, spans)
    return set(zip(evidence.at_ms.tolist(), evidence.value.tolist(), strict=True))
