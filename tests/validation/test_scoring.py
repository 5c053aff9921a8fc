"""Cases small enough to count by hand; the counting stands beside each."""

import numpy as np
import pytest

from plagewatch.validation.ranges import ranges, rate_range, share_range
from plagewatch.validation.scoring import (
    HOUR_S,
    JudgedMeter,
    Labelled,
    Told,
    average_precision,
    counts,
    figures,
    judged_meter,
    live_only,
    roc_auc,
    runs,
)

NOTHING = np.zeros(0, np.int64), np.zeros(0)


def hours(*numbers: int) -> np.ndarray:
    return HOUR_S * np.array(numbers, np.int64)


def marked(number: int, *places: int) -> np.ndarray:
    flags = np.zeros(number, np.bool_)
    flags[list(places)] = True
    return flags


@pytest.fixture
def twenty_hours() -> JudgedMeter:
    """Twenty hours, the reading of hour 7 and the label of hour 19 missing; 2 to 4 and 12 are abnormal.

    One ticket covers 3 to 5 and is opened at 5:00, one covers 15 and is opened at 16:00.
    """
    read_s = hours(*[h for h in range(20) if h != 7])
    labels = Labelled(hours(*range(19)), marked(19, 2, 3, 4, 12))
    tickets = [Told("r", 3 * HOUR_S, 5 * HOUR_S, 5 * HOUR_S), Told("r", 15 * HOUR_S, 15 * HOUR_S, 16 * HOUR_S)]
    scores = hours(3, 4, 12, 15), np.array([4.0, 3.0, 2.0, 1.0])
    return judged_meter(read_s, labels, scores, tickets, warm_up_s=0)


def test_hours_events_and_alarms_by_hand(twenty_hours: JudgedMeter) -> None:
    assert len(twenty_hours.start_s) == 18  # 0 to 18 without 7
    told = counts(twenty_hours)
    # Flagged 3, 4, 5, 15; of these labelled 3, 4. Events 2-4 and 12; alarms 3-5, right, and 15, not.
    assert (told.labelled, told.flagged, told.both) == (4, 4, 2)
    assert (told.events, told.found, told.alarms, told.right) == (2, 1, 2, 1)
    assert told.waited_h == (3.0,)  # begun at 2:00, opened at 5:00
    assert told.first_flag_h == (1.0,)  # hour 3 is the second of the event
    both = figures([told])
    assert (both.hour_precision, both.hour_recall, both.hour_f1) == (0.5, 0.5, 0.5)
    assert (both.event_precision, both.event_recall, both.event_f1) == (0.5, 0.5, 0.5)
    assert both.alarms_per_year == pytest.approx(2 * 8784 / 18)


def test_what_was_over_when_the_ticket_came_does_not_count_live(twenty_hours: JudgedMeter) -> None:
    # The ticket of 5:00 still has hours 4 (over at 5:00) and 5; hour 3 was over before.
    assert np.flatnonzero(live_only(twenty_hours).flagged).tolist() == [4, 5, 14]  # place 14 is hour 15
    assert counts(live_only(twenty_hours)).both == 1


def test_average_precision_of_the_hours_by_hand(twenty_hours: JudgedMeter) -> None:
    # In order: 3 hit, 4 hit, 12 hit, 15 not, then the 14 without a score together with the last hit among them.
    by_hand = 0.25 * (1 + 1 + 1) + 0.25 * 4 / 18
    assert average_precision(twenty_hours.abnormal, twenty_hours.score) == pytest.approx(by_hand)


def test_equal_scores_are_taken_together() -> None:
    abnormal, score = np.array([True, False, False, True]), np.array([1.0, 1.0, 0.0, 0.0])
    assert average_precision(abnormal, score) == pytest.approx(0.5 * 0.5 + 0.5 * 0.5)
    assert roc_auc(abnormal, score) == pytest.approx(0.5)


def test_without_anything_abnormal_there_is_no_figure() -> None:
    assert np.isnan(average_precision(np.zeros(3, np.bool_), np.arange(3.0)))
    assert np.isnan(roc_auc(np.ones(2, np.bool_), np.arange(2.0)))
    nothing = figures([])
    assert (nothing.hour_f1, nothing.event_f1, nothing.alarms_per_year) == (0.0, 0.0, 0.0)
    assert np.isnan(nothing.median_delay_h)


def test_three_quiet_hours_join_and_four_part() -> None:
    assert runs(marked(12, 1, 5, 10)) == [(1, 6), (10, 11)]
    assert runs(np.zeros(3, np.bool_)) == []


def test_the_warm_up_counts_from_the_first_reading() -> None:
    labels = Labelled(hours(*range(100)), np.ones(100, np.bool_))
    meter = judged_meter(hours(*range(10, 100)), labels, NOTHING, [], warm_up_s=48 * HOUR_S)
    assert meter.start_s[0] == 58 * HOUR_S
    assert np.isneginf(meter.score).all()


def test_ranges_are_those_of_drawn_buildings() -> None:
    start_s = hours(*range(50))
    good = JudgedMeter(start_s, marked(50, 5), marked(50, 5), marked(50, 5).astype(float), [])
    blind = JudgedMeter(start_s, marked(50, 5), marked(50), np.zeros(50), [])
    told = ranges([good, blind], draws=200)
    # Two good ones give 1, two blind ones 0: with a quarter of the draws each, both ends of the 90 % range.
    assert told["hour_f1"] == (0.0, 1.0)
    assert list(told["pr_auc"]) == pytest.approx([1 / 50, 1.0])
    assert told["event_f1"] == ranges([good, blind], draws=200)["event_f1"]
    assert ranges([good]) == {}


def test_alike_meters_have_no_range() -> None:
    assert rate_range([2.0, 2.0], [1.0, 1.0]) == (2.0, 2.0)
    assert share_range([False] * 4) == (0.0, 0.0)
    assert np.isnan(rate_range([], [])[0])
    low, high = share_range([True, False] * 20)
    assert 0.3 < low < 0.5 < high < 0.7
