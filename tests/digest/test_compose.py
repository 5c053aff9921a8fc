from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from digest.advice import ADVICE, COMFORT_DUTY, advice_for
from digest.comparison import compare
from digest.compose import Digest, Kind, compose
from digest.facts import MeterWeek, PlageStatus, TicketWeek
from digest.phrases import Amount, Change, Euro
from plagewatch.metering.intervals import Intervals
from plagewatch.metering.meters import Carrier, Use
from plagewatch.plage.parameters import Refusal
from plagewatch.tickets.findings import Urgency
from tests.digest.weeks import Weeks

NAN = float("nan")


def without(meter: MeterWeek, hours: slice) -> MeterWeek:
    """The meter with hours of this week unknown."""
    amount, coverage = meter.this_week.amount.copy(), meter.this_week.coverage.copy()
    amount[hours], coverage[hours] = NAN, 0.0
    return replace(meter, this_week=replace(meter.this_week, amount=amount, coverage=coverage))


def texts(digest: Digest) -> list[str]:
    parts = (digest.opening, digest.to_do, digest.plage, digest.health, digest.prices, digest.ticket_counts)
    return [phrase.text for part in parts for phrase in part]


def test_a_change_is_told_with_what_it_costs(weeks: Weeks) -> None:
    digest = compose(weeks.facts(weeks.building(weeks.meter(Carrier.WATER, 300, 200))), "nl")
    (row,) = digest.buildings[0].rows
    assert digest.kind is Kind.CHANGED
    assert row.comparison.change == pytest.approx(0.5)
    assert row.cost_change_eur == pytest.approx(500.0)  # 100 m3 at 5 EUR
    assert row.notable
    assert digest.subject.text == "Week {week}: more water at {building} ({change})"
    assert digest.subject.values["building"] == "De Linde"
    assert isinstance(digest.subject.values["change"], Change)
    money = digest.opening[0].values["money"]
    assert isinstance(money, Euro)
    assert money.value == pytest.approx(500.0)
    assert digest.chart is not None
    assert digest.chart.meter.carrier is Carrier.WATER


def test_the_largest_change_in_money_comes_first(weeks: Weeks) -> None:
    meters = weeks.meter(Carrier.WATER, 110, 50), weeks.meter(Carrier.GAS, 400, 3000)
    digest = compose(weeks.facts(weeks.building(*meters)), "fr")
    assert digest.subject.text == "Week {week}: less gas at {building} ({change})"
    assert digest.chart is not None
    assert digest.chart.meter.carrier is Carrier.GAS


def test_weeks_are_compared_only_over_hours_that_both_know(weeks: Weeks) -> None:
    # A day and a half of this week is missing; the rest is exactly as the week before.
    meter = without(weeks.meter(Carrier.ELECTRICITY, 16_800, 16_800), slice(10, 46))
    digest = compose(weeks.facts(weeks.building(meter)), "nl")
    (row,) = digest.buildings[0].rows
    assert row.comparison.change == pytest.approx(0.0)
    assert (row.comparison.compared, row.comparison.expected) == (132, 168)
    assert row.comparison.coverage == pytest.approx(132 / 168)
    assert row.comparison.amount == pytest.approx(13_200)
    (note,) = row.notes
    assert (note.values["compared"], note.values["expected"]) == (132, 168)
    assert "{building}, {meter}: {known} of {expected} hours known." in texts(digest)


def test_too_few_common_hours_are_not_compared(weeks: Weeks) -> None:
    meter = without(weeks.meter(Carrier.ELECTRICITY, 50_000, 100), slice(0, 100))
    digest = compose(weeks.facts(weeks.building(meter)), "nl")
    (row,) = digest.buildings[0].rows
    assert np.isnan(row.comparison.change)
    assert np.isnan(row.cost_change_eur)
    assert not row.notable
    assert row.notes[0].text.startswith("Not compared")
    assert "The two weeks have too little in common to compare them." in texts(digest)


def test_an_hour_of_which_a_part_is_known_is_not_counted_as_an_hour(weeks: Weeks) -> None:
    meter = weeks.meter(Carrier.ELECTRICITY, 168, 168)
    coverage = meter.this_week.coverage.copy()
    coverage[5] = 0.5
    meter = replace(meter, this_week=replace(meter.this_week, coverage=coverage))
    assert compare(meter).compared == 167
    assert compare(meter).change == pytest.approx(0.0)


