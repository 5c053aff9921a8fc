"""What holds of every rule: figures that are no good make no ticket, and nothing later changes a verdict."""

from functools import cache

import numpy as np
import pytest

from rules.detectors.case import Case
from rules.detectors.verdicts import NotJudged, Verdicts
from tests.rules.every_rule import Subject, broken, cut, eventful, healthy, judging, subjects

SUBJECTS = {subject.id: subject for subject in subjects()}
by_subject = pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)

CALM = "calm"
"""Verdicts, none of which opens a ticket."""
TELLS = "tells"
"""A ticket is right: why stands beside it."""
ANY = "any other rule"

AT_ONCE = {"no_data": CALM, "impossible_step": CALM}  # they need not know what is usual
SIGNATURES = ("heat_signature", "heat_at_night", "heat_when_warm")
BY_WEATHER = (*SIGNATURES, "year_on_year", "after_works")
ROOMS = ("cold_room", "cool_room")
EXPECTED: dict[str, dict[str, str]] = {
    "all gaps": {ANY: "no_readings"},
    "no whole hour": {ANY: "too_short", **AT_ONCE, **dict.fromkeys(ROOMS, "no_hours")},
    "all zeros": {
        ANY: "never_moves",
        **AT_ONCE,
        **dict.fromkeys(ROOMS, "no_hours"),  # 0 °C is what a sensor says that has lost its wire
        "peak_power": CALM,
        "heat_and_cold": CALM,
        "night_water": CALM,  # a dry building has no leak
        "sub_meter_balance": TELLS,  # the meters behind it do count
    },
    "constant": {
        ANY: CALM,
        "outside_hours": "never_moves",
        **dict.fromkeys(SIGNATURES, "not_heated"),
        **dict.fromkeys(("year_on_year", "after_works", *ROOMS), "never_moves"),
        **dict.fromkeys(("solar_dead", "solar_loss", "solar_night"), "no_night"),
    },
    "one value": {
        ANY: "too_short",
        **AT_ONCE,
        "peak_power": CALM,
        "cold_room": CALM,
        "cool_room": "no_hours",  # it is late in the evening
        "after_works": "no_works",
    },
    "negative": {ANY: "negative", **AT_ONCE, **dict.fromkeys(ROOMS, "no_hours"), "solar_gap": CALM},
    "three days old": {
        ANY: "too_short",
        **AT_ONCE,
        **dict.fromkeys(("peak_power", "solar_gap", *ROOMS), CALM),
        "after_works": "no_works",
    },
    "another unit": {
        ANY: CALM,
        "pulse_weight": TELLS,  # that is what it looks for
        "sub_meter_balance": TELLS,  # a thousand times as much went in as came out
        "water_burst": TELLS,  # at night: litres that became cubic metres are a burst, for all that minutes can show
    },
    "zeros of all": {
        ANY: CALM,
        "solar_gap": TELLS,  # that is what it looks for
        "unusual_load": TELLS,  # no power: to be seen to, whatever the cause
        **dict.fromkeys(("stopped", "stopped_in_the_cold"), TELLS),  # nothing has passed for weeks
    },
    "no weather": {ANY: CALM, **dict.fromkeys((*BY_WEATHER, "stopped_in_the_cold"), "no_weather")},
    "blind weather": {ANY: CALM, **dict.fromkeys((*BY_WEATHER, "stopped_in_the_cold"), "no_weather")},
}
"""What each rule says of a meter of which the figures are no good: a code, if it does not judge it."""


@by_subject
@pytest.mark.parametrize("how", EXPECTED)
def test_figures_that_are_no_good_make_no_ticket(subject: Subject, how: str) -> None:
    expected = EXPECTED[how]
    assert said(subject, broken(subject.kind, how)) == expected.get(subject.id, expected[ANY])


@by_subject
def test_a_healthy_meter_has_no_ticket(subject: Subject) -> None:
    assert said(subject, healthy(subject.kind)) == CALM


@by_subject
def test_a_stamp_of_the_future_changes_nothing(subject: Subject) -> None:
    assert_same(verdicts(subject, broken(subject.kind, "future stamps")), verdicts(subject, healthy(subject.kind)))


def said(subject: Subject, case: Case) -> str:
    judgement = subject.judge(case)
    if isinstance(judgement, NotJudged):
        assert judgement.numbers
        assert judgement.sentence.format(**judgement.numbers) != judgement.sentence
        return judgement.code
    assert len(judgement)
    assert np.isfinite(judgement.score).all()
    assert np.all(judgement.since_s <= judgement.start_s)
    return TELLS if (judgement.abnormal & (judgement.score >= 1)).any() else CALM


HOUR_S, DAY_S = 3600, 86_400
# Before the end: in the middle of events, inside a day, a quarter after midnight, three quarters of an hour.
BEFORE_END_S = (
    50 * DAY_S - 5 * HOUR_S,
    43 * DAY_S,
    37 * DAY_S + 11 * HOUR_S,
    29 * DAY_S + 7 * HOUR_S + 900,
    19 * DAY_S - 900,
    19 * DAY_S + 2700,
    HOUR_S,
)


@by_subject
@pytest.mark.parametrize("before_end_s", BEFORE_END_S)
def test_what_comes_later_changes_no_verdict(subject: Subject, before_end_s: int) -> None:
    case = seen(subject.kind)
    at_s = case.now_s - before_end_s
    whole = whole_of(subject.id)
    known = whole.where(whole.start_s + HOUR_S <= at_s)
    assert len(known)
    assert_same(verdicts(subject, cut(case, at_s)), known)


@cache
def seen(kind: str) -> Case:
    return eventful(kind)


@cache
def whole_of(subject: str) -> Verdicts:
    return verdicts(SUBJECTS[subject], seen(SUBJECTS[subject].kind))


def verdicts(subject: Subject, case: Case) -> Verdicts:
    judgement = subject.judge(case)
    assert isinstance(judgement, Verdicts), judgement
    return judgement


def assert_same(one: Verdicts, other: Verdicts) -> None:
    np.testing.assert_array_equal(one.start_s, other.start_s)
    np.testing.assert_array_equal(one.since_s, other.since_s)
    np.testing.assert_array_equal(one.abnormal, other.abnormal)
    assert (one.lasting is None) == (other.lasting is None)
    if one.lasting is not None and other.lasting is not None:
        np.testing.assert_array_equal(one.lasting, other.lasting)
    for name, values in {"score": other.score, "expected": other.expected, **other.numbers}.items():
        ours = getattr(one, name) if name in ("score", "expected") else one.numbers[name]
        np.testing.assert_allclose(ours, values, rtol=1e-9, atol=1e-9, err_msg=name)
    assert one.numbers.keys() == other.numbers.keys()


def test_no_detector_is_left_out() -> None:
    assert judging() == {subject.module for subject in SUBJECTS.values()}
