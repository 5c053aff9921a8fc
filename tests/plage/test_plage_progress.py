"""From the stores to an assessment and back into the store, against figures computed by hand.

10 °C on every day is 5 degree days (base 15): 1825 a year, brought to the normal 1902. A day of the house is 100 m3 of
gas at 11.5 kWh and 200 kWh of electricity, counted whole.
"""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from plagewatch import plage_progress
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Building, CalorificValue, Carrier, Kind, Meter, Share
from plagewatch.plage.parameters import Parameters, Standing
from plagewatch.store import names
from plagewatch.store.records import registry

from .conftest import TODAY, TZ, House

GAS_KWH = 365 * 100 * 11.5
ELEC_KWH = 365 * 200.0
NORMAL = 1902 / 1825
RESULT_KWH = GAS_KWH * (0.25 + 0.75 * NORMAL) + ELEC_KWH
REFERENCE_KWH = 400_000 * (0.25 + 0.75 * 1902 / 1739) + 70_000
TARGET_KWH = REFERENCE_KWH * (1 - 0.12)  # 498 kWh/m2: the last step of the care homes' scale


@pytest.fixture
def assess(engine, series, one_building, now_s, fill):
    def made(house=None, portfolio=one_building):
        fill(series, house or House())
        return plage_progress.assess(engine, series, portfolio, now_s)

    return made


def test_a_year_by_hand(assess):
    figures = assess().figures
    assert figures.target_kwh == pytest.approx(TARGET_KWH)
    assert figures.reference_kwh == pytest.approx(REFERENCE_KWH)
    assert figures.actual_kwh == pytest.approx(GAS_KWH + ELEC_KWH)
    assert figures.normalised_kwh == pytest.approx(RESULT_KWH)
    assert figures.degree_days == pytest.approx(1825)
    assert figures.filled_kwh == 0
    assert figures.coverage == 1
    assert figures.period.excess_kwh == pytest.approx(RESULT_KWH - TARGET_KWH)
    assert figures.period.fine_eur == pytest.approx((RESULT_KWH - TARGET_KWH) * 0.06)


def test_every_day_alike_ends_the_year_where_it_is(assess):
    # Days from 1 January 2026 to 19 November: 323. Each day the same share of result and of target.
    figures = assess().figures
    assert figures.result_to_date_kwh == pytest.approx(RESULT_KWH * 323 / 365)
    assert figures.target_to_date_kwh == pytest.approx(TARGET_KWH * 323 / 365)
    assert figures.forecast_kwh == pytest.approx(RESULT_KWH)
    assert figures.year.fine_eur == pytest.approx(figures.period.fine_eur)


def test_below_the_target_there_is_no_fine(assess):
    figures = assess(House(gas_m3_day=60.0)).figures
    assert figures.year.reached
    assert figures.year.fine_eur == 0
    assert figures.forecast_kwh < figures.target_kwh


def test_missing_days_are_filled_and_told(assess):
    assessment = assess(House(without_gas=range(11, 41)))
    figures = assessment.figures
    assert figures.normalised_kwh == pytest.approx(RESULT_KWH)
    assert figures.actual_kwh == pytest.approx(GAS_KWH * 335 / 365 + ELEC_KWH)
    assert figures.filled_kwh == pytest.approx((RESULT_KWH - ELEC_KWH) * 30 / 365)
    assert 0.9 < figures.coverage < 1
    assert assessment.buildings[0].coverage == pytest.approx(figures.coverage)
    said = " ".join(plage_progress.status_lines(assessment, "en"))
    assert "Filled in for days that are missing" in said


def test_a_meter_silent_too_long_is_refused_with_its_building(assess):
    assessment = assess(House(without_gas=range(1, 201)))
    assert assessment.figures is None
    assert [refusal.code for refusal in assessment.refusals] == ["coverage_too_low"]
    assert np.isnan(assessment.buildings[0].gap_kwh)
    assert "wzc-linde.gas" in " ".join(plage_progress.status_lines(assessment, "fr"))


def test_two_days_without_weather_are_bridged(assess):
    figures = assess(House(without_weather=(20, 21))).figures
    assert figures.bridged_days == 2
    assert figures.degree_days == pytest.approx(1825)


@pytest.mark.parametrize("missing", [range(20, 24), (1,), range(1, 401)])
def test_without_weather_nothing_is_normalised(assess, missing):
    assessment = assess(House(without_weather=missing))
    assert assessment.figures is None
    assert assessment.refusals[0].code == "weather_missing"


def test_nothing_in_the_records_is_told(engine, series, one_building, now_s):
    assessment = plage_progress.assess(engine, series, one_building, now_s)
    assert assessment.refusals[0].code == "meter_unknown"
    plage_progress.write(series, assessment)
    rows = series.points(names.PLAGE, {names.TAG_ORGANISATION: "cpas-ocmw"}, 0, now_s)
    assert len(rows.start_s) == 1
    assert np.isnan(rows.fields[names.PLAGE_FORECAST_KWH]).all()


