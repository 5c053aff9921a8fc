"""Head and sub-meters: what passes unmetered, and how surely; by hand."""

from datetime import date
from math import sqrt

import numpy as np
import pytest

from plagewatch.metering.balance import Part, Verdict, balance, check_link
from plagewatch.metering.intervals import Intervals
from plagewatch.metering.meters import Carrier, Kind, Meter, SubMeter
from plagewatch.metering.refused import EditRefused, Refusal

HOURS = np.arange(24) * 3600


def hours(amount: float, missing: slice = slice(0, 0)) -> Part:
    amounts = np.full(24, amount)
    amounts[missing] = np.nan
    return Part(Intervals.measured(HOURS, amounts), 0.02)


def test_uncertainty_by_hand():
    # Head 240 kWh ± 2 %, sub 230 kWh ± 2 %: limits 4.8 and 4.6; 2 × sqrt((4.8² + 4.6²) / 3) = 7.677 kWh.
    made = balance(hours(10.0), {"s": hours(230 / 24)})
    assert made.difference == pytest.approx(10.0)
    assert made.uncertainty == pytest.approx(2 * sqrt((4.8**2 + 4.6**2) / 3), abs=1e-9)
    assert made.uncertainty == pytest.approx(7.677, abs=0.001)
    assert made.verdict is Verdict.UNMETERED


def test_within_the_meters_own_errors_nothing_is_said():
    assert balance(hours(10.0), {"s": hours(235 / 24)}).verdict is Verdict.BALANCED


def test_a_pulse_weight_ten_times_too_large():
    made = balance(hours(10.0), {"right": hours(6.0), "wrong": hours(40.0)})
    assert made.verdict is Verdict.SUBS_TOO_HIGH
    assert made.subs == {"right": pytest.approx(144.0), "wrong": pytest.approx(960.0)}


def test_only_hours_that_all_have_are_compared():
    # Of 24 hours the sub lacks the first 6 and the head the last 2: 16 remain, 160 - 80 = 80.
    made = balance(hours(10.0, slice(22, 24)), {"s": hours(5.0, slice(0, 6))})
    assert (made.compared, made.asked) == (16, 24)
    assert made.difference == pytest.approx(80.0)


def test_half_measured_hours_are_not_compared():
    part = hours(5.0)
    half = Part(Intervals(HOURS, part.intervals.amount, np.full(24, 0.5), *[np.zeros(24)] * 4), 0.02)
    made = balance(hours(10.0), {"s": half})
    assert made.verdict is Verdict.NOT_COMPARABLE
    assert made.compared == 0


def test_resolution_of_a_coarse_index_counts():
    # An index in whole m3 can be one off: limits 0.48 + 1 and 0.24.
    coarse = Part(Intervals.measured(HOURS, np.full(24, 1.0)), 0.02, resolution=1.0)
    made = balance(coarse, {"s": Part(Intervals.measured(HOURS, np.full(24, 0.5)), 0.02)})
    assert made.uncertainty == pytest.approx(2 * sqrt((1.48**2 + 0.24**2) / 3))


def meter(name: str, unit: str = "kWh") -> Meter:
    return Meter(name, "s", name, Carrier.ELECTRICITY if unit == "kWh" else Carrier.WATER, Kind.INDEX, unit)


METERS = {name: meter(name) for name in "abcd"} | {
    "w": meter("w", "m3"),
    "room": Meter("room", "s", "room", Carrier.ELECTRICITY, Kind.GAUGE, "kWh"),
}
LINKS = [SubMeter("a", "b"), SubMeter("b", "c"), SubMeter("a", "d", valid_to=date(2026, 1, 1))]


@pytest.mark.parametrize(
    ("added", "refusal", "said"),
    [
        (SubMeter("a", "c"), Refusal.TAKEN, "c stands behind b in that time"),
        (SubMeter("c", "a"), Refusal.CIRCLE, "c stands behind a"),
        (SubMeter("a", "a"), Refusal.CIRCLE, "behind itself"),
        (SubMeter("a", "x"), Refusal.UNKNOWN, "There is no meter “x”"),
        (SubMeter("a", "w"), Refusal.UNLIKE, "a counts electricity in kWh, and w water in m3"),
        (SubMeter("a", "room"), Refusal.UNLIKE, "no balance"),
        (SubMeter("c", "d"), Refusal.TAKEN, "d stands behind a"),
        (SubMeter("c", "d", date(2026, 1, 1), date(2026, 1, 1)), Refusal.NO_DAY, "2026-01-01 to 2026-01-01"),
    ],
)
def test_who_may_not_stand_behind_whom(added, refusal, said):
    with pytest.raises(EditRefused) as refused:
        check_link(LINKS, added, METERS)
    assert refused.value.refusal is refusal
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "added",
    [
        SubMeter("c", "d", date(2026, 1, 1)),
        SubMeter("a", "d", valid_to=date(2025, 1, 1)),  # the same link again, with another end
        SubMeter("d", "a", date(2026, 1, 1)),  # turned round from the day on which the other link has ended
    ],
)
def test_who_may_stand_behind_whom(added):
    check_link(LINKS, added, METERS)
