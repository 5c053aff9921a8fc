"""When the weekly mail is due. What was put in the outbox is a mark in the records, so a restart repeats nothing."""

from datetime import date, datetime, timedelta

from plagewatch.metering.local_time import local_day, zone
from plagewatch.metering.meters import Person, Role
from plagewatch.store.engine import Engine
from plagewatch.store.records import outbox, registry, work

KIND = "digest"
JOB = "digest-week"
TZ = "Europe/Brussels"
SEND_HOUR = 6
MOST_WEEKS_LATE = 4


def receives(person: Person) -> bool:
    """Whether a person gets the weekly mail."""
    return person.role is Role.FACILITY_MANAGER


def last_whole_week(now_s: int) -> date:
    """The Monday of the last week that is over, by the clock of Brussels.

    >>> last_whole_week(1_795_168_800)  # Friday 20 November 2026
    datetime.date(2026, 11, 9)
    """
    today = local_day(now_s, TZ)
    return today - timedelta(days=today.weekday() + 7)


def week_name(first_on: date) -> str:
    """The ISO week of a Monday.

    >>> week_name(date(2026, 11, 9)), week_name(date(2026, 12, 28))
    ('2026-W46', '2026-W53')
    """
    year, week, _ = first_on.isocalendar()
    return f"{year}-W{week:02d}"


def week_of(name: str) -> date:
    """The Monday of an ISO week. Raises ValueError for a name that is none.

    >>> week_of("2026-W46")
    datetime.date(2026, 11, 9)
    """
    return datetime.strptime(f"{name}-1", "%G-W%V-%u").date()  # noqa: DTZ007 - a date, no instant


def due_s(first_on: date) -> int:
    """When the mail of a week is due: the Monday after it at six in the morning, seconds since 1970 UTC."""
    monday = first_on + timedelta(days=7)
    return int(datetime(monday.year, monday.month, monday.day, SEND_HOUR, tzinfo=zone(TZ)).timestamp())


def enqueue_due(engine: Engine, now_s: int) -> int:
    """Put the mails of every week that is due in the outbox and return how many are new.

    A missed Monday comes late, not never; of a longer standstill the last weeks are sent. The outbox refuses a second
    mail of a week, so the mark may be lost between the two writes.
    """
    latest = last_whole_week(now_s)
    if due_s(latest) > now_s:
        latest -= timedelta(days=7)
    mark = work.mark(engine, JOB)
    if mark is not None and mark >= latest.toordinal():
        return 0
    earliest = latest if mark is None else max(date.fromordinal(mark), latest - timedelta(weeks=MOST_WEEKS_LATE))
    people = [person.id for person in registry.persons(engine) if receives(person)]
    new = 0
    first_on = earliest if mark is None else earliest + timedelta(days=7)
    while first_on <= latest:
        new += outbox.enqueue(engine, KIND, f"{KIND}:{week_name(first_on)}", people, due_s(first_on))
        first_on += timedelta(days=7)
    work.set_mark(engine, JOB, latest.toordinal())
    return new
