from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plagewatch.metering.calendars.entered import EnteredDays, OpeningHours
from plagewatch.metering.intervals import Intervals
from plagewatch.metering.local_time import local_day
from rules.catalogue import NIGHT_WATER, NO_DATA, RULES, UNUSUAL_LOAD, Rule
from rules.detectors.case import Case
from rules.detectors.day_kinds import day_kinds
from rules.detectors.verdicts import MeterHours, NotJudged, Verdicts
from tests.rules.invented import DAY_S, HOUR_S, START_S, hours_of, household_water, office_load

DAYS = 130
by_rule = pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.needs], ids=lambda rule: rule.id)


OFFICE = EnteredDays([OpeningHours("s", weekday, 8, 18) for weekday in range(5)])


def case_of(hours: MeterHours) -> Case:
    """A meter of an office whose opening hours are entered."""
    if not len(hours):
        return Case(hours)
    first, last = (local_day(int(hours.start_s[place]), hours.tz) for place in (0, -1))
    return Case(hours, day_kinds(first, last, hours.tz, [OFFICE]))


def eventful() -> NDArray[np.float64]:
    """A meter with everything: gaps, a flat line, a fault, a change of days, a leak at night."""
    amount = office_load(DAYS)
    amount[200:230] = np.nan
    amount[1500:1512] = amount[1500]
    amount[2000:2030] *= 3
    amount[2200:2264] += 15
    amount[2400:] += 1
    amount[2600:2604] = np.nan
    return amount


def verdicts_of(rule: Rule, hours: MeterHours) -> Verdicts:
    judgement = rule.judge(case_of(hours))
    assert isinstance(judgement, Verdicts), judgement
    return judgement


def assert_same(one: Verdicts, other: Verdicts) -> None:
    for name in ("start_s", "since_s", "score", "abnormal", "expected"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    if one.lasting is not None or other.lasting is not None:
        np.testing.assert_array_equal(one.lasting, other.lasting, err_msg="lasting")
    assert one.numbers.keys() == other.numbers.keys()
    for name in one.numbers:
        np.testing.assert_array_equal(one.numbers[name], other.numbers[name], err_msg=name)


@by_rule
@pytest.mark.parametrize("cut", [24 * 40 + 5, 1506, 2015, 2203, 2239, 2405, 24 * 100, 24 * DAYS - 1])
def test_what_comes_later_changes_no_verdict(rule: Rule, cut: int) -> None:
    unit = "m3" if rule is NIGHT_WATER else "kWh"
    amount = eventful()
    whole = verdicts_of(rule, hours_of(amount, unit))
    until = rule.judge(case_of(hours_of(amount[:cut], unit)))
    known = whole.where(whole.known_s <= START_S + cut * HOUR_S)
    if isinstance(until, NotJudged):
        assert not len(known)
    else:
        assert len(until) > 0
        assert_same(until, known)


@by_rule
def test_hours_before_the_history_window_change_no_verdict(rule: Rule) -> None:
    unit = "m3" if rule is NIGHT_WATER else "kWh"
    amount = np.concatenate([office_load(60, seed=9), eventful()])
    whole = verdicts_of(rule, hours_of(amount, unit))
    window = hours_of(amount, unit)
    keep = slice(60 * 24, None)
    parts = (window.start_s[keep], window.amount[keep], window.seen[keep])
    recent = verdicts_of(rule, MeterHours(*parts, tz=window.tz, unit=unit, interval_s=900))
    both_s = START_S + (60 + 120) * DAY_S
    assert_same(recent.where(recent.start_s >= both_s), whole.where(whole.start_s >= both_s))


@by_rule
@pytest.mark.parametrize(
    ("code", "hours"),
    [
        ("no_readings", hours_of(np.zeros(0))),
        ("no_readings", hours_of(np.full(24 * 90, np.nan))),
        ("too_coarse", hours_of(office_load(90), interval_s=DAY_S)),
    ],
    ids=["nothing at all", "only gaps", "read once a day"],
)
def test_data_that_cannot_be_judged_give_a_reason(rule: Rule, code: str, hours: MeterHours) -> None:
    judgement = rule.judge(case_of(hours))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == code
    assert judgement.sentence.format(**judgement.numbers)


@pytest.mark.parametrize("rule", [NIGHT_WATER, UNUSUAL_LOAD], ids=lambda rule: rule.id)
def test_three_days_are_too_short(rule: Rule) -> None:
    judgement = rule.judge(case_of(hours_of(office_load(3))))
    assert isinstance(judgement, NotJudged)
    assert (judgement.code, judgement.numbers["days"]) == ("too_short", 3.0)


def test_a_meter_that_never_moves_has_no_usual_load() -> None:
    judgement = UNUSUAL_LOAD.judge(case_of(hours_of(np.zeros(24 * 90))))
    assert isinstance(judgement, NotJudged)
    assert judgement.code == "never_moves"


@by_rule
def test_nights_without_water_and_a_dead_meter_are_no_ticket(rule: Rule) -> None:
    judgement = rule.judge(case_of(hours_of(np.zeros(24 * 90), "m3")))
    assert isinstance(judgement, NotJudged) or not judgement.abnormal.any()


@by_rule
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    days=st.integers(1, 70),
    missing=st.floats(0, 1),
    scale=st.sampled_from([0.0, 1e-12, 1.0, 1e9, -1.0]),
)
def test_any_hours_are_judged_without_an_error(rule: Rule, seed: int, days: int, missing: float, scale: float) -> None:
    random = np.random.default_rng(seed)
    amount = random.gamma(0.5, 1.0, days * 24) * scale
    amount[random.random(len(amount)) < missing] = np.nan
    judgement = rule.judge(case_of(hours_of(amount, "m3")))
    if isinstance(judgement, Verdicts):
        assert np.isfinite(judgement.score[judgement.abnormal]).all()
        assert (judgement.since_s <= judgement.start_s).all()
        assert (np.diff(judgement.start_s) > 0).all()