def test_gas_is_worth_what_it_was_worth_that_day(engine, series, one_building, fill):
    # 11.54 kWh a cubic metre until ten days ago, 11.5 since.
    parameters = [
        replace(p, valid_from=TODAY - timedelta(days=10)) if p.value == 11.5 else p for p in one_building.parameters.all
    ]
    portfolio = replace(one_building, parameters=Parameters(parameters, one_building.parameters.scales))
    fill(series, House())
    figures = plage_progress.assess(engine, series, portfolio, day_start_s(TODAY, TZ)).figures
    assert figures is not None
    assert figures.actual_kwh == pytest.approx(355 * 1154 + 10 * 1150 + ELEC_KWH)


def test_recorded_calorific_values_count_from_the_first_of_them_on(engine, series, one_building, fill, now_s):
    fill(series, House())
    before = plage_progress.assess(engine, series, one_building, now_s)
    # The portfolio says 11.5 since July 2025; the operator 11.0 from 1 November 2026 on: 19 days of 100 m3 are worth
    # 50 kWh a day less, 950 kWh in all.
    registry.save(engine, [CalorificValue("brussels", TODAY.replace(day=1), 11.0, "operator's table")])
    after = plage_progress.assess(engine, series, one_building, now_s)
    assert before.figures is not None
    assert after.figures is not None
    assert before.figures.actual_kwh - after.figures.actual_kwh == pytest.approx(950.0)
    (used,) = [one for one in after.portfolio.parameters.all if one.source == "operator's table"]
    assert used.standing is Standing.PUBLISHED


def test_a_meter_shared_since_a_day_counts_by_its_share(engine, assess):
    assessment = assess()
    registry.save(engine, [Share("wzc-linde.elec", "wzc-linde", 0.5, TODAY - timedelta(days=100))])
    shared = assess()
    assert shared.figures.actual_kwh == pytest.approx(assessment.figures.actual_kwh - 100 * 200 * 0.5)


def test_a_meter_that_moved_to_another_building_counts_there_only(engine, assess):
    assessment = assess()
    moved_on = TODAY - timedelta(days=100)
    registry.save(engine, [Building("other", "wzc-linde", "Other"), Share("wzc-linde.elec", "other", 1.0, moved_on)])
    moved = assess()
    assert moved.figures.actual_kwh == pytest.approx(assessment.figures.actual_kwh - 100 * 200)


def test_a_meter_that_counts_no_energy_is_refused(engine, series, one_building, now_s, fill):
    fill(series, House())
    registry.save(engine, [Meter("wzc-linde.gas", "wzc-linde", "Water", Carrier.WATER, Kind.INDEX, "m3")])
    assessment = plage_progress.assess(engine, series, one_building, now_s)
    assert assessment.refusals[0].code == "unit_unknown"


def test_what_is_written_is_what_was_computed(series, assess):
    assessment = assess()
    plage_progress.write(series, assessment)
    plage_progress.write(series, assessment)
    rows = series.points(names.PLAGE, {names.TAG_ORGANISATION: "cpas-ocmw"}, 0, day_start_s(TODAY, TZ))
    assert set(rows.fields) == set(names.PLAGE_FIELDS)
    assert len(rows.start_s) == 365
    # Local midnights, through a change to summer time and one back.
    assert set(np.diff(rows.start_s)) == {82_800, 86_400, 90_000}
    assert rows.fields[names.PLAGE_NORMALISED_KWH].sum() == pytest.approx(RESULT_KWH)
    new_year = int(np.searchsorted(rows.start_s, day_start_s(date(2026, 1, 1), TZ)))
    to_date = rows.fields[names.PLAGE_RESULT_TO_DATE_KWH]
    assert np.isnan(to_date[:new_year]).all()
    assert to_date[new_year] == pytest.approx(RESULT_KWH / 365)
    forecast = rows.fields[names.PLAGE_FORECAST_KWH]
    assert np.isnan(forecast[:89]).all()
    assert forecast[89:] == pytest.approx(RESULT_KWH)
    assert rows.fields[names.PLAGE_FINE_EUR][-1] == pytest.approx(assessment.figures.year.fine_eur)


def test_a_day_that_becomes_unknown_is_written_over(series, assess):
    plage_progress.write(series, assess())
    plage_progress.write(series, assess(House(without_gas=range(1, 201))))
    rows = series.points(names.PLAGE, {names.TAG_ORGANISATION: "cpas-ocmw"}, 0, day_start_s(TODAY, TZ))
    assert np.isnan(rows.fields[names.PLAGE_FORECAST_KWH][-1])
    assert not np.isnan(rows.fields[names.PLAGE_FORECAST_KWH][-2])


@pytest.mark.parametrize("house", [House(), House(without_gas=range(1, 201)), House(without_weather=range(1, 9))])
def test_json_holds_no_nan_and_every_parameter(assess, one_building, house):
    told = json.loads(json.dumps(plage_progress.as_json(assess(house)), allow_nan=False))
    assert (told["figures"] is None) == bool(told["refusals"])
    assert len(told["parameters"]) == len(one_building.parameters.all)
    assert all(entry["source"] and entry["valid_from"] for entry in told["parameters"] + told["effort_scales"])


@pytest.mark.parametrize(("language", "neutral"), [("nl", "neutraal"), ("fr", "neutre"), ("en", "neutral")])
def test_status_says_what_it_is_and_on_what_it_rests(assess, one_building, language, neutral):
    lines = plage_progress.status_lines(assess(), language)
    assert neutral in " ".join(lines)
    for parameter in one_building.parameters.all:
        assert any(parameter.name in line and parameter.source in line for line in lines)
