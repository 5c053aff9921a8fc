"""Where meters' ledgers stand, as bytes: read and written with each packet, all of a meter in one column."""

from collections.abc import Mapping

import msgpack
from sqlalchemy import Connection, Engine, select

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.tails import Carry, RegisterTail, Tail
from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over

VERSION = 1


def written(tail: Tail) -> bytes:
    """A tail as bytes; numbers come back bit by bit.

    >>> tail = Tail({"gas_volume": RegisterTail(5, 9, 900.0)})
    >>> read(written(tail)) == tail
    True
    """
    carries = [(flow, resolution.value, *carry) for (flow, resolution), carry in tail.carries.items()]
    packed: bytes = msgpack.packb((VERSION, dict(tail.registers), carries))
    return packed


def read(packed: bytes | None) -> Tail | None:
    """The tail that bytes are; None where there is none, or another version wrote it: all is looked at then."""
    if packed is None:
        return None
    version, registers, carries = msgpack.unpackb(packed)
    if version != VERSION:
        return None
    return Tail(
        {register: RegisterTail(*values) for register, values in registers.items()},
        {(flow, Resolution(resolution)): Carry(*values) for flow, resolution, *values in carries},
    )


def save(connection: Connection, tails: Mapping[str, Tail | None]) -> None:
    """Keep where meters stand, in the caller's transaction; None: it is not known, and all is looked at next time."""
    rows = [{"meter": meter, "tail": None if tail is None else written(tail)} for meter, tail in tails.items()]
    put_over(connection, tables.ledger_tail, rows)


def newest_ms(engine: Engine) -> dict[str, int]:
    """The newest sample of each meter whose ledger's place is known, milliseconds since 1970 UTC."""
    table = tables.ledger_tail
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.meter, table.c.tail)).all()
    tails = ((meter, read(packed)) for meter, packed in rows)
    return {
        meter: max(one.last_ms for one in tail.registers.values())
        for meter, tail in tails
        if tail is not None and tail.registers
    }
