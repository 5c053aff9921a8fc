"""Packets that shall go through the collectors once more: what was asked, and how far it has come on each spool."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select

from plagewatch.store import tables
from plagewatch.store.records import device_memory, quarantine, spools
from plagewatch.store.records.quarantine import Quarantined, Stretch
from plagewatch.store.records.replay_progress import Part, Replay
from plagewatch.store.records.spools import KnownSpool
from plagewatch.store.records.topic_routes import covers


@dataclass(frozen=True, slots=True)
class Asked:
    """What shall be replayed, and who asks when. until_ms None = no end."""

    who: str
    at_ms: int
    since_ms: int
    until_ms: int | None = None
    device: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The stretch of a spool that a replay is about. oldest_ms: receipt of the oldest packet there; None = empty."""

    spool: str
    next_id: int
    last_id: int
    oldest_ms: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch of a replay brought. next_id: the place up to which it is done now."""

    next_id: int
    packets: int
    samples: int
    refused: Sequence[Quarantined]
    memory: device_memory.Changes


def ask(connection: Connection, asked: Asked) -> int:
    """Ask for a replay in the caller's transaction; its number."""
    values = {
        "device": asked.device,
        "template": asked.template,
        "since_ms": asked.since_ms,
        "until_ms": asked.until_ms,
        "who": asked.who,
        "asked_ms": asked.at_ms,
        "trouble": "",
    }
    return int(connection.execute(insert(tables.replay).values(values)).inserted_primary_key[0])  # type: ignore[index]


def ask_now(engine: Engine, asked: Asked) -> int:
    """Ask for a replay; its number."""
    with engine.begin() as connection:
        return ask(connection, asked)


def replay(engine: Engine, number: int) -> Replay | None:
    """One replay; None where there is none of that number."""
    with engine.connect() as connection:
        found = _read(connection, select(tables.replay).where(tables.replay.c.id == number))
    return found[0] if found else None


def replays(engine: Engine, limit: int = 50, device: str | None = None) -> list[Replay]:
    """The newest replays, of one device or of all."""
    table = tables.replay
    query = select(table).where(*([] if device is None else [table.c.device == device]))
    with engine.connect() as connection:
        return _read(connection, query.order_by(table.c.id.desc()).limit(limit))


def waiting(engine: Engine, spool: str) -> Replay | None:
    """The replay to work on now with a spool: the oldest that is not done there.

    One after the other, as two would count twice.
    """
    with engine.connect() as connection:
        found = _read(connection, _to_do(spool).order_by(tables.replay.c.id).limit(1))
    return found[0] if found else None


def number_waiting(engine: Engine, spool: str) -> int:
    """How many replays a spool has still to do."""
    with engine.connect() as connection:
        return int(connection.execute(_to_do(spool).with_only_columns(func.count())).scalar_one())


def begin(engine: Engine, current: Replay, where: Beginning) -> None:
    """Set the stretch and take its packets out of quarantine: those still without a place come back as it goes."""
    with engine.begin() as connection:
        _begin(connection, current, where)
        begun = set(connection.execute(_spools_of(current.id)).scalars())
        for gone in spools.known(connection):
            if gone.gone_ms is not None and gone.name not in begun:
                _give_up(connection, current, gone)


def advance(engine: Engine, current: Replay, spool: str, step: Step) -> None:
    """Note a batch whose samples are written; what it refused goes back to quarantine, all at once or not at all."""
    table = tables.replay_part
    with engine.begin() as connection:
        quarantine.keep_again(connection, step.refused, stretch(current, spool))
        device_memory.remember_apart(connection, (current.id, spool), step.memory)
        values = {
            "next_id": step.next_id,
            "packets": table.c.packets + step.packets,
            "samples": table.c.samples + step.samples,
            "trouble": "",
        }
        connection.execute(table.update().where(*_of_part(current.id, spool)).values(values))


def stand_still(engine: Engine, part: Part, trouble: str) -> None:
    """Note why a replay cannot go on now."""
    if part.trouble != trouble:
        with engine.begin() as connection:
            of_part = _of_part(part.replay, part.spool)
            connection.execute(tables.replay_part.update().where(*of_part).values(trouble=trouble))


def finish(engine: Engine, part: Part, done_ms: int, gone: int, trouble: str) -> None:
    """Note that a spool is through; what only its packets told of devices is known to live packets from now on."""
    with engine.begin() as connection:
        quarantine.forget_empty(connection, part.spool)
        device_memory.end_replay(connection, (part.replay, part.spool))
        values = {"done_ms": done_ms, "trouble": trouble, "gone": gone}
        of_part = _of_part(part.replay, part.spool)
        connection.execute(tables.replay_part.update().where(*of_part).values(values))
        _settle(connection, part.replay, done_ms)


