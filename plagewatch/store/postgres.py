"""A connection to PostgreSQL that never waits for ever, takes any text, and tells trouble in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

DRIVER = "postgresql+psycopg"
OLDEST = 15

STATEMENT_S = 120
"""None of our statements takes longer; PostgreSQL ends one that does."""

ANSWER_S = STATEMENT_S + 30
"""A server that says nothing for so long stands still, or the network swallows what it says."""

MOVING = 0x706C6D6F7665  # `plmove`: who holds PostgreSQL's advisory lock of this number moves stores

_AT_THE_SERVER = {
    "statement_timeout": STATEMENT_S * 1000,
    "lock_timeout": STATEMENT_S * 1000,
    # A machine that lost its power does not say goodbye: its locks end when PostgreSQL has missed it for so long.
    "tcp_keepalives_idle": 30,
    "tcp_keepalives_interval": 10,
    "tcp_keepalives_count": 3,
}

_AT_THIS_END: dict[str, str | int] = {
    "application_name": "plagewatch",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "options": " ".join(f"-c {name}={value}" for name, value in _AT_THE_SERVER.items()),
}

_TOLD = {
    # As PostgreSQL says it -> what to do; a server that speaks another language is quoted as it is.
    "password authentication failed": "user and password are not those of the database",
    "no password supplied": "the database asks for a password, and the URL has none",
    "no pg_hba.conf entry": "the server's pg_hba.conf lets nobody in from this machine with this user and database",
    "starting up": "the server is starting or recovering: try again in a moment",
    "shutting down": "the server is stopping: try again once it runs",
    "too many clients": "the server has no connection left: raise its max_connections",
    "remaining connection slots": "the server has no connection left: raise its max_connections",
    "Connection refused": "nobody listens there: is PostgreSQL running, and are host and port right?",
    "timeout expired": "no answer: are host and port right, and does a firewall let this machine through?",
    "resolve host": "there is no host of that name",
    "permission denied for schema": "the user may not make tables: make it the owner of the database",
}


def open_engine(url: URL) -> Engine:
    """An engine on a PostgreSQL database; nothing is connected yet. What the URL says itself holds over ours."""
    ours = {name: value for name, value in _AT_THIS_END.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername=DRIVER),
        connect_args=ours,
        # A connection that was open over a restart of the server is found dead before it is used, not by using it.
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_size=5,
        max_overflow=35,  # the pages answer with up to 40 threads
        pool_timeout=30,
    )
    event.listen(engine, "do_connect", lambda _dialect, _record, args, named: PatientConnection.connect(*args, **named))
    event.listen(engine, "connect", _take_any_text)
    return engine


def too_old(connection: Connection) -> str | None:
    """Why this server cannot hold the records; None where it can."""
    version: tuple[int, ...] = getattr(connection.dialect, "server_version_info", None) or (0,)
    if version[0] < OLDEST:
        return f"it runs PostgreSQL {'.'.join(map(str, version))}, and {OLDEST} or newer is needed"
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    return None if encoding == "UTF8" else f"its encoding is {encoding}, and UTF8 is needed"


def reason(error: DBAPIError, url: URL) -> str:
    """What went wrong with the database of a URL, in one line without its password, and what to do."""
    told = " ".join(str(error.orig).split()) or type(error.orig).__name__
    # libpq says `connection to server at ... failed: FATAL:  what it is`, once for each address of the host.
    told = told.rpartition("FATAL: ")[2].strip()
    if url.password:
        told = told.replace(str(url.password), "***")
    where = url.render_as_string(hide_password=True)
    if "database" in told and "does not exist" in told:
        return f"{where}: there is no such database: CREATE DATABASE {url.database} TEMPLATE template0 LOCALE 'C.UTF-8'"
    for words, what in _TOLD.items():
        if words in told:
            return f"{where}: {what}"
    return f"{where}: {told}"


class Others(Exception):
    """Others have the records open; the message says who, as PostgreSQL knows them."""


@contextmanager
def for_one_move(engine: Engine) -> Iterator[None]:
    """Have records that no other process of ours is connected to. Raises Others.

    Others may connect later: they find a move that is not over, and leave.
    """
    ours = "SELECT count(*), min(client_addr::text) FROM pg_stat_activity WHERE datname = current_database()"
    with engine.connect() as connection:
        (mine,) = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({MOVING})").one()
        connection.commit()
        number, where = connection.exec_driver_sql(
            f"{ours} AND application_name = 'plagewatch' AND pid <> pg_backend_pid()"
        ).one()
        connection.commit()
        if number or not mine:
            raise Others(f"{number} connections of plagewatch, e.g. from {where}" if number else "another move")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MOVING})")


class PatientConnection(psycopg.Connection[Any]):
    """Gives up on a server that says nothing: by itself the driver would wait for as long as the socket stands."""

    patience_s: float | None = ANSWER_S

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # Whatever it answers later would be taken for the answer to the next question.
                self.pgconn.finish()
            raise


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """The caller's transaction may take as long as it takes: a large table is changed, or another one is waited for."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    driver = connection.connection.driver_connection
    assert isinstance(driver, PatientConnection)
    driver.patience_s = None
    try:
        yield
    finally:
        driver.patience_s = ANSWER_S


def storable(text: str) -> str:
    r"""A text as PostgreSQL can hold it: NUL and halves of surrogate pairs as escapes.

    >>> storable("boiler\x00\ud800")
    'boiler\\x00\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


class _AnyText(StrDumperUnknown):
    """Somebody's odd text must not be taken for a database that is away, and tried again and again."""

    def dump(self, obj: str) -> Buffer | None:
        try:
            return super().dump(obj)
        except (psycopg.DataError, UnicodeEncodeError):
            return super().dump(storable(obj))


def _take_any_text(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if isinstance(connection, psycopg.Connection):
        connection.adapters.register_dumper(str, _AnyText)
