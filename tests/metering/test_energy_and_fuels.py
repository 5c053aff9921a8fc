"""Worked examples: plage.md T2 (gas to energy), T11 (deliveries)."""

from datetime import date, timedelta

import numpy as np
import pytest

from plagewatch.metering.deliveries import DeliveryNote, burnt_by_day, findings
from plagewatch.metering.energy import energy_kwh
from plagewatch.metering.fuels import FUELS, GAS_NET_TO_GROSS, gross_kwh
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import CalorificValue, Carrier, Delivery, MeterFacts
from plagewatch.metering.rollups import bounds_s, roll_up

BRUSSELS = "Europe/Brussels"


def gas(volume_m3: float, kwh_per_m3: float) -> float:
    day = Intervals.measured(np.array([day_start_s(date(2026, 1, 1), BRUSSELS)]), np.array([volume_m3]))
    value = CalorificValue("brussels", date(2025, 1, 1), kwh_per_m3, "test case")
    return float(energy_kwh(day, [value], BRUSSELS).amount[0])


@pytest.mark.parametrize(
    ("volume_m3", "kwh_per_m3", "kwh"),
    [(1500, 11.6, 17_400), (1500, 10.3, 15_450), (2000, 11.54, 23_080), (1000, 10.26, 10_260), (1000, 11.51, 11_510)],
)
def test_gas_as_energy(volume_m3, kwh_per_m3, kwh):
    assert gas(volume_m3, kwh_per_m3) == pytest.approx(kwh)


def test_gas_as_energy_to_the_third_decimal():
    volumes_m3 = [0.364, 0.147, 0.091, 0.488, 0.584, 0.973, 0.922, 0.798]
    printed = [4.125, 1.666, 1.031, 5.530, 6.618, 11.026, 10.448, 9.043]
    assert [round(gas(volume_m3, 11.332), 3) for volume_m3 in volumes_m3] == printed


def test_net_energy_of_gas():
    assert gas(1500, 11.6) * GAS_NET_TO_GROSS == pytest.approx(15_660)


def test_a_calorific_value_holds_from_its_local_day_until_the_next():
    # Three days around 1 September: 100 m3 each. By hand: 100 × 10.3 + 2 × 100 × 11.6 = 3 350 kWh.
    starts = [day_start_s(date(2022, 8, 31) + timedelta(days=n), BRUSSELS) for n in range(3)]
    volume = Intervals.measured(np.array(starts), np.full(3, 100.0))
    values = [
        CalorificValue("brussels", date(2022, 9, 1), 11.6, "H gas"),
        CalorificValue("brussels", date(2020, 1, 1), 10.3, "L gas"),
    ]
    energy = energy_kwh(volume, values, BRUSSELS)
    assert energy.amount == pytest.approx([1030.0, 1160.0, 1160.0])
    months = roll_up(energy, 86_400, bounds_s(Resolution.MONTH, starts[0], starts[-1] + 1, BRUSSELS))
    assert months.amount == pytest.approx([1030.0, 2320.0])


def test_without_a_value_there_is_no_energy_and_nothing_is_covered():
    volume = Intervals.measured(np.array([0, 10**9]), np.array([5.0, 5.0]))
    energy = energy_kwh(volume, [CalorificValue("brussels", date(2000, 1, 1), 11.0)], BRUSSELS)
    assert np.isnan(energy.amount[0])
    assert energy.coverage.tolist() == [0.0, 1.0]
    assert np.isnan(energy_kwh(volume, [], BRUSSELS).amount).all()


def test_what_was_spread_stays_spread():
    one = np.array([2.0])
    volume = Intervals(np.array([10**9]), one * 5, one * 0.1, one, one, one * 0.25, one * 0.25)
    energy = energy_kwh(volume, [CalorificValue("s", date(2000, 1, 1), 10.0)], BRUSSELS)
    parts = (energy.amount, energy.interpolated, energy.spread, energy.estimated, energy.manual)
    assert [float(part[0]) for part in parts] == [100.0, 20.0, 20.0, 5.0, 5.0]


def test_oil_in_kwh():
    assert FUELS[Carrier.OIL, "l"].net_kwh_per_unit * 3000 == pytest.approx(30_000)
    assert gross_kwh(Carrier.OIL, 3000, "l") == pytest.approx(31_915, abs=0.5)


def oil(*deliveries: tuple[date, float]) -> list[Delivery]:
    return [Delivery("m", on, litres, "l") for on, litres in deliveries]


@pytest.mark.parametrize(("days", "notes"), [(365, []), (366, [DeliveryNote.TOO_FAR_APART])])
def test_at_most_365_days_between_deliveries(days, notes):
    first = date(2024, 11, 2)
    found = findings(Carrier.OIL, oil((first, 3000), (first + timedelta(days=days), 3000)), [])
    assert [one.note for one in found] == notes


def test_a_delivery_larger_than_the_tank_that_stood_there_then():
    tanks = [MeterFacts("m", 0, tank_l=2500), MeterFacts("m", day_start_s(date(2026, 1, 1), "UTC") * 1000, tank_l=5000)]
    found = findings(Carrier.OIL, oil((date(2025, 6, 1), 3000), (date(2026, 3, 1), 3000)), tanks)
    assert [(one.note, one.delivered_on, one.said, one.allowed) for one in found] == [
        (DeliveryNote.LARGER_THAN_TANK, date(2025, 6, 1), 3000, 2500)
    ]


def test_nothing_is_guessed_of_a_fuel_without_calorific_value():
    strange = [Delivery("m", date(2026, 1, 1), 100, "l"), Delivery("m", date(2026, 2, 1), 100, "sacks")]
    assert [one.note for one in findings(Carrier.PELLETS, strange, [])] == [DeliveryNote.FUEL_UNKNOWN] * 2
    assert np.isnan(burnt_by_day(Carrier.PELLETS, strange, BRUSSELS).amount).all()


def test_burnt_between_deliveries_through_the_change_of_clocks():
    # By hand: from 20 March to 30 March 2026 ten local days, one of them 23 hours; 940 l × 10 / 0.94 = 10 000 kWh.
    days = burnt_by_day(Carrier.OIL, oil((date(2026, 3, 20), 2000), (date(2026, 3, 30), 940)), BRUSSELS)
    assert days.start_s.tolist() == [day_start_s(date(2026, 3, 20) + timedelta(days=n), BRUSSELS) for n in range(10)]
    assert days.amount == pytest.approx(np.full(10, 1000.0))
    assert days.spread == pytest.approx(days.amount)
    assert days.coverage.max() == 0.0


def test_two_lorries_of_one_day_fill_one_tank():
    one = burnt_by_day(Carrier.OIL, oil((date(2026, 1, 1), 10), (date(2026, 2, 1), 600)), BRUSSELS)
    two = burnt_by_day(
        Carrier.OIL, oil((date(2026, 1, 1), 10), (date(2026, 2, 1), 400), (date(2026, 2, 1), 200)), BRUSSELS
    )
    assert two.amount == pytest.approx(one.amount)


def test_one_delivery_says_nothing_yet():
    assert len(burnt_by_day(Carrier.OIL, oil((date(2026, 1, 1), 3000)), BRUSSELS)) == 0