def test_a_gap_whose_total_is_known_counts_and_is_named(weeks: Weeks) -> None:
    meter = weeks.meter(Carrier.GAS, 1680, 1680)
    coverage, spread = meter.this_week.coverage.copy(), meter.this_week.spread.copy()
    coverage[:42], spread[:42] = 0.0, meter.this_week.amount[:42]
    meter = replace(meter, this_week=replace(meter.this_week, coverage=coverage, spread=spread))
    (row,) = compose(weeks.facts(weeks.building(meter)), "nl").buildings[0].rows
    assert row.comparison.compared == 168
    assert row.comparison.guessed == pytest.approx(0.25 * row.comparison.amount)
    assert [note.text[:6] for note in row.notes] == ["{part}"]


def test_without_data_there_is_no_figure_at_all(weeks: Weeks) -> None:
    meters = weeks.meter(Carrier.ELECTRICITY, NAN, 4000), weeks.meter(Carrier.WATER, NAN, NAN)
    digest = compose(weeks.facts(weeks.building(*meters)), "fr")
    assert digest.kind is Kind.NO_DATA
    assert digest.buildings == ()
    assert digest.chart is None
    assert digest.prices == ()
    assert len(digest.health) == 2
    figures = [v for phrase in digest.opening for v in phrase.values.values() if isinstance(v, Amount | Euro | Change)]
    assert figures == []


def test_a_carrier_without_data_is_unknown_beside_one_that_is_known(weeks: Weeks) -> None:
    digest = compose(weeks.facts(weeks.building(weeks.meter(), weeks.meter(Carrier.WATER, NAN, 50))), "nl")
    electricity, water = digest.buildings[0].rows
    assert electricity.comparison.coverage == 1.0
    assert np.isnan(water.comparison.amount)
    assert np.isnan(water.cost_eur)
    assert np.isnan(water.cost_change_eur)


def test_use_that_was_measured_as_nothing_is_0_and_known(weeks: Weeks) -> None:
    (row,) = compose(weeks.facts(weeks.building(weeks.meter(Carrier.WATER, 0.0, 20.0))), "nl").buildings[0].rows
    assert row.comparison.amount == 0.0
    assert row.comparison.change == pytest.approx(-1.0)


def test_use_where_there_was_none_is_notable_though_no_percentage_exists(weeks: Weeks) -> None:
    digest = compose(weeks.facts(weeks.building(weeks.meter(Carrier.WATER, 40.0, 0.0))), "nl")
    (row,) = digest.buildings[0].rows
    assert np.isnan(row.comparison.change)
    assert row.notable
    assert digest.kind is Kind.CHANGED


def test_a_quiet_week_is_short(weeks: Weeks) -> None:
    digest = compose(weeks.facts(weeks.building(weeks.meter(Carrier.ELECTRICITY, 4010, 4000))), "nl")
    assert digest.kind is Kind.QUIET
    assert (digest.tickets, digest.to_do, digest.health, digest.chart) == ((), (), (), None)
    assert "nothing changed" in digest.opening[0].text


def test_a_week_with_holes_is_not_called_quiet_without_saying_so(weeks: Weeks) -> None:
    building = weeks.building(weeks.meter(), weeks.meter(Carrier.WATER, NAN, NAN))
    digest = compose(weeks.facts(building), "nl")
    assert digest.kind is Kind.QUIET
    assert "A part of them is missing" in digest.opening[0].text
    assert len(digest.health) == 1


def test_a_person_without_buildings_is_told_so(weeks: Weeks) -> None:
    digest = compose(weeks.facts(), "nl")
    assert digest.kind is Kind.NO_BUILDING
    assert digest.subject.text == "Week {week}: no building is entered for you"


def test_the_three_tickets_that_matter_most(weeks: Weeks) -> None:
    living = (
        weeks.ticket(1, Urgency.ROUTINE, extra_m3_per_year=18_000.0),
        weeks.ticket(2, Urgency.SOON),
        weeks.ticket(3, Urgency.SOON, extra_m3_per_year=100.0),
        weeks.ticket(4, Urgency.URGENT),
        weeks.ticket(5, Urgency.SOON, extra_m3_per_year=300.0),
    )
    facts = weeks.facts(weeks.building(weeks.meter()), tickets=TicketWeek(living, opened=1, verified=2))
    digest = compose(facts, "nl")
    assert [line.facts.ticket.id for line in digest.tickets] == [4, 5, 3]
    np.testing.assert_allclose([line.eur_per_year for line in digest.tickets], [NAN, 1500.0, 500.0])
    assert [(p.text, p.n) for p in digest.ticket_counts] == [
        ("{n} notice was opened this week.", 1),
        ("{n} repair was confirmed by the meter.", 2),
        ("{n} more notice is open.", 2),
    ]


