"""What an index that a person read would mean."""

from math import inf, isnan

import pytest

from plagewatch.metering.hand_readings import DAY_MS, Around, Read, Verdict, meaning, readable
from plagewatch.metering.meters import Carrier

LAST = Read(0, 1000.0)
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("index", "around", "verdict", "movement"),
    [
        (1010.0, Around(LAST, highest_day=12.0), Verdict.USUAL, 10.0),
        (1000.0, Around(LAST, highest_day=12.0), Verdict.USUAL, 0.0),
        (1036.0, Around(LAST, highest_day=12.0), Verdict.USUAL, 36.0),  # three times the highest day
        (1036.5, Around(LAST, highest_day=12.0), Verdict.FAR_ABOVE, 36.5),
        (9999.0, Around(LAST), Verdict.USUAL, 8999.0),  # nobody knows what is usual
        (999.9, Around(LAST), Verdict.BELOW_LAST, -0.1),
        (5.0, Around(Read(0, 9990.0), full_scale=10_000.0), Verdict.TURNED, 15.0),
        (8000.0, Around(Read(0, 9990.0), full_scale=10_000.0), Verdict.BELOW_LAST, -1990.0),
        (1020.0, Around(LAST, Read(2 * DAY_MS, 1015.0)), Verdict.ABOVE_NEXT, 20.0),
        (1015.0, Around(LAST, Read(2 * DAY_MS, 1015.0)), Verdict.USUAL, 15.0),
        (1010.0, Around(LAST, then=[1010.0, 7.0]), Verdict.KNOWN, 10.0),
        (1011.0, Around(LAST, then=[1010.0]), Verdict.OTHER_THEN, 11.0),
    ],
)
def test_a_reading_a_day_later(index, around, verdict, movement):
    told = meaning(Read(DAY_MS, index), around)
    assert told.verdict is verdict
    assert told.movement == pytest.approx(movement)
    assert told.per_day == pytest.approx(movement)


def test_the_first_reading_means_nothing_yet_but_is_held_against_a_later_one():
    told = meaning(Read(0, 500.0), Around())
    assert told.verdict is Verdict.FIRST
    assert isnan(told.movement)
    assert meaning(Read(0, 500.0), Around(following=Read(5, 400.0))).verdict is Verdict.ABOVE_NEXT


def test_an_hour_is_not_told_as_a_day_and_is_judged_as_one():
    told = meaning(Read(HOUR_MS, 1030.0), Around(LAST, highest_day=12.0))
    assert told.verdict is Verdict.USUAL
    assert isnan(told.per_day)
    assert meaning(Read(HOUR_MS, 1037.0), Around(LAST, highest_day=12.0)).verdict is Verdict.FAR_ABOVE


def test_the_amount_is_the_movement_times_the_factor():
    # 5 m3 an hour over two days is 240 m3, on an index that counts in tens of them 24.
    told = meaning(Read(2 * DAY_MS, 1024.0), Around(LAST, factor=10.0, highest_day=120.0))
    assert (told.verdict, told.amount, told.per_day) == (Verdict.USUAL, 240.0, 120.0)
    unknown = meaning(Read(2 * DAY_MS, 1024.0), Around(LAST, factor=float("nan"), full_scale=inf, highest_day=120.0))
    assert unknown.verdict is Verdict.USUAL
    assert isnan(unknown.amount)


def test_registers_with_readings_stand_first():
    choices = readable(Carrier.ELECTRICITY, "kWh", ["energy_import_night", "energy_import_total.2", "power_active"])
    assert choices[:2] == ["energy_import_night", "energy_import_total.2"]
    assert "energy_import_total" not in choices
    assert "energy_export_total" in choices
    assert not any(choice.startswith(("gas", "water", "solar", "pulse")) for choice in choices)
