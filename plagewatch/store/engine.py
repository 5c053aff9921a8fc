"""Opens the records' database and brings its schema up to date."""

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = [
    "Engine",
    "RecordsUnreachable",
    "migrate",
    "open_records",
]  # rooms name the type without touching the database library

RecordsError = DBAPIError
"""What the records' database raises; shells that only tell it need no database library for that."""

SCHEMA = Path(__file__).parent / "schema"


class RecordsUnreachable(Exception):
    """The records cannot be opened; the message says why."""


def open_records(url: str) -> Engine:
    """An engine on the records at an SQLAlchemy URL, migrated to the newest schema.

    Raises RecordsUnreachable where the URL is none, or the database cannot be reached or written.
    """
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
        migrate(engine)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RecordsUnreachable(str(error)) from error
    except DBAPIError as error:
        raise RecordsUnreachable(str(error.orig).splitlines()[0]) from error
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest migration; does nothing where it is there."""
    with engine.connect() as connection:
        if _revision(connection) == newest():
            return
    # Imported here: it takes longer than most commands, and is needed after an update only.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCHEMA))
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Rooms that start together would otherwise all find no table and all make it.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest() -> str:
    """The newest migration, by the names of their files."""
    return max(path.name.partition("_")[0] for path in (SCHEMA / "versions").glob("[0-9]*_*.py"))


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
