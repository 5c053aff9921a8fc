"""The symptoms that unusual load is made of, on series made by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rules.catalogue import UNUSUAL_LOAD
from rules.detectors.below_minimum import lowest_usual, share_below
from rules.detectors.case import Case
from rules.detectors.flat_line import Repeats
from rules.detectors.history import DayGrid
from rules.detectors.lasting import lasting
from rules.detectors.verdicts import Verdicts
from rules.walk import Track
from tests.rules.invented import HOUR_S, START_S, hours_of, office_load

DAYS = 130
CHANGE = 24 * 91 + 16  # in the afternoon of a Thursday


def repeats(amount: NDArray[np.float64]) -> Repeats:
    hours = hours_of(amount)
    return Repeats.of(hours.amount, DayGrid.of(hours))


def verdicts_of(amount: NDArray[np.float64]) -> Verdicts:
    judgement = UNUSUAL_LOAD.judge(Case(hours_of(amount)))
    assert isinstance(judgement, Verdicts), judgement
    return judgement


def still_at_the_weekend(days: int) -> NDArray[np.float64]:
    """Runs in office hours, a little different each hour; stands at 0 at night and in the weekend."""
    load = office_load(days)
    return np.where(load < 20, 0.0, load)


def test_repeated_values_are_counted_and_a_gap_ends_them() -> None:
    flat = repeats(np.array([5.0, 5.0, 5.0, np.nan, 5.0, 5.0, 6.0]))
    assert flat.unchanged_h.tolist() == [0, 1, 2, 0, 0, 1, 0]


def test_a_repetition_is_improbable_where_there_never_was_one() -> None:
    amount = office_load(60)
    amount[1400:1403] = amount[1400]
    flat = repeats(amount)
    # Anywhere 1 of 56 days' hours + 50; of that 8 days count beside the 40 working days without one.
    anywhere = 1 / (56 * 24 + 50)
    chance = max(8 * anywhere / (40 + 8), 0.002)
    assert flat.improbable[1402] == pytest.approx(-2 * math.log(chance), abs=0.01)
    assert flat.improbable[1403] == 0


def test_a_meter_that_stands_still_every_weekend_is_not_stuck_then() -> None:
    verdicts = verdicts_of(still_at_the_weekend(DAYS))
    known = verdicts.start_s >= START_S + 28 * 24 * HOUR_S  # four weekends say what is usual there
    assert np.mean(verdicts.score[known] >= 1) < 0.001


def test_a_meter_that_stands_still_on_a_working_day_is() -> None:
    amount = still_at_the_weekend(DAYS)
    amount[24 * 92 + 8 : 24 * 92 + 18] = 0.0  # a Friday
    verdicts = verdicts_of(amount)
    begin_s = START_S + (24 * 92 + 8) * HOUR_S
    told = verdicts.start_s[(verdicts.score >= 1) & (verdicts.start_s >= begin_s)]
    assert told[0] - begin_s <= 4 * HOUR_S


def test_an_outage_does_not_become_the_lowest_usual_amount() -> None:
    days = np.full((70, 24), 10.0)
    days[:, 2] = 4.0
    days[40] = 0.0
    lowest = lowest_usual(days, weeks=8)
    assert np.isnan(lowest[13])
    assert lowest[[14, 41, 69]].tolist() == [4, 4, 4]
    assert share_below(np.array([1.0, 4.0, 0.0]), lowest[[69, 69, 69]]).tolist() == [0.75, 0, 1]


def test_where_the_lowest_usual_amount_is_0_nothing_is_below_it() -> None:
    assert share_below(np.array([0.0, -1.0]), np.array([0.0, 0.0])).tolist() == [0, 0]


def test_a_stretch_that_nobody_was_told_of_becomes_no_change() -> None:
    hours = 100
    symptom, since = np.ones(hours, np.bool_), np.zeros(hours, np.int64)
    weak, strong = np.full(hours, 0.9), np.full(hours, 0.9)
    strong[60:] = 1.5
    assert not lasting(symptom, weak, since, lasts_h=36, reach_h=12).any()
    # Told at 60, begun at 48 at the earliest, a change from 84 on.
    assert np.flatnonzero(lasting(symptom, strong, since, lasts_h=36, reach_h=12))[0] == 84


def test_one_odd_hour_every_day_is_no_change() -> None:
    symptom = np.arange(24 * 10) % 24 == 7
    flags = lasting(symptom, np.where(symptom, 2.0, 0.0), np.arange(len(symptom)), lasts_h=36, reach_h=12)
    assert not flags.any()


def test_a_change_is_the_same_one_after_some_quiet_days_and_another_after_a_week() -> None:
    symptom = np.zeros(24 * 20, np.bool_)
    symptom[:48] = symptom[24 * 6 : 24 * 7] = symptom[24 * 14 : 24 * 15] = True
    score, since = np.where(symptom, 2.0, 0.0), np.arange(len(symptom))
    flags = lasting(symptom, score, since, lasts_h=36, reach_h=12)
    assert flags[36:48].all()
    assert flags[24 * 6 : 24 * 7].all()
    assert not flags[24 * 14 : 24 * 15].any()


@pytest.mark.parametrize("factor", [3.0, 2.0, 0.5, 0.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lasting_change_is_told_once_and_its_ticket_waits(factor: float, seed: int) -> None:
    amount = office_load(DAYS, seed)
    amount[CHANGE:] *= factor
    track = Track(UNUSUAL_LOAD, "m", UNUSUAL_LOAD.cause, verdicts_of(amount))
    verdicts = track.verdicts
    assert verdicts.lasting is not None
    after = verdicts.start_s >= START_S + CHANGE * HOUR_S
    told = verdicts.start_s[after & verdicts.abnormal & (verdicts.score >= 1)]
    assert 0 <= told[0] - (START_S + CHANGE * HOUR_S) <= 6 * HOUR_S
    assert told[-1] - told[0] <= 5 * 24 * HOUR_S
    waits = verdicts.start_s[verdicts.lasting]
    assert len(waits) > 24
    assert all(track.at(int(start_s) + HOUR_S) is None for start_s in waits)
    assert (verdicts.score[verdicts.lasting] > 0).all()


def test_an_hour_that_is_high_does_not_carry_a_low_stretch_on() -> None:
    amount = office_load(DAYS)
    amount[24 * 100 + 8 : 24 * 100 + 18] = 4.0
    amount[24 * 100 + 18] = 60.0
    verdicts = verdicts_of(amount)
    at = int(np.searchsorted(verdicts.start_s, START_S + (24 * 100 + 17) * HOUR_S))
    assert verdicts.abnormal[at]
    assert not verdicts.abnormal[at + 1]
