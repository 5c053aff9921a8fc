"""What the ledger learnt of registers whose usual distance of samples nobody entered."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine, delete, select

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over


def usual_s(engine: Engine, meter: str) -> dict[str, float]:
    """The usual distance [s] with which the figures of a meter's registers were made, by register."""
    table = tables.register_usual
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.register, table.c.usual_s).where(table.c.meter == meter))
        return {register: usual for register, usual in rows}


def set_usual_s(engine: Engine, meter: str, learnt: Mapping[str, float]) -> None:
    """Remember usual distances [s] by register. Called after the figures are written, never before."""
    if learnt:
        with engine.begin() as connection:
            rows = [{"meter": meter, "register": register, "usual_s": usual} for register, usual in learnt.items()]
            put_over(connection, tables.register_usual, rows)


def forget(engine: Engine, meter: str, registers: Iterable[str]) -> None:
    """Called before a history is made again: until that is done, no figure is known to be made with any distance."""
    table = tables.register_usual
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.meter == meter, table.c.register.in_(list(registers))))
