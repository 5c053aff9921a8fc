"""What decoders must remember of devices over a restart: the names behind Sparkplug's aliases."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, delete, select

from plagewatch.store import tables
from plagewatch.store.records.conflicts import put_new, put_over

Changes = Mapping[str, tuple[str, str]]
"""By key: the family that wrote it and the value; an empty value is forgotten."""

_REPLAY = "replay "


Course = tuple[int, str]
"""A replay's number and the spool's name: what its packets tell is their own until it is done."""


def memory(engine: Engine, course: Course | None = None) -> dict[str, str]:
    """What is remembered, by key; for a replay what its own packets told lies over it."""
    table = tables.device_memory
    ours, replayed = {}, {}
    with engine.connect() as connection:
        for row in connection.execute(select(table)):
            if not row.family.startswith(_REPLAY):
                ours[row.key] = row.value
            elif course is not None and row.family.startswith(_apart(course)):
                replayed[row.key] = row.value
    return {**ours, **replayed}


def remember(engine: Engine, changes: Changes) -> None:
    """Keep what live packets changed."""
    if changes:
        with engine.begin() as connection:
            for key, (family, value) in changes.items():
                _put(connection, family, key, value)


def remember_apart(connection: Connection, course: Course, changes: Changes) -> None:
    """Keep what a replay's packets changed for that replay, in its transaction: live packets have their own course."""
    for key, (family, value) in changes.items():
        _put(connection, _apart(course) + family, key, value)


def end_replay(connection: Connection, course: Course) -> None:
    """Let live packets know what only a replay's packets told, and forget the rest of its memory."""
    table = tables.device_memory
    rows = connection.execute(select(table)).all()
    known = {row.key for row in rows if not row.family.startswith(_REPLAY)}
    for row in rows:
        if row.family.startswith(_apart(course)):
            if row.key not in known:
                live = {"family": row.family.removeprefix(_apart(course)), "key": row.key, "value": row.value}
                put_new(connection, table, [live])  # a live packet may tell it just now
            connection.execute(delete(table).where(table.c.family == row.family, table.c.key == row.key))


def _apart(course: Course) -> str:
    number, spool = course
    return f"{_REPLAY}{number}@{spool} " if spool else f"{_REPLAY}{number} "


def _put(connection: Connection, family: str, key: str, value: str) -> None:
    table = tables.device_memory
    if value:
        put_over(connection, table, [{"family": family, "key": key, "value": value}])
    else:
        connection.execute(delete(table).where(table.c.family == family, table.c.key == key))