def settle(engine: Engine, now_ms: int) -> None:
    """End replays that no spool which is still at work has to do any more."""
    with engine.begin() as connection:
        table = tables.replay
        for number in connection.execute(select(table.c.id).where(table.c.done_ms.is_(None))).scalars().all():
            _settle(connection, number, now_ms)


def stretch(current: Replay, spool: str) -> Stretch:
    """The packets of a spool that a replay is about."""
    return Stretch(spool, current.since_ms, current.until_ms)


def _begin(connection: Connection, current: Replay, where: Beginning) -> int:
    """Insert the part of a spool; how many packets quarantine had counted."""
    devices = _devices(connection, current, where.spool)
    first_ms = _first_ms(connection, devices, current.since_ms, where.spool)
    counted = quarantine.withdraw(connection, devices, stretch(current, where.spool))
    lacks = first_ms is not None and (where.oldest_ms is None or first_ms < where.oldest_ms)
    values = {
        "replay": current.id,
        "spool": where.spool,
        "next_id": where.next_id,
        "last_id": where.last_id,
        "counted": counted,
        "packets": 0,
        "samples": 0,
        "gone": 0,
        "complete_from_ms": (current.asked_ms if where.oldest_ms is None else where.oldest_ms) if lacks else None,
        "trouble": "",
    }
    connection.execute(insert(tables.replay_part).values(values))
    return counted


def _give_up(connection: Connection, current: Replay, spool: KnownSpool) -> None:
    counted = _begin(connection, current, Beginning(spool.name, 0, 0, None))
    trouble = f"{counted} packets were in the spool {spool.place}, which is no longer there" if counted else ""
    values = {"done_ms": current.asked_ms, "gone": counted, "trouble": trouble}
    connection.execute(tables.replay_part.update().where(*_of_part(current.id, spool.name)).values(values))


def _spools_of(number: int) -> Select[Any]:
    return select(tables.replay_part.c.spool).where(tables.replay_part.c.replay == number)


def _settle(connection: Connection, number: int, now_ms: int) -> None:
    """Done is a replay when every spool is through; one that nobody has seen for long is not waited for, and named."""
    table, part = tables.replay, tables.replay_part
    # Two collectors that end at once wait for each other here, and the later one sees what the earlier wrote.
    connection.execute(select(table.c.id).where(table.c.id == number).with_for_update())
    done_ms = {row.spool: row.done_ms for row in connection.execute(select(part).where(part.c.replay == number))}
    through = {spool for spool, done in done_ms.items() if done is not None}
    missing = [one for one in spools.known(connection) if one.gone_ms is None and one.name not in through]
    if not through or any(now_ms - spool.seen_ms < spools.GIVEN_UP_MS for spool in missing):
        return
    said = "; ".join(f"the packets in the spool {spool.place} were not replayed" for spool in missing)
    connection.execute(table.update().where(table.c.id == number).values(done_ms=now_ms, trouble=said))


def _to_do(spool: str) -> Select[Any]:
    table, part = tables.replay, tables.replay_part
    done = select(part.c.replay).where(part.c.replay == table.c.id, part.c.spool == spool, part.c.done_ms.is_not(None))
    return select(table).where(table.c.done_ms.is_(None), ~done.exists())


def _of_part(number: int, spool: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = tables.replay_part
    return table.c.replay == number, table.c.spool == spool


def _read(connection: Connection, query: Select[Any]) -> list[Replay]:
    rows = connection.execute(query).all()
    table, parts = tables.replay_part, dict[int, list[Part]]()
    of_these = select(table).where(table.c.replay.in_([row.id for row in rows])).order_by(table.c.spool)
    for row in connection.execute(of_these):
        parts.setdefault(row.replay, []).append(Part(**row._mapping))
    return [_replay(row._asdict(), parts.get(row.id, [])) for row in rows]


def _replay(row: dict[str, Any], parts: Sequence[Part]) -> Replay:
    said = row.pop("trouble")
    return Replay(**row, said=said, parts=tuple(parts))


def _devices(connection: Connection, asked: Replay, spool: str) -> list[str] | None:
    """Under which names the packets of a replay are in quarantine; None = all."""
    if not asked.template:
        return [asked.device] if asked.device else None
    table = tables.quarantine
    packets = (table.c.spool == spool, table.c.spool_id.is_not(None))
    rows = connection.execute(select(table.c.device, table.c.source).where(*packets).distinct())
    return sorted({row.device for row in rows if covers(asked.template, row.source.removeprefix("mqtt:"))})


def _first_ms(connection: Connection, devices: list[str] | None, since_ms: int, spool: str) -> int | None:
    table = tables.quarantine_count
    of_these = [] if devices is None else [table.c.device.in_(devices)]
    query = select(table.c.first_ms).where(table.c.spool == spool, table.c.spool_id > 0, *of_these)
    moments = [row.first_ms for row in connection.execute(query)]
    return max(since_ms, min(moments)) if moments else None
