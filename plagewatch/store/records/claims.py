"""Somebody says whose a device is, or what a topic is: the binding, its line of the audit, and the replay, at once."""

from dataclasses import replace

from sqlalchemy import Connection, Engine, func, select

from plagewatch.metering.claiming import Claim, ClaimRefused, binding_of, in_force
from plagewatch.metering.meters import Binding, Kind, Meter
from plagewatch.store import tables
from plagewatch.store.records import audit, registry, replays, topic_routes, withdrawals
from plagewatch.store.records.life_cycle import By, editing
from plagewatch.store.records.replays import Asked
from plagewatch.store.records.topic_routes import TopicRoute, is_template
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.tickets.texts import N_

DAY_MS = 86_400_000

CLAIMED, RELEASED, ROUTED = "device_claimed", "device_released", "topic_routed"
"""What the audit says was done. The words are stable."""


def claim(engine: Engine, series: SeriesStore, wanted: Claim, now_ms: int) -> int:
    """Bind a device's register to a meter and ask for the replay of everything received before; the replay's number.

    Where the register fed another meter it moves: from that instant on it feeds this one, and what the other has of it
    since then is withdrawn, or what this one had is restored. Raises ClaimRefused; SeriesError.
    """
    meter = registry.meter(engine, wanted.meter)
    if meter is None:
        raise ClaimRefused(N_("There is no meter “%(meter)s”."), meter=wanted.meter)
    with editing(engine) as connection:
        all_before = _bindings(connection)
        made = binding_of(wanted, meter, all_before)
        before = in_force(all_before, made.device, made.register, made.from_ms)
        registry.put(connection, made)
        audit.line(connection, now_ms, wanted.who, CLAIMED, made.meter, before, made)
        withdrawals.follow(connection, series, _change(connection, all_before, made, By(wanted.who, now_ms)))
        since_ms = _since_ms(connection, made)
        return replays.ask(connection, Asked(wanted.who, now_ms, since_ms, device=made.device))


def release(engine: Engine, series: SeriesStore, device: str, register: str, from_ms: int, by: By) -> Binding:
    """End what a device's register feeds, from an instant on; the binding as it stands then.

    What the meter has of it since then is withdrawn. Raises ClaimRefused where the register feeds none then, or
    SeriesError.
    """
    if not by.who.strip():
        raise ClaimRefused(N_("Say who you are."))
    with editing(engine) as connection:
        all_before = _bindings(connection)
        before = in_force(all_before, device, register, from_ms)
        if before is None:
            raise ClaimRefused(
                N_("“%(register)s” of %(device)s feeds no meter at that moment."), register=register, device=device
            )
        ended = replace(before, to_ms=from_ms)
        registry.put(connection, ended)
        audit.line(connection, by.at_ms, by.who, RELEASED, ended.meter, before, ended)
        withdrawals.follow(connection, series, _change(connection, all_before, ended, by))
        return ended


def route(engine: Engine, template: str, family: str, who: str, now_ms: int) -> int:
    """Say which family the topics of a form are, and ask for the replay of their packets; the replay's number.

    template: `site/+/{device}/data`. family: one that the collector knows, which the caller checks. Raises
    ClaimRefused.
    """
    if not who.strip():
        raise ClaimRefused(N_("Say who you are."))
    if not is_template(template):
        raise ClaimRefused(
            N_(
                "“%(template)s” is no form of topics: one level must be {device}; + stands for a level, # for the rest."
            ),
            template=template,
        )
    said = TopicRoute(template, family, who, now_ms)
    with editing(engine) as connection:
        before = topic_routes.put(connection, said)
        audit.line(connection, now_ms, who, ROUTED, template, before, said)
        return replays.ask(connection, Asked(who, now_ms, 0, template=template))


def claimable(engine: Engine) -> list[Meter]:
    """Meters that a device can feed, by id."""
    return [meter for meter in registry.meters(engine) if meter.kind not in (Kind.VIRTUAL, Kind.DELIVERY)]


def _bindings(connection: Connection) -> list[Binding]:
    return [Binding(**row) for row in connection.execute(select(tables.binding)).mappings()]


def _change(connection: Connection, before: list[Binding], put: Binding, by: By) -> withdrawals.Rebinding:
    was, is_now = (
        [one for one in some if (one.device, one.register) == (put.device, put.register)]
        for some in (before, _bindings(connection))
    )
    return withdrawals.Rebinding(was, is_now, by.who, by.at_ms)


def _since_ms(connection: Connection, made: Binding) -> int:
    """Receipt of the oldest packet that the binding can be about. A clock that is ahead dates it after its receipt."""
    table = tables.quarantine_count
    query = select(func.min(table.c.first_ms)).where(table.c.device == made.device)
    first_ms = connection.execute(query).scalar()
    since_ms = max(0, made.from_ms - DAY_MS)
    return since_ms if first_ms is None else min(since_ms, int(first_ms))
