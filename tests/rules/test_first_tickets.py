"""One site with a meter of each carrier in real stores: each thing that goes wrong becomes its ticket."""

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Meter, Site, SubMeter
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, tickets
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import Ticket
from plagewatch.words import LANGUAGES
from rules import evaluate, explain
from tests.rules.conftest import AddMeter
from tests.rules.every_rule import BRUSSELS, QUARTER_S, sun_wm2
from tests.rules.heated import daily_use, outdoor_c
from tests.rules.invented import DAY_S, HOUR_S, START_S, household_water, office_load

DAYS = 120
END_S = START_S + DAYS * DAY_S
WRONG_FROM = 24 * (DAYS - 10)  # the pulse weight of a sub-meter
BURST_S = END_S - DAY_S + 2 * HOUR_S + 2 * QUARTER_S
DEAD_FROM = 24 * (DAYS - 1) + 11
LITRES_A_QUARTER = 900.0


def fill(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    """Four months of each carrier; in the last ten days things go wrong."""
    hours = np.arange(24 * DAYS)
    load = office_load(DAYS)
    random = np.random.default_rng(3)
    floor, kitchen = (share * load * random.normal(1, 0.02, len(load)) for share in (0.3, 0.5))
    kitchen[WRONG_FROM:] *= 10
    solar = 0.01 * sun_wm2(START_S + HOUR_S * hours)
    solar[DEAD_FROM:] = 0.0
    heat = np.repeat(daily_use(outdoor_c(DAYS)) / 24, 24)
    for name, carrier, amount in (
        ("elec", Carrier.ELECTRICITY, load),
        ("floor", Carrier.ELECTRICITY, floor),
        ("kitchen", Carrier.ELECTRICITY, kitchen),
        ("solar", Carrier.SOLAR, solar),
        ("heat", Carrier.HEAT, heat),
        ("gas", Carrier.GAS, heat / 10),
    ):
        add_meter(f"linde.{name}", carrier, amount, "m3" if carrier is Carrier.GAS else "kWh")
    water = add_meter("linde.water", Carrier.WATER, np.zeros(0), "m3")
    write_water(series, water)
    registry.save(engine, [SubMeter("linde.elec", f"linde.{name}") for name in ("floor", "kitchen")])
    registry.save(engine, [Site("linde", "De Linde", zone="north", latitude=BRUSSELS[0], longitude=BRUSSELS[1])])


def write_water(series: SqliteSeries, meter: Meter) -> None:
    """Quarters of the last days, and all hours; a pipe bursts in the middle of an hour."""
    start_s = START_S + QUARTER_S * np.arange(4 * 24 * DAYS, dtype=np.int64)
    amount = np.repeat(household_water(DAYS) / 4, 4)
    amount[start_s >= BURST_S] += LITRES_A_QUARTER / 1000
    last = start_s >= END_S - 20 * DAY_S
    series.write_intervals(Resolution.QUARTER, meter.id, "water", Intervals.measured(start_s[last], amount[last]))
    whole = Intervals.measured(start_s[::4], amount.reshape(-1, 4).sum(axis=1))
    series.write_intervals(Resolution.HOUR, meter.id, "water", whole)


def test_what_goes_wrong_becomes_a_ticket(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    fill(engine, series, add_meter)
    for day in range(DAYS - 12, DAYS):
        evaluate.evaluate(engine, series, START_S + day * DAY_S, START_S + (day + 1) * DAY_S)
    told = {(ticket.rule, ticket.meter): ticket for ticket in tickets.tickets(engine)}
    burst = told["water_burst", "linde.water"]
    assert BURST_S - HOUR_S <= burst.first_abnormal_s <= BURST_S
    assert 0 < burst.opened_s - BURST_S <= HOUR_S
    assert burst.numbers["flow_l_per_h"] == pytest.approx(4 * LITRES_A_QUARTER, rel=0.1)
    assert told["solar_dead", "linde.solar"].opened_s == START_S + (DEAD_FROM + 1) * HOUR_S
    balance = told["sub_meter_balance", "linde.elec"]
    assert balance.numbers["unmeasured_kwh"] < 0
    assert balance.numbers["suspect_factor"] == 10
    weight = told["pulse_weight", "linde.kitchen"]
    assert weight.numbers["factor"] == 10
    assert weight.opened_s == START_S + (WRONG_FROM + 7 * 24 - 1) * HOUR_S  # at midnight, summer time
    # Ten times as much in the kitchen is unusual load too; nothing else is wrong on this site.
    others = {("unusual_load", "linde.kitchen"), ("outside_hours", "linde.kitchen")}
    assert len(told.keys() - others) == 4
    for ticket in told.values():
        says_its_numbers(ticket, engine)


def says_its_numbers(ticket: Ticket, engine: Engine) -> None:
    meter = registry.meter(engine, ticket.meter)
    assert meter is not None
    for language in LANGUAGES:
        said = explain.sentence(ticket, meter, language)
        assert "–" not in said, said
        assert "nan" not in said, said
