"""Worth, computed by hand."""

from dataclasses import replace
from datetime import date

import pytest

from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.metering.prices import ASSUMED_PRICES
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket
from plagewatch.tickets.worth import Confidence, TargetGap, Worth, worth_of
from plagewatch.worth_words import price_text, worth_lines, year_text

DAY_S = 86_400
ON = date(2026, 11, 9)
LOAD = Meter("m", "linde", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh")
TICKET = Ticket(
    1, "m", "unusual_load", "unusual_load", State.OPEN, Urgency.SOON, Skill.ELECTRICITY, 0, DAY_S - 3600, DAY_S, 2.0,
    {"extra_kwh": 70.0},
)  # fmt: skip


def worth(ticket: Ticket = TICKET, meter: Meter = LOAD, gap: TargetGap | None = None) -> Worth:
    found = worth_of(ticket, meter, ASSUMED_PRICES, ON, gap)
    assert found is not None
    return found


def test_what_lasted_a_day_is_taken_to_come_back_every_week() -> None:
    # 70 kWh in one day, at 0.25 EUR: 17.50 EUR. Once a week: 10 kWh a day, 3 650 kWh and 912.50 EUR a year.
    one = worth()
    assert (one.so_far, one.per_year, one.eur_so_far) == (70.0, 3650.0, 17.5)
    assert one.eur_per_year == pytest.approx(912.5)
    assert one.confidence is Confidence.LOW
    assert one.rank == pytest.approx(912.5 * 0.3)


def test_what_lasts_longer_goes_on_as_it_did() -> None:
    # 700 kWh in 14 days: 50 kWh a day, 18 250 kWh a year.
    one = worth(replace(TICKET, last_abnormal_s=14 * DAY_S - 3600, numbers={"extra_kwh": 700.0}))
    assert (one.per_year, one.confidence) == (18_250.0, Confidence.GOOD)
    assert worth(replace(TICKET, last_abnormal_s=3 * DAY_S)).confidence is Confidence.FAIR


def test_its_part_in_the_gap_to_the_target() -> None:
    # 3 650 kWh, each 2.5 of the target's kind: 9 125 of a gap of 36 500 kWh, a quarter.
    assert worth(gap=TargetGap(36_500.0, {"m": 2.5})).share_of_gap == pytest.approx(0.25)
    for gap in (None, TargetGap(0.0, {"m": 2.5}), TargetGap(36_500.0, {"other": 2.5})):
        assert worth(gap=gap).share_of_gap != worth(gap=gap).share_of_gap  # not known


@pytest.mark.parametrize("numbers", [{}, {"extra_kwh": -4.0}, {"extra_kwh": 0.0}, {"silent_h": 9.0}])
def test_what_counts_nothing_or_saves_has_no_worth(numbers: dict[str, float]) -> None:
    assert worth_of(replace(TICKET, numbers=numbers), LOAD, ASSUMED_PRICES, ON, None) is None


def test_without_a_price_there_is_an_amount_and_no_money() -> None:
    one = worth(TICKET, replace(LOAD, carrier=Carrier.COOLING))
    assert (one.per_year, one.price, one.rank, one.lost) == (3650.0, None, 0.0, False)
    assert worth_lines(one, "en")[0] == "Above the usual so far: about 70\xa0kWh."
    assert year_text(one, "nl") == "ongeveer 3.650\xa0kWh per jaar"
    assert price_text(one, "nl") == ""


def test_what_a_plant_does_not_make_is_bought() -> None:
    one = worth(replace(TICKET, numbers={"lost_kwh": 70.0}), replace(LOAD, carrier=Carrier.SOLAR))
    assert (one.eur_so_far, one.eur_per_year, one.lost) == (17.5, 912.5, True)
    assert worth_lines(one, "en")[0].startswith("Lost so far: about 70\xa0kWh")


def test_gas_has_a_price_by_the_unit_of_its_meter() -> None:
    by_energy, by_volume = (replace(LOAD, carrier=Carrier.GAS, unit=unit) for unit in ("kWh", "m3"))
    assert worth(TICKET, by_energy).eur_so_far == pytest.approx(5.6)
    assert worth(replace(TICKET, numbers={"extra_m3": 10.0}), by_volume).eur_so_far == pytest.approx(8.5)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nl", ["70\xa0kWh, €\xa018", "€\xa0913 per jaar", "25% van wat nog tot het PLAGE-doel ontbreekt"]),
        ("fr", ["70\xa0kWh, 18\xa0€", "913\xa0€ par an", "25\xa0% de l’écart par rapport à l’objectif PLAGE"]),
        ("en", ["70\xa0kWh, €18", "€913 a year", "25% of the gap to the PLAGE target"]),
    ],
)
def test_it_is_told_in_three_languages(language: str, said: list[str]) -> None:
    one = replace(worth(gap=TargetGap(36_500.0, {"m": 2.5})), eur_so_far=17.6, eur_per_year=912.6)
    text = " ".join(worth_lines(one, language))
    for part in said:
        assert part in text
    assert "0" in price_text(one, language)
