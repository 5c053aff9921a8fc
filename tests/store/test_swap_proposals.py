"""Swaps that nobody declared: proposed once, settled by a declaration or a dismissal."""

from dataclasses import replace

import pytest

from plagewatch.metering.course import Found, Note
from plagewatch.metering.installations import installations
from plagewatch.metering.meters import Carrier, Kind, Meter, Site, Swap
from plagewatch.metering.proposals import Exchange, Why, between, proposals
from plagewatch.metering.readings import Samples
from plagewatch.store.records import findings, registry
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.serials import SerialSeen, note_seen
from plagewatch.store.records.swap_proposals import open_proposals

REGISTER = "energy_import_total"
MINUTE_MS = 60_000
READINGS = [(0, 100.0), (15, 104.0), (30, 2.0), (45, 5.0), (60, 9.0)]  # minutes, index: exchanged between 15 and 30


@pytest.fixture
def meter(engine, series) -> str:
    registry.save(engine, [Site("s", "S"), Meter("m", "s", "M", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)])
    at_ms, value = [minute * MINUTE_MS for minute, _ in READINGS], [index for _, index in READINGS]
    series.write_samples(
        [Samples("m", REGISTER, at_ms, value, "test", 0), Samples("m", "power_active", at_ms, value, "t", 0)]
    )
    return "m"


def tell_serials(engine, *told: tuple[int, str], register: str = REGISTER) -> None:
    note_seen(engine, [SerialSeen("m", register, minute * MINUTE_MS, serial) for minute, serial in told])


def tell_fall(engine) -> None:
    found = Found(Note.UNDECLARED_SWAP, 15 * MINUTE_MS, 30 * MINUTE_MS, -102.0)
    findings.replace(engine, "m", REGISTER, (0, 60 * MINUTE_MS), [found])


def editor(engine, series) -> MeterEditor:
    return MeterEditor(engine, series, By("cell", 99 * MINUTE_MS))


def test_a_serial_number_that_changes_opens_a_proposal_with_the_readings_around_it(engine, series, meter):
    tell_serials(engine, (0, "old"), (15, "old"), (30, "new"), (45, "new"))
    tell_serials(engine, (0, "old"), (30, "new"), register="power_active")  # a state is not exchanged
    (proposal,) = open_proposals(engine, series, meter)
    assert proposal.seen == Exchange(
        REGISTER, 15 * MINUTE_MS, 30 * MINUTE_MS, 104.0, 2.0, Why.SERIAL_CHANGED, "old", "new"
    )
    assert proposal.at_ms == 22 * MINUTE_MS
    assert proposal.as_swap() == Swap("m", REGISTER, 22 * MINUTE_MS, 104.0, 2.0, "new")


def test_a_fall_that_stayed_is_proposed_and_one_with_a_serial_number_is_the_same_exchange(engine, series, meter):
    tell_fall(engine)
    (fall,) = open_proposals(engine, series, meter)
    assert (fall.seen.why, fall.seen.last_index, fall.seen.first_index) == (Why.INDEX_FELL, 104.0, 2.0)
    tell_serials(engine, (0, "old"), (30, "new"))
    (both,) = open_proposals(engine, series, meter)
    assert (both.seen.why, both.seen.new_serial, both.seen.from_ms) == (Why.SERIAL_CHANGED, "new", 15 * MINUTE_MS)


def test_what_is_declared_is_not_proposed_any_more(engine, series, meter):
    tell_fall(engine)
    (proposal,) = open_proposals(engine, series, meter)
    editor(engine, series).declare_swap(replace(proposal.as_swap(), at_ms=17 * MINUTE_MS, first_index=0.0))
    assert open_proposals(engine, series, meter) == []


def test_a_swap_of_that_number_declared_at_another_moment_settles_it_too(engine, series, meter):
    tell_serials(engine, (0, "old"), (30, "new"))
    swap = Swap("m", REGISTER, 45 * MINUTE_MS, 5.0, 5.0, "new")
    editor(engine, series).declare_swap(swap)
    assert open_proposals(engine, series, meter) == []
    editor(engine, series).declare_swap(replace(swap, serial="other"))
    assert len(open_proposals(engine, series, meter)) == 1


def test_what_was_none_is_not_proposed_again_also_where_an_earlier_telegram_comes_late(engine, series, meter):
    tell_serials(engine, (0, "old"), (45, "new"))
    (proposal,) = open_proposals(engine, series, meter)
    assert editor(engine, series).dismiss_swap("m", REGISTER, proposal.at_ms)
    assert open_proposals(engine, series, meter) == []
    tell_serials(engine, (60, "third"))
    assert [one.seen.new_serial for one in open_proposals(engine, series, meter)] == ["third"]


def test_without_readings_on_both_sides_nothing_is_proposed(engine, series, meter):
    tell_serials(engine, (-5, "older"), (0, "old"))
    tell_serials(engine, (90, "new"))
    assert open_proposals(engine, series, meter) == []


def test_the_middle_is_a_whole_minute_only_where_one_lies_between():
    assert between(10_000, 130_000) == MINUTE_MS
    assert between(61_000, 65_000) == 63_000


def test_two_registers_of_one_device_are_two_proposals():
    day = Exchange("energy_import_day", 0, 900_000, 5.0, 1.0, Why.SERIAL_CHANGED, "a", "b")
    night = replace(day, register="energy_import_night")
    assert len(proposals("m", [day, night], [], [("energy_import_day", 0)])) == 1


def test_devices_of_a_register_follow_each_other():
    swaps = [Swap("m", REGISTER, 500, 812.0, 0.0, who="tech"), Swap("m", REGISTER, 900, 77.0, 5.0, "declared")]
    seen = [(REGISTER, 10, "a"), (REGISTER, 510, "b"), (REGISTER, 905, "seen"), ("gas_volume", 3, "g")]
    found = installations(swaps, seen)
    assert [(one.register, one.serial, one.from_ms, one.to_ms) for one in found] == [
        (REGISTER, "declared", 900, None),
        (REGISTER, "b", 500, 900),
        (REGISTER, "a", None, 500),
        ("gas_volume", "g", None, None),
    ]
    assert [(one.first_index, one.last_index) for one in found] == [
        (5.0, None),
        (0.0, 77.0),
        (None, 812.0),
        (None, None),
    ]
