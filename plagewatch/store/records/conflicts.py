"""Rows that may be there already: one statement decides, so that no other process can come in between."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert rows and return how many; those of which a key of the table is there already are passed over.

    rows: all with the same columns. A row that a foreign key refuses still raises sqlalchemy.exc.IntegrityError.
    """
    if not rows:
        return 0
    # Counted by what comes back: a driver does not always know how many rows an insert made.
    statement = _insert_into(connection, table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return len(connection.execute(statement, rows).all())


def put_over(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, each over the one with the same primary key, which is never deleted: others may point to it.

    rows: all with the same columns; of several with one key the last stays.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    statement = _insert_into(connection, table)
    if rest := {name: statement.excluded[name] for name in rows[0] if name not in keys}:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest), rows)
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), rows)


def _insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
