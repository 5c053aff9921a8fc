"""Use against the target over time, on years small enough to compute by hand."""

import numpy as np
import pytest

from plagewatch.metering.meters import Carrier
from plagewatch.plage.parameters import Refusal
from plagewatch.plage.progress import MeterDays, UseProgress, forecast_kwh, target_path, use_progress
from plagewatch.plage.target import UseTarget

# A year of four days: 60 kWh of heating by degree days 3, 2, 1, 0, and 40 kWh evenly.
DEGREE_DAYS = np.array([3.0, 2.0, 1.0, 0.0])
TARGET = UseTarget(Carrier.GAS, 1.0, 0.6, 110.0, 60.0, 40.0)


def days(kwh, accounted=None, coverage=None):
    kwh = np.array(kwh, float)
    accounted = np.where(np.isnan(kwh), 0.0, 1.0) if accounted is None else np.array(accounted)
    return MeterDays("m", kwh, accounted, accounted if coverage is None else np.array(coverage))


def progress(meters, factor=1.0, coverage_min=0.5) -> UseProgress:
    made = use_progress(TARGET, meters, DEGREE_DAYS, factor, coverage_min)
    assert isinstance(made, UseProgress)
    return made


def test_path_follows_the_cold():
    assert target_path(TARGET, DEGREE_DAYS) == pytest.approx([40, 30, 20, 10])


def test_a_whole_year_is_only_normalised():
    made = progress([days([50, 30, 10, 10])], factor=1.5)
    assert made.actual.sum() == pytest.approx(100)
    assert made.normalised == pytest.approx(np.array([50, 30, 10, 10]) * (0.4 + 0.6 * 1.5))
    assert made.filled_kwh == 0
    assert made.coverage.tolist() == [1, 1, 1, 1]


def test_a_missing_cold_day_weighs_more_than_a_missing_warm_one():
    # On its target but for the cold day: 60 known of 60 % of the year, so 100; for the warm day: 90 of 90 %.
    cold = progress([days([np.nan, 30, 20, 10])])
    warm = progress([days([40, 30, 20, np.nan])])
    for made, filled in ((cold, 40), (warm, 10)):
        assert made.normalised == pytest.approx([40, 30, 20, 10])
        assert made.filled_kwh == pytest.approx(filled)
    assert cold.actual.sum() == pytest.approx(60)
    assert cold.coverage.tolist() == [0, 1, 1, 1]


def test_half_a_day_is_filled_by_half():
    made = progress([days([20, 30, 20, 10], accounted=[0.5, 1, 1, 1])])
    assert made.normalised == pytest.approx([40, 30, 20, 10])
    assert made.filled_kwh == pytest.approx(20)


def test_a_spread_gap_counts_whole_though_it_was_not_measured():
    made = progress([days([40, 30, 20, 10], accounted=[1, 1, 1, 1], coverage=[0, 1, 1, 1])])
    assert made.filled_kwh == 0
    assert made.coverage.tolist() == [0, 1, 1, 1]


def test_what_is_filled_is_weighted_and_normalised_like_the_rest():
    primary = UseTarget(Carrier.ELECTRICITY, 2.5, 0.0, 250.0, 0.0, 250.0)
    made = use_progress(primary, [days([10, 10, 10, np.nan])], DEGREE_DAYS, 1.5, 0.5)
    assert isinstance(made, UseProgress)
    assert made.normalised == pytest.approx([25, 25, 25, 25])
    assert made.filled_kwh == pytest.approx(25)


def test_too_little_is_refused_with_its_numbers():
    refusal = use_progress(TARGET, [days([40, np.nan, np.nan, 10])], DEGREE_DAYS, 1.0, 0.8)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "coverage_too_low"
    assert refusal.values == {"meter": "m", "known_share": pytest.approx(0.5), "needed_share": 0.8}


def test_nothing_at_all_is_refused_even_where_nothing_is_needed():
    refusal = use_progress(TARGET, [days([np.nan] * 4)], DEGREE_DAYS, 1.0, 0.0)
    assert isinstance(refusal, Refusal)


def test_one_of_two_meters_that_is_silent_is_not_hidden_by_the_other():
    refusal = use_progress(TARGET, [days([40, 30, 20, 10]), days([np.nan] * 4)], DEGREE_DAYS, 1.0, 0.5)
    assert isinstance(refusal, Refusal)


def test_coverage_of_two_meters_goes_by_their_size():
    made = progress([days([30, 20, 15, 5]), days([10, 10, 5, 5], accounted=[1, 1, 1, 1], coverage=[0, 1, 1, 1])])
    assert made.coverage == pytest.approx([0.7, 1, 1, 1])


def test_forecast_takes_the_rest_of_the_year_as_it_went():
    # The last two days of four belong to this year. 10 % above the path until now, so the rest too.
    path = np.array([40.0, 30, 20, 10])
    foretold = forecast_kwh(path * 1.1, path, 2, 1)
    assert foretold == pytest.approx([110, 110])
    # Last year ended 10 % above, this year began at the path: 20 done, and 80 × 97/90 to come.
    mixed = forecast_kwh(np.array([44.0, 33, 20, 10]), path, 2, 1)
    assert mixed[0] == pytest.approx(20 + 80 * 97 / 90)


def test_no_forecast_from_too_few_days():
    path = np.array([40.0, 30, 20, 10])
    assert np.isnan(forecast_kwh(path, path, 1, 3)).tolist() == [True, False, False]
    assert np.isnan(forecast_kwh(path, path, 0, 5)).all()
