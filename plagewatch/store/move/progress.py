"""How far a move of stores has come: written with what was brought, so that it goes on there whatever ends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, insert, select, update

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_over


class Half(StrEnum):
    """What can be moved by itself."""

    RECORDS = "records"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Move:
    """From where to where [as people read it], and which halves. done_ms: when it was found equal; None = under way."""

    id: str
    source: str
    target: str
    halves: tuple[Half, ...]
    done_ms: int | None

    def same(self, source: str, target: str, halves: Sequence[Half]) -> bool:
        """Whether it is this one."""
        return (self.source, self.target, self.halves) == (source, target, tuple(halves))


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a move. upto: the key of the last that is there, empty where nothing is; number: how much that is."""

    upto: list[Any]
    number: int
    done: bool


NOT_BEGUN = Step([], 0, False)


def moves(engine: Engine) -> list[Move]:
    """All moves that these records know, the newest first."""
    table = tables.store_move
    with engine.connect() as connection:
        return [
            Move(row.id, row.source, row.target, tuple(map(Half, row.halves.split())), row.done_ms)
            for row in connection.execute(select(table).order_by(table.c.began_ms.desc()))
        ]


def unfinished(engine: Engine) -> Move | None:
    """The move that has to be ended before these records are whole; None where they are."""
    return next((move for move in moves(engine) if move.done_ms is None and Half.RECORDS in move.halves), None)


@dataclass(frozen=True, slots=True)
class Book:
    """The progress of one move, in the records that know of it."""

    engine: Engine
    move: Move

    def step(self, name: str) -> Step:
        """How far a step has come."""
        table = tables.store_move_step
        with self.engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.move == self.move.id, table.c.step == name)).first()
        return Step(row.upto, row.number, row.done) if row else NOT_BEGUN

    def note(self, name: str, step: Step, connection: Connection | None = None) -> None:
        """Remember how far a step has come, in the caller's transaction where one is given."""
        if connection is None:
            with self.engine.begin() as own:
                return self.note(name, step, own)
        row = {"move": self.move.id, "step": name, "upto": step.upto, "number": step.number, "done": step.done}
        return put_over(connection, tables.store_move_step, [row])

    def begin_again(self, connection: Connection) -> None:
        """Forget how far it has come, in the caller's transaction: whatever was brought is brought once more."""
        connection.execute(delete(tables.store_move_step).where(tables.store_move_step.c.move == self.move.id))

    def end(self, at_ms: int) -> None:
        """The move is over: what was brought is what was there."""
        table = tables.store_move
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == self.move.id).values(done_ms=at_ms))


def begin(engine: Engine, source: str, target: str, halves: Sequence[Half], at_ms: int) -> Book:
    """A new move to stores that are empty."""
    move, table = Move(uuid4().hex, source, target, tuple(halves), None), tables.store_move
    row = {"id": move.id, "source": source, "target": target, "halves": " ".join(halves), "began_ms": at_ms}
    with engine.begin() as connection:
        # What was begun from elsewhere brought nothing: the target is empty.
        given_up = select(table.c.id).where(table.c.target == target, table.c.done_ms.is_(None))
        connection.execute(delete(tables.store_move_step).where(tables.store_move_step.c.move.in_(given_up)))
        connection.execute(delete(table).where(table.c.target == target, table.c.done_ms.is_(None)))
        connection.execute(insert(table).values(row))
    return Book(engine, move)
