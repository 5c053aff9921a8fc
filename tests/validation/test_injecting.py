"""Injected faults and what became of them, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from plagewatch.validation.injecting import (
    LEAKS,
    LOSSES,
    Case,
    Fault,
    cases,
    injected,
    outcomes,
    quiet,
    summed,
    touching,
)
from plagewatch.validation.scoring import DAY_S, HOUR_S, Told


def hourly(days: int, amount: float = 1.0, first_day: int = 0) -> tuple[np.ndarray, np.ndarray]:
    start_s = first_day * DAY_S + HOUR_S * np.arange(days * 24, dtype=np.int64)
    return start_s, np.full(len(start_s), amount)


def test_a_leak_adds_litres_for_fourteen_days_in_the_unit_of_the_meter() -> None:
    read = hourly(120)
    (small, large) = cases({"m": read}, HOUR_S, LEAKS)
    assert (small.twin, large.twin) == ("m+2", "m+10")
    assert small.start_s == large.start_s >= 60 * DAY_S
    assert small.end_s + 6 * DAY_S <= 120 * DAY_S
    litres = injected(read, small, Fault.LEAK, 1.0, HOUR_S) - read[1]
    assert litres.sum() == pytest.approx(2 * 24 * 14)
    assert injected(read, small, Fault.LEAK, 0.001, HOUR_S).sum() == pytest.approx(120 * 24 + 0.001 * 2 * 24 * 14)


def test_a_loss_begins_with_a_day_and_a_short_meter_has_none() -> None:
    (small, _) = cases({"m": hourly(480)}, HOUR_S, LOSSES)
    assert small.start_s % DAY_S == 0
    assert cases({"m": hourly(400)}, HOUR_S, LOSSES) == []


def test_several_starts_are_told_apart_by_name() -> None:
    planned = cases({"m": hourly(200)}, HOUR_S, replace(LEAKS, sizes=(2.0,), starts=3))
    assert [each.twin for each in planned] == ["m+2", "m+2~2", "m+2~3"]
    assert len({each.start_s for each in planned}) == 3


def test_sums_lie_where_all_have_begun_and_none_has_ended() -> None:
    read = {"b": hourly(10, 1.0), "a": hourly(10, 2.0, first_day=2), "c": hourly(10, 4.0)}
    sums = summed(read, 2, HOUR_S)
    assert list(sums) == ["g0"]  # c is left over
    start_s, amount = sums["g0"]
    assert (start_s[0], len(start_s)) == (2 * DAY_S, 8 * 24)
    assert (amount == 3.0).all()


def test_what_one_does_not_know_counts_as_nothing_in_a_sum() -> None:
    start_s, amount = hourly(1)
    sums = summed({"a": (start_s, amount), "b": (np.delete(start_s, 5), np.delete(amount, 5))}, 2, HOUR_S)
    assert sums["g0"][1][4:7].tolist() == [2.0, 1.0, 2.0]


def case(name: str, first_day: int) -> Case:
    return Case("m", name, 2.0, first_day * DAY_S, (first_day + 14) * DAY_S)


def told(opened_day: float, cleared_day: float | None = None) -> Told:
    opened_s = int(opened_day * DAY_S)
    cleared_s = None if cleared_day is None else int(cleared_day * DAY_S)
    return Told("r", opened_s - HOUR_S, opened_s - HOUR_S, opened_s, cleared_s)


@pytest.mark.parametrize(
    ("of_twin", "of_untouched", "left_out", "after_days"),
    [
        ([told(103)], [], False, 3.0),
        ([told(105), told(103)], [], False, 3.0),
        ([told(100)], [], False, None),  # at the start it cannot be the leak
        ([told(114.25)], [], False, 14.25),  # six hours after the end
        ([told(114.5)], [], False, None),  # twelve
        ([told(103)], [told(90, 101)], True, None),  # the untouched twin stood in alarm
        ([told(103)], [told(90)], True, None),
        ([told(103)], [told(90, 99)], False, 3.0),
        ([], [], False, None),
    ],
)
def test_what_counts_as_found(of_twin, of_untouched, left_out, after_days) -> None:
    (outcome,) = outcomes([case("m+2", 100)], {"m+2": of_twin, "m": of_untouched}, LEAKS)
    assert (outcome.left_out, outcome.found_after_days) == (left_out, after_days)


def test_false_tickets_and_time_in_alarm_of_an_untouched_meter() -> None:
    read_s, _ = hourly(160)
    tickets = [told(50, 70), told(65, 80), told(100, 101)]
    found = quiet("m", read_s, tickets, 60)
    # Judged are days 60 to 160 less an hour; standing 60 to 80 and 100 to 101; opened there: two.
    assert found.tickets == 2
    assert found.years * 365 == pytest.approx(100 - 1 / 24)
    assert found.share_in_alarm == pytest.approx(21 / (100 - 1 / 24))


def test_tickets_that_touch_a_span() -> None:
    ticket = Told("r", 10 * HOUR_S, 12 * HOUR_S, 13 * HOUR_S)
    for start_h, end_h, touches in ((13, 20, False), (12, 20, True), (5, 10, False), (5, 11, True)):
        found = touching([ticket], start_h * HOUR_S, end_h * HOUR_S, HOUR_S)
        assert bool(found) is touches, (start_h, end_h)
