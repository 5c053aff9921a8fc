import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from plagewatch.metering.meters import Person, Role
from plagewatch.store.records import outbox, registry

MONDAY_S = 1_795_000_000


@pytest.fixture
def records(engine: Engine) -> Engine:
    people = [Person(name, name.title(), f"{name}@cpas-ocmw.example", Role.TECHNICIAN) for name in ("anna", "bilal")]
    registry.save(engine, people)
    return engine


def test_the_same_message_is_put_in_once_per_person(records: Engine) -> None:
    assert outbox.enqueue(records, "digest", "digest:2026-W46", ["anna"], MONDAY_S) == 1
    assert outbox.enqueue(records, "digest", "digest:2026-W46", ["anna", "bilal"], MONDAY_S + 5) == 1
    assert outbox.enqueue(records, "digest", "digest:2026-W47", ["anna"], MONDAY_S) == 1
    assert [(i.subject_key, i.person, i.due_s) for i in outbox.due(records, MONDAY_S + 5)] == [
        ("digest:2026-W46", "anna", MONDAY_S),
        ("digest:2026-W47", "anna", MONDAY_S),
        ("digest:2026-W46", "bilal", MONDAY_S + 5),
    ]


def test_a_person_who_does_not_exist_is_refused_and_nothing_is_put_in(records: Engine) -> None:
    with pytest.raises(IntegrityError):
        outbox.enqueue(records, "digest", "digest:2026-W46", ["anna", "nobody"], MONDAY_S)
    assert outbox.due(records, MONDAY_S) == []


def test_nothing_is_due_before_its_moment(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    assert outbox.due(records, MONDAY_S - 1) == []
    assert len(outbox.due(records, MONDAY_S)) == 1


def test_of_two_workers_one_gets_the_item_until_its_lease_ends(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    (item,) = outbox.due(records, MONDAY_S)
    assert outbox.claim(records, item, MONDAY_S + 900)
    assert not outbox.claim(records, item, MONDAY_S + 900)
    assert outbox.due(records, MONDAY_S + 899) == []
    (again,) = outbox.due(records, MONDAY_S + 900)
    assert again.attempts == 1


def test_what_was_sent_is_never_due_again_nor_failed(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    (item,) = outbox.due(records, MONDAY_S)
    assert outbox.sent(records, item.id, MONDAY_S + 1)
    assert not outbox.sent(records, item.id, MONDAY_S + 2)
    outbox.failed(records, item.id, "a slower worker", MONDAY_S)
    outbox.give_up(records, item.id, "a slower worker", MONDAY_S)
    assert outbox.due(records, MONDAY_S * 2) == []
    assert outbox.unsent(records) == []
    assert not outbox.claim(records, item, MONDAY_S)


def test_a_failure_keeps_its_reason_and_its_next_moment(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    (item,) = outbox.due(records, MONDAY_S)
    outbox.failed(records, item.id, "451 later", MONDAY_S + 60)
    assert outbox.due(records, MONDAY_S + 59) == []
    (state,) = outbox.unsent(records)
    assert (state.last_error, state.item.due_s, state.given_up_s) == ("451 later", MONDAY_S + 60, None)


def test_what_was_given_up_stays_to_be_seen(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    (item,) = outbox.due(records, MONDAY_S)
    outbox.give_up(records, item.id, "550 no such mailbox", MONDAY_S + 3)
    assert outbox.due(records, MONDAY_S * 2) == []
    (state,) = outbox.unsent(records)
    assert (state.given_up_s, state.last_error) == (MONDAY_S + 3, "550 no such mailbox")


def test_a_try_that_says_nothing_about_the_item_is_not_counted(records: Engine) -> None:
    outbox.enqueue(records, "ticket", "ticket:1", ["anna"], MONDAY_S)
    (item,) = outbox.due(records, MONDAY_S)
    outbox.claim(records, item, MONDAY_S + 900)
    outbox.put_back(records, item, "the way was closed", MONDAY_S + 60)
    (again,) = outbox.due(records, MONDAY_S + 60)
    assert again.attempts == 0
