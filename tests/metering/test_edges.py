"""Streams made to break the ledger, each with what it must come to, and why.

All are kWh with one decimal, read each quarter unless said otherwise; each is also made bit by bit, in two orders, and
must then be the same to the last bit.
"""

from dataclasses import replace

import numpy as np
import pytest

from plagewatch.metering.course import Note
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.registers import Booking, Terms, best_of_each_instant
from tests.collector.index_folder import opened_door, utc
from tests.metering.test_conservation import QUARTER_MS, START_MS, Growing, booked, rows

PLAIN = Terms(900, "kWh", [MeterFacts("m", decimals=1)])
FIVE_DIGITS = Terms(900, "kWh", [MeterFacts("m", digits=5, decimals=1)])
FORTY_KW = Terms(900, "kWh", [MeterFacts("m", decimals=1, max_power_kw=40.0)])


def tenths(*index: float) -> list[int]:
    return [round(value * 10) for value in index]


def at(quarter: float) -> int:
    return START_MS + round(quarter * QUARTER_MS)


def read(*index: float) -> list[tuple[int, int]]:
    return [(at(place), value) for place, value in enumerate(tenths(*index))]


def rising(count: int, start: float = 100.0, step: float = 0.5) -> list[float]:
    return [round(start + step * place, 1) for place in range(count)]


