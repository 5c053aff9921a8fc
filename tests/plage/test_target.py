"""Worked examples: plage.md T4 (degree days of Uccle), T5 (arithmetic of the neutral model), T12 (thresholds)."""

from datetime import date

import pytest

from plagewatch.metering.meters import Carrier
from plagewatch.plage.cadastre import in_cadastre, subject
from plagewatch.plage.parameters import EffortScale, Parameter, Parameters, Refused, Shape, Standing
from plagewatch.plage.portfolio import (
    Body,
    CadastreBuilding,
    MeterLink,
    Organisation,
    Portfolio,
    Zone,
    ZoneUse,
)
from plagewatch.plage.progress import judge
from plagewatch.plage.target import DegreeDayRule, effort, normalised_kwh, target_of
from plagewatch.savings.degree_days import Method

SINCE = date(2018, 1, 1)
DAY = date(2026, 11, 20)


def parameter(name, value, valid_from=SINCE):
    return Parameter(name, value, "", "test", valid_from, Standing.SAMPLE)


def scale(category, points, shape=Shape.STEP, valid_from=SINCE):
    return EffortScale(category, shape, points, "test", valid_from, Standing.SAMPLE)


@pytest.mark.parametrize(
    ("kwh", "heated_share", "was", "normal", "expected"),
    [
        (100_000, 1.0, 1739, 1902, 109_373.2),
        (100_000, 0.85, 1739, 1902, 107_967.2),
        (100_000, 1.0, 1948, 1902, 97_638.6),
    ],
)
def test_weather_normalisation(kwh, heated_share, was, normal, expected):
    rule = DegreeDayRule(15, Method.PLAIN, normal, was)
    assert normalised_kwh(kwh, heated_share, rule.factor(was)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("year", "against", "percent"),
    [(1739, 1902, -8.57), (1739, 1780, -2.30), (1704, 1948, -12.53), (1424, 1948, -26.90), (1424, 1704, -16.43)],
)
def test_ratios_of_published_degree_days(year, against, percent):
    rule = DegreeDayRule(15, Method.PLAIN, year, against)
    assert (rule.factor(against) - 1) * 100 == pytest.approx(percent, abs=0.005)


def test_a_year_without_degree_days_is_refused():
    with pytest.raises(Refused) as refused:
        DegreeDayRule(15, Method.PLAIN, 1902, 1739).factor(0.0)
    assert refused.value.refusal.code == "no_degree_days"


def zone(name, category, area_m2, kwh, heated_share=0.0, carrier=Carrier.GAS):
    use = ZoneUse(carrier, kwh, heated_share, (MeterLink("m", 1.0),), "test", Standing.SAMPLE)
    return Zone(name, category, area_m2, (use,))


def portfolio(zones, parameters, scales):
    building = CadastreBuilding("b", "Building", "brussels", tuple(zones))
    organisation = Organisation("o", "Organisation", Body.OTHER_PUBLIC, "Europe/Brussels", "station")
    return Portfolio(organisation, 2018, (), (building,), Parameters(parameters, scales))


DEGREE_DAYS = [
    parameter("degree_day_base_c", 15.0),
    parameter("degree_day_method", "plain"),
    parameter("degree_days_normal.15.plain", 1902.0),
    parameter("degree_days_year.15.plain.2018", 1739.0),
]
FINAL = [parameter("carrier_factor.gas", 1.0), parameter("carrier_factor.electricity", 1.0)]


def test_target_is_the_sum_of_what_is_left_of_each_zone():
    zones = [zone("1", "office", 5000, 1_000_000), zone("2", "housing", 4000, 400_000)]
    scales = [scale("office", ((0, 0.10),)), scale("housing", ((0, 0.05),))]
    target = target_of(portfolio(zones, DEGREE_DAYS + FINAL, scales), DAY)
    assert [z.target_kwh for z in target.zones] == pytest.approx([900_000, 380_000])
    assert target.kwh == pytest.approx(1_280_000)


@pytest.mark.parametrize(
    ("result_kwh", "tolerance", "excess_kwh", "fine_eur"),
    [
        (1_380_000, 0.0, 100_000, 6_000),
        (1_280_000, 0.0, 0, 0),
        (1_279_999, 0.0, 0, 0),
        (1_380_000, 0.02, 74_400, 4_464),
    ],
)
def test_excess_and_fine(result_kwh, tolerance, excess_kwh, fine_eur):
    judgement = judge(result_kwh, 1_280_000, tolerance, 0.06)
    assert judgement.excess_kwh == pytest.approx(excess_kwh)
    assert judgement.fine_eur == pytest.approx(fine_eur)
    assert judgement.reached is (excess_kwh == 0)


def test_primary_energy_is_a_matter_of_factors():
    uses = [
        zone("gas", "office", 1000, 500_000),
        zone("elec", "office", 1000, 200_000, carrier=Carrier.ELECTRICITY),
    ]
    factors = [parameter("carrier_factor.gas", 1.0), parameter("carrier_factor.electricity", 2.5)]
    target = target_of(portfolio(uses, DEGREE_DAYS + factors, [scale("office", ((0, 0.0),))]), DAY)
    assert target.reference_kwh == pytest.approx(1_000_000)


