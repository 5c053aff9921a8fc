"""The ledger's promise on streams of every kind: nothing is lost, nothing invented."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plagewatch.metering.course import Note
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.readings import Quality
from plagewatch.metering.registers import Booking, Terms, book

START_MS = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1000
QUARTER_MS = 900_000
ORIGINS = ("interpolated", "spread", "estimated", "manual")
READ, TYPED, GUESSED = Quality.MEASURED, Quality.MANUAL, Quality.ESTIMATED
PLAIN = Terms(900, "kWh", [MeterFacts("m", digits=6, decimals=1)])


def at(*quarters: float) -> np.ndarray:
    return np.array([START_MS + round(quarter * QUARTER_MS) for quarter in quarters], np.int64)


def booked(at_ms: np.ndarray, value, terms: Terms = PLAIN, quality=None) -> Booking:
    told = None if quality is None else np.array(quality, np.int8)
    return book(at_ms, np.array(value, np.float64), terms, START_MS // 1000, START_MS // 1000 + 400 * 86_400, told)


def origins(booking: Booking) -> dict[str, list[float]]:
    parts = {name: getattr(booking.quarters, name) for name in ORIGINS}
    return {name: np.round(part, 6).tolist() for name, part in parts.items() if part.any()}


def amounts(booking: Booking) -> list[float | None]:
    return [None if np.isnan(a) else round(float(a), 6) for a in booking.quarters.amount]


def notes(booking: Booking) -> list[Note]:
    return [found.note for found in booking.found]


def assert_conserved(booking: Booking, multiplier: float = 1.0) -> None:
    moved = booking.last_index - booking.first_index + booking.declared_steps
    assert booking.booked + booking.quarantined == pytest.approx(moved, abs=1e-6, rel=1e-9)
    assert np.nansum(booking.quarters.amount) == pytest.approx(booking.booked * multiplier, abs=1e-6, rel=1e-9)


def test_a_quarter_between_two_samples_is_their_difference():
    found = booked(at(0, 1, 2, 3), [100.0, 100.5, 102.0, 102.0])
    assert amounts(found) == [0.5, 1.5, 0.0]
    assert found.quarters.coverage.tolist() == [1.0, 1.0, 1.0]
    assert found.quarters.interpolated.tolist() == [0.0, 0.0, 0.0]


def test_partial_quarters_at_both_ends_carry_the_measured_share():
    found = booked(at(0.5, 1.5), [10.0, 12.0])
    assert amounts(found) == [1.0, 1.0]
    assert found.quarters.coverage.tolist() == [0.5, 0.5]
    assert found.quarters.interpolated.tolist() == pytest.approx([1.0, 1.0])


def test_a_gap_is_spread_without_coverage_and_adds_up():
    found = booked(at(0, 1, 9, 10), [0.0, 1.0, 9.0, 10.0])
    assert amounts(found) == [1.0] * 10
    assert found.quarters.coverage.tolist() == [1.0] + [0.0] * 8 + [1.0]
    assert found.quarters.spread.sum() == pytest.approx(8.0)


@pytest.mark.parametrize(("quarters", "is_gap"), [(4, False), (4.01, True)])
def test_an_hour_is_no_gap_yet(quarters, is_gap):
    found = booked(at(0, quarters), [0.0, 4.0])
    assert bool(found.quarters.coverage[0] == 0.0) is is_gap


def test_three_times_the_usual_distance_is_no_gap_yet():
    assert booked(at(0, 12), [0.0, 4.0], Terms(3600, "kWh")).quarters.coverage.tolist() == [1.0] * 12
    assert booked(at(0, 12.5), [0.0, 4.0], Terms(3600, "kWh")).quarters.coverage.tolist() == [0.0] * 13


def test_one_packet_of_zero_changes_nothing_but_a_finding():
    with_zero = booked(at(0, 1, 2, 3), [100.0, 0.0, 102.0, 103.0])
    without = booked(at(0, 2, 3), [100.0, 102.0, 103.0])
    assert amounts(with_zero) == amounts(without) == [1.0, 1.0, 1.0]
    assert (with_zero.declared_steps, with_zero.quarantined) == (0.0, 0.0)
    assert notes(with_zero) == [Note.EXCURSION]


def test_a_jump_that_returns_is_set_aside():
    found = booked(at(0, 1, 2, 3, 4), [100.0, 5000.0, 5001.0, 103.0, 104.0])
    assert amounts(found) == [1.0, 1.0, 1.0, 1.0]
    assert (found.declared_steps, found.quarantined) == (0.0, 0.0)


def test_several_zeros_in_a_row_are_one_excursion():
    found = booked(at(0, 1, 2, 3, 4), [100.0, 0.0, 0.0, 0.0, 104.0])
    assert amounts(found) == [1.0] * 4
    assert notes(found) == [Note.EXCURSION]


def test_one_step_back_is_noise_until_the_highest_value_is_passed():
    found = booked(at(0, 1, 2, 3, 4), [100.0, 100.5, 100.4, 100.5, 100.9])
    assert amounts(found) == [0.5, 0.0, 0.0, 0.4]
    assert found.quarters.coverage.tolist() == [1.0] * 4


def test_a_rollover_is_a_recognised_step():
    found = booked(at(0, 1, 2), [999_998.0, 1.0, 2.0])
    assert amounts(found) == [3.0, 1.0]
    assert found.declared_steps == 1_000_000.0
    assert notes(found) == [Note.ROLLOVER]


def test_a_fall_that_stays_is_an_exchange_and_nothing_is_invented():
    found = booked(at(0, 1, 2, 3, 4), [500.0, 501.0, 3.0, 4.0, 5.0])
    assert amounts(found) == [1.0, None, 1.0, 1.0]
    assert found.quarters.coverage.tolist() == [1.0, 0.0, 1.0, 1.0]
    assert found.declared_steps == 498.0
    assert_conserved(found)


def test_an_exchange_that_soon_passes_the_old_index_is_no_excursion():
    found = booked(at(*range(8)), [3.0, 4.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.declared_steps == 4.0
    assert amounts(found) == [1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_a_fall_nothing_came_after_is_only_a_suspect():
    found = booked(at(0, 1, 2), [100.0, 101.0, 0.0])
    assert (found.last_index, found.declared_steps) == (101.0, 0.0)
    assert amounts(found) == [1.0, None]
    assert notes(found) == [Note.SUSPECT]


def test_an_impossible_movement_is_quarantined_whole():
    terms = Terms(900, "kWh", [MeterFacts("m", decimals=1, max_power_kw=40.0)])
    found = booked(at(0, 1, 2, 3), [100.0, 105.0, 905.0, 910.0], terms)
    assert amounts(found) == [5.0, None, 5.0]
    assert (found.quarantined, found.booked) == (800.0, 10.0)
    assert_conserved(found)


def test_an_impossible_jump_that_returns_is_set_aside_not_quarantined():
    terms = Terms(900, "kWh", [MeterFacts("m", decimals=1, max_power_kw=40.0)])
    found = booked(at(0, 1, 2, 3), [100.0, 900.0, 102.0, 103.0], terms)
    assert amounts(found) == [1.0, 1.0, 1.0]
    assert found.quarantined == 0.0


def test_the_greatest_power_counts_in_kwh_whatever_the_multiplier():
    terms = Terms(900, "kWh", [MeterFacts("m", multiplier=100.0, max_power_kw=40.0)])
    assert booked(at(0, 1, 2), [1.0, 1.09, 1.1], terms).quarantined == 0.0
    assert booked(at(0, 1, 2), [1.0, 1.2, 1.3], terms).quarantined == pytest.approx(0.2)


def test_a_greatest_power_means_nothing_in_cubic_metres():
    terms = Terms(900, "m3", [MeterFacts("m", max_power_kw=1.0)])
    assert booked(at(0, 1), [0.0, 50.0], terms).quarantined == 0.0


def test_an_index_in_another_unit_makes_amounts_in_the_meters():
    # 0.002 MWh are 2 kWh; with current transformers of 5 to 1 they are 10 kWh.
    terms = Terms(900, "kWh", [MeterFacts("m", decimals=3, unit="MWh", multiplier=5.0, max_power_kw=50.0)])
    found = booked(at(0, 1, 2), [1.0, 1.002, 1.202], terms)
    assert amounts(found) == [10.0, None]  # 200 kWh in a quarter are 800 kW, times five
    assert found.booked == pytest.approx(0.002)
    assert found.quarantined == pytest.approx(0.2)


def test_pulses_are_worth_what_the_facts_of_their_time_say():
    facts = [MeterFacts("m", pulse_weight=0.01), MeterFacts("m", START_MS + 2 * QUARTER_MS, pulse_weight=0.1)]
    found = booked(at(0, 1, 2, 3), [7, 17, 19, 24], Terms(900, "m3", facts, register="pulse_count.1"))
    assert amounts(found) == [0.1, 0.02, 0.5]  # 10 and 2 pulses of 10 l, 5 of 100 l
    assert found.booked == 17.0
    litres = Terms(900, "m3", [MeterFacts("m", pulse_weight=10.0, unit="l", multiplier=2.0)], register="pulse_count")
    assert amounts(booked(at(0, 1), [7, 17], litres)) == [0.2]


def test_pulses_without_a_weight_book_nothing_and_are_all_accounted_for():
    weighed = MeterFacts("m", START_MS + 2 * QUARTER_MS, pulse_weight=0.5)
    found = booked(at(0, 1, 2, 3), [100, 103, 104, 106], Terms(900, "kWh", [weighed], register="pulse_count"))
    assert amounts(found) == [None, None, 1.0]
    assert found.quarters.coverage.tolist() == [0.0, 0.0, 1.0]
    assert (found.booked, found.quarantined) == (2.0, 4.0)
    (note,) = found.found
    assert (note.note, note.from_ms, note.to_ms) == (Note.NO_PULSE_WEIGHT, START_MS, START_MS + 2 * QUARTER_MS)
    heavy = Terms(900, "kWh", [MeterFacts("m", multiplier=40.0)], register="pulse_count")
    assert notes(booked(at(0, 1), [0, 9], heavy)) == [Note.NO_PULSE_WEIGHT]  # a multiplier is no weight


@pytest.mark.parametrize("unit", ["furlong", "m3", "W"])
def test_a_unit_that_does_not_become_the_meters_books_nothing(unit):
    found = booked(at(0, 1), [1.0, 2.0], Terms(900, "kWh", [MeterFacts("m", unit=unit)]))
    assert (amounts(found), found.quarantined, notes(found)) == ([None], 1.0, [Note.UNIT_UNKNOWN])


def test_the_greatest_flow_is_that_of_the_meter_in_pulses_too():
    # 6 m3/h are 1.5 m3 in a quarter, 150 pulses of 10 l.
    by_pulses = MeterFacts("m", pulse_weight=0.01, max_flow_m3h=6.0, max_power_kw=0.001)
    terms = Terms(900, "m3", [by_pulses], register="pulse_count")
    assert amounts(booked(at(0, 1, 2, 3), [0, 150, 301, 302], terms)) == [1.5, None, 0.01]
    plain = Terms(900, "m3", [MeterFacts("m", max_flow_m3h=6.0)], register="gas_volume")
    assert amounts(booked(at(0, 1, 2, 3), [0.0, 1.5, 3.1, 3.2], plain)) == [1.5, None, 0.1]
    assert amounts(booked(at(0, 1), [0.0, 90.0], Terms(900, "kWh", plain.facts))) == [90.0]  # no flow of energy


def test_with_a_pulse_weight_alone_no_limit_is_invented():
    terms = Terms(900, "kWh", [MeterFacts("m", pulse_weight=1.0)], register="pulse_count")
    assert amounts(booked(at(0, 1, 2), [0, 1, 1_000_000], terms)) == [1.0, 999_999.0]


def test_two_values_of_one_instant_are_set_aside_unless_exactly_one_fits():
    one_fits = booked(at(0, 1, 1, 2), [100.0, 101.0, 250.0, 102.0])
    assert amounts(one_fits) == [1.0, 1.0]
    both_fit = booked(at(0, 1, 1, 2), [100.0, 100.2, 101.0, 102.0])
    assert amounts(both_fit) == [1.0, 1.0]
    assert both_fit.quarters.interpolated.tolist() == pytest.approx([1.0, 1.0])
    assert notes(one_fits) == notes(both_fit) == [Note.CONTRADICTION]


def test_a_declared_swap_splits_its_quarter():
    swap = Swap("m", "r", START_MS + QUARTER_MS + QUARTER_MS // 2, 101.5, 7.0)
    found = booked(at(0, 1, 2, 3), [100.0, 101.0, 8.0, 9.0], Terms(900, "kWh", PLAIN.facts, [swap]))
    assert amounts(found) == [1.0, 1.5, 1.0]
    assert found.declared_steps == 94.5
    assert_conserved(found)


def test_a_declared_swap_in_a_gap_keeps_both_sides():
    swap = Swap("m", "r", START_MS + 20 * QUARTER_MS, 130.0, 0.0)
    found = booked(at(0, 40), [100.0, 10.0], Terms(900, "kWh", PLAIN.facts, [swap]))
    assert found.booked == 40.0
    assert np.nansum(found.quarters.amount[:20]) == pytest.approx(30.0)
    assert found.quarters.coverage.max() == 0.0


def test_the_new_device_rolls_over_where_the_swap_says():
    swap = Swap("m", "r", START_MS + QUARTER_MS, 101.0, 98.0, digits=2)
    found = booked(at(0, 1, 2, 3), [100.0, 98.0, 99.0, 1.0], Terms(900, "kWh", PLAIN.facts, [swap]))
    assert amounts(found) == [1.0, 1.0, 2.0]
    assert_conserved(found)


def test_a_pair_takes_the_worse_quality_of_its_samples():
    # Four quarters: read to read, read to estimate, estimate to typed, typed to read.
    found = booked(at(0, 1, 2, 3, 4), [10.0, 11.0, 13.0, 16.0, 20.0], quality=[READ, READ, GUESSED, TYPED, READ])
    assert amounts(found) == [1.0, 2.0, 3.0, 4.0]
    assert origins(found) == {"estimated": [0.0, 2.0, 3.0, 0.0], "manual": [0.0, 0.0, 0.0, 4.0]}
    assert found.quarters.coverage.tolist() == [1.0, 0.0, 0.0, 1.0]  # nobody measured what was estimated
    assert_conserved(found)


@pytest.mark.parametrize(
    ("ends", "quality", "origin"),
    [
        ((0, 1), READ, None),
        ((0.5, 1.5), READ, "interpolated"),
        ((0.5, 1.5), TYPED, "manual"),
        ((0.5, 1.5), GUESSED, "estimated"),
        ((0, 5), READ, "spread"),
        ((0, 5), TYPED, "spread"),
        ((0, 5), GUESSED, "spread"),
    ],
)
def test_a_pair_has_one_origin(ends, quality, origin):
    found = booked(at(*ends), [0.0, 6.0], quality=[READ, quality])
    assert np.nansum(found.quarters.amount) == pytest.approx(6.0)
    parts = {name: getattr(found.quarters, name).sum() for name in ORIGINS}
    assert parts == {name: pytest.approx(6.0 if name == origin else 0.0) for name in ORIGINS}


def test_an_estimate_gives_way_to_what_was_read_at_its_instant():
    told = booked(at(0, 1, 1, 1, 2), [10.0, 11.0, 11.5, 12.0, 13.0], quality=[READ, TYPED, GUESSED, READ, READ])
    assert amounts(told) == [2.0, 1.0]
    assert (origins(told), notes(told)) == ({}, [])
    only_worse = booked(at(0, 1, 1, 2), [10.0, 11.0, 11.5, 13.0], quality=[READ, TYPED, GUESSED, READ])
    assert amounts(only_worse) == [1.0, 2.0]
    assert origins(only_worse) == {"manual": [1.0, 2.0]}


def test_two_read_values_contradict_each_other_whatever_was_estimated_beside_them():
    found = booked(at(0, 1, 1, 1, 2), [10.0, 11.0, 11.5, 12.0, 13.0], quality=[READ, READ, GUESSED, READ, READ])
    assert notes(found) == [Note.CONTRADICTION]
    assert amounts(found) == [1.5, 1.5]
    assert found.found[0].step == 1.0  # between the two that were read


def test_indexes_of_a_declared_swap_were_typed_in():
    swap = Swap("m", "r", START_MS + QUARTER_MS, 101.0, 7.0)
    found = booked(at(0, 1, 2, 3), [100.0, 7.0, 8.0, 9.0], Terms(900, "kWh", PLAIN.facts, [swap]))
    assert amounts(found) == [1.0, 1.0, 1.0]
    assert origins(found) == {"manual": [1.0, 1.0, 0.0]}
    assert found.quarters.coverage.tolist() == [1.0, 1.0, 1.0]


def test_only_the_quarters_asked_for_are_given_but_the_account_is_of_all():
    one = book(at(0, 1, 2, 3), np.array([0.0, 1.0, 3.0, 6.0]), PLAIN, START_MS // 1000 + 900, START_MS // 1000 + 1800)
    assert amounts(one) == [2.0]
    assert one.booked == 6.0


def test_no_sample_no_figure():
    found = booked(at(), [])
    assert len(found.quarters) == 0
    assert (found.booked, found.quarantined, found.declared_steps) == (0.0, 0.0, 0.0)


steps = st.lists(st.integers(1, 30), min_size=1, max_size=150)  # minutes between samples, times five


@st.composite
def streams(draw):
    """Samples that may do anything: fall, jump, repeat an instant; with every kind of fact."""
    apart = draw(steps)
    at_ms = START_MS + np.cumsum([0, *apart]) * 300_000
    rises = draw(st.lists(st.integers(0, 50), min_size=len(at_ms), max_size=len(at_ms)))
    value = np.cumsum(rises) / 10 + draw(st.sampled_from([0.0, 90.0, 99_980.0]))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(value) - 1))
        value[place:] += draw(st.sampled_from([-200.0, -50.0, -0.1, 0.1, 300.0, 5000.0]))
        if draw(st.booleans()):
            value[place + draw(st.integers(1, 5)) :] -= draw(st.sampled_from([-200.0, 300.0, 5000.0]))
    value = np.round(np.abs(value), 1)
    digits = draw(st.sampled_from([None, 2, 5]))
    if digits:
        value %= 10.0**digits
    twice = draw(st.lists(st.integers(0, len(value) - 1), max_size=3, unique=True))
    at_ms = np.concatenate([at_ms, at_ms[twice]])
    value = np.round(np.concatenate([value, value[twice] + draw(st.sampled_from([0.1, 3.0, 1000.0]))]), 1)
    order = np.lexsort((value, at_ms))
    facts = MeterFacts(
        "m",
        digits=digits,
        decimals=draw(st.sampled_from([None, 1])),
        multiplier=draw(st.sampled_from([1.0, 40.0])),
        max_power_kw=draw(st.sampled_from([None, 60.0])),
    )
    swaps = []
    if draw(st.booleans()):
        when = int(draw(st.integers(int(at_ms.min()), int(at_ms.max()))))
        swaps = [Swap("m", "r", when, draw(st.sampled_from([100.0, 99_999.0])), draw(st.sampled_from([0.0, 55.5])))]
    return at_ms[order], value[order], Terms(draw(st.sampled_from([300, 900, 3600])), "kWh", [facts], swaps)


@settings(max_examples=400, deadline=None)
@given(streams())
def test_whatever_came_every_unit_is_accounted_for(stream):
    at_ms, value, terms = stream
    found = booked(
        at_ms, value, terms, np.random.default_rng(len(value)).choice([READ, READ, TYPED, GUESSED], len(value))
    )
    assume(not np.isnan(found.first_index))
    parts = [getattr(found.quarters, name) for name in ORIGINS]
    assert min(part.min(initial=0.0) for part in parts) >= -1e-6
    assert (sum(parts) <= np.nan_to_num(found.quarters.amount) + 1e-6).all()
    assert_conserved(found, terms.facts[0].multiplier)
    known = found.quarters.amount[found.quarters.known]
    assert (known >= -1e-6).all()
    assert ((found.quarters.coverage >= 0) & (found.quarters.coverage <= 1)).all()
    assert (found.quarters.coverage[~found.quarters.known] == 0).all()
    assert (np.diff(found.quarters.start_s) == 900).all()


@settings(max_examples=150, deadline=None)
@given(steps, st.data())
def test_a_register_that_rolls_over_books_what_an_endless_one_books(apart, data):
    at_ms = START_MS + np.cumsum([0, *apart]) * 60_000
    rises = data.draw(st.lists(st.integers(0, 9), min_size=len(at_ms), max_size=len(at_ms)))
    endless = np.cumsum(rises).astype(np.float64) + data.draw(st.integers(0, 999))
    rolling = booked(at_ms, endless % 1000, Terms(900, "m3", [MeterFacts("m", digits=3, decimals=0)]))
    plain = booked(at_ms, endless, Terms(900, "m3", [MeterFacts("m", decimals=0)]))
    np.testing.assert_allclose(rolling.quarters.amount, plain.quarters.amount, atol=1e-9)
    assert rolling.booked == plain.booked
    assert_conserved(rolling)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=8, max_size=120), st.data())
def test_an_excursion_books_what_its_absence_books(rises, data):
    value = 5000.0 + np.cumsum(rises) / 10
    at_ms = START_MS + np.arange(len(value)) * QUARTER_MS
    first = data.draw(st.integers(1, len(value) - 4))
    count = data.draw(st.integers(1, min(len(value) - first - 2, 20)))
    away = data.draw(st.sampled_from([-4999.0, -1000.0, 1000.0, 80_000.0]))
    excursion = value.copy()
    excursion[first : first + count] += away
    stays = np.ones(len(value), bool)
    stays[first : first + count] = False
    found, without = booked(at_ms, excursion), booked(at_ms[stays], value[stays])
    np.testing.assert_allclose(found.quarters.amount, without.quarters.amount, atol=1e-9)
    assert (found.declared_steps, found.quarantined) == (0.0, 0.0)


def test_of_two_values_at_a_rollover_the_one_that_the_register_can_have_turned_to_is_taken():
    # Three digits, no greatest power: 990 turns to 5 (15 on, less than a tenth of 1000), not to 500. Quarters 15 and 5.
    at_ms = np.array([0, 900_000, 900_000, 1_800_000])
    facts = [MeterFacts("m", digits=3, decimals=0)]
    booking = book(at_ms, np.array([990.0, 5.0, 500.0, 10.0]), Terms(900, "kWh", facts), 0, 1800)
    assert booking.quarters.amount.tolist() == [15.0, 5.0]
    assert (booking.declared_steps, booking.booked) == (1000.0, 20.0)
