"""Who is mailed today: a daily number, and nothing is lost by it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.meters import Carrier, Kind, Meter, Person, Role, Site
from plagewatch.store.engine import Engine
from plagewatch.store.records import held_notices, outbox, registry, rule_modes, tickets
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.modes import Mode, RuleMode
from rules import dispatch
from rules.telling import Cap, Waiting, choose

HOUR_S, DAY_S = 3600, 86_400
T = 1_790_000_000
WAITING = st.builds(
    Waiting,
    ticket=st.integers(1, 40),
    person=st.sampled_from(["anna", "bert"]),
    urgency=st.sampled_from(Urgency),
    rank=st.floats(0, 1e5),
    opened_s=st.integers(T, T + DAY_S),
    cooling=st.booleans(),
)
NOTICES = st.lists(WAITING, max_size=60, unique_by=lambda one: (one.ticket, one.person))
TOLD = st.lists(st.tuples(st.sampled_from(["anna", "bert"]), st.sampled_from(Urgency)), max_size=20)


@given(waiting=NOTICES, told=TOLD, cap=st.builds(Cap, st.integers(0, 12), st.integers(0, 12)))
def test_each_notice_is_told_or_held_and_never_more_than_the_cap(
    waiting: list[Waiting], told: list[tuple[str, Urgency]], cap: Cap
) -> None:
    chosen = choose(waiting, told, cap)
    assert Counter([*chosen.tell, *chosen.hold]) == Counter(waiting)
    before = Counter((person, urgency is Urgency.URGENT) for person, urgency in told)
    new = Counter((one.person, one.urgency is Urgency.URGENT) for one in chosen.tell)
    for (person, urgent), count in new.items():
        assert count + before[person, urgent] <= (cap.urgent_a_day if urgent else cap.a_day)


@given(waiting=NOTICES, chance=st.randoms(use_true_random=False))
def test_the_order_does_not_matter(waiting: list[Waiting], chance: object) -> None:
    shuffled = list(waiting)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(shuffled, [], Cap(3, 3)) == choose(waiting, [], Cap(3, 3))


@given(waiting=NOTICES)
def test_day_after_day_everything_is_told_that_does_not_cool(waiting: list[Waiting]) -> None:
    left, days = waiting, 0
    while any(not one.cooling or one.urgency is Urgency.URGENT for one in left):
        left = list(choose(left, [], Cap(2, 2)).hold)
        days += 1
        assert days <= 60


@pytest.fixture
def house(engine: Engine) -> Engine:
    """Twelve meters and one technician."""
    registry.save(engine, [Site("linde", "De Linde", "north")])
    registry.save(engine, [_meter(n) for n in range(12)])
    registry.save(engine, [Person("anna", "Anna", "anna@cpas-ocmw.example", Role.TECHNICIAN)])
    return engine


def _meter(number: int) -> Meter:
    return Meter(f"m{number}", "linde", f"Meter {number}", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)


def _open(engine: Engine, number: int, extra_kwh: float) -> int:
    numbers = {"used_kwh": 9.0, "usual_kwh": 1.0, "extra_kwh": extra_kwh}
    finding = Finding("unusual_load", f"m{number}", "unusual_load", T, T + HOUR_S, T + 2 * HOUR_S, 1.0, numbers)
    return tickets.open_ticket(engine, finding, Urgency.SOON, Skill.ELECTRICITY)


def test_what_is_worth_most_is_mailed_first_and_the_rest_the_days_after(house: Engine) -> None:
    numbers = [_open(house, n, 100.0 * (n + 1)) for n in range(12)]
    cap, now_s = Cap(a_day=5), T + 3 * HOUR_S
    assert dispatch.enqueue(house, now_s, cap) == 5
    assert {item.subject_key for item in outbox.due(house, now_s)} == {f"ticket:{n}" for n in numbers[7:]}
    assert [(one.person, one.why) for one in held_notices.held(house)] == [("anna", "cap")] * 7
    assert dispatch.enqueue(house, now_s + 23 * HOUR_S, cap) == 0
    assert [one.held_s for one in held_notices.held(house)] == [now_s] * 7  # since when stays
    assert dispatch.enqueue(house, now_s + DAY_S, cap) == 5
    assert dispatch.enqueue(house, now_s + 2 * DAY_S, cap) == 2
    assert held_notices.held(house) == []
    assert {item.subject_key for item in outbox.due(house, now_s + 3 * DAY_S)} == {f"ticket:{n}" for n in numbers}


def test_of_a_rule_in_shadow_nobody_is_told_until_it_is_on(house: Engine) -> None:
    rule_modes.decide(house, RuleMode("unusual_load", Mode.SHADOW, who="els", at_ms=T * 1000))
    number = _open(house, 1, 100.0)
    now_s = T + 3 * HOUR_S
    assert dispatch.enqueue(house, now_s) == 0
    assert tickets.tickets(house, now_s) == []
    assert [ticket.id for ticket in tickets.tickets(house)] == [number]
    rule_modes.decide(house, RuleMode("unusual_load", Mode.ON, who="els", at_ms=now_s * 1000))
    assert dispatch.enqueue(house, now_s + 60) == 1