def test_the_reference_is_normalised_before_the_effort_is_looked_up():
    # 100 000 kWh, all heating, in the mild 2018 are 109 373 in a normal year: 109.4 kWh/m2, above the step at 105.
    zones = [zone("1", "office", 1000, 100_000, heated_share=1.0)]
    target = target_of(portfolio(zones, DEGREE_DAYS + FINAL, [scale("office", ((0, 0.02), (105, 0.10)))]), DAY)
    assert target.zones[0].effort == 0.10
    assert target.kwh == pytest.approx(109_373.2 * 0.9, abs=0.05)
    assert target.zones[0].uses[0].steady_kwh == 0


@pytest.mark.parametrize(
    ("shape", "at", "expected"),
    [
        (Shape.STEP, 0, 0.02),
        (Shape.STEP, 99.9, 0.02),
        (Shape.STEP, 100, 0.08),
        (Shape.STEP, 900, 0.08),
        (Shape.LINEAR, 0, 0.02),
        (Shape.LINEAR, 50, 0.05),
        (Shape.LINEAR, 100, 0.08),
        (Shape.LINEAR, 900, 0.08),
    ],
)
def test_effort_scales(shape, at, expected):
    assert effort(scale("office", ((0, 0.02), (100, 0.08)), shape), at) == pytest.approx(expected)


@pytest.mark.parametrize(
    "missing",
    ["degree_day_base_c", "degree_day_method", "degree_days_normal.15.plain", "degree_days_year.15.plain.2018",
     "carrier_factor.gas"],
)  # fmt: skip
def test_a_missing_parameter_is_refused_by_name(missing):
    parameters = [p for p in DEGREE_DAYS + FINAL if p.name != missing]
    with pytest.raises(Refused) as refused:
        target_of(portfolio([zone("1", "office", 10, 10)], parameters, [scale("office", ((0, 0.1),))]), DAY)
    assert refused.value.refusal.code == "parameter_missing"
    assert missing in str(refused.value)


def test_another_base_does_not_borrow_the_normal_of_this_one():
    parameters = [parameter("degree_day_base_c", 16.5), *DEGREE_DAYS[1:], *FINAL]
    with pytest.raises(Refused, match=r"degree_days_normal\.16\.5\.plain"):
        target_of(portfolio([zone("1", "office", 10, 10)], parameters, [scale("office", ((0, 0.1),))]), DAY)


def test_a_category_without_effort_scale_is_refused():
    with pytest.raises(Refused) as refused:
        target_of(portfolio([zone("1", "pool", 10, 10)], DEGREE_DAYS + FINAL, [scale("office", ((0, 0.1),))]), DAY)
    assert refused.value.refusal.code == "effort_missing"
    assert refused.value.refusal.values["category"] == "pool"


def test_an_unknown_way_of_counting_is_refused():
    parameters = [DEGREE_DAYS[0], parameter("degree_day_method", "cooling"), *DEGREE_DAYS[2:], *FINAL]
    with pytest.raises(Refused, match="cooling"):
        target_of(portfolio([zone("1", "office", 10, 10)], parameters, [scale("office", ((0, 0.1),))]), DAY)


def test_parameters_follow_one_another_by_date():
    both = Parameters([parameter("gcv", 11.6, date(2022, 9, 1)), parameter("gcv", 10.3)])
    assert [both.number("gcv", day) for day in (date(2022, 8, 31), date(2022, 9, 1), DAY)] == [10.3, 11.6, 11.6]
    with pytest.raises(Refused, match="2017-12-31"):
        both.number("gcv", date(2017, 12, 31))


def test_a_choice_is_no_number():
    with pytest.raises(Refused, match="plain"):
        Parameters([parameter("degree_day_method", "plain")]).number("degree_day_method", DAY)


THRESHOLDS = Parameters(
    [
        parameter("threshold_area_m2.authority", 250.0),
        parameter("threshold_area_m2.other_public", 50_000.0),
        parameter("threshold_area_m2.company", 100_000.0),
        parameter("building_area_min_m2", 250.0),
    ]
)


@pytest.mark.parametrize(
    ("body", "area_m2", "reached", "edge"),
    [
        (Body.AUTHORITY, 249.9, False, False),
        (Body.AUTHORITY, 250, True, True),
        (Body.OTHER_PUBLIC, 49_999, False, False),
        (Body.OTHER_PUBLIC, 50_000, True, True),
        (Body.OTHER_PUBLIC, 50_420, True, False),
        (Body.COMPANY, 99_999, False, False),
        (Body.COMPANY, 100_000, True, True),
    ],
)
def test_who_is_subject(body, area_m2, reached, edge):
    verdict = subject(body, area_m2, THRESHOLDS, DAY)
    assert (verdict.reached, verdict.on_the_edge) == (reached, edge)


def test_a_part_of_240_m2_is_outside_the_cadastre():
    assert not in_cadastre(240, THRESHOLDS, DAY).reached
    assert in_cadastre(250, THRESHOLDS, DAY).on_the_edge
    assert in_cadastre(251, THRESHOLDS, DAY).reached
