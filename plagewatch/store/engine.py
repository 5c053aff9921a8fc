"""Opens the records' database and brings its schema up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.pool import ConnectionPoolEntry

from plagewatch.store.move.progress import unfinished

__all__ = [
    "RECORDS_AWAY",
    "Engine",
    "RecordsError",
    "RecordsUnreachable",
    "bring_up",
    "engine_at",
    "migrate",
    "open_records",
    "shown_url",
]  # rooms name the type without touching the database library

RecordsError = (DBAPIError, NoConnectionLeft)
"""What the records' database raises; shells that only tell it need no database library for that."""

RECORDS_AWAY = (OperationalError, InterfaceError, NoConnectionLeft)
"""Those of them that pass by themselves: no connection, no answer, a lock that is held for too long."""

SCHEMA = Path(__file__).parent / "schema"

MIGRATING = 0x706C616765  # `plage`: who holds PostgreSQL's advisory lock of this number changes the schema


class RecordsUnreachable(Exception):
    """The records cannot be opened; the message says why."""


def open_records(url: str) -> Engine:
    """An engine on the records at an SQLAlchemy URL, migrated to the newest schema.

    SQLite, or PostgreSQL 15 and newer as `postgresql://`, `postgres://` or `postgresql+psycopg://`. Raises
    RecordsUnreachable where the URL is none, or the database cannot be reached or written.
    """
    engine = engine_at(url)
    try:
        bring_up(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def engine_at(url: str) -> Engine:
    """An engine that has not connected yet: `bring_up` comes before its first use, now or once the database answers.

    Raises RecordsUnreachable where the URL is none.
    """
    where = _read(url)
    try:
        if where.drivername.partition("+")[0] in ("postgresql", "postgres"):
            # Imported here: most commands of an embedded installation have no use for the driver.
            from plagewatch.store import postgres

            return postgres.open_engine(where)
        engine = create_engine(where)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RecordsUnreachable(str(error)) from error
    if engine.dialect.name != "sqlite":
        raise RecordsUnreachable(f"{engine.dialect.name} cannot hold them; SQLite and PostgreSQL can")
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def shown_url(url: str) -> str:
    """A URL as people may see it, without its password. Raises RecordsUnreachable where it is none.

    >>> shown_url("postgresql://anna:secret@records.example/plagewatch")
    'postgresql://anna:***@records.example/plagewatch'
    """
    return _read(url).render_as_string(hide_password=True)


def bring_up(engine: Engine, *, whole: bool = True) -> None:
    """Ask the database whether it can be used, and bring its schema to the newest where it is older.

    whole: refuse records that a move has not brought all of yet. Raises RecordsUnreachable.
    """
    if engine.dialect.name == "sqlite":
        try:
            migrate(engine)
            _check_whole(engine, whole)
        except DBAPIError as error:
            raise RecordsUnreachable(str(error.orig).splitlines()[0]) from error
        return
    from plagewatch.store import postgres

    try:
        with engine.connect() as connection:
            if why := postgres.too_old(connection):
                raise RecordsUnreachable(f"{engine.url.render_as_string(hide_password=True)}: {why}")
        migrate(engine)
        _check_whole(engine, whole)
    except DBAPIError as error:
        # Not `from error`: its text repeats the connection's parameters.
        raise RecordsUnreachable(postgres.reason(error, engine.url)) from None


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest migration; does nothing where it is there.

    Raises RecordsUnreachable where it is newer than this code.
    """
    with engine.connect() as connection:
        revision = _revision(connection)
    if revision == newest():
        return
    if (revision or "") > newest():
        raise RecordsUnreachable(f"their schema {revision} was made by a newer plagewatch: update this one")
    # Imported here: it takes longer than most commands, and is needed after an update only.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCHEMA))
    with engine.begin() as connection, _alone(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest() -> str:
    """The newest migration, by the names of their files."""
    return max(path.name.partition("_")[0] for path in (SCHEMA / "versions").glob("[0-9]*_*.py"))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Rooms that start together would otherwise all find no table and all make it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        return
    from plagewatch.store import postgres

    with postgres.unhurried(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
        yield


def _read(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # Without the library's own words: of a text that it cannot read they may repeat the password.
        expected = "postgresql://USER:PASSWORD@HOST/DATABASE is expected"
        raise RecordsUnreachable(f"the URL cannot be read: {expected}") from None


def _check_whole(engine: Engine, whole: bool) -> None:
    if whole and (move := unfinished(engine)):
        raise RecordsUnreachable(f"the move from {move.source} to here is not over: run `plagewatch store move` again")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _set_up_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