def proven(samples: list[tuple[int, int]], terms: Terms = PLAIN) -> Booking:
    """The booking, once it is sure that it balances and that bit by bit, forwards and backwards, gives the same."""
    found = booked(samples, terms)
    if not np.isnan(found.first_index):
        moved = found.last_index - found.first_index + found.declared_steps
        allowed = 1e-6 + 1e-12 * abs(found.last_index)
        assert found.booked + found.quarantined == pytest.approx(moved, abs=allowed)
        factor = terms.facts[0].multiplier
        known = found.quarters.known
        assert found.quarters.amount[known].sum() == pytest.approx(found.booked * factor, abs=allowed)
    ordered = sorted(samples)
    for arrival in (ordered, ordered[::-1]):
        growing = Growing()
        for one in arrival[:4] + arrival[-4:] if len(arrival) > 60 else arrival:
            growing.samples.add(one)
            growing.change(terms, one[0], one[0])
        growing.samples |= set(arrival)
        growing.change(terms, ordered[0][0], ordered[-1][0])
        growing.check(terms)
        for place in range(0, len(arrival), max(len(arrival) // 12, 1)):  # what was left out comes late
            growing = Growing()
            growing.samples = set(arrival) - {arrival[place]}
            growing.change(terms, 0, 10**14)
            growing.samples.add(arrival[place])
            growing.change(terms, arrival[place][0], arrival[place][0])
            growing.check(terms)
    return found


def amounts(found: Booking) -> list[float | None]:
    return [None if np.isnan(amount) else round(float(amount), 6) for amount in found.quarters.amount]


def notes(found: Booking) -> list[Note]:
    return [one.note for one in found.found]


def away(values: list[float], first: int, lasts: int, step: float) -> list[float]:
    """Readings of which a run stands `step` off its course."""
    return [value + step if first <= place < first + lasts else value for place, value in enumerate(values)]


@pytest.mark.parametrize("lasts", [95, 96])
@pytest.mark.parametrize("step", [-90.0, 5000.0])
def test_an_excursion_as_long_as_the_reach_is_set_aside(lasts, step):
    found = proven(read(*away(rising(300), 100, lasts, step)))
    assert found.booked == pytest.approx(149.5)
    assert (found.quarantined, found.declared_steps) == (0.0, 0.0)
    assert notes(found) == [Note.EXCURSION]


def test_a_jump_longer_than_the_reach_is_two_movements_and_says_so():
    # One reading more than the limit: the way up is booked (no greatest power is known), the way down is a step.
    found = proven(read(*away(rising(300), 100, 97, 5000.0)))
    # The pair of the fall has no amount: its 0.5 is missing, and so is the step's 4999.5.
    assert found.booked == pytest.approx(149.5 + 5000.0 - 0.5)
    assert found.declared_steps == pytest.approx(4999.5)
    assert notes(found) == [Note.UNDECLARED_SWAP]


def test_a_jump_longer_than_the_reach_is_quarantined_where_the_meter_cannot_make_it():
    found = proven(read(*away(rising(300), 100, 97, 5000.0)), FORTY_KW)
    assert found.quarantined == pytest.approx(5000.5)
    assert found.booked == pytest.approx(149.5 - 0.5 - 0.5)


@pytest.mark.parametrize("lasts", [97, 300, 1000])
def test_a_register_stuck_at_zero_is_one_excursion_however_long(lasts):
    # A logger that sends 0 for days, at ten seconds apart, must not make a consumption of the whole index afterwards.
    values = rising(100) + [0.0] * lasts + rising(100, start=300.0)
    samples = [(START_MS + place * 10_000, value) for place, value in enumerate(tenths(*values))]
    found = proven(samples)
    # 100.0 ... 149.5, then 300.0 ... 349.5: all of it went through, that of the zeros over their time.
    assert (found.booked, found.declared_steps) == pytest.approx((249.5, 0.0))
    assert notes(found) == [Note.EXCURSION]


def test_a_display_stuck_at_nines_is_one_excursion_however_long():
    found = proven(read(*rising(100), *[99_999.9] * 200, *rising(100, start=300.0)), FIVE_DIGITS)
    assert (found.booked, found.declared_steps) == pytest.approx((249.5, 0.0))


def test_a_register_that_stands_still_for_long_stays_as_it_is():
    found = proven(read(*rising(50), *[124.5] * 500, *rising(50, start=125.0)))
    assert found.booked == pytest.approx(49.5)
    assert (found.quarters.coverage == 1.0).all()


def test_one_step_back_that_lasts_is_told_once():
    # 124.4 for 300 readings after 124.5: noise, held at 124.5, then on from there: 125.0 is 0.5 more.
    found = proven(read(*rising(50), *[124.4] * 300, *rising(50, start=125.0)))
    assert found.booked == pytest.approx(49.5)
    assert found.quarters.amount[349] == pytest.approx(0.5)
    assert notes(found) == [Note.STEP_BACK]


def test_a_swap_within_an_excursion():
    # Zeros at 3...6; the swap at 4.5 splits them: the old meter stood at 102.0, the new one began at 10.0.
    swap = Swap("m", "r", at(4.5), 102.0, 10.0)
    found = proven(read(100.0, 100.5, 101.0, 0.0, 0.0, 0.0, 0.0, 11.0, 11.5), replace(PLAIN, swaps=[swap]))
    # 101.0 -> 102.0 over 2.5 quarters is 0.4 a quarter, then 10.0 -> 11.0 over 2.5 quarters the same.
    assert amounts(found) == [0.5, 0.5] + [0.4] * 5 + [0.5]
    assert notes(found) == [Note.EXCURSION, Note.SWAP, Note.EXCURSION]
    assert (found.booked, found.declared_steps) == pytest.approx((3.5, 92.0))


def test_a_rollover_and_soon_after_it_a_reset():
    found = proven(read(99_998.0, 99_999.0, 1.0, 3.0, 0.0, 1.0, 2.0), FIVE_DIGITS)
    # 99 999 -> 1 is 2.0 and a step of 100 000; 3 -> 0 stays: an exchange, a step of 3.
    assert amounts(found) == [1.0, 2.0, 2.0, None, 1.0, 1.0]
    assert found.declared_steps == 100_003.0
    assert notes(found) == [Note.ROLLOVER, Note.UNDECLARED_SWAP]


def test_a_rollover_in_a_long_gap_with_a_greatest_power():
    # 60 hours at most 40 kW are 2400 kWh: 99 000 -> 1 000 is 2 000, it can be, though it is no tenth of anything.
    terms = Terms(900, "kWh", [MeterFacts("m", digits=5, decimals=1, max_power_kw=40.0)])
    found = proven([(at(0), 990_000), (at(240), 10_000), (at(241), 10_010)], terms)
    assert (found.booked, found.declared_steps) == (2001.0, 100_000.0)


def test_a_fall_that_no_turn_explains_with_a_greatest_power():
    # A quarter at 40 kW is 10 kWh: 99 000 -> 1 000 would be 2 000. It stays: an exchange.
    terms = Terms(900, "kWh", [MeterFacts("m", digits=5, decimals=1, max_power_kw=40.0)])
    found = proven(read(98_999.0, 99_000.0, 1000.0, 1001.0), terms)
    assert (amounts(found), found.declared_steps) == ([1.0, None, 1.0], 98_000.0)


def test_all_nines_between_is_no_rollover():
    # An error code of a display: 5 -> 99 999.9 -> 7 is no 100 002 kWh.
    found = proven(read(4.0, 5.0, 99_999.9, 7.0, 8.0), FIVE_DIGITS)
    assert amounts(found) == [1.0, 1.0, 1.0, 1.0]
    assert found.declared_steps == 0.0


@pytest.mark.parametrize("shown", [101.0, 7.0, 55.0])
def test_a_swap_at_the_very_instant_of_a_reading_says_both_indexes_itself(shown):
    swap = Swap("m", "r", at(1), 101.0, 7.0)
    found = proven(read(100.0, shown, 8.0, 9.0), replace(PLAIN, swaps=[swap]))
    assert amounts(found) == [1.0, 1.0, 1.0]
    assert found.declared_steps == 94.0


def test_both_indexes_told_as_readings_at_the_swap_are_no_contradiction():
    swap = Swap("m", "r", at(1), 101.0, 7.0)
    found = proven([*read(100.0, 101.0, 8.0), (at(1), 70)], replace(PLAIN, swaps=[swap]))
    assert amounts(found) == [1.0, 1.0]
    assert notes(found) == [Note.SWAP]


@pytest.mark.parametrize("shown", [101.0, 7.0])
def test_a_swap_at_the_last_reading(shown):
    swap = Swap("m", "r", at(1), 101.0, 7.0)
    found = proven(read(100.0, shown), replace(PLAIN, swaps=[swap]))
    assert (amounts(found), found.declared_steps, found.last_index) == ([1.0], 94.0, 7.0)


def test_a_new_meter_that_begins_where_the_old_one_once_did():
    # Both began at 0.0: the swap is told by its instant, not by its index.
    swap = Swap("m", "r", at(1.5), 1.5, 0.0)
    found = proven(read(0.0, 1.0, 0.5, 1.5), replace(PLAIN, swaps=[swap]))
    assert (amounts(found), found.declared_steps) == ([1.0, 1.0, 1.0], 1.5)


def test_the_same_swap_twice_is_one():
    swap = Swap("m", "r", at(1.5), 101.5, 7.0)
    once, twice = (proven(read(100.0, 101.0, 8.0, 9.0), replace(PLAIN, swaps=swaps)) for swaps in ([swap], [swap] * 2))
    assert rows(once.quarters) == rows(twice.quarters)
    assert (once.booked, once.declared_steps) == (twice.booked, twice.declared_steps) == (3.5, 94.5)


def test_two_swaps_in_one_quarter_are_both_kept():
    # The first replacement was broken: 101.2 -> 0.0 at a third, 0.1 -> 5.0 at two thirds of the quarter.
    swaps = [Swap("m", "r", at(1 + 1 / 3), 101.2, 0.0), Swap("m", "r", at(1 + 2 / 3), 0.1, 5.0)]
    found = proven(read(100.0, 101.0, 5.3, 6.0), replace(PLAIN, swaps=swaps))
    assert amounts(found) == [1.0, 0.6, 0.7]  # 0.2 + 0.1 + 0.3
    assert found.declared_steps == pytest.approx(101.2 - 4.9)


@pytest.mark.parametrize(
    ("swap", "another"),
    [
        (Swap("m", "r", at(-1), 77.0, 99.0), (at(-2), 760)),  # 76 -> 77, then 99 -> 100
        (Swap("m", "r", at(3), 103.0, 7.0), (at(4), 80)),  # 102 -> 103, then 7 -> 8
    ],
)
def test_a_swap_before_the_first_or_after_the_last_reading_waits(swap, another):
    # The account is of what was read, row by row from the first reading to the last: nothing lies outside it.
    terms = replace(PLAIN, swaps=[swap])
    found = proven(read(100.0, 101.0, 102.0), terms)
    assert (amounts(found), found.declared_steps) == ([1.0, 1.0], 0.0)
    # With a reading on its other side it counts.
    both = proven([*read(100.0, 101.0, 102.0), another], terms)
    assert (amounts(both), both.declared_steps) == ([1.0] * 4, swap.last_index - swap.first_index)


def test_a_swap_at_the_first_reading_that_is_still_the_old_meters():
    swap = Swap("m", "r", at(0), 100.0, 7.0)
    found = proven(read(100.0, 8.0, 9.0), replace(PLAIN, swaps=[swap]))
    assert (amounts(found), found.declared_steps, found.first_index) == ([1.0, 1.0], 93.0, 100.0)


def test_a_swap_at_the_first_reading_of_a_new_meter_that_then_stands_still():
    swap = Swap("m", "r", at(0), 100.0, 7.0)
    found = proven(read(100.0, 7.0, 8.0), replace(PLAIN, swaps=[swap]))
    assert (amounts(found), found.declared_steps) == ([0.0, 1.0], 93.0)


def test_a_swap_at_the_first_reading_that_is_the_new_meters_already():
    swap = Swap("m", "r", at(0), 100.0, 7.0)
    found = proven(read(7.0, 8.0, 9.0), replace(PLAIN, swaps=[swap]))
    assert (amounts(found), found.declared_steps, found.first_index) == ([1.0, 1.0], 0.0, 7.0)


def test_a_swap_whose_last_index_lies_below_what_was_read_invents_nothing():
    # 101.0 was read, 90.0 was written down: the step from 101.0 is taken out, that stretch has no amount.
    swap = Swap("m", "r", at(1.5), 90.0, 7.0)
    found = proven(read(100.0, 101.0, 8.0, 9.0), replace(PLAIN, swaps=[swap]))
    assert amounts(found) == [1.0, 1.0, 1.0]  # of quarter 1 only the new meter's half is known: 7.0 -> 8.0
    assert found.quarters.coverage.tolist() == [1.0, 0.5, 1.0]
    assert found.declared_steps == 94.0


@pytest.mark.parametrize("gap", [1, 150])
def test_the_digits_of_the_new_meter_hold_for_all_that_comes_later(gap):
    # The new meter has two digits; it turns long after the swap, where a part of the evidence no longer shows it.
    swap = Swap("m", "r", at(0.5), 500.0, 20.0, digits=2)
    new = [round((20.2 + 0.5 * place) % 100, 1) for place in range(2 * gap + 200)]
    found = proven(read(499.5, *new), replace(FIVE_DIGITS, swaps=[swap]))
    assert found.booked == pytest.approx(0.5 + 0.2 + 0.5 * (len(new) - 1))
    assert notes(found).count(Note.UNDECLARED_SWAP) == 0


def test_contradictions_at_the_first_and_the_last_instant():
    # At the first instant 100 and 300: only 100 fits 101. At the last 103 and 50: only 103 fits 102.
    found = proven([*read(100.0, 101.0, 102.0, 103.0), (at(0), 3000), (at(3), 500)])
    assert (amounts(found), found.first_index, found.last_index) == ([1.0, 1.0, 1.0], 100.0, 103.0)


def test_contradictions_at_the_ends_that_nothing_decides():
    # 99 and 100 both fit 101 after them: the instant does not count, its quarter is not known, yet it has its row.
    found = proven([*read(100.0, 101.0, 102.0, 103.0), (at(0), 990), (at(3), 1035)])
    assert (amounts(found), found.first_index, found.last_index) == ([None, 1.0, None], 101.0, 102.0)


def test_an_instant_of_which_no_value_fits_does_not_count_wherever_it_stands():
    # Neither 150 nor 200 can come before 100, neither 50 nor 40 after 102.
    found = proven([(at(0), 1500), (at(0), 2000), *read(0.0, 100.0, 101.0, 102.0)[1:], (at(4), 500), (at(4), 400)])
    assert (amounts(found), found.first_index, found.last_index) == ([None, 1.0, 1.0, None], 100.0, 102.0)
    assert [(one.note, one.step) for one in found.found] == [(Note.CONTRADICTION, 50.0), (Note.CONTRADICTION, 10.0)]


def test_one_reading_decides_the_contradiction_after_it_and_before_it():
    after = proven([*read(100.0, 101.0), (at(1), 500)])
    assert (amounts(after), after.last_index) == ([1.0], 101.0)
    before = proven([*read(100.0, 101.0), (at(0), 1500)])
    assert (amounts(before), before.first_index) == ([1.0], 100.0)


def test_the_greatest_power_decides_a_contradiction():
    # 40 kW are 10 kWh a quarter: 110.9 is too much after 100.0, 102.0 fits both sides.
    found = proven([*read(100.0, 102.0, 111.0), (at(1), 1109)], FORTY_KW)
    assert amounts(found) == [2.0, 9.0]
    assert proven([*read(100.0, 102.0, 111.0), (at(1), 1109)]).quarters.amount.tolist() == [5.5, 5.5]
    # ... also the way to the reading after it: 100.1 is too little before 111.0.
    found = proven([*read(100.0, 102.0, 111.0), (at(1), 1001)], FORTY_KW)
    assert amounts(found) == [2.0, 9.0]


def test_what_was_read_counts_alone_also_a_millisecond_after_an_estimate():
    # Two estimates, the second of which gives way to a reading of the same instant.
    at_ms, quality = np.array([5, 6, 6]), np.array([2, 2, 0], np.int8)
    assert best_of_each_instant(at_ms, quality).tolist() == [True, False, True]


def test_nothing_but_contradictions():
    found = proven([*read(100.0, 101.0, 102.0), *read(100.5, 101.5, 102.5)])
    assert np.isnan(found.first_index)
    assert amounts(found) == [None, None]
    assert (found.booked, found.quarantined, found.declared_steps) == (0.0, 0.0, 0.0)


def test_three_values_for_one_instant_of_which_one_fits():
    found = proven([*read(100.0, 101.0, 102.0), (at(1), 0), (at(1), 9_999_999)])
    assert amounts(found) == [1.0, 1.0]


def test_a_contradiction_where_the_register_turns():
    # Between 99 999.5 and 1.5 only 0.5 fits, once around.
    found = proven([*read(99_999.5, 0.5, 1.5), (at(1), 500_000)], FIVE_DIGITS)
    assert amounts(found) == [1.0, 1.0]
    assert found.declared_steps == 100_000.0


def test_a_contradiction_beside_a_swap_is_held_against_its_own_meter():
    swap = Swap("m", "r", at(0.5), 100.5, 7.0)
    found = proven([*read(100.0, 7.5, 8.5), (at(1), 2000)], replace(PLAIN, swaps=[swap]))
    assert amounts(found) == [1.0, 1.0]


def test_a_value_beyond_full_scale_is_no_reading_of_a_turn():
    # 100 000.0 cannot be shown by five digits: 99 999 -> 100 001 -> 100 002 goes on as an endless register would.
    found = proven(read(99_998.0, 99_999.0, 100_001.0, 100_002.0), FIVE_DIGITS)
    assert amounts(found) == [1.0, 2.0, 1.0]
    # And a fall to a value beyond full scale is no turn.
    fell = proven(read(250_000.0, 250_001.0, 150_000.0, 150_001.0), FIVE_DIGITS)
    assert notes(fell) == [Note.UNDECLARED_SWAP]


def test_negative_indexes_are_differences_like_any_other():
    found = proven(read(-3.0, -2.0, -0.5, 0.5))
    assert amounts(found) == [1.0, 1.5, 1.0]


@pytest.mark.parametrize("base", [10**9, 10**11, 10**13])
def test_huge_indexes_keep_their_decimals(base):
    found = proven([(at_ms, base * 10 + value) for at_ms, value in read(0.0, 0.5, 0.4, 0.5, 1.2)])
    # One step back stays noise, though two decimals far from 0 are not exactly a tenth apart.
    assert notes(found) == [Note.STEP_BACK]
    np.testing.assert_allclose(found.quarters.amount, [0.5, 0.0, 0.0, 0.7], atol=base * 1e-15)


def test_an_index_of_a_thousand_million_million():
    found = proven([(at(place), 10**16 + value * 10) for place, value in enumerate([0, 7, 9, 20])])
    assert amounts(found) == [7.0, 2.0, 11.0]


def test_a_register_that_was_read_once():
    found = proven(read(100.0))
    assert (found.first_index, found.last_index, found.booked, len(found.quarters)) == (100.0, 100.0, 0.0, 0)
    within = proven([(at(0.5), 1000)])
    assert (amounts(within), within.quarters.coverage.tolist()) == ([None], [0.0])
    with opened_door() as door:
        door.take([(at(0), 100.0, "total")])
        assert door.account() == (0.0, 0.0, 0.0)


def test_readings_a_millisecond_apart():
    samples = [(at(0) + place, 1000 + place) for place in range(200)]
    found = proven(samples)
    assert amounts(found) == [19.9]
    assert found.quarters.coverage.tolist() == [pytest.approx(199 / QUARTER_MS, abs=1e-9)]
    # With a greatest power each may still show its next whole step, and no more.
    assert proven(samples, FORTY_KW).quarantined == 0.0
    assert proven([(at(0), 1000), (at(0) + 1, 1003), (at(1), 1004)], FORTY_KW).quarantined == pytest.approx(0.3)


def test_a_jump_at_the_end_that_nothing_came_after():
    values = [100.0, 101.0, 5000.0]
    assert amounts(proven(read(*values))) == [1.0, 4899.0]  # no greatest power: nothing says that it is wrong
    assert proven(read(*values), FORTY_KW).quarantined == 4899.0
    # The next reading clears both.
    for terms in (PLAIN, FORTY_KW):
        found = proven(read(*values, 103.0), terms)
        assert (amounts(found), found.quarantined) == ([1.0, 1.0, 1.0], 0.0)


def test_readings_that_begin_with_an_excursion():
    # There is no course yet to return to: zeros first, then the index. Without a greatest power it is a movement ...
    assert proven(read(0.0, 0.0, 100.0, 101.0)).booked == 101.0
    # ... and with one it is quarantined, not booked.
    held = proven(read(0.0, 0.0, 100.0, 101.0), FORTY_KW)
    assert (held.booked, held.quarantined) == (1.0, 100.0)
    # An older reading that comes late is the course.
    older = [(at(-1), 995), *read(0.0, 0.0, 100.0, 101.0)]
    found = proven(older, FORTY_KW)
    assert (found.booked, found.quarantined) == pytest.approx((1.5, 0.0))
    assert notes(found) == [Note.EXCURSION]


def test_a_meter_that_is_too_fast_for_ever_is_quarantined_for_ever():
    found = proven(read(*rising(120, step=20.0)), FORTY_KW)
    assert (found.booked, found.quarantined) == pytest.approx((0.0, 119 * 20.0))
    assert amounts(found) == [None] * 119


def test_steps_of_a_tenth_add_up_over_a_year():
    count = 35_041
    found = booked([(at(place), 1000 + place) for place in range(count)], PLAIN)
    assert found.booked == pytest.approx(3504.0, abs=1e-9)
    np.testing.assert_allclose(found.quarters.amount, 0.1, atol=1e-9)


def test_two_jumps_within_a_day_leave_the_readings_between_them():
    found = proven(read(100.0, 5100.0, 102.0, 103.0, 5104.0, 105.0, 106.0))
    assert amounts(found) == [1.0] * 6
    assert notes(found) == [Note.EXCURSION] * 2


def test_a_spike_of_an_exchanged_meter_is_no_return_of_the_old_one():
    found = proven(read(5000.0, 5001.0, 10.0, 11.0, 12.0, 30_013.0, 14.0, 15.0))
    assert amounts(found) == [1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert (found.booked, found.declared_steps) == (6.0, 4991.0)


def test_a_spike_of_an_exchanged_meter_that_is_undone_by_the_last_reading():
    found = proven(read(5000.0, 5001.0, 10.0, 11.0, 12.0, 30_013.0, 14.0))
    assert amounts(found) == [1.0, None, 1.0, 1.0, 1.0, 1.0]
    assert (found.booked, found.declared_steps) == (5.0, 4991.0)


def test_a_return_that_an_exchange_soon_follows_is_a_return():
    # 1000 -> (900) -> 1001 -> 1002, then exchanged: 1002 -> 5.
    found = proven(read(1000.0, 900.0, 1001.0, 1002.0, 5.0, 6.0, 7.0))
    assert amounts(found) == [0.5, 0.5, 1.0, None, 1.0, 1.0]
    assert found.declared_steps == 997.0


def test_an_exchange_to_an_index_that_the_old_meter_has_just_shown():
    # 100.0 ... 110.0 in steps of 0.5, then 100.2, 100.7, ...: no single movement led up to where it falls from.
    found = proven(read(*rising(21), *rising(6, start=100.2)))
    assert found.booked == pytest.approx(10.0 + 2.5)
    assert found.declared_steps == pytest.approx(9.8)


def test_what_comes_back_faster_than_the_meter_can_does_not_come_back():
    # 100 -> 0 -> 5000: at 40 kW the old course is not at 5000. The drop is an exchange, the rise impossible.
    found = proven(read(100.0, 0.0, 5000.0, 5001.0), FORTY_KW)
    assert (amounts(found), found.quarantined, found.declared_steps) == ([None, None, 1.0], 5000.0, 100.0)


@pytest.mark.parametrize("before", [1, 2, 3, 4])
def test_a_fall_that_is_the_last_reading_waits_however_many_came_before(before):
    found = proven(read(*rising(before), 0.0))
    assert (found.declared_steps, found.last_index, notes(found)) == (0.0, rising(before)[-1], [Note.SUSPECT])


@pytest.mark.parametrize("step", [-90.0, 5000.0])
def test_an_excursion_is_told_with_its_first_and_its_last_reading_and_its_size(step):
    found = proven(read(*away(rising(20), 7, 4, step)))
    (told,) = found.found
    assert (told.note, told.from_ms, told.to_ms) == (Note.EXCURSION, at(7), at(10))
    # A drop is told by its fall, a jump by the fall that ends it: 0.5 go through at each end.
    assert told.step == pytest.approx(step + 0.5 if step < 0 else step - 0.5)


def test_a_zero_among_every_few_packets():
    # A logger that sends 0 twice in three: what is left is the course.
    values = [100.0, 0.0, 0.0, 103.0, 0.0, 0.0, 106.0, 0.0, 0.0, 109.0]
    found = proven(read(*values))
    assert amounts(found) == [1.0] * 9


def test_a_jump_that_returns_a_step_lower_than_it_left():
    found = proven(read(100.0, 5100.0, 5100.0, 99.9, 100.4))
    assert (found.booked, found.declared_steps) == pytest.approx((0.4, 0.0))


def test_a_drop_that_returns_a_step_lower_than_it_left():
    # 99.9 is one step below 100.0: held there, nothing negative is booked, and 100.4 is 0.4 more.
    found = proven(read(100.0, 0.0, 99.9, 100.4))
    assert amounts(found) == [0.0, 0.0, 0.4]


@pytest.mark.parametrize(
    ("stamp", "taken"), [("1969-12-31", 0), ("1999-12-31", 0), ("2000-01-01", 1), ("2026-03-02", 1), ("2101-01-01", 0)]
)
def test_stamps_that_nobody_can_have_meant_stay_outside(stamp, taken):
    with opened_door() as door:
        report = door.take([(utc(f"{stamp} 00:00"), 100.0, "total")])
        assert (report.samples, sum(report.left_out.values())) == (taken, 1 - taken)