@pytest.mark.parametrize("carrier", [Carrier.GAS, Carrier.HEAT])
def test_in_a_care_home_nothing_is_advised_that_cools_rooms(weeks: Weeks, carrier: Carrier) -> None:
    building = weeks.building(weeks.meter(carrier, 3000, 1000), use=Use.CARE_HOME)
    (advice,) = compose(weeks.facts(building), "nl").to_do
    assert "22 °C" in advice.text
    office = weeks.building(weeks.meter(carrier, 3000, 1000), use=Use.OFFICE)
    (advice,) = compose(weeks.facts(office), "nl").to_do
    assert "22 °C" not in advice.text


@pytest.mark.parametrize("use", sorted(COMFORT_DUTY))
def test_no_row_of_advice_gets_past_the_comfort_guard(use: Use) -> None:
    said = list(advice_for(use, list(Carrier)))
    assert said
    assert not [advice.id for advice in said if advice.cools_rooms]
    assert [advice for advice in ADVICE if advice.cools_rooms], "the guard has something to guard against"


def test_nothing_is_advised_where_use_fell(weeks: Weeks) -> None:
    assert compose(weeks.facts(weeks.building(weeks.meter(Carrier.GAS, 1000, 3000))), "nl").to_do == ()


def test_colder_weather_stands_beside_gas_but_not_beside_water(weeks: Weeks) -> None:
    building = weeks.building(weeks.meter(Carrier.GAS, 3000, 2500), weeks.meter(Carrier.WATER))
    gas, water = compose(weeks.facts(replace(building, outdoor_c=4.0, outdoor_before_c=9.5)), "nl").buildings[0].rows
    assert [note.text for note in gas.notes] == ["It was {degrees} colder outside."]
    assert water.notes == ()
    unknown = compose(weeks.facts(building), "nl").buildings[0].rows
    assert unknown[0].notes == ()


def test_gas_that_follows_the_cold_is_told_last_and_nobody_is_sent_to_look(weeks: Weeks) -> None:
    building = weeks.building(weeks.meter(Carrier.GAS, 4000, 2500), weeks.meter(Carrier.WATER, 120, 60))
    digest = compose(weeks.facts(replace(building, outdoor_c=4.0, outdoor_before_c=9.5)), "nl")
    assert digest.subject.text == "Week {week}: more water at {building} ({change})"
    assert [phrase.text[:18] for phrase in digest.to_do] == ["{building}: listen"]
    in_mild_weather = compose(weeks.facts(replace(building, outdoor_c=9.5, outdoor_before_c=4.0)), "nl")
    assert in_mild_weather.subject.text == "Week {week}: more gas at {building} ({change})"
    assert len(in_mild_weather.to_do) == 2


@pytest.mark.parametrize(
    ("first_on", "said"),
    [
        (date(2026, 11, 2), []),  # 1 November was a Sunday
        (date(2026, 11, 9), [("{day} was a public holiday", date(2026, 11, 11))]),
        (date(2026, 11, 16), [("{day}, in the week before", date(2026, 11, 11))]),
    ],
)
def test_a_public_holiday_in_either_week_is_named(
    weeks_of: Callable[[date], Weeks], first_on: date, said: list[tuple[str, date]]
) -> None:
    weeks = weeks_of(first_on)
    opening = compose(weeks.facts(weeks.building(weeks.meter())), "nl").opening
    named = [(phrase.text, phrase.values["day"]) for phrase in opening if "day" in phrase.values]
    assert [day for _, day in named] == [day for _, day in said]
    assert all(text.startswith(start) for (text, _), (start, _) in zip(named, said, strict=True))


def test_a_small_part_of_the_bill_is_about_as_much(weeks: Weeks) -> None:
    building = weeks.building(weeks.meter(Carrier.ELECTRICITY, 10_200, 10_000), weeks.meter(Carrier.WATER, 50, 50))
    assert "about as much" in compose(weeks.facts(building), "nl").opening[1].text


