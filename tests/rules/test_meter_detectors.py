"""Detectors of water and of metering, on series made by hand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from rules.detectors import impossible_step, pulse_weight, stopped, sub_meter_balance, water_burst
from rules.detectors.case import Case, Facts, FineSteps, HourlyWeather
from rules.detectors.verdicts import Judgement, MeterHours, NotJudged, Verdicts
from tests.rules.invented import DAY_S, HOUR_S, START_S, hours_of, household_water

DAYS = 90
Judge = Callable[[Case], Judgement]

JUDGES: dict[str, Judge] = {
    "burst": lambda case: water_burst.judge(case, water_burst.WaterBurst()),
    "stopped": lambda case: stopped.judge(case, stopped.Stopped()),
    "stopped in the cold": lambda case: stopped.judge(case, stopped.Stopped(below_c=12.0)),
    "pulse weight": lambda case: pulse_weight.judge(case, pulse_weight.PulseWeight()),
    "impossible step": lambda case: impossible_step.judge(case, impossible_step.ImpossibleStep()),
    "balance": lambda case: sub_meter_balance.judge(case, sub_meter_balance.SubMeterBalance()),
}
by_judge = pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)
learning = pytest.mark.parametrize("judge", [j for n, j in JUDGES.items() if n != "impossible step"])


def said(judge: Judge, case: Case) -> Verdicts:
    judgement = judge(case)
    assert isinstance(judgement, Verdicts), judgement
    return judgement


def case_of(amount: NDArray[np.float64], parts: tuple[float, ...] = (0.3, 0.5)) -> Case:
    """Water in m3 on a mild winter, with two sub-meters and a movement set aside in the 1500th hour."""
    hours = hours_of(amount, "m3")
    random = np.random.default_rng(3)
    subs = [replace(hours, amount=hours.amount * share * random.normal(1, 0.05, len(hours))) for share in parts]
    quarantined_s = np.array([START_S + 1500 * HOUR_S, START_S + 1500 * HOUR_S + 900])
    facts = Facts(quarantined_s=quarantined_s, jumps=np.array([5.0, 2.0]), exchanged_s=(START_S + 60 * DAY_S,))
    weather = HourlyWeather(np.full(len(hours), 6.0), np.full(len(hours), 100.0))
    return Case(hours, weather=weather, facts=facts, others={"parts": subs})


def eventful() -> NDArray[np.float64]:
    amount = household_water(DAYS)
    amount[300:310] = np.nan
    amount[1450:1453] = 9.0
    amount[1440:] *= 2
    amount[1700:1900] = 0.0
    return amount


# ---------------------------------------------------------------- all of them


@by_judge
@pytest.mark.parametrize("cut", [24 * 30 + 5, 1452, 1502, 24 * 67, 1800, 24 * DAYS - 1])
def test_what_comes_later_changes_no_verdict(judge: Judge, cut: int) -> None:
    whole = said(judge, case_of(eventful()))
    case = case_of(eventful())
    hours = case.hours

    def until(of: MeterHours) -> MeterHours:
        return replace(of, start_s=of.start_s[:cut], amount=of.amount[:cut], seen=of.seen[:cut])

    assert case.weather is not None
    weather = HourlyWeather(case.weather.temp_c[:cut], case.weather.ghi_wm2[:cut])
    parts = [until(part) for part in case.others["parts"]]
    judgement = judge(replace(case, hours=until(hours), weather=weather, others={"parts": parts}))
    known = whole.where(whole.known_s <= START_S + cut * HOUR_S)
    if isinstance(judgement, NotJudged):
        assert not len(known)
        return
    for name in ("start_s", "since_s", "score", "abnormal"):
        np.testing.assert_array_equal(getattr(judgement, name), getattr(known, name), err_msg=name)
    for name, values in judgement.numbers.items():
        np.testing.assert_array_equal(values, known.numbers[name], err_msg=name)


@by_judge
@pytest.mark.parametrize(
    "amount",
    [
        np.zeros(0),
        np.full(24 * 60, np.nan),
        np.zeros(24 * 60),
        np.full(24 * 60, 0.25),
        np.array([1.0]),
        -household_water(60),
        household_water(3),
        np.where(np.arange(24 * 60) % 7 == 0, np.nan, household_water(60)),
    ],
    ids=["nothing", "gaps", "zeros", "one value", "one hour", "negative", "three days", "holes"],
)
def test_bad_input_is_no_ticket_and_no_error(judge: Judge, amount: NDArray[np.float64]) -> None:
    case = replace(case_of(amount), facts=Facts())
    for each in (case, replace(case, weather=None), replace(case, others={})):
        judgement = judge(each)
        if isinstance(judgement, NotJudged):
            assert judgement.sentence.format(**judgement.numbers)
        else:
            assert not judgement.abnormal.any()
            assert np.isfinite(judgement.score).all()


@learning
def test_a_meter_that_is_too_young_or_read_once_a_day_is_not_judged(judge: Judge) -> None:
    young, coarse = judge(case_of(household_water(3))), judge(replace_interval(case_of(household_water(60))))
    assert isinstance(young, NotJudged)
    assert young.code == "too_short"
    assert isinstance(coarse, NotJudged)
    assert coarse.code == "too_coarse"


def replace_interval(case: Case) -> Case:
    return replace(case, hours=replace(case.hours, interval_s=DAY_S))


@by_judge
def test_a_quiet_building_has_no_finding(judge: Judge) -> None:
    judgement = said(judge, replace(case_of(household_water(DAYS)), facts=Facts()))
    assert not judgement.abnormal.any()


# ---------------------------------------------------------------- burst


def flat_water(days: int) -> NDArray[np.float64]:
    """200 l in each hour from 7 to 23 [m3]."""
    hour = np.arange(days * 24) % 24
    return np.where((hour >= 7) & (hour < 23), 0.2, 0.0)


def minutes(drawn: list[float], step_s: int = 300) -> FineSteps:
    """Steps from the start of the fortieth day on [l]."""
    start_s = START_S + 40 * DAY_S + step_s * np.arange(len(drawn), dtype=np.int64)
    return FineSteps(start_s, np.array(drawn) / 1000, step_s)


def with_minutes(drawn: list[float], step_s: int = 300) -> Verdicts:
    case = Case(hours_of(flat_water(41), "m3"), fine=minutes(drawn, step_s))
    return said(JUDGES["burst"], case)


@pytest.mark.parametrize(("step_s", "least_min"), [(60, 1), (300, 5), (900, 15)])
def test_a_burst_is_told_within_minutes(step_s: int, least_min: int) -> None:
    p = water_burst.WaterBurst()
    limit_l = max(p.times * 200.0, p.least_l)  # the largest hour of every day has 200 l
    flow_l_per_h = 7000.0
    count = 6 * HOUR_S // step_s
    begin = 3 * HOUR_S // step_s
    verdicts = with_minutes([0.0] * begin + [flow_l_per_h * step_s / HOUR_S] * (count - begin), step_s)
    opened_s = int(verdicts.known_s[verdicts.abnormal][0])
    waited_min = (opened_s - (START_S + 40 * DAY_S + begin * step_s)) / 60
    needed_min = limit_l / flow_l_per_h * 60
    assert needed_min <= waited_min < needed_min + least_min
    at = int(np.flatnonzero(verdicts.abnormal)[0])
    assert verdicts.numbers["running_min"][at] == waited_min
    assert verdicts.numbers["largest_usual_l"][at] == pytest.approx(200)


def test_a_strong_but_short_draw_is_no_burst() -> None:
    # A bath: 150 l in five minutes is 1 800 l/h, nine times the flow of the largest hour.
    assert not with_minutes([0.0] * 20 + [150.0] + [0.0] * 20).abnormal.any()


def test_pulses_of_a_hundred_litres_are_no_burst() -> None:
    assert not with_minutes(([100.0] + [0.0] * 5) * 10).abnormal.any()


def test_hours_alone_show_a_burst_an_hour_later() -> None:
    water = flat_water(60)
    water[24 * 50 + 3] = 5.0
    verdicts = said(JUDGES["burst"], Case(hours_of(water, "m3")))
    assert verdicts.known_s[verdicts.abnormal].tolist() == [START_S + (24 * 50 + 4) * HOUR_S]


def test_the_first_quarter_after_midnight_is_of_the_new_day() -> None:
    """The 61st day no longer knows the first: of the two days with 1 000 l in an hour one is left, so 200 l count."""
    water = flat_water(60)
    water[[12, 36]] = 1.0
    first = FineSteps(np.array([START_S + 60 * DAY_S]), np.array([0.05]), 900)
    verdicts = said(JUDGES["burst"], Case(hours_of(water, "m3"), fine=first))
    assert verdicts.known_s[-1] == START_S + 60 * DAY_S + 900
    assert verdicts.numbers["largest_usual_l"][-2:].tolist() == [1000.0, 200.0]


def test_water_in_an_unknown_unit_is_not_judged() -> None:
    judgement = JUDGES["burst"](Case(hours_of(flat_water(60), "kWh")))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "unit_unknown"


# ---------------------------------------------------------------- standstill


def test_a_meter_that_stops_is_told_after_its_limit() -> None:
    water = household_water(DAYS)
    begin = 24 * 60 + 12
    water[begin:] = 0.0
    verdicts = said(JUDGES["stopped"], Case(hours_of(water, "m3")))
    least_h = stopped.Stopped().least_h  # the nights of eight hours, three times, are shorter
    assert verdicts.known_s[verdicts.abnormal][0] == START_S + int(begin + least_h) * HOUR_S
    assert verdicts.since_s[verdicts.abnormal][0] == START_S + begin * HOUR_S


def test_a_home_may_stand_still() -> None:
    water = household_water(DAYS) / 3  # some 300 l a day
    water[24 * 60 :] = 0.0
    judgement = JUDGES["stopped"](Case(hours_of(water, "m3")))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "little_use"


def test_a_standstill_like_those_before_is_none() -> None:
    water = household_water(DAYS) * 2
    for day in (10, 20, 70):
        water[24 * day : 24 * (day + 5)] = 0.0
    assert not said(JUDGES["stopped"], Case(hours_of(water, "m3"))).abnormal.any()


@pytest.mark.parametrize(("temp_c", "told"), [(5.0, True), (18.0, False)])
def test_gas_may_stand_still_while_it_is_warm(temp_c: float, told: bool) -> None:
    gas = household_water(DAYS)
    gas[24 * 60 :] = 0.0
    weather = HourlyWeather(np.full(len(gas), temp_c), np.full(len(gas), np.nan))
    verdicts = said(JUDGES["stopped in the cold"], Case(hours_of(gas, "m3"), weather=weather))
    assert verdicts.abnormal.any() == told


def test_gas_without_weather_is_not_judged() -> None:
    judgement = JUDGES["stopped in the cold"](Case(hours_of(household_water(DAYS), "m3")))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "no_weather"


# ---------------------------------------------------------------- pulse weight


@pytest.mark.parametrize("factor", [10.0, 0.1, 100.0, 0.001])
def test_a_wrong_pulse_weight_is_told_after_a_week_with_its_factor(factor: float) -> None:
    water = household_water(DAYS)
    water[24 * 60 :] *= factor
    verdicts = said(JUDGES["pulse weight"], Case(hours_of(water, "m3")))
    at = int(np.flatnonzero(verdicts.abnormal)[0])
    assert (verdicts.known_s[at] - START_S) // DAY_S == 67
    assert verdicts.since_s[at] == START_S + 60 * DAY_S
    assert verdicts.numbers["factor"][at] == factor


@pytest.mark.parametrize("factor", [2.0, 0.5])
@pytest.mark.parametrize("exchanged", [True, False])
def test_twice_as_much_is_a_pulse_weight_only_after_an_exchange(factor: float, exchanged: bool) -> None:
    water = household_water(DAYS)
    water[24 * 60 :] *= factor
    facts = Facts(exchanged_s=(START_S + 60 * DAY_S,) if exchanged else ())
    assert said(JUDGES["pulse weight"], Case(hours_of(water, "m3"), facts=facts)).abnormal.any() == exchanged


def test_use_that_grows_or_falls_a_lot_is_no_pulse_weight() -> None:
    water = household_water(DAYS)
    water[24 * 60 :] *= 4.0
    assert not said(JUDGES["pulse weight"], Case(hours_of(water, "m3"))).abnormal.any()


# ---------------------------------------------------------------- the ledger's findings


def test_a_movement_set_aside_is_a_finding_of_its_hour() -> None:
    verdicts = said(JUDGES["impossible step"], case_of(household_water(DAYS)))
    told = np.flatnonzero(verdicts.abnormal)
    # Known at the end of each of its two quarters, and told from then on.
    assert (verdicts.start_s[told[:2]] + HOUR_S - START_S - 1500 * HOUR_S).tolist() == [900, 1800]
    assert verdicts.numbers["set_aside_m3"][told[:3]].tolist() == [5.0, 7.0, 7.0]
    assert verdicts.numbers["movements"][told[:3]].tolist() == [1.0, 2.0, 2.0]
    assert verdicts.abnormal[told[0] :].all()


def test_a_movement_of_unknown_worth_is_told_without_its_amount() -> None:
    facts = Facts(quarantined_s=np.array([START_S + 1500 * HOUR_S]), jumps=np.array([np.nan]))
    verdicts = said(JUDGES["impossible step"], replace(case_of(household_water(DAYS)), facts=facts))
    told = int(np.flatnonzero(verdicts.abnormal)[0])
    assert verdicts.start_s[told] + HOUR_S == START_S + 1500 * HOUR_S + 900
    assert np.isnan(verdicts.numbers["set_aside_m3"][told])


def test_moments_without_amounts_are_refused() -> None:
    facts = Facts(quarantined_s=np.array([START_S]))
    judgement = JUDGES["impossible step"](Case(hours_of(household_water(9), "m3"), facts=facts))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "facts_unlike"


# ---------------------------------------------------------------- balance


def balanced_case(change: Callable[[list[NDArray[np.float64]]], None]) -> Case:
    """Head and subs of 20 and 60 % of it, the rest unmeasured; `change` gets the amounts from the 60th day on."""
    head = household_water(DAYS)
    random = np.random.default_rng(5)
    amounts = [head, head * 0.2 * random.normal(1, 0.1, len(head)), head * 0.6]
    change([amount[24 * 60 :] for amount in amounts])
    hours = hours_of(amounts[0], "m3")
    return Case(hours, others={"parts": [replace(hours, amount=part) for part in amounts[1:]]})


def times(place: int, factor: float) -> Callable[[list[NDArray[np.float64]]], None]:
    def change(amounts: list[NDArray[np.float64]]) -> None:
        amounts[place] *= factor

    return change


@pytest.mark.parametrize(
    ("part", "factor"), [(1, 10.0), (2, 10.0), (1, 0.1), (2, 0.5), (2, 2.0)], ids=lambda value: str(value)
)
def test_a_sub_meter_with_a_wrong_factor_is_named(part: int, factor: float) -> None:
    verdicts = said(JUDGES["balance"], balanced_case(times(part, factor)))
    late = verdicts.where(verdicts.start_s >= START_S + 67 * DAY_S)
    assert late.abnormal[0]
    assert late.numbers["suspect_part"][0] == part - 1
    assert late.numbers["suspect_factor"][0] == factor
    assert not verdicts.where(verdicts.known_s <= START_S + 60 * DAY_S).abnormal.any()


def test_water_that_nobody_measures_is_told() -> None:
    verdicts = said(JUDGES["balance"], balanced_case(times(0, 1.3)))
    late = verdicts.where(verdicts.start_s >= START_S + 68 * DAY_S)
    assert late.abnormal[0]
    used = household_water(DAYS)[24 * 62 : 24 * 69].sum()
    assert late.numbers["head_m3"][0] == pytest.approx(1.3 * used)


def test_the_meters_own_errors_are_no_finding() -> None:
    assert not said(JUDGES["balance"], balanced_case(times(2, 1.04))).abnormal.any()


def test_the_uncertainty_is_that_of_the_permissible_errors() -> None:
    """Head 100, one sub 40, each within 2 x 2 %: 2 x sqrt(4² + 1.6²) / sqrt 3 = 4.9746."""
    hours = hours_of(np.full(24 * 7 + 24, 100 / 168), "m3")
    sub = replace(hours, amount=hours.amount * 0.4)
    verdicts = said(JUDGES["balance"], Case(hours, others={"parts": [sub]}))
    assert verdicts.numbers["head_m3"][0] == pytest.approx(100)
    assert verdicts.numbers["uncertainty_m3"][0] == pytest.approx(4.9746, abs=1e-4)


def test_sub_meters_of_another_unit_or_other_hours_are_refused() -> None:
    hours = hours_of(household_water(60), "m3")
    for part in (replace(hours, unit="l"), hours_of(household_water(61), "m3")):
        judgement = JUDGES["balance"](Case(hours, others={"parts": [part]}))
        assert isinstance(judgement, NotJudged)
        assert judgement.code == "parts_unlike"
