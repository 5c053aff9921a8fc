"""What people tell of meters and buildings reaches the rules: contracted power, works, rooms that must be warm."""

from datetime import date

import numpy as np
import pytest

from plagewatch.metering.meters import Building, Carrier, Kind, Meter, MeterFacts, Share, Use
from plagewatch.metering.readings import Samples
from plagewatch.metering.works import Works
from plagewatch.store.engine import Engine
from plagewatch.store.names import TAG_SITE, TEMP_C, WEATHER
from plagewatch.store.records import registry, tickets, works
from plagewatch.store.series.protocol import Points
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import Ticket
from rules import evaluate
from rules.cases import Cases
from rules.catalogue import Need, rule
from rules.detectors.verdicts import NotJudged
from rules.estate import Estate
from tests.rules.conftest import AddMeter
from tests.rules.heated import daily_use, outdoor_c
from tests.rules.invented import DAY_S, HOUR_S, START_S

DAYS = 460
HIGH, WATCHED = 430, 425  # from these days on: it burns half as much again; the thermometer tells
HALF_HOUR_S = 1800
WORKS_DAY = 500
ROOM = Meter("linde.room", "linde", "Room 12", Carrier.INDOOR, Kind.GAUGE, "°C", HALF_HOUR_S)


def look(engine: Engine, series: SqliteSeries, from_day: int, to_day: int) -> list[Ticket]:
    evaluate.evaluate(engine, series, START_S + from_day * DAY_S, START_S + to_day * DAY_S)
    return tickets.tickets(engine)


@pytest.mark.parametrize(
    ("facts", "contracted"),
    [
        ([(0, 150.0)], None),
        ([(0, 100.0)], 100.0),
        ([(0, 150.0), (5, 100.0)], 100.0),
        ([(0, 100.0), (5, 150.0)], None),
        ([(0, 100.0), (5, None)], None),
        ([(0, 150.0), (20, 100.0)], None),
    ],
)
def test_power_above_the_contract_in_force_is_told(engine, series, add_meter: AddMeter, facts, contracted) -> None:
    load = np.full(24 * 10, 40.0)
    load[-30] = 120.0
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    dated = [MeterFacts("linde.elec", (START_S + day * DAY_S) * 1000, contracted_kw=kw) for day, kw in facts]
    registry.save(engine, dated)
    found = [one.numbers["contracted_kw"] for one in look(engine, series, 7, 10) if one.rule == "peak_power"]
    assert found == ([] if contracted is None else [contracted])


def heated(engine: Engine, series: SqliteSeries, add_meter: AddMeter, days: int, high_from: int) -> None:
    """A care home with gas in kWh, that burns half as much again from a day on, and weather."""
    temp_c = outdoor_c(days)
    use = daily_use(temp_c)
    use[high_from:] *= 1.5
    add_meter("linde.gas", Carrier.GAS, np.repeat(use / 24, 24))
    registry.save(engine, [Building("home", "linde", "Home", Use.CARE_HOME), Share("linde.gas", "home", 1.0)])
    start_s = START_S + HOUR_S * np.arange(24 * days, dtype=np.int64)
    series.write_points(WEATHER, {TAG_SITE: "linde"}, Points(start_s, {TEMP_C: np.repeat(temp_c, 24)}))


def measure_room(engine: Engine, series: SqliteSeries, temp_c: float) -> None:
    """A room that is as warm from day WATCHED on, a little up and down."""
    registry.save(engine, [ROOM, Share(ROOM.id, "home", 1.0)])
    at_s = np.arange(START_S + WATCHED * DAY_S, START_S + DAYS * DAY_S, HALF_HOUR_S)
    values = temp_c + 0.2 * np.sin(np.arange(len(at_s)) / 7)
    series.write_samples([Samples(ROOM.id, "temperature", (at_s * 1000).tolist(), values.tolist(), "t", 0)])


def test_a_cold_room_in_a_care_home_is_told_and_no_saving_is_asked(engine, series, add_meter) -> None:
    heated(engine, series, add_meter, DAYS, HIGH)
    measure_room(engine, series, 20.5)
    (ticket,) = look(engine, series, WATCHED, DAYS)
    assert (ticket.rule, ticket.meter) == ("cold_room", ROOM.id)
    assert (ticket.urgency, ticket.skill) == (Urgency.URGENT, Skill.HEATING)
    assert ticket.opened_s == START_S + WATCHED * DAY_S + 3 * HOUR_S  # the third hour in a row
    assert ticket.numbers["limit_c"] == 22
    assert ticket.numbers["room_c"] == pytest.approx(20.5, abs=0.21)


def test_the_same_gas_is_told_where_the_rooms_are_warm(engine, series, add_meter) -> None:
    heated(engine, series, add_meter, DAYS, HIGH)
    measure_room(engine, series, 23.0)
    found = look(engine, series, WATCHED, DAYS)
    assert "heat_signature" in {one.rule for one in found}
    assert ROOM.id not in {one.meter for one in found}


