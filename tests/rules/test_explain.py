import string
from dataclasses import replace

import pytest

from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket
from plagewatch.words import LANGUAGES, words
from rules import catalogue, explain

WATER = Meter("linde.water", "linde", "Water", Carrier.WATER, Kind.INDEX, "m3")
POWER = Meter("linde.elec", "linde", "Stroom", Carrier.ELECTRICITY, Kind.INDEX, "kWh")


def ticket(rule: str, cause: str, **numbers: float) -> Ticket:
    return Ticket(1, "m", rule, cause, State.OPEN, Urgency.SOON, Skill.METERING, 0, 0, 0, 1.0, numbers)


LEAK = ticket(
    "night_water",
    "water_at_night",
    nights=3,
    night_l_per_h=181.5,
    usual_l_per_h=1.25,
    extra_l_per_h=180.2,
    extra_m3_per_year=1578.9,
)
LOAD = ticket("unusual_load", "unusual_load", used_kwh=1250.5, usual_kwh=40.25, lowest_usual_kwh=9.5, part_deviation=1)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            "Al 3 nachten loopt er meer water dan gewoonlijk: de laatste nacht nooit minder dan 181,5 l/h, tegenover "
            "1,2 l/h gewoonlijk. Blijft dat zo, dan gaat er 1.579 m³ per jaar verloren.",
        ),
        (
            "fr",
            "Depuis 3 nuits, il coule plus d’eau que d’habitude\u00a0: la dernière nuit, jamais moins de "
            "181,5 l/h, contre 1,2 l/h d’habitude. Si rien n’est fait, cela représente 1\u202f579 m³ par an.",
        ),
        (
            "en",
            "More water than usual has run for 3 nights: in the last of them never less than 181.5 l/h, "
            "where 1.2 l/h is usual. Left as it is, that makes 1,579 m³ a year.",
        ),
    ],
)
def test_a_leak_is_told_with_its_numbers(language: str, said: str) -> None:
    assert explain.sentence(LEAK, WATER, language) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({}, "1.250,5 kWh in één uur, terwijl 40,25 kWh gewoon is op dat uur van zo’n dag: 1.210,25 kWh meer."),
        ({"used_kwh": 3.0}, "3 kWh in één uur, terwijl 40,25 kWh gewoon is op dat uur van zo’n dag: 37,25 kWh minder."),
        (
            {"part_flat": 1.4, "unchanged_h": 6},
            "De meter gaf 7 uur na elkaar precies 1.250,5 kWh; zo herhalen zijn waarden zich anders nooit.",
        ),
        (
            {"part_below": 1.0, "part_deviation": 0.4, "used_kwh": 0.0},
            "0 kWh in één uur: op bijna elke dag van de voorbije acht weken haalde zelfs het laagste uur 9,5 kWh.",
        ),
    ],
    ids=["high", "low", "flat", "below"],
)
def test_the_strongest_symptom_is_told(numbers: dict[str, float], said: str) -> None:
    assert explain.sentence(replace(LOAD, numbers={**LOAD.numbers, **numbers}), POWER, "nl") == said


def test_silence_is_told_in_hours_and_days() -> None:
    silent = ticket("no_data", "no_data", silent_h=30, limit_h=6)
    assert explain.sentence(silent, POWER, "en").startswith(
        "Nothing has been read for 30 hours; for this meter 6 hours"
    )
    together = ticket("no_data", catalogue.DEVICE_SILENT, silent_h=72, limit_h=6, meters=2)
    assert explain.sentence(together, POWER, "nl").startswith("Geen van de 2 meters van dit toestel is de voorbije 3 d")
    assert explain.title(together, "en") != explain.title(silent, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", catalogue.RULES, ids=lambda rule: rule.id)
def test_a_ticket_without_numbers_is_still_told(rule: catalogue.Rule, language: str) -> None:
    said = explain.sentence(ticket(rule.id, rule.cause), POWER, language)
    assert "–" in said
    assert "{" not in said
    assert explain.title(ticket(rule.id, rule.cause), language)
    assert 2 <= len(explain.first_checks(ticket(rule.id, rule.cause), language)) <= 3


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize("rule", catalogue.RULES, ids=lambda rule: rule.id)
def test_a_translation_has_the_same_places_for_numbers(language: str, rule: catalogue.Rule) -> None:
    english = rule.says({}).template
    said = words(language).gettext(english)
    assert said != english
    assert _places(said) == _places(english)


def _places(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_rule_has_its_own_id_and_cause() -> None:
    assert (
        len({rule.id for rule in catalogue.RULES})
        == len({rule.cause for rule in catalogue.RULES})
        == len(catalogue.RULES)
    )


HEATED = {"used_m3": 911.4, "usual_m3": 583.0, "extra_day_m3": 328.4, "extra_m3": 1200.0, "outdoor_c": 11.66}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            "911 m³ op één dag, terwijl 583 m³ gewoon is bij 11,7 °C buiten: 328 m³ meer. "
            "Intussen dag 9: samen 1.200 m³ te veel.",
        ),
        (
            "en",
            "911 m³ on one day where 583 m³ is usual for 11.7 °C outside: 328 m³ more. "
            "Day 9 of this: 1,200 m³ too much in all.",
        ),
    ],
)
def test_heating_beyond_the_cold_is_told_with_its_numbers(language: str, said: str) -> None:
    gas = Meter("linde.gas", "linde", "Gas", Carrier.GAS, Kind.INDEX, "m3")
    found = ticket("heat_signature", "heat_signature", days=9, **HEATED)
    assert explain.sentence(found, gas, language) == said


def test_a_year_is_told_beside_the_year_before() -> None:
    heat = Meter("linde.heat", "linde", "Warmte", Carrier.HEAT, Kind.INDEX, "kWh")
    found = ticket(
        "year_on_year", "year_on_year", year_kwh=115_000, usual_year_kwh=100_000, extra_kwh_per_year=15_000, more_pct=15
    )
    assert explain.sentence(found, heat, "nl") == (
        "115.000 kWh in de voorbije twaalf maanden. Bij dit weer had het gebouw het jaar voordien 100.000 kWh "
        "verbruikt: 15.000 kWh of 15% meer."
    )
