"""What the columns of a table are, as somebody confirmed it, by the name they gave it."""

from typing import Any

from sqlalchemy import Engine, select

from plagewatch.store.records.conflicts import put_over
from plagewatch.store.tables import import_mapping


def save_mapping(engine: Engine, name: str, mapping: dict[str, Any], who: str, at_ms: int) -> None:
    """Keep a mapping over the one of the same name. at_ms: when it was confirmed, milliseconds since 1970 UTC."""
    with engine.begin() as connection:
        row = {"name": name, "mapping": mapping, "who": who, "at_ms": at_ms}
        put_over(connection, import_mapping, [row])


def mapping_named(engine: Engine, name: str) -> dict[str, Any] | None:
    """The mapping of a name, None where there is none."""
    query = select(import_mapping.c.mapping).where(import_mapping.c.name == name)
    with engine.connect() as connection:
        return connection.execute(query).scalar()


def mapping_names(engine: Engine) -> list[str]:
    """The names of all mappings, sorted."""
    with engine.connect() as connection:
        return list(connection.execute(select(import_mapping.c.name).order_by(import_mapping.c.name)).scalars())
