"""Records from one database to another: table by table, in batches by primary key, the same values in any of them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, LargeBinary, RowMapping, Table, delete, func, insert, literal, select, tuple_

from plagewatch.store import tables
from plagewatch.store.move.progress import Book, Step
from plagewatch.store.postgres import storable

ROWS, PICTURES = 2_000, 16  # rows of a batch; with a picture a row has up to 8 MB

Tell = Callable[[str], None]
Row = dict[str, Any]
Key = list[Any]


def tables_in_order() -> list[Table]:
    """All tables that are moved, each behind those that its rows point to."""
    ours = (tables.store_move, tables.store_move_step)
    return [table for table in tables.metadata.sorted_tables if table not in ours]


def filled(engine: Engine) -> str | None:
    """A table that has rows; None where the records are empty."""
    with engine.connect() as connection:
        for table in tables_in_order():
            if connection.execute(select(*table.primary_key.columns).limit(1)).first():
                return str(table.name)
    return None


def empty(connection: Connection) -> None:
    """Delete all rows that were brought, those that point to others first."""
    for table in reversed(tables_in_order()):
        connection.execute(delete(table))


def copy(source: Engine, target: Engine, book: Book, tell: Tell) -> None:
    """Bring all rows that are not there yet. Each batch and its note are one transaction."""
    for table in tables_in_order():
        name = f"table {table.name}"
        step = book.step(name)
        if not step.done:
            step = _copy_table(source, target, table, book, name)
        if step.number:
            tell(f"{table.name}: {step.number} rows")


def _copy_table(source: Engine, target: Engine, table: Table, book: Book, name: str) -> Step:
    step = book.step(name)
    for rows, last in batches(source, table, step.upto):
        step = Step(last, step.number + len(rows), False)
        with target.begin() as connection:
            connection.execute(insert(table), rows)
            book.note(name, step, connection)
    step = Step(step.upto, step.number, True)
    with target.begin() as connection:
        _number_on(connection, table)
        book.note(name, step, connection)
    return step


def batches(engine: Engine, table: Table, after: Key) -> Iterator[tuple[list[Row], Key]]:
    """Rows by primary key, from behind a key on, and the key of the last; text as every database can hold it."""
    keys = list(table.primary_key.columns)
    size = PICTURES if any(isinstance(column.type, LargeBinary) for column in table.columns) else ROWS
    while True:
        query = select(table).order_by(*keys).limit(size)
        if after:
            query = query.where(tuple_(*keys) > tuple_(*_values(table, after)))
        with engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        if rows:
            after = [_plain(rows[-1][column.name]) for column in keys]
            yield [_portable(row) for row in rows], after
        if len(rows) < size:
            return


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: so many rows, and a sum over them all that no order changes."""

    rows: int
    digest: int


def content(engine: Engine, table: Table) -> Content:
    """The content of a table, the same for the same rows in any database."""
    count, total = 0, 0
    for rows, _ in batches(engine, table, []):
        total += sum(int.from_bytes(_digest(repr(sorted(map(_short, row.items()))).encode())) for row in rows)
        count += len(rows)
    return Content(count, total % 2**128)


def _short(cell: tuple[str, Any]) -> tuple[str, Any]:
    name, value = cell
    return name, _digest(value) if isinstance(value, bytes) else value


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _portable(row: RowMapping) -> Row:
    return {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A part of a key as JSON can hold it."""
    return value.isoformat() if isinstance(value, date) else value


def _values(table: Table, key: Key) -> list[Any]:
    columns = table.primary_key.columns
    dated = [column.type.python_type is date for column in columns]
    values = [date.fromisoformat(value) if is_date else value for value, is_date in zip(key, dated, strict=True)]
    return [literal(value, column.type) for value, column in zip(values, columns, strict=True)]


def _number_on(connection: Connection, table: Table) -> None:
    """Let the next row that the database numbers itself come behind the highest."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    highest = connection.execute(select(func.max(column))).scalar()
    if highest is not None:
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), highest)))
