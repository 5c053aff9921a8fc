"""Sums with their coverage."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.flows import added, flow_registers, is_index
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier
from plagewatch.metering.rollups import QUARTER_S, bounds_s, roll_up

TZ = "Europe/Brussels"


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_a_day_has_as_many_quarters_as_its_clock(day, quarters):
    start_s = day_start_s(day, TZ)
    fine = Intervals.measured(start_s + np.arange(quarters) * QUARTER_S, np.ones(quarters))
    bounds = bounds_s(Resolution.DAY, start_s, start_s + 1, TZ)
    whole = roll_up(fine, QUARTER_S, bounds)
    assert (whole.amount.tolist(), whole.coverage.tolist()) == ([float(quarters)], [1.0])
    missing = roll_up(fine.where(np.arange(quarters) != 5), QUARTER_S, bounds)
    assert missing.coverage[0] == pytest.approx((quarters - 1) / quarters)


def test_every_sum_carries_the_origins_of_its_parts():
    told = Intervals.reported(
        np.arange(4) * QUARTER_S, np.array([1.0, 2.0, 4.0, np.nan]), np.array([0, 1, 2, 2], np.int8)
    )
    hour = roll_up(added([told, told]), QUARTER_S, np.array([0, 3600]))
    assert (hour.amount.tolist(), hour.manual.tolist(), hour.estimated.tolist()) == ([14.0], [4.0], [8.0])
    assert hour.coverage.tolist() == [0.5]  # two of four quarters were read


def test_what_is_unknown_is_no_zero():
    fine = Intervals.measured(np.array([0, 900, 3600, 4500]), np.array([np.nan, 2.0, np.nan, np.nan]))
    hours = roll_up(fine, QUARTER_S, np.array([0, 3600, 7200, 10_800]))
    assert hours.start_s.tolist() == [0, 3600]
    np.testing.assert_array_equal(hours.amount, [2.0, np.nan])
    assert hours.coverage.tolist() == [0.25, 0.0]


@given(st.lists(st.one_of(st.just(float("nan")), st.integers(0, 1000).map(float)), min_size=1, max_size=300))
def test_rolling_up_loses_and_invents_nothing(amount):
    fine = Intervals.measured(np.arange(len(amount)) * QUARTER_S, np.array(amount))
    end_s = len(amount) * QUARTER_S
    for resolution in (Resolution.HOUR, Resolution.DAY, Resolution.MONTH):
        bounds = bounds_s(resolution, 0, end_s, TZ)
        coarse = roll_up(fine, QUARTER_S, bounds)
        assert np.nansum(coarse.amount) == np.nansum(amount)
        lengths = np.diff(bounds)[np.searchsorted(bounds, coarse.start_s)]
        assert (coarse.coverage * lengths).sum() == pytest.approx(fine.coverage.sum() * QUARTER_S)


@pytest.mark.parametrize(
    ("registers", "carrier", "flow", "chosen"),
    [
        (["energy_import_total", "energy_import_day", "energy_interval"], Carrier.ELECTRICITY, "main", 1),
        (["energy_import_day", "energy_import_night", "pulse_count"], Carrier.ELECTRICITY, "main", 2),
        (["energy_import_total.1", "energy_import_total.2"], Carrier.ELECTRICITY, "main", 2),
        (["gas_volume", "volume_interval"], Carrier.GAS, "main", 1),
        (["power_active", "temperature"], Carrier.ELECTRICITY, "main", 0),
        (["solar_energy_total", "energy_import_total"], Carrier.SOLAR, "main", 1),
        (["energy_export_total", "energy_import_total"], Carrier.ELECTRICITY, "export", 1),
        (["energy_export_total"], Carrier.SOLAR, "export", 0),  # an inverter that counts what it feeds counts its use
    ],
)
def test_a_total_is_never_added_to_its_parts(registers, carrier, flow, chosen):
    assert len(flow_registers(registers, carrier, flow)) == chosen


@pytest.mark.parametrize(
    ("registers", "carrier", "unit", "chosen"),
    [
        (["energy_import_total", "gas_volume"], Carrier.GAS, "m3", ["gas_volume"]),
        (["energy_import_total", "gas_volume"], Carrier.GAS, "kWh", ["energy_import_total"]),
        (["energy_import_total"], Carrier.GAS, "m3", []),
        (["volume_interval", "energy_interval"], Carrier.GAS, "kWh", ["energy_interval"]),
        (["pulse_count.2", "field.counter"], Carrier.GAS, "kWh", ["pulse_count.2"]),
        (["water_volume", "energy_import_total"], Carrier.HEAT, "kWh", ["energy_import_total"]),
    ],
)
def test_a_flow_is_told_in_the_unit_of_its_meter(registers, carrier, unit, chosen):
    assert flow_registers(registers, carrier, "main", unit) == chosen


@pytest.mark.parametrize("carrier", list(Carrier))
def test_a_number_that_nobody_said_the_meaning_of_makes_no_flow(carrier):
    assert [flow_registers(["field.total", "field"], carrier, flow, "kWh") for flow in ("main", "export")] == [[], []]
    assert not is_index("field.total")


def test_parts_that_do_not_overlap_are_both_there():
    one = Intervals.measured(np.array([0]), np.array([1.0]))
    other = Intervals.measured(np.array([900, 1800]), np.array([np.nan, 2.0]))
    total = added([one, other])
    np.testing.assert_array_equal(total.amount, [1.0, np.nan, 2.0])
    assert total.coverage.tolist() == [0.5, 0.0, 0.5]
