"""Looks by day that pass meters over say what a look at everything says, at each hour in which news comes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Binding, Carrier
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, tickets
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import State
from rules.catalogue import DEVICE_SILENT, NIGHT_WATER, NO_DATA
from rules.evaluate import SETTLE_S, evaluate_due, learn_due
from rules.learning import Memory
from tests.rules.conftest import AddMeter
from tests.rules.invented import DAY_S, HOUR_S, START_S, household_water

DAYS = 40
END_S = START_S + DAYS * DAY_S
NAMES = ["linde.attic", "linde.cellar", "linde.roof"]
LEAK_M3 = 0.03


@pytest.fixture
def taps(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> list[str]:
    """Three water meters of one device; the first one leaks for two days. The night has been learnt from."""
    for name in NAMES:
        amount = household_water(DAYS) + 0.001
        amount[24 * (DAYS - 2) :] += LEAK_M3 if name == NAMES[0] else 0.0
        add_meter(name, Carrier.WATER, amount, "m3")
    registry.save(engine, [Binding("gateway", f"register {name}", name) for name in NAMES])
    learn_due(engine, series, END_S + SETTLE_S)
    return NAMES


def tell(series: SqliteSeries, meter: str, hours: range, amount: NDArray[np.float64]) -> None:
    """Hours after the night, as whoever makes figures leaves them."""
    start_s = END_S + HOUR_S * np.array(hours, dtype=np.int64)
    series.write_intervals(Resolution.HOUR, meter, "water", Intervals.measured(start_s, amount))


def look(engine: Engine, series: SqliteSeries, memory: Memory, hour: int) -> None:
    report = evaluate_due(engine, series, END_S + hour * HOUR_S + SETTLE_S, memory)
    assert report is not None
    assert not report.failed


def told(engine: Engine) -> set[tuple[str, str]]:
    return {(ticket.meter, ticket.cause) for ticket in tickets.tickets(engine)}


def test_a_device_of_which_one_meter_tells_is_not_silent(engine: Engine, series: SqliteSeries, taps: list[str]) -> None:
    memory = Memory()
    for hour in range(1, 8):
        tell(series, taps[2], range(hour - 1, hour), np.full(1, 0.002 + hour / 1000))
        look(engine, series, memory, hour)
    assert told(engine) == {(taps[0], NO_DATA.cause), (taps[1], NO_DATA.cause)}


def test_a_device_that_tells_again_ends_its_ticket_with_that_hour(
    engine: Engine, series: SqliteSeries, taps: list[str]
) -> None:
    memory = Memory()
    for hour in (1, 6, 7):
        look(engine, series, memory, hour)
    assert told(engine) == {(taps[0], DEVICE_SILENT)}
    for name in taps:
        tell(series, name, range(7, 8), np.full(1, 0.05))
    look(engine, series, memory, 8)
    (ticket,) = tickets.tickets(engine)
    assert ticket.state is State.FADED


def test_an_hour_that_comes_late_counts_in_what_is_weighed_after_it(
    engine: Engine, series: SqliteSeries, taps: list[str]
) -> None:
    memory, leak = Memory(), np.full(6, LEAK_M3)
    tell(series, taps[0], range(3, 6), leak[3:])
    look(engine, series, memory, 6)
    assert (taps[0], NIGHT_WATER.cause) not in told(engine), "three of six hours are no night"
    tell(series, taps[0], range(6), leak)
    look(engine, series, memory, 7)
    assert (taps[0], NIGHT_WATER.cause) in told(engine)


def test_a_meter_of_which_nothing_was_known_at_night_is_judged_from_its_first_hours_on(
    engine: Engine, series: SqliteSeries, add_meter: AddMeter
) -> None:
    meter, memory = add_meter("linde.new", Carrier.WATER, np.zeros(0), "m3").id, Memory()
    learn_due(engine, series, END_S + SETTLE_S)
    tell(series, meter, range(2), np.full(2, 0.05))
    for hour in range(2, 9):
        look(engine, series, memory, hour)
    assert told(engine) == {(meter, NO_DATA.cause)}
