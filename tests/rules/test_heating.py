"""Rules that know the weather, on an invented building whose numbers are known."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rules import catalogue
from rules.detectors import after_works, comfort, energy_signature, heat_and_cold, peak_power, year_on_year
from rules.detectors.case import Case, DayKinds, Facts, FineSteps
from rules.detectors.heat_days import HeatDays
from rules.detectors.signature import Fitting, signature
from rules.detectors.verdicts import Judgement, NotJudged, Verdicts
from tests.rules.heated import (
    BASE_C,
    HOT_WATER,
    PER_K_REST,
    PER_K_WORK,
    YEARS_3,
    building,
    cut,
    daily_use,
    day_s,
    outdoor_c,
    rests,
)
from tests.rules.invented import HOUR_S, START_S, hours_of
from tests.rules.test_detectors import assert_same

Detector = Callable[[Case], Judgement]
DAYS = 800
HEATED = (catalogue.HEAT_SIGNATURE, catalogue.HEAT_AT_NIGHT, catalogue.HEAT_WHEN_WARM, catalogue.YEAR_ON_YEAR)
TEMP_C = outdoor_c(YEARS_3)
USE = daily_use(TEMP_C)
WINTER = 365 + 320  # in the middle of November of the second year


def room_of(case: Case) -> Case:
    day = 3 * np.sin(np.arange(len(case.hours)) / 20)
    room = replace(case.hours, amount=26 + np.where(np.isnan(case.hours.amount), np.nan, day), unit="°C")
    return replace(case, hours=room, facts=Facts(warm=True))


def paired(case: Case) -> Case:
    return replace(case, others={"heating": [replace(case.hours, amount=case.hours.amount * 0 + 1)]})


DETECTORS: dict[str, Detector] = {
    **{
        rule.id: lambda case, rule=rule: rule.judge(case)  # type: ignore[misc]
        for rule in HEATED
    },
    "after_works": lambda case: after_works.judge(
        replace(case, facts=Facts(works_s=(day_s(500),))), after_works.AfterWorks()
    ),
    "heat_and_cold": lambda case: heat_and_cold.judge(paired(case), heat_and_cold.HeatAndCold()),
    "peak_power": lambda case: peak_power.judge(replace(case, facts=Facts(contracted_kw=1e6)), peak_power.PeakPower()),
    "cold_room": lambda case: comfort.judge(room_of(case), comfort.ColdRoom()),
}
by_detector = pytest.mark.parametrize("judge", DETECTORS.values(), ids=DETECTORS.keys())


def verdicts_of(judgement: Judgement) -> Verdicts:
    assert isinstance(judgement, Verdicts), judgement
    return judgement


def signature_of(use: Any, temp_c: Any = TEMP_C, **changes: Any) -> Verdicts:
    return verdicts_of(energy_signature.judge(building(use, temp_c), energy_signature.EnergySignature(**changes)))


def told(verdicts: Verdicts) -> list[float]:
    """Days after START_S at which a ticket could be opened."""
    opens_s = verdicts.known_s[verdicts.abnormal & (verdicts.score >= 1)]
    return [float(day) for day in (opens_s - START_S) / 86_400]


def eventful() -> Case:
    use = USE.copy()
    use[700:720] *= 1.6
    use[600:603] = np.nan
    case = building(use, TEMP_C)
    case.hours.amount[17_000:17_007] = np.nan
    return case


@by_detector
@pytest.mark.parametrize("cut_at", [100 * 24 + 5, 505 * 24 + 1, 703 * 24 + 23, 704 * 24, 765 * 24 + 7])
def test_what_comes_later_changes_no_verdict(judge: Detector, cut_at: int) -> None:
    case = eventful()
    whole = verdicts_of(judge(case))
    until = judge(cut(case, cut_at))
    known = whole.where(whole.known_s <= START_S + cut_at * HOUR_S)
    if isinstance(until, NotJudged):
        assert not len(known)
    else:
        assert_same(until, known)


@pytest.mark.parametrize("rule", HEATED, ids=lambda rule: rule.id)
def test_days_before_the_history_of_a_rule_change_no_verdict(rule: catalogue.Rule) -> None:
    case = eventful()
    whole, first = verdicts_of(rule.judge(case)), 250
    recent = verdicts_of(rule.judge(cut(case, 24 * YEARS_3, first=24 * first)))
    from_s = day_s(first + rule.history_days)
    one, other = (each.where(each.start_s >= from_s) for each in (recent, whole))
    assert len(one) > 0
    assert_same(one, other)


def broken(name: str) -> Case:
    case = building(USE[:DAYS], TEMP_C[:DAYS])
    hours = case.hours
    match name:
        case "nothing":
            return replace(cut(case, 0))
        case "gaps":
            return replace(
                case, hours=replace(hours, amount=hours.amount * np.nan, seen=np.zeros(len(hours), np.bool_))
            )
        case "zeros":
            return replace(case, hours=replace(hours, amount=hours.amount * 0))
        case "one value":
            return replace(case, hours=replace(hours, amount=hours.amount * 0 + 3))
        case "negative":
            return replace(case, hours=replace(hours, amount=-hours.amount))
        case "three days":
            return cut(case, 72)
        case "coarse":
            return replace(case, hours=replace(hours, interval_s=86_400))
        case "unit":
            amount = hours.amount.copy()
            amount[24 * 700 :] *= 1000
            return replace(case, hours=replace(hours, amount=amount))
        case "future":
            later = np.concatenate([hours.start_s[:-1], hours.start_s[-1:] + 0])
            seen = np.ones(len(hours), np.bool_)
            return replace(case, hours=replace(hours, start_s=later + 50 * 365 * 86_400, seen=seen))
    raise AssertionError(name)


BROKEN = ("nothing", "gaps", "zeros", "one value", "negative", "three days", "coarse", "unit", "future")


@by_detector
@pytest.mark.parametrize("name", BROKEN)
def test_data_that_cannot_be_judged_are_no_ticket(judge: Detector, name: str) -> None:
    judgement = judge(broken(name))
    if isinstance(judgement, NotJudged):
        assert judgement.code
        assert judgement.sentence.format(**judgement.numbers)
    else:
        assert name in ("zeros", "one value", "negative", "three days", "unit", "future")
        assert not (judgement.abnormal & (judgement.score >= 1)).any()


@pytest.mark.parametrize("judge", [DETECTORS[rule.id] for rule in HEATED])
def test_without_weather_nothing_is_judged(judge: Detector) -> None:
    case = building(USE, TEMP_C)
    for weather in (None, replace(case.weather, temp_c=TEMP_C.repeat(24) * np.nan)):  # type: ignore[type-var]
        judgement = judge(replace(case, weather=weather))
        assert isinstance(judgement, NotJudged)
        assert judgement.code == "no_weather"


def test_use_that_does_not_follow_the_temperature_is_no_heating() -> None:
    use = np.random.default_rng(1).normal(100, 10, DAYS)
    judgement = energy_signature.judge(building(use, TEMP_C[:DAYS]), energy_signature.EnergySignature())
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "not_heated"


def test_the_signature_finds_the_numbers_that_the_building_was_made_of() -> None:
    days = HeatDays.of(building(daily_use(TEMP_C, noise=0.0), TEMP_C))
    assert isinstance(days, HeatDays)
    found = signature(days, Fitting())
    late, rest = slice(-200, None), rests(YEARS_3)[-200:]
    assert set(found.base_c[late].tolist()) == {BASE_C}
    np.testing.assert_allclose(found.per_k[late][~rest], PER_K_WORK, rtol=0.02)
    np.testing.assert_allclose(found.per_k[late][rest], PER_K_REST, rtol=0.2)
    warm = days.temp_c[late] >= BASE_C
    np.testing.assert_allclose(found.expected[late][warm], HOT_WATER, rtol=0.25)


def test_a_quiet_building_gets_no_ticket_in_three_years() -> None:
    assert told(signature_of(USE)) == []


def test_a_fifth_more_in_winter_is_found_within_ten_days() -> None:
    use = USE.copy()
    use[WINTER:] *= 1.2
    days = told(signature_of(use))
    assert WINTER + 5 <= days[0] <= WINTER + 10


def test_heating_as_on_working_days_is_found_after_two_weekends() -> None:
    use = USE.copy()
    on = rests(YEARS_3) & (np.arange(YEARS_3) >= WINTER) & (np.arange(YEARS_3) < WINTER + 28)
    use[on] = 2 * use[on] - HOT_WATER  # twice the heating, hot water as before
    days = told(signature_of(use))
    assert WINTER + 7 <= days[0] <= WINTER + 14
    verdicts = signature_of(use)
    worst = int(np.argmax(verdicts.score))
    at = int((verdicts.start_s[worst] - START_S) // 86_400)
    assert verdicts.numbers["extra_day_kwh"][worst] == pytest.approx((use[at] - HOT_WATER) / 2, rel=0.25)


def test_colder_than_ever_is_expected_to_take_more_and_opens_no_ticket() -> None:
    temp_c, use = TEMP_C.copy(), USE.copy()
    cold = slice(WINTER, WINTER + 10)
    temp_c[cold] = -18.0
    use[cold] = 1.5 * (HOT_WATER + PER_K_WORK * (BASE_C + 18))  # more than its signature says, and that for ten days
    verdicts = signature_of(use, temp_c)
    on = (verdicts.start_s >= day_s(WINTER + 1)) & (verdicts.start_s < day_s(WINTER + 5))
    assert verdicts.expected[on].max() == pytest.approx(HOT_WATER + PER_K_WORK * (BASE_C + 18), rel=0.15)
    assert (verdicts.score[on] < 1).all()


def test_heating_that_runs_in_summer_is_found_and_its_use_added_up() -> None:
    use, july = USE.copy(), 365 + 190
    use[july : july + 15] += 30
    verdicts = signature_of(use, warm=True, work_days=3, rest_days=3, deviations=2.0)
    days = told(verdicts)
    assert july + 3 <= days[0] <= july + 15
    assert told(signature_of(USE, warm=True, work_days=3, rest_days=3, deviations=2.0)) == []
    so_far = verdicts.numbers["extra_kwh"]
    abnormal = verdicts.abnormal & (verdicts.start_s >= day_s(july)) & (verdicts.start_s < day_s(july + 15))
    assert so_far[abnormal].max() == pytest.approx(30 * abnormal.sum(), rel=0.2)


def test_night_setback_that_is_lost_is_found_in_the_hours_until_four() -> None:
    case = building(USE, TEMP_C)
    night = np.tile(np.arange(24) < 6, YEARS_3)
    amount = np.where(night, 0.5, 1.0) * case.hours.amount
    lost = night & (np.arange(len(night)) >= 24 * WINTER)
    amount[lost] *= 2
    for until_h, found in ((4, True), (24, False)):
        parameters = energy_signature.EnergySignature(until_h=until_h, deviations=2.0)
        judgement = energy_signature.judge(replace(case, hours=replace(case.hours, amount=amount)), parameters)
        assert bool(told(verdicts_of(judgement))) == found


def test_entered_days_of_rest_count_as_such() -> None:
    temp_c, use = TEMP_C, USE.copy()
    closed = slice(WINTER + 2, WINTER + 9)
    rest = rests(YEARS_3).copy()
    rest[closed] = True
    use[closed] = HOT_WATER + PER_K_REST * np.maximum(BASE_C - temp_c[closed], 0)
    case = building(use, temp_c)
    nothing = np.full(YEARS_3, np.nan)
    kinds = DayKinds(HeatDays.of(case).first_day, rest, nothing, nothing)  # type: ignore[union-attr]
    verdicts = verdicts_of(energy_signature.judge(replace(case, days=kinds), energy_signature.EnergySignature()))
    on = (verdicts.start_s >= day_s(WINTER + 2)) & (verdicts.start_s < day_s(WINTER + 9))
    np.testing.assert_allclose(verdicts.expected[on], use[closed], rtol=0.25)


def test_a_drift_after_works_sums_up_against_the_building_of_before() -> None:
    use = USE.copy()
    use[WINTER:] *= 1.2
    for series, found in ((use, True), (USE, False)):
        case = building(series, TEMP_C, Facts(works_s=(day_s(WINTER),)))
        verdicts = verdicts_of(after_works.judge(case, after_works.AfterWorks()))
        assert bool(told(verdicts)) == found
        if found:
            assert WINTER + 7 < told(verdicts)[0] < WINTER + 30
            assert verdicts.numbers["extra_pct_since_works"][60] == pytest.approx(20, abs=3)


def test_a_worse_year_is_told_at_the_end_of_a_month() -> None:
    use = USE.copy()
    use[2 * 365 :] *= 1.2
    verdicts = verdicts_of(year_on_year.judge(building(use, TEMP_C), year_on_year.YearOnYear()))
    assert verdicts.numbers["more_pct"][-1] == pytest.approx(20, abs=3)
    assert not verdicts.abnormal[0]
    assert len(verdicts) == 12  # 31 December of the second year to 30 November of the third, a leap year


def test_a_cold_room_in_a_care_zone_comes_before_saving() -> None:
    use = USE.copy()
    use[WINTER:] *= 1.3
    warm = building(use, TEMP_C, Facts(warm=True))
    assert told(verdicts_of(catalogue.HEAT_SIGNATURE.judge(warm)))
    cold = np.full(24 * YEARS_3, 22.5)
    cold[24 * WINTER :: 24] = 20.0  # an hour of each day
    room = replace(warm.hours, amount=cold, unit="°C")
    guarded = replace(warm, others={"indoor": [room]})
    assert told(verdicts_of(catalogue.HEAT_SIGNATURE.judge(guarded))) == []
    elsewhere = replace(guarded, facts=Facts(warm=False))
    assert told(verdicts_of(catalogue.HEAT_SIGNATURE.judge(elsewhere)))


def test_a_care_room_below_its_limit_for_three_hours_is_told() -> None:
    amount = np.full(240, 22.5)
    amount[100:102] = 20.0
    amount[150:156] = 20.0
    amount[200] = -127.0  # a sensor that lost its wire
    case = Case(replace(hours_of(amount, "°C")), facts=Facts(warm=True))
    verdicts = verdicts_of(comfort.judge(case, comfort.ColdRoom()))
    opens = verdicts.start_s[verdicts.score >= 1]
    assert opens.tolist() == [START_S + HOUR_S * hour for hour in (152, 153, 154, 155)]
    assert verdicts.numbers["below_c"][152] == 2.0


def test_other_rooms_are_owed_warmth_in_opening_hours_only() -> None:
    amount = np.where(np.arange(24 * 5) % 24 < 12, 15.0, 20.0)
    room = hours_of(amount, "°C")
    assert comfort.judge(Case(room), comfort.ColdRoom()) == NotJudged(
        "no_hours", "None of {hours:.0f} hours is one in which warmth is owed.", {"hours": 120}
    )
    first_day = 739_617  # 1 January 2026
    kinds = DayKinds(first_day, np.zeros(5, np.bool_), np.full(5, 8.0), np.full(5, 17.0))
    verdicts = verdicts_of(comfort.judge(Case(room, days=kinds), comfort.ColdRoom()))
    hours = ((verdicts.start_s - START_S) // HOUR_S % 24).tolist()
    assert set(hours) == set(range(9, 17))
    assert set(((verdicts.start_s[verdicts.abnormal] - START_S) // HOUR_S % 24).tolist()) == {9, 10, 11}


def test_heating_and_cooling_at_once_are_told_after_three_days() -> None:
    hour = np.arange(24 * 90)
    heat = np.where(hour % 24 < 8, 20.0, 1.0)
    cool = np.where(hour % 24 >= 12, 15.0, 2.0)
    fight = hour >= 24 * 80
    for clash in (False, True):
        cooled = np.where(fight & clash & (hour % 24 < 8), 15.0, cool)
        case = Case(hours_of(cooled), others={"heating": [hours_of(heat)]})
        verdicts = verdicts_of(heat_and_cold.judge(case, heat_and_cold.HeatAndCold()))
        days = told(verdicts)
        assert bool(days) == clash
        if clash:
            assert days[0] == 82  # 8 + 8 h in two of three days are 5.3 h in the mean
            assert verdicts.numbers["both_h"][-1] == 8
            assert verdicts.numbers["extra_day_kwh"][-1] == 8 * 13


def test_a_quarter_above_the_contracted_power_is_a_peak_though_the_hour_is_not() -> None:
    hours = hours_of(np.array([90.0, 80.0, 110.0, 5000.0]))
    steps = FineSteps(START_S + 900 * np.arange(8, dtype=np.int64), np.array([20.0, 30, 20, 20, 20, 20, 20, 20]), 900)
    case = Case(hours, fine=steps, facts=Facts(contracted_kw=100.0))
    verdicts = verdicts_of(peak_power.judge(case, peak_power.PeakPower()))
    assert verdicts.numbers["peak_kw"].tolist() == [120.0, 80.0, 110.0]  # 5 000 kW is another unit
    assert verdicts.abnormal.tolist() == [True, False, True]
    assert verdicts.numbers["over_kw"].tolist() == [20.0, -20.0, 10.0]
    without = peak_power.judge(replace(case, facts=Facts()), peak_power.PeakPower())
    assert isinstance(without, NotJudged)
    assert without.code == "no_contract"


def test_a_meter_is_no_room() -> None:
    judged = comfort.judge(Case(hours_of(np.ones(24)), facts=Facts(warm=True)), comfort.ColdRoom())
    assert isinstance(judged, NotJudged)
    assert judged.code == "no_room"
