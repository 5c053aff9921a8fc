"""Worked examples: plage.md T3; single values by Synergrid."""

import numpy as np
import pytest

from plagewatch.savings.degree_days import Method, bridge, degree_days

DAYS_C = np.array([5.0, 7.0, -2.0, 16.5, 18.0, 10.0, 14.9])


@pytest.mark.parametrize(
    ("base_c", "expected", "total"),
    [(16.5, [11.5, 9.5, 18.5, 0, 0, 6.5, 1.6], 47.6), (15.0, [10, 8, 17, 0, 0, 5, 0.1], 40.1)],
)
def test_plain(base_c, expected, total):
    days = degree_days(DAYS_C, base_c)
    assert days == pytest.approx(expected)
    assert days.sum() == pytest.approx(total)


@pytest.mark.parametrize(
    ("method", "expected", "total"),
    [
        (Method.EQUIVALENT_A, [15.10, 6.50, 0.95, 3.45, 2.76], 28.76),
        (Method.EQUIVALENT_B, [15.10, 6.50, 1.85, 3.90, 2.91], 30.26),
    ],
)
def test_equivalent(method, expected, total):
    days = degree_days(DAYS_C, 16.5, method)
    assert np.isnan(days[:2]).all()
    assert days[2:] == pytest.approx(expected)
    assert days[2:].sum() == pytest.approx(total)


@pytest.mark.parametrize(
    ("day_and_before", "weighted_first", "cut_first"),
    [((5, 7, 9), 10.5, 10.5), ((-2, 0, 3), 17.4, 17.4), ((10, 20, 18), 2.7, 3.9), ((18, 12, 10), 1.1, 2.0)],
)
def test_two_readings_of_equivalent(day_and_before, weighted_first, cut_first):
    temp_c = np.array(day_and_before[::-1], float)
    assert degree_days(temp_c, 16.5, Method.EQUIVALENT_A)[-1] == pytest.approx(weighted_first)
    assert degree_days(temp_c, 16.5, Method.EQUIVALENT_B)[-1] == pytest.approx(cut_first)


def test_a_day_without_temperature_is_not_a_warm_day():
    days = degree_days(np.array([np.nan, 20.0]), 16.5)
    assert np.isnan(days[0])
    assert days[1] == 0


def test_an_unknown_day_takes_the_two_after_it_along():
    temp_c = np.array([5.0, 5.0, np.nan, 5.0, 5.0, 5.0])
    for method in (Method.EQUIVALENT_A, Method.EQUIVALENT_B):
        assert np.isnan(degree_days(temp_c, 16.5, method)).tolist() == [True, True, True, True, True, False]


def test_only_short_gaps_inside_are_bridged():
    temp_c = np.array([np.nan, 3.0, np.nan, np.nan, 6.0, np.nan, np.nan, np.nan, 2.0, np.nan])
    filled, bridged = bridge(temp_c, 2)
    assert filled[1:5] == pytest.approx([3, 4, 5, 6])
    assert np.flatnonzero(bridged).tolist() == [2, 3]
    assert np.isnan(filled[[0, 5, 6, 7, 9]]).all()
    assert np.isnan(temp_c[2])  # what was measured is not touched
