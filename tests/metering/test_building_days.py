"""Why a building rests on a day: what is told first, and what of it people told."""

from datetime import date

import pytest

from plagewatch.metering.calendars.building_days import BELGIUM, BuildingDays, Why, building_days, not_as_others
from plagewatch.metering.calendars.clock import hours_of
from plagewatch.metering.calendars.entered import EnteredDays, MarkedDay, OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Break, Community

ALWAYS = [OpeningHours("s", day, 0, 24) for day in range(7)]


def days(first: date, last: date, tz: str = BELGIUM, **entered) -> BuildingDays:
    return building_days(first, last, tz, EnteredDays(**entered))


def told(found: BuildingDays) -> list[tuple[date, date, Why]]:
    return [(one.first, one.last, one.why) for one in not_as_others(found)]


def test_a_school_holiday_is_one_stretch_with_its_weekends_and_christmas() -> None:
    schools = [SchoolYears("s", Community.FLEMISH)]
    (stretch,) = not_as_others(days(date(2026, 12, 18), date(2027, 1, 5), schools=schools))
    assert (stretch.first, stretch.last) == (date(2026, 12, 21), date(2027, 1, 3))
    assert (stretch.why, stretch.school) == (Why.SCHOOL_HOLIDAY, Break.CHRISTMAS)


def test_its_own_closing_days_come_before_other_reasons() -> None:
    marked = [MarkedDay("s", date(2026, 12, day), "closed") for day in (24, 25)]
    assert told(days(date(2026, 12, 21), date(2026, 12, 31), marked=marked)) == [
        (date(2026, 12, 24), date(2026, 12, 25), Why.OWN)
    ]


def test_a_bridge_day_is_told_though_it_works_until_it_is_marked() -> None:
    week = date(2026, 5, 11), date(2026, 5, 17)  # Ascension is Thursday the 14th
    ascension, bridge = date(2026, 5, 14), date(2026, 5, 15)
    found = days(*week)
    assert told(found) == [(ascension, ascension, Why.PUBLIC_HOLIDAY), (bridge, bridge, Why.BRIDGE)]
    assert found.rest.tolist() == [False, False, False, True, False, True, True]
    marked = days(*week, marked=[MarkedDay("s", bridge, "closed")])
    assert told(marked)[1] == (bridge, bridge, Why.OWN)
    assert not marked.bridge.any()


def test_open_is_told_only_where_it_would_rest() -> None:
    marked = [MarkedDay("s", date(2026, 7, day), "open") for day in (20, 21)]
    found = days(date(2026, 7, 19), date(2026, 7, 22), marked=marked)
    assert told(found) == [(date(2026, 7, 20), date(2026, 7, 20), Why.BRIDGE),
                           (date(2026, 7, 21), date(2026, 7, 21), Why.OPEN)]  # fmt: skip
    assert found.rest.tolist() == [True, False, False, False]


def test_what_never_closes_has_no_holidays_but_those_it_marks() -> None:
    christmas = date(2026, 12, 25)
    assert told(days(christmas, christmas, opening=ALWAYS)) == []
    marked = [MarkedDay("s", christmas, "public_holiday")]
    assert told(days(christmas, christmas, opening=ALWAYS, marked=marked)) == [
        (christmas, christmas, Why.PUBLIC_HOLIDAY)
    ]


def test_holidays_of_belgium_are_not_those_of_other_places() -> None:
    assert told(days(date(2026, 7, 20), date(2026, 7, 22), tz="Europe/Amsterdam")) == []


def test_a_building_that_leaves_a_school_calendar_follows_it_no_more() -> None:
    schools = [SchoolYears("s", Community.FRENCH), SchoolYears("s", None, date(2026, 10, 26), "b")]
    assert told(days(date(2026, 10, 19), date(2026, 10, 30), schools=schools)) == [
        (date(2026, 10, 19), date(2026, 10, 25), Why.SCHOOL_HOLIDAY)
    ]


@pytest.mark.parametrize("text", ["", "25:00", "8:60", "24:01", "half nine", "8:3", "-1:00", "８:30x"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        hours_of(text)
