"""Every number of every rule has words, can be moved to both its ends, and every reason of a refusal has words."""

import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from api.pages.rule_words import NOT_JUDGED
from plagewatch.metering.intervals import Intervals
from plagewatch.words import LANGUAGES, words
from rules import explain
from rules.catalogue import RULES, Rule
from rules.catalogue.words import NUMBERS, words_of
from rules.detectors.case import Case, DayKinds, Facts, HourlyWeather
from rules.detectors.comfort import CARE_C
from rules.detectors.verdicts import HOUR_S, MeterHours, NotJudged, Verdicts
from rules.in_force import numbers_of

DETECTORS = Path(__file__).parents[2] / "rules" / "detectors"
DAYS = 800


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_number_has_words(rule: Rule) -> None:
    assert set(words_of(rule)) == set(numbers_of(rule))
    for name, value in numbers_of(rule).items():
        told = words_of(rule)[name]
        assert told.least <= value <= told.most, name


def test_words_are_of_numbers_that_there_are() -> None:
    for parameters, told in NUMBERS.items():
        assert set(told) <= {field.name for field in fields(parameters)}, parameters


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_read_them_in_their_language(language: str) -> None:
    for told in explain.rules_told(language):
        for number in told.numbers:
            assert number.title, (told.id, number.name)
            if language != "en":
                english = words_of(next(rule for rule in RULES if rule.id == told.id))[number.name]
                assert number.means != english.means, (told.id, number.name)


@pytest.fixture(scope="module")
def case() -> Case:
    """A meter of 800 days with day and night, cold and warm, one gap and one standstill, and all that is beside it."""
    rng = np.random.default_rng(6)
    start_s = np.arange(DAYS * 24, dtype=np.int64) * HOUR_S
    hour, day = np.arange(DAYS * 24) % 24, np.arange(DAYS * 24) // 24
    temp_c = 10 - 9 * np.cos(2 * np.pi * day / 365) + 3 * np.sin(2 * np.pi * hour / 24)
    used = np.where((hour >= 7) & (hour < 19), 5.0, 0.5) + np.maximum(0, 16 - temp_c) + rng.random(DAYS * 24)
    used[300 * 24 : 303 * 24], used[500 * 24 : 506 * 24] = np.nan, 0.0
    meter = MeterHours.on_grid(Intervals.measured(start_s, used), DAYS * 24 * HOUR_S, "Europe/Brussels", "kWh", 900)
    days = len(np.unique(day)) + 1
    kinds = DayKinds(719_163, np.arange(days) % 7 >= 5, np.full(days, 8.0), np.full(days, 18.0))
    facts = Facts(contracted_kw=12.0, peak_kwp=20.0, latitude=50.85, longitude=4.35, exchanged_s=(400 * 86_400,))
    return Case(
        meter,
        kinds,
        HourlyWeather(temp_c, np.maximum(0.0, 500 * np.sin(np.pi * (hour - 6) / 12))),
        facts=facts,
        others={"alike": [meter], "load": [meter], "parts": [meter]},
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_number_at_either_end_fails_nowhere(rule: Rule, case: Case) -> None:
    unit = "m3" if rule.id in ("night_water", "water_burst", "stopped") else "kWh"
    asked = replace(case, hours=replace(case.hours, unit=unit))
    assert isinstance(rule.judge(asked), Verdicts | NotJudged)
    for name, told in words_of(rule).items():
        for end in (told.least, told.most) if told.moves else ():
            value = int(end) if isinstance(numbers_of(rule)[name], int) else float(end)
            moved = replace(rule, parameters=replace(rule.parameters, **{name: value}))
            said = moved.judge(asked)
            assert isinstance(said, Verdicts | NotJudged), (name, value)
            if isinstance(said, Verdicts):
                assert not np.isnan(said.score).any(), (name, value)


def test_every_reason_of_a_refusal_has_words() -> None:
    codes = {
        call.args[0].value
        for path in DETECTORS.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "NotJudged" and call.args
        if isinstance(call.args[0], ast.Constant)
    }
    assert codes - set(NOT_JUDGED) == set()


COLDER = re.compile(
    r"lower the temperature|turn (?:it |the heating )?down|lager zetten|verlaag|temperatuur verlagen|baissez|"
    r"(?:abaisse|diminue)[rz] la température|réduisez le chauffage",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_rule_advises_cold(language: str) -> None:
    say = words(language).gettext
    for rule in RULES:
        for text in (rule.title, *rule.first_checks):
            assert COLDER.search(say(text)) is None, (rule.id, say(text))
            degrees = [float(found) for found in re.findall(r"(\d+(?:[.,]\d+)?) ?°", say(text))]
            assert all(each >= CARE_C for each in degrees), (rule.id, say(text))
