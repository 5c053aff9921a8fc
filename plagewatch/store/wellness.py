"""Whether the records' database is well: where it is, what fails to be written is at fault itself."""

import sqlite3

from sqlalchemy import Engine, insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from plagewatch.metering.readings import Reason
from plagewatch.store import tables

_POSTGRES_CLASSES = ("08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0", "HV", "XX")
"""SQLSTATE classes of a connection, a transaction, a right, a missing table, a full disk, a server that stops."""

_SQLITE_CODES = frozenset(
    (
        sqlite3.SQLITE_ERROR,  # no such table
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_ABORT,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    )
)


def is_of_database(error: BaseException) -> bool:
    """Whether an error says that the database cannot do its work, and nothing of what was to be written.

    The kind of error does not tell: a key too long is as operational for PostgreSQL as a full disk.
    """
    if isinstance(error, NoConnectionLeft):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_CODES
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver's own: no connection, or a value that it cannot send
        return isinstance(error, OperationalError | InterfaceError)
    return str(state)[:2] in _POSTGRES_CLASSES


def check_writes(engine: Engine) -> None:
    """Put something harmless into quarantine and take it back. Raises RecordsError where that cannot be done."""
    row = {"received_ms": 0, "source": "", "device": "", "reason": Reason.MALFORMED.value, "detail": "", "payload": b""}
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(insert(tables.quarantine).values(row))
        transaction.rollback()