def test_a_thermometer_that_falls_silent_is_told(engine, series, add_meter) -> None:
    heated(engine, series, add_meter, DAYS, DAYS)
    measure_room(engine, series, 21.0)
    found = [one for one in look(engine, series, WATCHED, DAYS + 2) if one.rule == "no_data"]
    assert [one.numbers["limit_h"] for one in found if one.meter == ROOM.id] == [12.0]


def test_works_that_were_told_are_watched_from_the_next_day_on(engine, series, add_meter) -> None:
    heated(engine, series, add_meter, WORKS_DAY + 60, WORKS_DAY + 1)
    ended_on = date.fromordinal(date(2026, 1, 1).toordinal() + WORKS_DAY)
    works.save(engine, [Works("home", ended_on, "new boiler"), Works("home", date(2030, 1, 1), "roof")])
    estate = Estate.read(engine)
    span_s = START_S + WORKS_DAY * DAY_S, START_S + (WORKS_DAY + 60) * DAY_S
    case = Cases(series, estate, span_s).of(estate.meters[0], [rule("after_works")])
    # Day 500 lies in summer time: it is over an hour earlier than 501 times 24 h after New Year's.
    assert case.facts.works_s[0] == START_S + (WORKS_DAY + 1) * DAY_S - HOUR_S
    found = {one.rule: one for one in look(engine, series, WORKS_DAY, WORKS_DAY + 60)}
    assert found["after_works"].numbers["extra_pct_since_works"] > 12


def test_without_works_the_rule_says_why_it_is_silent(engine, series, add_meter) -> None:
    heated(engine, series, add_meter, 30, 30)
    estate = Estate.read(engine)
    case = Cases(series, estate, (START_S, START_S + 30 * DAY_S)).of(estate.meters[0], [rule("after_works")])
    said = rule("after_works").judge(case)
    assert isinstance(said, NotJudged)
    assert said.code == "no_works"


def test_rooms_and_the_opposite_are_those_of_the_same_building(engine, series, add_meter) -> None:
    registry_day = np.ones(24 * 3)
    heat = add_meter("linde.heat", Carrier.HEAT, registry_day)
    cold = add_meter("linde.cold", Carrier.COOLING, registry_day)
    add_meter("linde.gas", Carrier.GAS, registry_day)
    add_meter("linde.free", Carrier.GAS, registry_day)
    registry.save(engine, [Building("home", "linde", "Home", Use.CARE_HOME), Building("shed", "linde", "Shed"),
                           ROOM, *(Share(name, "home", 1.0) for name in (heat.id, cold.id, ROOM.id)),
                           Share("linde.gas", "shed", 1.0)])  # fmt: skip
    at_ms = [(START_S + 600 * step) * 1000 for step in range(12)]
    series.write_samples([Samples(ROOM.id, "temperature.a", at_ms, [20.0] * 6 + [22.0] * 6, "t", 0)])
    estate = Estate.read(engine)
    cases = Cases(series, estate, (START_S + DAY_S, START_S + 3 * DAY_S))
    by_id = {one.id: one for one in estate.meters}
    opposite = cases.of(by_id[cold.id], [rule("heat_and_cold")]).others["heating"]
    assert [len(one) for one in opposite] == [72, 72]  # heat of the building, and gas of which nobody said whom
    (room,) = cases.of(by_id[heat.id], [rule("heat_signature")]).others["indoor"]
    assert room.amount[:2].tolist() == [20.0, 22.0]
    assert np.isnan(room.amount[2:]).all()
    assert "indoor" not in cases.of(by_id["linde.gas"], [rule("heat_signature")]).others


def test_rules_that_ask_to_save_heat_look_at_the_rooms() -> None:
    saving = ("heat_signature", "heat_at_night", "heat_when_warm", "year_on_year", "after_works")
    assert all(Need.ROOMS in rule(name).needs for name in saving)


def test_heating_and_cooling_in_the_same_hours_are_told_at_the_cold_meter(engine, series, add_meter) -> None:
    hour = np.arange(24 * 60) % 24
    day = np.arange(24 * 60) // 24
    cold = np.where((hour >= 12) & (hour < 18), 5.0, 0.5)
    heat = np.where((hour >= 6) & (hour < np.where(day >= 50, 18, 10)), 10.0, 1.0)  # six hours too long from day 50 on
    add_meter("linde.cold", Carrier.COOLING, cold)
    add_meter("linde.heat", Carrier.HEAT, heat)
    found = [one for one in look(engine, series, 40, 60) if one.rule == "heat_and_cold"]
    assert [one.meter for one in found] == ["linde.cold"]
    assert found[0].numbers["both_h"] == 6
    assert found[0].numbers["extra_day_kwh"] == pytest.approx(6 * 4.5)
    assert found[0].first_abnormal_s == START_S + 50 * DAY_S
