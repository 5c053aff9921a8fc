"""Faults of heating on invented gas whose numbers can be told by hand."""

import numpy as np
import pytest

from plagewatch.validation import heat_faults
from plagewatch.validation.heat_faults import PLANS, HeatedHours
from plagewatch.validation.injecting import Fault

MONDAY_S = 1_230_508_800  # 29 December 2008, 0:00 UTC, a Monday
HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture
def hours() -> HeatedHours:
    """Two years by the hour: 10 m3 from 6 to 20 on working days, else 2; 0 °C, but 9 °C in weekends."""
    start_s = MONDAY_S + HOUR_S * np.arange(24 * 730)
    hour, weekday = start_s // HOUR_S % 24, (start_s - MONDAY_S) // DAY_S % 7
    used = np.where((weekday < 5) & (hour >= 6) & (hour < 20), 10.0, 2.0)
    return HeatedHours.of((start_s, used), (start_s, np.where(weekday < 5, 0.0, 9.0)), "UTC")


def first_week(hours: HeatedHours) -> np.ndarray:
    return hours.day < 7


def test_days_of_rest_heat_as_the_friday_in_proportion_to_the_cold(hours: HeatedHours) -> None:
    amount = heat_faults.rest_heated(hours, first_week(hours))
    # 18 - 9 = 9 K on Saturday, 18 on Friday: half of Friday's 10, but never less than what it had.
    assert amount[24 * 5 : 24 * 7].reshape(2, 24)[:, [0, 6, 19, 20]].tolist() == [[2.0, 5.0, 5.0, 2.0]] * 2
    assert (amount[: 24 * 5] == hours.amount[: 24 * 5]).all()
    assert (amount[24 * 7 :] == hours.amount[24 * 7 :]).all()


def test_nights_without_setback(hours: HeatedHours) -> None:
    amount = heat_faults.setback_lost(hours, first_week(hours))
    assert amount[:24].tolist() == [8.5] * 6 + [10.0] * 14 + [8.5] * 4
    assert (amount[24 * 5 : 24 * 7] == 2.0).all()


def test_more_of_everything_and_a_stuck_valve(hours: HeatedHours) -> None:
    here = first_week(hours)
    assert heat_faults.fifth_more(hours, here)[[0, 8, 24 * 7]].tolist() == pytest.approx([2.4, 12.0, 2.0])
    # Hours below 6 °C are those of working days: 14 of 10 and 10 of 2 m3 = 6.67 on average, three tenths are 2.
    assert heat_faults.valve_stuck(hours, here)[[0, 24 * 7]].tolist() == pytest.approx([4.0, 2.0])


def test_faults_begin_in_their_season_after_the_first_judged_day(hours: HeatedHours) -> None:
    for plan in PLANS:
        planned = heat_faults.cases("gas", hours, plan)
        assert len({case.twin for case in planned}) == len(planned) > 3
        for case in planned:
            assert case.start_s >= MONDAY_S + plan.after_days * DAY_S
            assert case.end_s - case.start_s == plan.days * DAY_S
            month = int(str(np.datetime64(case.start_s, "s"))[5:7])
            assert month in ((5, 6, 7, 8) if plan.fault is Fault.VALVE_STUCK else (10, 11, 12, 1, 2, 3, 4))


def test_what_is_not_known_stays_so(hours: HeatedHours) -> None:
    plan = PLANS[1]
    (case, *_) = heat_faults.cases("gas", hours, plan)
    hours.amount[5] = np.nan
    start_s, amount = heat_faults.changed(hours, case, plan.fault)
    assert len(start_s) == len(hours.start_s) - 1
    assert amount[start_s == case.start_s] == 1.2 * hours.amount[hours.start_s == case.start_s]
