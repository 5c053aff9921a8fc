"""People live by the local clock: a profile keeps its hour when the clocks change."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulators.profiles import REST, SATURDAY, WORK, moments

BRUSSELS = ZoneInfo("Europe/Brussels")


def local_s(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=BRUSSELS).timestamp())


def first_tap_hours(world, meter: str, day: date) -> float:
    """Local hour of the first water after 04:00 of a working day, by the wall clock."""
    found = next(r for r in world.registers() if r.meter == meter)
    start_s = local_s(day.year, day.month, day.day, 4)
    used = np.diff(world.counted_steps(found, np.arange(start_s, start_s + 8 * 3600, 900)))
    first = datetime.fromtimestamp(start_s + 900 * int(np.flatnonzero(used)[0]), BRUSSELS)
    return first.hour + first.minute / 60


@pytest.mark.parametrize(
    ("before", "after"),
    [((2026, 3, 23), (2026, 3, 30)), ((2025, 10, 22), (2025, 10, 29)), ((2026, 10, 19), (2026, 10, 26))],
)
def test_offices_open_at_the_same_wall_clock_before_and_after_the_change(world, before, after):
    for first in (before, after):
        opened = [first_tap_hours(world, "siege.water", date(*first) + timedelta(days=day)) for day in (0, 1, 2)]
        assert all(6.0 <= hour < 7.0 for hour in opened), (first, opened)


@pytest.mark.parametrize(("day", "quarters"), [((2026, 3, 29), 92), ((2026, 10, 25), 100), ((2026, 6, 7), 96)])
def test_change_over_days_have_their_own_length(day, quarters):
    start_s = local_s(*day)
    end_s = local_s(day[0], day[1], day[2] + 1)
    when = moments(1, start_s, end_s)
    assert len(when.start_s) == quarters
    assert set(when.kind.tolist()) == {REST}
    assert when.hour[0] == 0
    assert when.hour[-1] == 23
    assert (when.hour == 2).sum() == quarters - 92


def test_kinds_of_day():
    when = moments(1, local_s(2026, 11, 9), local_s(2026, 11, 16))
    daily = when.kind.reshape(7, 96)
    assert (daily == daily[:, :1]).all()
    # Wednesday 11 November is a public holiday.
    assert daily[:, 0].tolist() == [WORK, WORK, REST, WORK, WORK, SATURDAY, REST]


def test_an_office_rests_on_a_public_holiday(world):
    found = next(r for r in world.registers() if r.meter == "kantoor-west.elec")

    def day_kwh(month: int, day: int) -> float:
        start_s = local_s(2026, month, day)
        steps = world.counted_steps(found, np.array([start_s, start_s + 86_400]))
        return float((steps[1] - steps[0]) / found.steps_per_unit)

    assert day_kwh(7, 21) < 0.6 * day_kwh(7, 14)
    assert day_kwh(7, 21) == pytest.approx(day_kwh(7, 19), rel=0.2)
