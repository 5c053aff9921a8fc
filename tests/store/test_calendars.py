"""What people enter of a building's days: kept with who, when and from where; what cannot be is refused."""

from datetime import date

import pytest

from plagewatch.metering.calendars.entered import EnteredDays, MarkedDay, OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Community
from plagewatch.metering.meters import Building, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import audit, registry
from plagewatch.store.records.calendars import CalendarEditor, entered_days, save
from plagewatch.store.records.life_cycle import By, What

DAY = date(2026, 5, 15)


@pytest.fixture
def editor(engine):
    registry.save(engine, [Site("s", "Site"), Site("other", "Other"), Building("b", "s", "House")])
    return CalendarEditor(engine, By("els", 5))


def test_what_is_entered_comes_back_with_who_when_and_from_where(engine, editor):
    assert editor.set_opening(OpeningHours("s", 4, 8.5, 18, date(2026, 1, 1), "b", source="letter"))
    assert editor.mark(MarkedDay("s", DAY, "closed", source="works council"))
    assert editor.follow_schools(SchoolYears("s", Community.FRENCH, date(2026, 8, 24)))
    assert entered_days(engine) == {
        "s": EnteredDays(
            [OpeningHours("s", 4, 8.5, 18, date(2026, 1, 1), "b", "letter", "els", 5)],
            [MarkedDay("s", DAY, "closed", "", "works council", "els", 5)],
            [SchoolYears("s", Community.FRENCH, date(2026, 8, 24), "", "", "els", 5)],
        )
    }
    assert [line.what for line in audit.lines(engine, "b")] == [What.OPENING_HOURS_SET]


def test_the_same_again_by_somebody_else_changes_nothing(engine, editor):
    hours = OpeningHours("s", 0, 8, 17)
    assert editor.set_opening(hours)
    assert not CalendarEditor(engine, By("jan", 9)).set_opening(hours)
    assert entered_days(engine)["s"].opening[0].who == "els"
    assert editor.set_opening(OpeningHours("s", 0, 8, 16))
    assert [one.close_h for one in entered_days(engine)["s"].opening] == [16]


def test_a_mark_is_taken_back(engine, editor):
    editor.mark(MarkedDay("s", DAY, "closed"))
    assert editor.unmark(MarkedDay("s", DAY, "closed"))
    assert not editor.unmark(MarkedDay("s", DAY, "closed"))
    assert entered_days(engine) == {}


def test_days_from_a_file_are_among_them_and_a_building_has_its_own(engine, editor):
    save(engine, {"s": EnteredDays(marked=[MarkedDay("s", DAY, "school_holidays", who="file:f")])})
    editor.mark(MarkedDay("s", DAY, "closed", "b"))
    marked = entered_days(engine)["s"].marked
    assert {(one.kind, one.building, one.who) for one in marked} == {
        ("school_holidays", "", "file:f"),
        ("closed", "b", "els"),
    }
    assert len(audit.lines(engine)) == 1


@pytest.mark.parametrize(
    ("refusal", "hours"),
    [
        (Refusal.DAY, OpeningHours("s", 7, 8, 17)),
        (Refusal.MOMENT, OpeningHours("s", 0, 17, 8)),
        (Refusal.MOMENT, OpeningHours("s", 0, 8, 24.5)),
        (Refusal.MOMENT, OpeningHours("s", 0, float("nan"), 17)),
        (Refusal.UNKNOWN, OpeningHours("nowhere", 0, 8, 17)),
        (Refusal.UNKNOWN, OpeningHours("other", 0, 8, 17, building="b")),
    ],
)
def test_what_cannot_be_is_refused(engine, editor, refusal, hours):
    with pytest.raises(EditRefused) as refused:
        editor.set_opening(hours)
    assert refused.value.refusal is refusal
    assert entered_days(engine) == {}


def test_a_week_is_one_line_of_the_audit_and_all_of_it_or_nothing(engine, editor):
    week = [OpeningHours("s", day, 8, 17, building="b") for day in range(5)]
    assert editor.set_opening(*week)
    with pytest.raises(EditRefused):
        editor.set_opening(OpeningHours("s", 0, 9, 17), OpeningHours("s", 1, 17, 9))
    assert len(entered_days(engine)["s"].opening) == 5
    assert editor.set_opening(*week[:4], OpeningHours("s", 4, 8, 12, building="b"))
    newest, first = audit.lines(engine, "b")
    assert len(first.after) == 5
    assert (newest.before["close_h"], newest.after["close_h"]) == (17, 12)


def test_opening_hours_and_schools_of_a_day_are_taken_back(engine, editor):
    since = date(2026, 9, 1)
    editor.set_opening(OpeningHours("s", 0, 8, 17), OpeningHours("s", 1, 8, 17))
    editor.set_opening(OpeningHours("s", 0, 9, 17, since))
    editor.follow_schools(SchoolYears("s", Community.FRENCH, since, "b"))
    assert editor.remove_opening("s", "", since)
    assert not editor.remove_opening("s", "", since)
    assert not editor.remove_schools("s", "", since)
    assert editor.remove_schools("s", "b", since)
    left = entered_days(engine)["s"]
    assert ([one.open_h for one in left.opening], left.schools) == ([8, 8], [])
    assert audit.lines(engine, "b")[0].what == What.SCHOOL_YEARS_REMOVED


def test_a_day_that_is_closed_is_not_open_any_more(engine, editor):
    editor.mark(MarkedDay("s", DAY, "open"), MarkedDay("s", DAY, "open", "b"))
    editor.mark(MarkedDay("s", DAY, "closed"))
    assert [(one.kind, one.building) for one in entered_days(engine)["s"].marked] == [("closed", ""), ("open", "b")]
    assert audit.lines(engine, "s")[0].before["kind"] == "open"
