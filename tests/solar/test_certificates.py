"""Worked examples: plage.md T6 (green certificates), T8 (avoided CO2)."""

from datetime import date

import pytest

from plagewatch.plage.parameters import Refused
from plagewatch.solar.certificates import (
    GRANTED_YEARS,
    RATES,
    REFERENCE_FACTOR_KG_KWH,
    avoided_co2_t,
    certificates,
    multiplier_of,
    rate_at,
    rate_of,
)


@pytest.mark.parametrize(
    ("multiplier", "cv_per_mwh"),
    [(1.65, 3.0), (1.32, 2.4), (1.045, 1.9), (0.990, 1.8), (0.935, 1.7), (0.770, 1.4), (0.660, 1.2)],
)
def test_rate_of_a_multiplier(multiplier, cv_per_mwh):
    assert rate_of(multiplier) == pytest.approx(cv_per_mwh)


@pytest.mark.parametrize(
    ("cv_per_mwh", "multiplier"), [(2.055, 1.13025), (1.016, 0.5588), (0.642, 0.3531), (0.580, 0.319)]
)
def test_multiplier_of_a_rate(cv_per_mwh, multiplier):
    assert multiplier_of(cv_per_mwh) == pytest.approx(multiplier)


def test_ten_years_of_a_roof_commissioned_in_2019():
    rate = rate_at(date(2019, 3, 1), 80.0)
    yearly = certificates(90_000.0, rate.cv_per_mwh)
    assert yearly == pytest.approx(216.0)
    assert yearly * GRANTED_YEARS == pytest.approx(2160.0)
    assert yearly * 65.0 == pytest.approx(14_040.0)  # at the floor price of 65 EUR


def test_gross_production_counts_not_what_was_fed_in():
    assert certificates(1000.0, 3.0) == 3.0  # 300 of the 1 000 kWh used on site would leave 2.1


@pytest.mark.parametrize(("day", "kwp"), [(date(2022, 6, 1), 20.0), (date(2024, 6, 1), 4.0), (date(2012, 1, 1), 4.0)])
def test_a_rate_that_was_not_found_is_refused(day, kwp):
    with pytest.raises(Refused) as refused:
        rate_at(day, kwp)
    assert refused.value.refusal.code == "certificate_rate_missing"


def test_classes_of_one_time_neither_overlap_nor_leave_a_hole():
    for first in {rate.first for rate in RATES}:
        classes = sorted((rate.above_kwp, rate.upto_kwp) for rate in RATES if rate.first == first)
        assert classes[0][0] == 0
        assert classes[-1][1] == float("inf")
        assert all(left[1] == right[0] for left, right in zip(classes, classes[1:], strict=False))


def test_avoided_co2():
    assert pytest.approx(0.394545, abs=1e-6) == REFERENCE_FACTOR_KG_KWH
    assert avoided_co2_t(28_332.0, 0.388) == pytest.approx(11.0, abs=0.01)
    assert avoided_co2_t(90_000.0, 0.400) == pytest.approx(36.0)
    assert avoided_co2_t(28_332.0, REFERENCE_FACTOR_KG_KWH) == pytest.approx(11.18, abs=0.005)
    assert avoided_co2_t(90_000.0, REFERENCE_FACTOR_KG_KWH) == pytest.approx(35.5, abs=0.01)
