from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Binding, Carrier, Kind, Site
from plagewatch.store import tables
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry, tickets
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import State
from rules import backtest, evaluate
from rules.catalogue import RULES
from rules.estate import Estate
from rules.incidents import Fade, Open, Touch
from rules.records_book import RecordsBook
from tests.rules.conftest import AddMeter
from tests.rules.invented import DAY_S, HOUR_S, START_S, household_water, office_load

DAYS = 100
LEAK_H = 24 * 90 - 4  # the evening before: the night of day 90 is the first whole one
END_S = START_S + DAYS * DAY_S


@pytest.fixture
def leaking(add_meter: AddMeter) -> str:
    """A water meter with a leak of 50 l/h from day 90 on."""
    water = household_water(DAYS)
    water[LEAK_H:] += 0.05
    return add_meter("linde.water", Carrier.WATER, water, "m3").id


def look(engine: Engine, series: SqliteSeries, from_day: float, to_day: float) -> int:
    span_s = (START_S + int(from_day * DAY_S), START_S + int(to_day * DAY_S))
    return evaluate.evaluate(engine, series, *span_s).changes


def test_a_leak_becomes_one_urgent_ticket_for_a_plumber(engine: Engine, series: SqliteSeries, leaking: str) -> None:
    look(engine, series, 60, DAYS)
    (ticket,) = tickets.tickets(engine)
    assert (ticket.meter, ticket.rule, ticket.state) == (leaking, "night_water", State.OPEN)
    assert (ticket.urgency, ticket.skill) == (Urgency.URGENT, Skill.PLUMBING)
    assert ticket.opened_s == START_S + 92 * DAY_S + 5 * HOUR_S  # six in the morning, summer time
    assert ticket.first_abnormal_s == START_S + 90 * DAY_S + 4 * HOUR_S
    assert ticket.numbers["extra_l_per_h"] == pytest.approx(50)


def test_looking_again_changes_nothing(engine: Engine, series: SqliteSeries, leaking: str) -> None:
    assert look(engine, series, 60, DAYS) > 0
    before = tickets.tickets(engine)
    assert look(engine, series, 60, DAYS) == 0
    assert look(engine, series, 80, 95) == 0
    assert tickets.tickets(engine) == before
    assert evaluate.looked_upto_s(engine) == END_S


def test_in_pieces_or_at_once_the_tickets_are_the_same(
    engine: Engine, series: SqliteSeries, leaking: str, tmp_path: Path
) -> None:
    at_once = backtest.backtest(engine, series, START_S + 60 * DAY_S, END_S).tickets
    for day in np.arange(60, DAYS, 0.5):
        look(engine, series, day, day + 0.5)
    in_pieces = tickets.tickets(engine)[::-1]
    assert [t.key for t in in_pieces] == [t.key for t in at_once]
    for piece, whole in zip(in_pieces, at_once, strict=True):
        assert (piece.first_abnormal_s, piece.opened_s, piece.cleared_s, piece.state) == (
            whole.first_abnormal_s,
            whole.opened_s,
            whole.cleared_s,
            whole.state,
        )
        assert (piece.last_abnormal_s, piece.score, piece.numbers) == (
            whole.last_abnormal_s,
            whole.score,
            whole.numbers,
        )