def test_a_quiet_office_has_hardly_an_unusual_hour() -> None:
    verdicts = verdicts_of(UNUSUAL_LOAD, hours_of(office_load(DAYS)))
    assert np.mean(verdicts.score >= 1) < 0.001


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("three times as much", lambda amount: amount * 3),
        ("a third of it", lambda amount: amount / 3),
        ("one value on and on", lambda amount: np.full(len(amount), amount[0])),
    ],
    ids=["high", "low", "flat"],
)
def test_a_fault_of_twelve_hours_is_found_while_it_lasts(why: str, change: object) -> None:
    amount = office_load(DAYS)
    amount[2408:2420] = change(amount[2408:2420])  # type: ignore[operator]
    verdicts = verdicts_of(UNUSUAL_LOAD, hours_of(amount))
    fault = (verdicts.start_s >= START_S + 2408 * HOUR_S) & (verdicts.start_s < START_S + 2420 * HOUR_S)
    assert (verdicts.score[fault] >= 1).any(), why
    opened = np.flatnonzero(fault & verdicts.abnormal)
    assert abs(verdicts.since_s[opened[0]] - (START_S + 2408 * HOUR_S)) <= 2 * HOUR_S


def test_the_expected_load_is_that_of_the_hour_and_kind_of_day() -> None:
    verdicts = verdicts_of(UNUSUAL_LOAD, hours_of(office_load(DAYS)))
    hour = (verdicts.start_s - START_S) // HOUR_S
    busy = ((hour // 24 + 3) % 7 < 5) & (hour % 24 >= 9) & (hour % 24 < 17) & (verdicts.start_s < START_S + 80 * DAY_S)
    assert np.allclose(verdicts.expected[busy], 40, rtol=0.15)


def test_a_holiday_is_a_day_of_rest() -> None:
    load = office_load(DAYS)
    holiday = 95  # Monday 6 April 2026, Easter Monday
    load[24 * holiday : 24 * (holiday + 1)] = load[24 * (holiday - 1) : 24 * holiday]
    hours = hours_of(load)
    known = replace(hours, holidays=frozenset({date(2026, 4, 6).toordinal()}))
    on_it = slice(24 * holiday, 24 * (holiday + 1))
    for judged, found in ((hours, True), (known, False)):
        verdicts = verdicts_of(UNUSUAL_LOAD, judged)
        there = np.isin(verdicts.start_s, hours.start_s[on_it])
        assert (verdicts.score[there] >= 1).any() == found


def test_a_leak_is_told_after_the_third_night_and_not_learned_for_two_weeks() -> None:
    water = household_water(DAYS)
    begin = 24 * 100 + 10
    water[begin:] += 0.012  # 12 l/h
    verdicts = verdicts_of(NIGHT_WATER, hours_of(water, "m3"))
    told = verdicts.known_s[verdicts.abnormal & (verdicts.score >= 1)]
    nights = (told[0] - (START_S + begin * HOUR_S)) / DAY_S
    assert 2 < nights <= 3
    assert len(told) >= 14
    at = int(np.searchsorted(verdicts.known_s, told[0]))
    assert verdicts.numbers["extra_l_per_h"][at] == pytest.approx(12)
    assert verdicts.numbers["nights"][at] == 3


def test_a_leak_is_told_where_fewer_than_six_nights_can_be_judged_yet() -> None:
    water = household_water(14 + 21 + 5)
    water[24 * (14 + 21 + 1) :] += 0.05
    verdicts = NIGHT_WATER.judge(Case(hours_of(water, "m3")))
    assert isinstance(verdicts, Verdicts)
    assert len(verdicts) < 6
    assert verdicts.score[-1] >= 1


def test_two_nights_with_a_running_tap_are_no_leak() -> None:
    water = household_water(DAYS)
    water[24 * 100 : 24 * 102] += 0.05
    verdicts = verdicts_of(NIGHT_WATER, hours_of(water, "m3"))
    assert not (verdicts.abnormal & (verdicts.score >= 1)).any()


def test_litres_and_cubic_metres_give_the_same_verdict() -> None:
    water = household_water(DAYS)
    water[24 * 100 :] += 0.012
    in_m3 = verdicts_of(NIGHT_WATER, hours_of(water, "m3"))
    in_litres = verdicts_of(NIGHT_WATER, hours_of(water * 1000, "l"))
    np.testing.assert_allclose(in_m3.score, in_litres.score)


def test_the_night_is_local_on_both_change_over_days() -> None:
    verdicts = verdicts_of(NIGHT_WATER, hours_of(household_water(330), "m3"))
    gaps_h = np.diff(verdicts.start_s) // HOUR_S
    assert sorted(set(gaps_h.tolist())) == [23, 24, 25]


@pytest.mark.parametrize(("interval_s", "limit_h"), [(900, 6), (None, 6), (3600, 24)])
def test_silence_has_a_limit_that_follows_the_usual_distance(interval_s: int | None, limit_h: int) -> None:
    amount = office_load(20)
    amount[400:] = np.nan
    verdicts = verdicts_of(NO_DATA, hours_of(amount, interval_s=interval_s))
    first = int(np.argmax(verdicts.abnormal))
    assert verdicts.known_s[first] - (START_S + 400 * HOUR_S) == limit_h * HOUR_S
    assert verdicts.since_s[first] == START_S + 400 * HOUR_S


def test_a_meter_that_is_often_silent_gets_more_time() -> None:
    amount = office_load(40)
    for day in (10, 15, 20):
        amount[24 * day : 24 * day + 10] = np.nan
    amount[24 * 30 :] = np.nan
    verdicts = verdicts_of(NO_DATA, hours_of(amount))
    late = verdicts.where(verdicts.start_s >= START_S + 24 * 30 * HOUR_S)
    assert late.numbers["limit_h"][0] == 30
    assert np.argmax(late.abnormal) == 29


def test_one_hour_as_dry_as_usual_says_that_nothing_leaks() -> None:
    water = household_water(DAYS)
    water[24 * 100 : 24 * 104] += 0.012
    water[24 * 101 + 15] = 0.0  # in the afternoon
    assert (verdicts_of(NIGHT_WATER, hours_of(water, "m3")).score < 1).all()


def test_a_little_more_than_most_days_is_a_leak_after_six_nights() -> None:
    water = household_water(DAYS)
    for day in range(40, 100, 7):  # every seventh day comes down to 5 l/h only
        water[24 * day : 24 * day + 30] += 0.005
    midnight = 24 * 100 - 1  # summer time has begun
    water[midnight:] += 0.004
    verdicts = verdicts_of(NIGHT_WATER, hours_of(water, "m3"))
    opened_s = int(verdicts.known_s[verdicts.abnormal & (verdicts.score >= 1)][0])
    assert opened_s - START_S == (midnight + 5 * 24 + 6) * HOUR_S


def test_an_hour_measured_in_part_is_read_but_not_judged() -> None:
    amount = office_load(60)
    start_s = START_S + HOUR_S * np.arange(len(amount), dtype=np.int64)
    hours = Intervals.measured(start_s, amount)
    hours = replace(hours, coverage=np.where(np.arange(len(amount)) == 1400, 0.5, hours.coverage))
    grid = MeterHours.on_grid(hours, int(start_s[-1]) + HOUR_S, "Europe/Brussels", "kWh", 900)
    assert np.isnan(grid.amount[1400])
    assert grid.seen[1400]
    assert START_S + 1400 * HOUR_S not in verdicts_of(UNUSUAL_LOAD, grid).start_s
