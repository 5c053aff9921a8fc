from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from digest import schedule
from plagewatch.metering.meters import Person, Role
from plagewatch.store.records import outbox, registry, work

# Monday 16 November 2026, 06:00 in Brussels.
DUE_S = int(datetime(2026, 11, 16, 5, 0, tzinfo=UTC).timestamp())
WEEK_S = 7 * 86_400


@pytest.fixture
def records(engine: Engine) -> Engine:
    people = [
        Person("anna", "Anna", "anna@cpas-ocmw.example", Role.FACILITY_MANAGER),
        Person("bilal", "Bilal", "bilal@cpas-ocmw.example", Role.FACILITY_MANAGER, "fr"),
        Person("tech", "Chloé", "chloe@cpas-ocmw.example", Role.TECHNICIAN),
    ]
    registry.save(engine, people)
    return engine


def keys(engine: Engine, now_s: int) -> list[str]:
    return sorted({item.subject_key for item in outbox.due(engine, now_s)})


def test_at_six_on_monday_every_facility_manager_gets_the_week_that_ended(records: Engine) -> None:
    schedule.enqueue_due(records, DUE_S - WEEK_S)
    assert schedule.enqueue_due(records, DUE_S - 1) == 0
    assert schedule.enqueue_due(records, DUE_S) == 2
    new = [i for i in outbox.due(records, DUE_S) if i.subject_key == "digest:2026-W46"]
    assert [(i.kind, i.person, i.due_s) for i in new] == [("digest", "anna", DUE_S), ("digest", "bilal", DUE_S)]


def test_never_twice_whatever_is_repeated_or_lost(records: Engine) -> None:
    schedule.enqueue_due(records, DUE_S)
    assert schedule.enqueue_due(records, DUE_S + 60) == 0
    # Killed between the two writes: the mark is older than the outbox.
    work.set_mark(records, schedule.JOB, date(2026, 11, 2).toordinal())
    assert schedule.enqueue_due(records, DUE_S + 120) == 0
    assert len(outbox.due(records, DUE_S + 120)) == 2


def test_sent_mails_do_not_come_again(records: Engine) -> None:
    schedule.enqueue_due(records, DUE_S)
    for item in outbox.due(records, DUE_S):
        outbox.sent(records, item.id, DUE_S)
    assert schedule.enqueue_due(records, DUE_S + 3600) == 0
    assert outbox.due(records, DUE_S + 3600) == []


def test_a_missed_monday_comes_late(records: Engine) -> None:
    schedule.enqueue_due(records, DUE_S)
    thursday_s = DUE_S + 2 * WEEK_S + 3 * 86_400
    assert schedule.enqueue_due(records, thursday_s) == 4
    assert keys(records, thursday_s) == ["digest:2026-W46", "digest:2026-W47", "digest:2026-W48"]


def test_after_a_long_standstill_only_the_last_weeks_come(records: Engine) -> None:
    schedule.enqueue_due(records, DUE_S)
    assert schedule.enqueue_due(records, DUE_S + 20 * WEEK_S) == 2 * schedule.MOST_WEEKS_LATE


def test_the_first_start_sends_the_last_week_and_no_older_one(records: Engine) -> None:
    assert schedule.enqueue_due(records, DUE_S + 3 * 86_400) == 2
    assert keys(records, DUE_S + WEEK_S) == ["digest:2026-W46"]


@pytest.mark.parametrize(
    ("first_on", "utc_hour"), [(date(2026, 3, 23), 4), (date(2026, 10, 19), 5), (date(2026, 7, 6), 4)]
)
def test_six_in_the_morning_is_six_on_the_wall_after_the_clock_changed(first_on: date, utc_hour: int) -> None:
    due = datetime.fromtimestamp(schedule.due_s(first_on), UTC)
    assert (due.date(), due.hour) == (first_on + timedelta(days=7), utc_hour)


@pytest.mark.parametrize("first_on", [date(2026, 12, 28), date(2027, 1, 4), date(2024, 12, 30)])
def test_the_name_of_a_week_leads_back_to_it_over_new_year(first_on: date) -> None:
    assert schedule.week_of(schedule.week_name(first_on)) == first_on


@pytest.mark.parametrize("name", ["2026-W54", "2026-46", "", "2026-W46-2"])
def test_what_names_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="."):
        schedule.week_of(name)