def test_without_an_open_ticket_the_counts_say_so(weeks: Weeks) -> None:
    facts = weeks.facts(weeks.building(weeks.meter()), tickets=TicketWeek((), opened=1))
    assert [p.text for p in compose(facts, "nl").ticket_counts] == [
        "{n} notice was opened this week.",
        "No notice is open now.",
    ]


def test_money_is_named_only_with_its_price_and_source(weeks: Weeks) -> None:
    facts = weeks.facts(weeks.building(weeks.meter(Carrier.WATER, 300, 200)))
    (note,) = compose(facts, "nl").prices
    assert "assumption" in note.text
    assert note.values["day"] == facts.prices[2].valid_from
    without_price = compose(replace(facts, prices=()), "nl")
    (row,) = without_price.buildings[0].rows
    assert np.isnan(row.cost_eur)
    assert without_price.prices == ()
    assert not [p for p in without_price.opening if "money" in p.values]


def test_several_meters_of_a_carrier_are_one_row_by_their_shares(weeks: Weeks) -> None:
    half = replace(weeks.meter(Carrier.WATER, 100, 80), share=0.5)
    digest = compose(weeks.facts(weeks.building(half, weeks.meter(Carrier.WATER, 30, 20))), "nl")
    (row,) = digest.buildings[0].rows
    assert row.comparison.amount == pytest.approx(80)
    assert row.comparison.change == pytest.approx(80 / 60 - 1)


@pytest.mark.parametrize(("first_on", "hours"), [(date(2026, 3, 23), 167), (date(2026, 10, 19), 169)])
def test_weeks_in_which_the_clock_changes(weeks_of: Callable[[date], Weeks], first_on: date, hours: int) -> None:
    weeks = weeks_of(first_on)
    meter = weeks.meter(Carrier.ELECTRICITY, float(hours), 168.0)
    comparison = compare(meter)
    assert (comparison.known, comparison.expected, comparison.coverage) == (hours, hours, 1.0)
    assert comparison.compared == min(hours, 168)
    assert comparison.change == pytest.approx(0.0)


def test_the_order_of_the_week_does_not_hide_a_shifted_hour(weeks: Weeks) -> None:
    # Only Tuesday is known this week and only Wednesday the week before: nothing is in common.
    meter = weeks.meter()
    tuesday = meter.this_week.where(np.arange(168) // 24 == 1)
    wednesday = meter.week_before.where(np.arange(168) // 24 == 2)
    comparison = compare(replace(meter, this_week=tuesday, week_before=wednesday))
    assert (comparison.known, comparison.compared) == (24, 0)
    assert np.isnan(comparison.change)


def test_a_meter_that_never_spoke_and_a_building_without_meter_are_named(weeks: Weeks) -> None:
    silent = replace(weeks.meter(Carrier.WATER, NAN, NAN), last_seen_s=None, this_week=Intervals.empty())
    digest = compose(weeks.facts(weeks.building(weeks.meter(), silent), weeks.building()), "nl")
    assert "{building}, {meter}: never gave a reading." in texts(digest)
    assert "{building}: no meter is entered yet." in texts(digest)


@pytest.mark.parametrize(
    ("status", "phrases"),
    [
        (
            PlageStatus("OCMW", 100.0, 90.0, 0.0, 0.0, 0.9),
            ["{organisation} is on its way to the target: {forecast} expected, {target} allowed.",
             "{part} of the consumption was measured."],
        ),
        (
            PlageStatus("OCMW", 100.0, 130.0, 30.0, 1.8),
            ["{organisation} is {excess} above the target: {forecast} expected, {target} allowed.",
             "If it stays so, the fine is about {fine}."],
        ),
        (PlageStatus("OCMW", 100.0), ["{organisation}: the target is {target}; there is no forecast yet."]),
        (PlageStatus("OCMW", refusal=Refusal("x", "Too little.")), ["{organisation}: not computed. {reason}"]),
        (None, []),
    ],
)  # fmt: skip
def test_the_plage_target(weeks: Weeks, status: PlageStatus | None, phrases: list[str]) -> None:
    digest = compose(replace(weeks.facts(weeks.building(weeks.meter())), plage=status), "nl")
    assert [phrase.text for phrase in digest.plage] == phrases
