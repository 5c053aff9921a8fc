"""What a day is for a building, by hand: 6 April 2026 is Easter Monday, 1 May a Friday, 15 May a bridge day."""

from datetime import date

import numpy as np
import pytest

from plagewatch.metering.calendars.building_days import BELGIUM
from plagewatch.metering.calendars.entered import EnteredDays, MarkedDay, OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Community
from rules.detectors.case import DayKinds
from rules.detectors.day_kinds import day_kinds, holidays_of

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
OFFICE = EnteredDays([OpeningHours("s", weekday, 8, 17.5) for weekday in range(5)])
SATURDAYS = EnteredDays([*OFFICE.opening, OpeningHours("s", 5, 9, 12, date(2026, 6, 1))])
ALWAYS = EnteredDays([OpeningHours("s", weekday, 0, 24) for weekday in range(7)])


def made(*parts: EnteredDays, tz: str = BELGIUM) -> DayKinds:
    return day_kinds(FIRST, LAST, tz, parts)


def at(days: DayKinds, day: date) -> tuple[bool, float, float]:
    place = day.toordinal() - days.first_day
    return bool(days.rest[place]), float(days.open_from_h[place]), float(days.open_to_h[place])


def test_where_nothing_is_entered_weekends_and_holidays_are_of_rest() -> None:
    days = made()
    assert days.rest.sum() == 104 + 8  # of the ten holidays 15 August and 1 November are in a weekend
    assert np.isnan(days.open_from_h).all()
    assert {date(2026, 4, 6).toordinal(), date(2026, 5, 1).toordinal()} < holidays_of(days)


def test_elsewhere_no_belgian_holiday_counts() -> None:
    days = made(tz="UTC")
    assert days.rest.sum() == 104
    assert holidays_of(days) == frozenset()
    assert days.bridge is not None
    assert not days.bridge.any()


@pytest.mark.parametrize(
    ("entered", "day", "rest", "opening"),
    [
        (OFFICE, date(2026, 3, 4), False, (8, 17.5)),
        (OFFICE, date(2026, 4, 6), True, (8, 8)),
        (OFFICE, date(2026, 3, 7), True, (np.nan, np.nan)),
        (SATURDAYS, date(2026, 5, 30), True, (np.nan, np.nan)),
        (SATURDAYS, date(2026, 6, 6), False, (9, 12)),
        (ALWAYS, date(2026, 12, 25), False, (0, 24)),
        (EnteredDays(OFFICE.opening, [MarkedDay("s", date(2026, 5, 15), "closed")]), date(2026, 5, 15), True, (8, 8)),
        (EnteredDays(OFFICE.opening, [MarkedDay("s", date(2026, 4, 6), "open")]), date(2026, 4, 6), False, (8, 17.5)),
        (EnteredDays(OFFICE.opening, [MarkedDay("s", date(2026, 3, 4), "summer_school")]), date(2026, 3, 4), False,
         (8, 17.5)),
        (EnteredDays(schools=[SchoolYears("s", Community.FRENCH)]), date(2026, 10, 26), True, (np.nan, np.nan)),
        (EnteredDays(schools=[SchoolYears("s", Community.FLEMISH)]), date(2026, 10, 26), False, (np.nan, np.nan)),
        (EnteredDays(schools=[SchoolYears("s", Community.FRENCH), SchoolYears("s", None, date(2026, 9, 1))]),
         date(2026, 10, 26), False, (np.nan, np.nan)),
    ],
)  # fmt: skip
def test_a_day_by_what_is_entered(entered: EnteredDays, day: date, rest: bool, opening: tuple[float, float]) -> None:
    np.testing.assert_equal(at(made(entered), day), (rest, *opening))


def test_a_building_s_own_hours_go_before_those_of_the_site() -> None:
    own = OpeningHours("s", 2, 6, 22, building="b")
    days = made(EnteredDays([own, *OFFICE.opening]))
    assert at(days, date(2026, 3, 4)) == (False, 6, 22)


def test_a_meter_of_two_buildings_is_open_while_one_of_them_is() -> None:
    late = EnteredDays([OpeningHours("s", weekday, 10, 21) for weekday in range(6)])
    days = made(OFFICE, late)
    assert at(days, date(2026, 3, 4)) == (False, 8, 21)
    assert not at(days, date(2026, 3, 7))[0]
    assert np.isnan(at(made(OFFICE, EnteredDays()), date(2026, 3, 4))[1])


def test_bridge_days_are_no_days_of_rest_by_themselves() -> None:
    days = made()
    assert days.bridge is not None
    found = [date.fromordinal(days.first_day + int(place)) for place in np.flatnonzero(days.bridge)]
    assert found == [date(2026, 1, 2), date(2026, 5, 15), date(2026, 7, 20)]
