"""One ticket for what many meters have in common."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.meters import Binding, Building, Carrier, Kind, Meter, Person, Role, Share, Site
from plagewatch.store.engine import Engine
from plagewatch.store.records import held_notices, outbox, registry, tickets
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import LIVING, State, Ticket
from rules import dispatch, explain
from rules.incidents import Clear, Fade, Reopen, Touch, Verify
from rules.storm_watch import watch_storms
from rules.storms import (
    ALL_SILENT,
    DAY_OFF,
    FEED_SILENT,
    SITE_SILENT,
    STORMS,
    Gather,
    Join,
    Place,
    Step,
    Storms,
    muted,
    storms,
    waits,
)

HOUR_S = 3600
T = 1_790_002_800  # 21 September 2026, 17:00 in Brussels
TZ = "Europe/Brussels"
LIMITS = Storms()


def silent(number: int, meter: str, since_s: int = T, **changes: object) -> Ticket:
    ticket = Ticket(
        number, meter, "no_data", "no_data", State.OPEN, Urgency.SOON, Skill.METERING, since_s, since_s + 6 * HOUR_S,
        since_s + 7 * HOUR_S, 1.0, {"silent_h": 7.0},
    )  # fmt: skip
    return replace(ticket, **changes)  # type: ignore[arg-type]


def low(number: int, meter: str, since_s: int = T) -> Ticket:
    numbers = {"used_kwh": 1.0, "usual_kwh": 9.0}
    return replace(silent(number, meter, since_s), rule="unusual_load", cause="unusual_load", numbers=numbers)


def sites(count: int, devices: int = 4) -> dict[str, Place]:
    """Meters `s0.0`, `s0.1`, ...: each with a device of its own, each site one building."""
    return {
        f"s{site}.{n}": Place(f"s{site}", TZ, f"d{site}.{n}", f"b{site}")
        for site in range(count)
        for n in range(devices)
    }


FILES = {f"f{n}": Place(f"s{n}", TZ, "", f"b{n}") for n in range(10)}


@pytest.mark.parametrize(
    ("what", "found", "places", "cause"),
    [
        ("the gateway of a site", [silent(n, f"s0.{n}", T + 600 * n) for n in range(3)], sites(6), SITE_SILENT),
        ("two of a site are two faults", [silent(n, f"s0.{n}") for n in range(2)], sites(6), None),
        ("three of ten of a site", [silent(n, f"s0.{n}") for n in range(3)], sites(6, 10), None),
        ("at other hours", [silent(n, f"s0.{n}", T + 2 * HOUR_S * n) for n in range(4)], sites(6), None),
        ("one at each of six sites", [silent(n, f"s{n}.0") for n in range(6)], sites(6), ALL_SILENT),
        ("six of a thousand", [silent(n, f"s{n}.0") for n in range(6)], sites(250), None),
        ("the operator's feed", [silent(n, f"f{n}") for n in range(5)], {**sites(3), **FILES}, FEED_SILENT),
        ("four of the feed", [silent(n, f"f{n}") for n in range(4)], {**sites(3), **FILES}, None),
        ("a holiday nobody entered", [low(n, f"s{n}.0", T + 1800 * n) for n in range(5)], sites(8), DAY_OFF),
        ("five of thirty buildings", [low(n, f"s{n}.0") for n in range(5)], sites(30), None),
        ("five meters of one building", [low(n, f"s0.{n}") for n in range(4)], sites(8), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_one_cause(what: str, found: list[Ticket], places: dict[str, Place], cause: str | None) -> None:
    steps = storms(found, {}, places, T + 9 * HOUR_S, LIMITS)
    assert [step.finding.cause for step in steps if isinstance(step, Gather)] == ([] if cause is None else [cause]), (
        what
    )
    for step in steps:
        assert isinstance(step, Gather)
        assert step.parts == {ticket.id for ticket in found}


def test_a_ticket_somebody_took_up_stays_theirs() -> None:
    found = [silent(n, f"s0.{n}") for n in range(4)]
    found[0] = replace(found[0], state=State.ACKNOWLEDGED)
    (step,) = storms(found, {}, sites(6), T, LIMITS)
    assert isinstance(step, Gather)
    assert step.parts == {1, 2, 3}


WHOLE = silent(100, "s0.0", cause=SITE_SILENT, numbers={"devices": 3.0})


@pytest.mark.parametrize(
    ("state", "resolved_s", "part", "expected"),
    [
        (State.OPEN, None, State.FADED, Fade),
        (State.IN_PROGRESS, None, State.FADED, Clear),
        (State.RESOLVED, T, State.FADED, Verify),
        (State.RESOLVED, T, State.OPEN, Reopen),
        (State.RESOLVED, T + 40 * HOUR_S, State.OPEN, Touch),
        (State.OPEN, None, State.OPEN, Touch),
        (State.OPEN, None, State.ACKNOWLEDGED, Fade),
    ],
)
def test_a_storm_follows_its_tickets(state: State, resolved_s: int | None, part: State, expected: type) -> None:
    whole = replace(WHOLE, state=state, resolved_s=resolved_s)
    parts = [silent(n, f"s0.{n}", state=part, last_abnormal_s=T + 30 * HOUR_S) for n in range(3)]
    steps = storms([whole, *parts], dict.fromkeys(range(3), 100), sites(6), T + 31 * HOUR_S, LIMITS)
    assert [type(step) for step in steps] == [expected]


def test_a_gateway_that_turns_out_to_be_the_broker_is_put_to_it() -> None:
    parts = [silent(n, f"s0.{n}") for n in range(3)]
    others = [silent(n, f"s{n}.0") for n in (4, 5)]
    steps = storms([WHOLE, *parts, *others], dict.fromkeys(range(3), 100), sites(6), T, LIMITS)
    (step,) = [step for step in steps if isinstance(step, Gather)]
    assert (step.finding.cause, step.finding.numbers["devices"]) == (ALL_SILENT, 5.0)
    assert step.parts == {4, 5, 100}


# A small centre that keeps what was decided, as the records would.
def applied(found: list[Ticket], wholes: dict[int, int], steps: list[Step]) -> tuple[list[Ticket], dict[int, int]]:
    by_id, wholes = {t.id: t for t in found}, dict(wholes)
    for step in steps:
        if isinstance(step, Gather):
            number = max(by_id, default=0) + 1
            f = step.finding
            by_id[number] = replace(
                silent(number, f.meter), rule=f.rule, cause=f.cause, numbers=f.numbers,
                first_abnormal_s=f.first_abnormal_s, last_abnormal_s=f.last_abnormal_s,
            )  # fmt: skip
            wholes |= {part: number for part in step.parts if part not in wholes}
        elif isinstance(step, Join):
            wholes |= {part: step.whole.id for part in step.parts if part not in wholes}
        elif isinstance(step, Fade):
            by_id[step.ticket.id] = replace(step.ticket, state=State.FADED)
        elif isinstance(step, Touch):
            by_id[step.ticket.id] = replace(step.ticket, last_abnormal_s=step.finding.last_abnormal_s)
    return list(by_id.values()), wholes


PLACES = {**sites(6), **FILES}
METERS = sorted(PLACES)
FOUND = st.lists(
    st.tuples(st.sampled_from(METERS), st.integers(0, 5), st.booleans(), st.sampled_from(State)),
    max_size=30,
    unique_by=lambda one: (one[0], one[2]),
).map(
    lambda rows: [
        replace((low if is_low else silent)(n, meter, T + 900 * late), state=state)
        for n, (meter, late, is_low, state) in enumerate(rows, 1)
    ]
)


@given(found=FOUND, chance=st.randoms(use_true_random=False))
def test_the_order_of_tickets_does_not_matter(found: list[Ticket], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert storms(shuffled, {}, PLACES, T, LIMITS) == storms(found, {}, PLACES, T, LIMITS)


@given(found=FOUND)
def test_twice_changes_nothing_and_nobody_stands_under_two(found: list[Ticket]) -> None:
    steps = storms(found, {}, PLACES, T, LIMITS)
    parts = [part for step in steps if isinstance(step, Gather | Join) for part in step.parts]
    assert len(parts) == len(set(parts))
    wholes: dict[int, int] = {}
    for _ in range(3):  # a gateway may still turn out to be the broker
        found, wholes = applied(found, wholes, steps)
        steps = storms(found, wholes, PLACES, T, LIMITS)
    assert steps == []


@given(found=FOUND)
def test_every_ticket_is_told_or_stands_under_one_that_is(found: list[Ticket]) -> None:
    after, wholes = applied(found, {}, storms(found, {}, PLACES, T, LIMITS))
    hidden = muted(after, wholes)
    by_id = {t.id: t for t in after}
    for ticket in found:
        if ticket.id in hidden:
            assert by_id[wholes[ticket.id]].state in LIVING
            assert ticket.state is State.OPEN
    keys = [t.key for t in after if t.state in LIVING and t.cause in STORMS]
    assert len(keys) == len(set(keys))  # one living ticket per key


@given(lates=st.lists(st.integers(0, 3600), min_size=5, max_size=20))
def test_a_broker_that_dies_gives_one_ticket_whatever_order_and_minute(lates: list[int]) -> None:
    places = sites(len(lates), 1)
    found = [silent(n, f"s{n}.0", T + late) for n, late in enumerate(lates)]
    after, wholes = applied(found, {}, storms(found, {}, places, T, LIMITS))
    hidden = muted(after, wholes)
    assert [t.cause for t in after if t.id not in hidden] == [ALL_SILENT]


def test_a_silence_waits_for_the_sites_still_to_be_looked_at() -> None:
    ticket = silent(1, "s0.0")
    assert waits(ticket, ticket.opened_s - HOUR_S, ticket.opened_s + 60)
    assert not waits(ticket, ticket.opened_s, ticket.opened_s + 60)
    assert not waits(ticket, ticket.opened_s - HOUR_S, ticket.opened_s + 1800)  # a site that fails keeps nobody waiting
    assert waits(low(1, "s0.0"), ticket.opened_s, ticket.opened_s + HOUR_S)
    assert not waits(low(1, "s0.0"), ticket.opened_s, ticket.opened_s + 2 * HOUR_S)


@pytest.fixture
def centre(engine: Engine) -> Engine:
    """Six sites with four devices each, and one technician."""
    registry.save(engine, [Site(f"s{n}", f"Site {n}", "north") for n in range(6)])
    registry.save(engine, [Building(f"b{n}", f"s{n}", f"House {n}") for n in range(6)])
    for name, place in sites(6).items():
        registry.save(engine, [Meter(name, place.site, name, Carrier.WATER, Kind.INDEX, "m3", 900)])
        registry.save(engine, [Binding(place.device, "water_volume", name), Share(name, place.building, 1.0)])
    registry.save(engine, [Person("anna", "Anna", "anna@cpas-ocmw.example", Role.TECHNICIAN)])
    return engine


def open_(engine: Engine, meter: str, since_s: int = T) -> int:
    finding = Finding("no_data", meter, "no_data", since_s, since_s + 6 * HOUR_S, since_s + 7 * HOUR_S, 1.0, {})
    return tickets.open_ticket(engine, finding, Urgency.SOON, Skill.METERING)


def test_twenty_four_silent_devices_are_one_mail_and_one_line(centre: Engine) -> None:
    for name in sites(6):
        open_(centre, name)
    now_s = T + 8 * HOUR_S
    assert dispatch.enqueue(centre, now_s) == 1
    assert dispatch.enqueue(centre, now_s + 60) == 0
    (item,) = outbox.due(centre, now_s)
    storm = tickets.ticket(centre, int(item.subject_key.split(":")[1]))
    assert storm is not None
    assert (storm.cause, storm.numbers["devices"], storm.numbers["sites"]) == (ALL_SILENT, 24.0, 6.0)
    assert len(held_notices.wholes(centre)) == 24
    (meter,) = [meter for meter in registry.meters(centre) if meter.id == storm.meter]
    assert explain.sentence(storm, meter, "en").startswith("24 devices at 6 sites fell silent within the same hour.")
    assert explain.first_checks(storm, "nl")


def test_a_storm_ends_with_its_tickets_and_one_that_stays_silent_is_told_then(centre: Engine) -> None:
    numbers = [open_(centre, f"s0.{n}") for n in range(4)]
    now_s = T + 8 * HOUR_S
    assert dispatch.enqueue(centre, now_s) == 0  # no site has been looked at: it waits half an hour at most
    assert dispatch.enqueue(centre, now_s + 1800) == 1
    for number in numbers:
        tickets.move(centre, number, State.OPEN, State.FADED, who="meter", at_s=now_s, cleared_s=now_s)
    watch_storms(centre, now_s + HOUR_S)
    assert [ticket.cause for ticket in tickets.tickets(centre, living_only=True)] == []
    open_(centre, "s0.1", now_s + 2 * HOUR_S)
    assert dispatch.enqueue(centre, now_s + 10 * HOUR_S, dispatch.CAP) == 0  # it cools down
    assert [notice.why for notice in held_notices.held(centre)] == ["cool_down"]
    assert dispatch.enqueue(centre, now_s + 60 * HOUR_S) == 1
    assert held_notices.held(centre) == []
