"""The register of school holidays against the rules of the Flemish decision, and against published calendars."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from holidays import country_holidays

from plagewatch.metering.calendars import bridge_days
from plagewatch.metering.calendars.school_days import BREAKS, KNOWN
from plagewatch.metering.calendars.schools import Break, Community, school_breaks, unknown_days

WEEK = timedelta(days=7)
both = pytest.mark.parametrize("community", Community)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def by_the_flemish_rules(year: int) -> set[tuple[date, date, Break]]:
    """School year that begins in `year`: decision of the Flemish Government of 17 April 1991, as schools print it."""
    easter = next(day for day, name in country_holidays("BE", years=year + 1, language="en_US").items()
                  if name == "Easter Sunday")  # fmt: skip
    saints, christmas = date(year, 11, 1), date(year, 12, 25)
    autumn = saints + timedelta(days=1) if saints.weekday() == 6 else monday_of(saints)
    winter = monday_of(christmas) + (WEEK if christmas.weekday() >= 5 else timedelta())
    carnival = monday_of(easter) - 6 * WEEK  # the seventh Monday before Easter
    april = date(year + 1, 4, 1)
    spring = april + timedelta(days=-april.weekday() % 7)
    until = spring + 2 * WEEK - timedelta(days=1)
    if easter.month == 3:
        spring = easter + timedelta(days=1)
        until = spring + 2 * WEEK - timedelta(days=1)
    elif easter > date(year + 1, 4, 15):
        spring, until = monday_of(easter) - WEEK, easter + timedelta(days=1)
    ascension = easter + timedelta(days=39)
    return {
        (autumn, autumn + timedelta(days=6), Break.AUTUMN),
        (winter, winter + 2 * WEEK - timedelta(days=1), Break.CHRISTMAS),
        (carnival, carnival + timedelta(days=6), Break.CARNIVAL),
        (spring, until, Break.EASTER),
        (ascension + timedelta(days=1), ascension + timedelta(days=1), Break.DAY),
        (date(year + 1, 7, 1), date(year + 1, 8, 31), Break.SUMMER),
    }


def rows(community: Community) -> list[tuple[date, date, Break]]:
    return [(date.fromisoformat(first), date.fromisoformat(last), kind) for first, last, kind in BREAKS[community]]


@pytest.mark.parametrize("year", range(2019, 2028))
def test_flemish_holidays_are_those_of_the_decision(year: int) -> None:
    begin, end = date(year, 9, 1), date(year + 1, 8, 31)
    assert {row for row in rows(Community.FLEMISH) if begin <= row[0] <= end} == by_the_flemish_rules(year)


@both
def test_the_register_is_in_order_and_within_what_is_known(community: Community) -> None:
    register = rows(community)
    assert all(first <= last for first, last, _ in register)
    assert all(before[1] < after[0] for before, after in pairwise(register))
    known = [date.fromisoformat(text) for text in KNOWN[community]]
    assert known[0] <= register[0][0]
    assert register[-1][1] <= known[1]


def test_since_2022_french_speaking_schools_have_two_weeks_four_times_a_year() -> None:
    for year in range(2022, 2027):
        long = [row for row in rows(Community.FRENCH) if date(year, 9, 1) <= row[0] < date(year + 1, 7, 1)
                and row[2] is not Break.DAY]  # fmt: skip
        assert [kind for _, _, kind in long] == [Break.AUTUMN, Break.CHRISTMAS, Break.CARNIVAL, Break.EASTER]
        assert all((last - first).days == 13 and first.weekday() == 0 for first, last, _ in long)


def test_the_decree_of_2022_fixes_the_summer_and_shrove_tuesday() -> None:
    closed = school_breaks(Community.FRENCH, date(2022, 9, 1), date(2027, 7, 2))
    # By hand: first Fridays of July, last Mondays of August; 31 August 2026 is too late, so it is the 24th.
    summers = {(date(2023, 7, 7), date(2023, 8, 28)), (date(2024, 7, 5), date(2024, 8, 26)),
               (date(2025, 7, 4), date(2025, 8, 25)), (date(2026, 7, 3), date(2026, 8, 24))}  # fmt: skip
    for friday, monday in summers:
        assert closed.get(friday) is None
        assert closed.get(monday) is None
        assert all(closed[friday + timedelta(days=day)] is Break.SUMMER for day in range(1, (monday - friday).days))
    # Forty-seven days before Easter: 9 April 2023, 31 March 2024, 20 April 2025, 5 April 2026, 28 March 2027.
    shrove = [date(2023, 2, 21), date(2024, 2, 13), date(2025, 3, 4), date(2026, 2, 17), date(2027, 2, 9)]
    assert [closed[day] for day in shrove] == [
        Break.CARNIVAL, Break.DAY, Break.CARNIVAL, Break.CARNIVAL, Break.DAY
    ]  # fmt: skip


def test_of_french_speaking_schools_before_2020_nothing_is_told() -> None:
    autumn = date(2019, 10, 30)
    assert school_breaks(Community.FRENCH, autumn, autumn) == {}
    assert unknown_days(Community.FRENCH, autumn, autumn) == {autumn}


def test_the_communities_differ_since_2022_only() -> None:
    def closed(community: Community, year: int) -> set[date]:
        found = school_breaks(community, date(year, 9, 1), date(year + 1, 6, 30))
        return {day for day, kind in found.items() if kind is not Break.DAY and day.weekday() < 5}

    assert closed(Community.FLEMISH, 2020) == closed(Community.FRENCH, 2020)
    # Printed in a newspaper in August 2023, weekends counted: 7 days together in autumn, 14 at Christmas, none else.
    both_closed = closed(Community.FLEMISH, 2023) & closed(Community.FRENCH, 2023)
    assert len(both_closed) == 5 + 10


@both
def test_of_what_nobody_published_nothing_is_guessed(community: Community) -> None:
    first, last = date(2028, 9, 1), date(2029, 8, 31)
    assert school_breaks(community, first, last) == {}
    assert len(unknown_days(community, first, last)) == 365
    assert not unknown_days(community, date(2026, 9, 1), date(2027, 6, 30))


def test_bridge_days_of_2027() -> None:
    # 6 May 2027 is Ascension, a Thursday; 11 November a Thursday. 21 July is a Wednesday, which has none.
    assert bridge_days(date(2027, 1, 1), date(2027, 12, 31)) == {date(2027, 5, 7), date(2027, 11, 12)}
    assert bridge_days(date(2027, 5, 8), date(2027, 11, 11)) == frozenset()
