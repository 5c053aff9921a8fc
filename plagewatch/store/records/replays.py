"""Packets that shall go through the collector once more: what was asked, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select

from plagewatch.store import tables
from plagewatch.store.records import device_memory, quarantine
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.topic_routes import covers


@dataclass(frozen=True, slots=True)
class Replay:
    """A stretch of the spool that shall be handled again.

    device, template: whose packets, or packets of which topics; both empty = all. since_ms: received from then on.
    next_id, last_id: places in the spool up to which it is done, and where it ends; None = not begun.
    counted: packets that quarantine had counted when it began. packets: of the device, handled so far. samples: values
    stored by them. gone: of those counted, at least how many the spool no longer had. complete_from_ms: where the spool
    no longer had all, from when on it did. trouble: why it stands still or what it lacks; empty = nothing.
    """

    id: int
    device: str
    template: str
    since_ms: int
    who: str
    asked_ms: int
    next_id: int | None
    last_id: int | None
    counted: int
    packets: int
    samples: int
    done_ms: int | None
    gone: int
    complete_from_ms: int | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch of a replay brought. next_id: the place up to which it is done now."""

    next_id: int
    packets: int
    samples: int
    refused: Sequence[Quarantined]
    memory: device_memory.Changes


def ask(connection: Connection, device: str, template: str, since_ms: int, who: str, now_ms: int) -> int:
    """Ask for a replay in the caller's transaction; its number."""
    values = {
        "device": device,
        "template": template,
        "since_ms": since_ms,
        "who": who,
        "asked_ms": now_ms,
        "counted": 0,
        "packets": 0,
        "samples": 0,
        "gone": 0,
        "trouble": "",
    }
    return int(connection.execute(insert(tables.replay).values(values)).inserted_primary_key[0])  # type: ignore[index]


def ask_now(engine: Engine, device: str, since_ms: int, who: str, now_ms: int) -> int:
    """Ask for a replay of one device's packets, or with an empty one of all; its number."""
    with engine.begin() as connection:
        return ask(connection, device, "", since_ms, who, now_ms)


def replay(engine: Engine, number: int) -> Replay | None:
    """One replay; None where there is none of that number."""
    with engine.connect() as connection:
        row = connection.execute(select(tables.replay).where(tables.replay.c.id == number)).first()
    return Replay(**row._mapping) if row else None


def replays(engine: Engine, limit: int = 50, device: str | None = None) -> list[Replay]:
    """The newest replays, of one device or of all."""
    table = tables.replay
    query = select(table).where(*([] if device is None else [table.c.device == device]))
    with engine.connect() as connection:
        return [Replay(**row._mapping) for row in connection.execute(query.order_by(table.c.id.desc()).limit(limit))]


def waiting(engine: Engine) -> Replay | None:
    """The replay to work on now: the oldest that is not done. One after the other, as two would count twice."""
    table = tables.replay
    query = select(table).where(table.c.done_ms.is_(None)).order_by(table.c.id).limit(1)
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return Replay(**row._mapping) if row else None


def begin(engine: Engine, asked: Replay, next_id: int, last_id: int, oldest_ms: int | None) -> None:
    """Set the stretch and take its packets out of quarantine: those still without a place come back as it goes.

    oldest_ms: receipt of the oldest packet in the spool; None = it is empty.
    """
    with engine.begin() as connection:
        devices = _devices(connection, asked)
        first_ms = _first_ms(connection, devices, asked.since_ms)
        counted = quarantine.withdraw(connection, devices, asked.since_ms)
        lacks = first_ms is not None and (oldest_ms is None or first_ms < oldest_ms)
        values = {
            "next_id": next_id,
            "last_id": last_id,
            "counted": counted,
            "complete_from_ms": (asked.asked_ms if oldest_ms is None else oldest_ms) if lacks else None,
        }
        connection.execute(tables.replay.update().where(tables.replay.c.id == asked.id).values(values))


def advance(engine: Engine, current: Replay, step: Step) -> None:
    """Note a batch whose samples are written; what it refused goes back to quarantine, all at once or not at all."""
    table = tables.replay
    with engine.begin() as connection:
        quarantine.keep_again(connection, step.refused, current.since_ms)
        device_memory.remember_apart(connection, current.id, step.memory)
        values = {
            "next_id": step.next_id,
            "packets": table.c.packets + step.packets,
            "samples": table.c.samples + step.samples,
            "trouble": "",
        }
        connection.execute(table.update().where(table.c.id == current.id).values(values))


def stand_still(engine: Engine, current: Replay, trouble: str) -> None:
    """Note why a replay cannot go on now."""
    if current.trouble != trouble:
        with engine.begin() as connection:
            table = tables.replay
            connection.execute(table.update().where(table.c.id == current.id).values(trouble=trouble))


def finish(engine: Engine, current: Replay, done_ms: int, gone: int, trouble: str) -> None:
    """Note that a replay is done; what only its packets told of devices is known to live packets from now on."""
    table = tables.replay
    with engine.begin() as connection:
        quarantine.forget_empty(connection)
        device_memory.end_replay(connection, current.id)
        values = {"done_ms": done_ms, "trouble": trouble, "gone": gone}
        connection.execute(table.update().where(table.c.id == current.id).values(values))


def _devices(connection: Connection, asked: Replay) -> list[str] | None:
    """Under which names the packets of a replay are in quarantine; None = all."""
    if not asked.template:
        return [asked.device] if asked.device else None
    table = tables.quarantine
    rows = connection.execute(select(table.c.device, table.c.source).where(table.c.spool_id.is_not(None)).distinct())
    return sorted({row.device for row in rows if covers(asked.template, row.source.removeprefix("mqtt:"))})


def _first_ms(connection: Connection, devices: list[str] | None, since_ms: int) -> int | None:
    table = tables.quarantine_count
    of_these = [] if devices is None else [table.c.device.in_(devices)]
    query = select(table.c.first_ms).where(table.c.spool_id > 0, *of_these)
    moments = [row.first_ms for row in connection.execute(query)]
    return max(since_ms, min(moments)) if moments else None
