"""Local days and months against the standard library's own arithmetic, over both change-over days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.metering.local_time import (
    day_start_s,
    day_starts_s,
    local_day,
    local_fields,
    month_starts_s,
    utc_offset_s,
    zone,
)

BRUSSELS = "Europe/Brussels"
ZONES = [BRUSSELS, "UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
moments = st.integers(946_684_800, 2_050_000_000)  # 2000 to 2034


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_the_change_over_days(day, hours):
    start_s = day_start_s(day, BRUSSELS)
    end_s = day_start_s(day + timedelta(days=1), BRUSSELS)
    assert end_s - start_s == hours * 3600
    assert day_starts_s(start_s, end_s, BRUSSELS).tolist() == [start_s, end_s]
    fields = local_fields(np.arange(start_s, end_s, 900), BRUSSELS)
    assert len(fields.hour) == hours * 4
    assert set(fields.day) == {day.toordinal()}
    assert (np.bincount(fields.hour, minlength=24)[2], len(set(fields.hour))) == {
        23: (0, 23),
        24: (4, 24),
        25: (8, 24),
    }[hours]


@pytest.mark.parametrize("tz", ZONES)
@given(at_s=st.lists(moments, min_size=1, max_size=5))
def test_fields_are_those_of_the_wall_clock(tz, at_s):
    fields = local_fields(np.array(at_s, np.int64), tz)
    for place, instant in enumerate(at_s):
        told = datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(tz))
        assert fields.hour[place] == told.hour
        assert fields.weekday[place] == told.weekday()
        assert fields.day[place] == told.date().toordinal() == local_day(instant, tz).toordinal()


@pytest.mark.parametrize("tz", ZONES)
@given(start_s=moments, length_s=st.integers(1, 90 * 86_400))
def test_days_follow_each_other_without_hole_or_overlap(tz, start_s, length_s):
    bounds = day_starts_s(start_s, start_s + length_s, tz)
    assert bounds[0] <= start_s < bounds[1]
    assert bounds[-2] < start_s + length_s <= bounds[-1]
    days = [local_day(int(bound), tz) for bound in bounds]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert all(local_day(int(bound) - 1, tz) < day for bound, day in zip(bounds, days, strict=True))


def test_months_of_a_year():
    bounds = month_starts_s(day_start_s(date(2026, 1, 15), BRUSSELS), day_start_s(date(2027, 1, 1), BRUSSELS), BRUSSELS)
    hours = (np.diff(bounds) // 3600).tolist()
    assert hours == [744, 672, 743, 720, 744, 720, 744, 744, 720, 745, 720, 744]


def test_no_span_has_no_day():
    assert len(day_starts_s(0, 0, BRUSSELS)) == 1
    assert len(local_fields(np.zeros(0, np.int64), BRUSSELS).hour) == 0
    assert len(utc_offset_s(np.zeros(0, np.int64), BRUSSELS)) == 0


def test_a_zone_that_does_not_exist():
    with pytest.raises(ZoneInfoNotFoundError):
        zone("Europe/Atlantis")
