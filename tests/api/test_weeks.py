"""Weeks beside each other: what one of them lacks counts in neither."""

from datetime import date, timedelta

import numpy as np
import pytest

from api.weeks import days_before_s, together, week
from plagewatch.metering.intervals import Intervals
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier

HOUR_S, DAY_S = 3600, 86_400
TZ = "Europe/Brussels"
UNTIL_S = day_start_s(date(2026, 11, 20), TZ)


def hours(before: float, now: float) -> Intervals:
    start_s = np.arange(UNTIL_S - 14 * DAY_S, UNTIL_S, HOUR_S, dtype=np.int64)
    return Intervals.measured(start_s, np.where(start_s < UNTIL_S - 7 * DAY_S, before, now))


def test_a_gap_in_either_week_does_not_look_like_saving() -> None:
    whole = hours(2.0, 2.0)
    for gap_s in (UNTIL_S - 2 * DAY_S, UNTIL_S - 9 * DAY_S):
        amount = np.where((whole.start_s >= gap_s) & (whole.start_s < gap_s + DAY_S), np.nan, whole.amount)
        found = week(Carrier.WATER, "m3", Intervals.measured(whole.start_s, amount), UNTIL_S, HOUR_S, TZ)
        assert found.change == 0.0
        assert found.both_now == 6 * 24 * 2.0


def test_the_amount_of_a_week_with_a_gap_is_what_is_known_with_its_coverage() -> None:
    whole = hours(2.0, 2.0)
    amount = np.where(whole.start_s >= UNTIL_S - DAY_S, np.nan, whole.amount)
    found = week(Carrier.WATER, "m3", Intervals.measured(whole.start_s, amount), UNTIL_S, HOUR_S, TZ)
    assert found.amount == 6 * 24 * 2.0
    assert found.coverage == pytest.approx(6 / 7)


def test_nothing_known_is_nan_and_not_zero() -> None:
    found = week(Carrier.WATER, "m3", Intervals.empty(), UNTIL_S, HOUR_S, TZ)
    assert np.isnan(found.amount)
    assert np.isnan(found.change)
    assert found.coverage == 0.0
    assert np.isnan(together([(found, 1.0)])[0].amount)


def test_over_the_change_of_the_clock_the_hours_on_the_wall_are_compared() -> None:
    until_s = day_start_s(date(2026, 10, 29), TZ)  # the clock went back on the 25th
    start_s = np.arange(until_s - 15 * DAY_S, until_s, HOUR_S, dtype=np.int64)
    local_hour = (
        (start_s + np.where(start_s < day_start_s(date(2026, 10, 25), TZ) + 3 * HOUR_S, 7200, 3600)) // 3600 % 24
    )
    by_hour = Intervals.measured(start_s, np.where(local_hour == 8, 10.0, 1.0))
    assert week(Carrier.GAS, "m3", by_hour, until_s, HOUR_S, TZ).change == pytest.approx(0.0, abs=0.01)


CHANGES = [date(2026, 3, 29), date(2026, 10, 25)]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("days_after", range(1, 16))
def test_a_week_over_the_change_of_the_clock_has_seven_days_of_a_meter_read_by_day(
    change: date, days_after: int
) -> None:
    until = change + timedelta(days_after)
    start_s = np.array([day_start_s(until - timedelta(back), TZ) for back in range(15, 0, -1)], dtype=np.int64)
    by_day = Intervals.measured(start_s, np.full(15, 10.0))
    found = week(Carrier.HEAT, "kWh", by_day, day_start_s(until, TZ), DAY_S, TZ)
    assert (found.amount, found.both_now, found.both_before) == (70.0, 70.0, 70.0)
    assert found.coverage == 1.0


@pytest.mark.parametrize(("change", "length"), [(CHANGES[0], 167), (CHANGES[1], 169)])
def test_a_week_over_the_change_of_the_clock_has_all_its_hours(change: date, length: int) -> None:
    until_s = day_start_s(change + timedelta(1), TZ) + 10 * HOUR_S
    start_s = np.arange(until_s - 15 * DAY_S, until_s, HOUR_S, dtype=np.int64)
    found = week(Carrier.GAS, "m3", Intervals.measured(start_s, np.ones(len(start_s))), until_s, HOUR_S, TZ)
    assert (found.amount, found.coverage) == (float(length), 1.0)
    missing = Intervals.measured(start_s[:-1], np.ones(len(start_s) - 1))
    assert week(Carrier.GAS, "m3", missing, until_s, HOUR_S, TZ).coverage == pytest.approx((length - 1) / length)


def test_a_week_that_ends_on_the_day_of_the_change_begins_at_the_same_time_on_the_wall() -> None:
    ten_s = day_start_s(date(2026, 10, 25), TZ) + 11 * HOUR_S  # 10:00 on the wall, the 25-hour day
    assert days_before_s(ten_s, 7, TZ) == day_start_s(date(2026, 10, 18), TZ) + 10 * HOUR_S
