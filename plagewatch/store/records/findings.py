"""What the ledger met in the evidence of a register: swaps, rollovers, excursions, contradictions."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, func, insert, or_, select

from plagewatch.metering.course import Found, Note
from plagewatch.metering.terms import STANDING
from plagewatch.store import tables
from plagewatch.store.records.work import in_lists


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """One finding and the register that it is of."""

    meter: str
    register: str
    found: Found


def replace(engine: Engine, meter: str, register: str, span_ms: tuple[int, int], found: Iterable[Found]) -> None:
    """Put what was found in place of what stands there: of the register, and beginning in [span_ms[0], span_ms[1]].

    What is true of all samples while a fact is missing is replaced whatever its time. The same again writes nothing.
    """
    table = tables.ledger_finding
    old = (
        table.c.meter == meter,
        table.c.register == register,
        or_(table.c.from_ms.between(*span_ms), table.c.note.in_([note.value for note in STANDING])),
    )
    rows = sorted((one.note.value, one.from_ms, one.to_ms, one.step) for one in found)
    columns = (table.c.note, table.c.from_ms, table.c.to_ms, table.c.step)
    # Asked first: mostly nothing was found and nothing stands there, and a write makes the disk wait.
    with engine.connect() as connection:
        if sorted(tuple(row) for row in connection.execute(select(*columns).where(*old))) == rows:
            return
    with engine.begin() as connection:
        connection.execute(delete(table).where(*old))
        names = [column.name for column in columns]
        if rows:
            named = [dict(zip(names, row, strict=True), meter=meter, register=register) for row in rows]
            connection.execute(insert(table), named)


def registers(engine: Engine, meters: Iterable[str]) -> set[tuple[str, str]]:
    """(meter, register) of all of these meters' registers that have a finding."""
    table, found = tables.ledger_finding, set[tuple[str, str]]()
    with engine.connect() as connection:
        for some in in_lists(list(meters)):
            query = select(table.c.meter, table.c.register).where(table.c.meter.in_(some or ())).distinct()
            found |= {(meter, register) for meter, register in connection.execute(query)}
    return found


def newest(engine: Engine, limit: int, meter: str | None = None) -> list[LedgerFinding]:
    """The newest findings, of all meters or of one, newest first."""
    table = tables.ledger_finding
    query = select(table).order_by(table.c.from_ms.desc(), table.c.id.desc()).limit(limit)
    if meter is not None:
        query = query.where(table.c.meter == meter)
    with engine.connect() as connection:
        return [
            LedgerFinding(r.meter, r.register, Found(Note(r.note), r.from_ms, r.to_ms, r.step))
            for r in connection.execute(query)
        ]


def counts(engine: Engine) -> dict[str, dict[Note, int]]:
    """How many findings of each note every meter has, by meter; a meter without any is not there."""
    table = tables.ledger_finding
    query = select(table.c.meter, table.c.note, func.count()).group_by(table.c.meter, table.c.note)
    found: dict[str, dict[Note, int]] = {}
    with engine.connect() as connection:
        for meter, note, number in connection.execute(query.order_by(table.c.meter, table.c.note)):
            found.setdefault(meter, {})[Note(note)] = number
    return found


def impossible(engine: Engine) -> list[LedgerFinding]:
    """Movements that were set aside because the meter cannot have made them, by meter, oldest first."""
    table = tables.ledger_finding
    query = select(table).where(table.c.note == Note.IMPOSSIBLE.value).order_by(table.c.meter, table.c.from_ms)
    with engine.connect() as connection:
        return [
            LedgerFinding(r.meter, r.register, Found(Note(r.note), r.from_ms, r.to_ms, r.step))
            for r in connection.execute(query)
        ]