def test_a_mended_leak_is_verified_by_the_meter(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    water = household_water(DAYS)
    water[LEAK_H : 24 * 95] += 0.05
    add_meter("linde.water", Carrier.WATER, water, "m3")
    look(engine, series, 60, 95)
    (ticket,) = tickets.tickets(engine)
    tickets.move(engine, ticket.id, State.OPEN, State.RESOLVED, who="anna", at_s=START_S + 95 * DAY_S, note="cistern")
    look(engine, series, 95, 95.5)
    assert tickets.tickets(engine)[0].state is State.RESOLVED
    look(engine, series, 95.5, DAYS)
    (ticket,) = tickets.tickets(engine)
    assert (ticket.state, ticket.cleared_s) == (State.VERIFIED, START_S + 96 * DAY_S + 5 * HOUR_S)
    assert [(event.who, event.state) for event in tickets.events(engine, ticket.id)] == [
        ("meter", State.OPEN),
        ("anna", State.RESOLVED),
        ("meter", State.VERIFIED),
    ]


def test_a_leak_that_was_not_mended_is_reopened(engine: Engine, series: SqliteSeries, leaking: str) -> None:
    look(engine, series, 60, 94)
    (ticket,) = tickets.tickets(engine)
    tickets.move(engine, ticket.id, State.OPEN, State.RESOLVED, who="anna", at_s=START_S + 94 * DAY_S)
    look(engine, series, 94, 97)
    (ticket,) = tickets.tickets(engine)
    assert ticket.state is State.OPEN
    assert tickets.events(engine, ticket.id)[-1].who == "meter"


def test_a_leak_that_went_away_by_itself_fades(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    water = household_water(DAYS)
    water[LEAK_H : 24 * 95] += 0.05
    add_meter("linde.water", Carrier.WATER, water, "m3")
    look(engine, series, 60, DAYS)
    assert [ticket.state for ticket in tickets.tickets(engine)] == [State.FADED]


def test_readings_that_come_late_are_looked_at_and_told_when_found(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    load = office_load(DAYS)
    load[-40:-28] *= 4
    held_back = load.copy()
    held_back[-40:] = np.nan
    add_meter("linde.elec", Carrier.ELECTRICITY, held_back)
    evaluate.evaluate_due(engine, series, END_S - 30 * HOUR_S + 600)
    evaluate.evaluate_due(engine, series, END_S - HOUR_S + 600)
    assert {ticket.cause for ticket in tickets.tickets(engine)} == {"no_data"}
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    evaluate.evaluate_due(engine, series, END_S + 600)
    (unusual,) = (ticket for ticket in tickets.tickets(engine) if ticket.cause == "unusual_load")
    assert unusual.opened_s == END_S - HOUR_S
    assert unusual.first_abnormal_s == pytest.approx(END_S - 40 * HOUR_S, abs=2 * HOUR_S)


def test_an_hour_is_looked_at_once_its_readings_had_time_to_come(
    engine: Engine, series: SqliteSeries, leaking: str
) -> None:
    assert evaluate.evaluate_due(engine, series, END_S) is not None
    assert evaluate.looked_upto_s(engine) == END_S - HOUR_S
    assert evaluate.evaluate_due(engine, series, END_S + 200) is None
    report = evaluate.evaluate_due(engine, series, END_S + 301)
    assert report is not None
    assert report.to_s == END_S


def test_meters_of_a_device_that_fall_silent_together_are_one_ticket(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    gas, water = household_water(30), household_water(30)
    gas[600:], water[601:] = np.nan, np.nan
    add_meter("linde.gas", Carrier.GAS, gas, "m3")
    add_meter("linde.water", Carrier.WATER, water, "m3")
    add_meter("linde.elec", Carrier.ELECTRICITY, office_load(30))
    registry.save(engine, [Binding("logger", f"r{n}", f"linde.{n}") for n in ("gas", "water")])
    look(engine, series, 20, 30)
    (ticket,) = tickets.tickets(engine)
    assert (ticket.meter, ticket.cause, ticket.numbers["meters"]) == ("linde.gas", "device_silent", 2)
    assert ticket.opened_s == START_S + 606 * HOUR_S


def test_where_the_sun_carries_the_load_a_zero_says_nothing(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    load = office_load(DAYS)
    load[24 * 95 + 10 : 24 * 95 + 15] = 0.0
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    assert len(backtest.backtest(engine, series).tickets) == 1
    add_meter("linde.solar", Carrier.SOLAR, household_water(DAYS))
    assert len(backtest.backtest(engine, series).tickets) == 0


def test_a_belgian_holiday_is_known_by_the_sites_zone(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    load = office_load(DAYS)
    load[24 * 95 : 24 * 96] = load[24 * 94 : 24 * 95]  # Easter Monday as the Sunday before it
    meter = add_meter("linde.elec", Carrier.ELECTRICITY, load)
    assert len(backtest.backtest(engine, series).tickets) == 0
    registry.save(engine, [Site(meter.site, "Elsewhere", timezone="Europe/Amsterdam")])
    assert len(backtest.backtest(engine, series).tickets) == 1


def test_one_silent_meter_of_a_device_is_that_meters_ticket(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    gas = household_water(30)
    gas[600:] = np.nan
    add_meter("linde.gas", Carrier.GAS, gas, "m3")
    add_meter("linde.water", Carrier.WATER, household_water(30), "m3")
    registry.save(engine, [Binding("logger", f"r{n}", f"linde.{n}") for n in ("gas", "water")])
    look(engine, series, 20, 30)
    assert [ticket.key for ticket in tickets.tickets(engine)] == [("linde.gas", "no_data")]


def test_another_worker_who_was_first_is_no_error(engine: Engine, series: SqliteSeries, leaking: str) -> None:
    ours = RecordsBook(engine, [leaking])
    finding = Finding("night_water", leaking, "water_at_night", START_S, START_S, START_S + HOUR_S, 2.0, {})
    RecordsBook(engine, [leaking]).apply(Open(finding))
    assert ours.latest((leaking, "water_at_night")) is None
    ours.apply(Open(finding))
    assert len(tickets.tickets(engine)) == 1
    assert ours.latest((leaking, "water_at_night")) == tickets.tickets(engine)[0]


def test_two_workers_at_once_open_one_ticket(
    engine: Engine, series: SqliteSeries, leaking: str, tmp_path: Path
) -> None:
    other = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    look(engine, series, 60, DAYS)
    with other.begin() as connection:
        connection.execute(tables.evaluation.update().values(looked_s=None))
    assert look(other, series, 60, DAYS) == 0
    other.dispose()
    assert len(tickets.tickets(engine)) == 1


def test_a_worker_that_lags_opens_no_second_ticket_and_changes_none_that_is_over(
    engine: Engine, series: SqliteSeries, leaking: str
) -> None:
    finding = Finding("night_water", leaking, "water_at_night", START_S, START_S + DAY_S, START_S + 2 * DAY_S, 2.0, {})
    lagging = RecordsBook(engine, [leaking])
    ahead = RecordsBook(engine, [leaking])
    ahead.apply(Open(finding))
    (ticket,) = tickets.tickets(engine)
    ahead.apply(Fade(ticket, START_S + 3 * DAY_S))
    lagging.apply(Open(finding))
    lagging.apply(Touch(ticket, finding))
    (over,) = tickets.tickets(engine)
    assert (over.state, over.cleared_s) == (State.FADED, START_S + 3 * DAY_S)


def test_without_meters_or_hours_there_is_nothing_to_say(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    assert evaluate.evaluate(engine, series, 0, END_S).tracks == 0
    add_meter("linde.water", Carrier.WATER, np.zeros(0), "m3")
    report = evaluate.evaluate(engine, series, 0, END_S)
    of_water = sum(Carrier.WATER in rule.carriers for rule in RULES)
    assert (report.tracks, report.not_judged, report.changes) == (0, of_water, 0)


def test_a_computed_meter_is_never_called_silent(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    load = office_load(DAYS)
    load[24 * 95 :] = np.nan
    meter = add_meter("linde.elec", Carrier.ELECTRICITY, load)
    look(engine, series, 60, DAYS)
    assert [(ticket.meter, ticket.rule) for ticket in tickets.tickets(engine)] == [(meter.id, "no_data")]
    half = replace(meter, id="linde.half", kind=Kind.VIRTUAL, interval_s=None)
    registry.save(engine, [half])
    series.write_intervals(
        Resolution.HOUR, half.id, "electricity", series.intervals(Resolution.HOUR, meter.id, 0, END_S)
    )
    told = backtest.backtest(engine, series, START_S + 60 * DAY_S, END_S).tickets
    assert [(ticket.meter, ticket.rule) for ticket in told] == [(meter.id, "no_data")]


def test_a_site_whose_data_raise_an_error_keeps_no_other_waiting(
    engine: Engine, series: SqliteSeries, leaking: str
) -> None:
    registry.save(engine, [Site("broken", "Broken", timezone="Mars/Tharsis")])
    meter = replace(registry.meters(engine)[0], id="broken.water", site="broken")
    registry.save(engine, [meter])
    hours = series.intervals(Resolution.HOUR, leaking, 0, END_S)
    series.write_intervals(Resolution.HOUR, meter.id, "water", hours)
    report = evaluate.evaluate_due(engine, series, END_S + 600)
    assert report is not None
    assert list(report.failed) == ["broken"]
    assert [ticket.meter for ticket in tickets.tickets(engine)] == [leaking]
    assert evaluate.looked_upto_s(engine) is None
    registry.save(engine, [Site("broken", "Mended")])
    again = evaluate.evaluate_due(engine, series, END_S + 630)
    assert again is not None
    assert (again.units, again.failed) == (1, {})
    assert {ticket.meter for ticket in tickets.tickets(engine)} == {leaking, "broken.water"}
    assert evaluate.looked_upto_s(engine) == END_S


def test_meters_of_a_device_are_judged_together_though_their_sites_differ(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    for name in ("linde.gas", "linde.water"):
        silent = household_water(30)
        silent[600:] = np.nan
        meter = add_meter(name, Carrier.GAS, silent, "m3")
    registry.save(engine, [Site("annex", "Annex"), Site("far", "Far"), replace(meter, site="annex")])
    registry.save(engine, [Binding("logger", f"r{n}", f"linde.{n}") for n in ("gas", "water")])
    assert list(Estate.read(engine).units()) == ["annex", "far"]
    evaluate.evaluate_due(engine, series, START_S + 30 * DAY_S + 600)
    assert [ticket.key for ticket in tickets.tickets(engine)] == [("linde.gas", "device_silent")]
