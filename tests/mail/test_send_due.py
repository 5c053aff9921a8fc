from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from plagewatch.mail import LEASE_S, Mail, MailError, message_id_of, send, send_due
from plagewatch.metering.meters import Person, Role
from plagewatch.store.records import outbox, registry
from plagewatch.store.records.outbox import OutboxItem
from tests.mail.server import Post

NOW_S = 1_795_168_800
MINUTE_S = 60
DAY_S = 86_400
PEOPLE = ("anna", "bilal", "chloe")


@pytest.fixture
def records(engine: Engine) -> Engine:
    registry.save(engine, [Person(p, p.title(), f"{p}@cpas-ocmw.example", Role.TECHNICIAN) for p in PEOPLE])
    return engine


def letter(item: OutboxItem) -> Mail:
    return Mail(f"{item.person}@cpas-ocmw.example", item.subject_key, "text", "<p>text</p>")


def wait(engine: Engine, *people: str, key: str = "ticket:1") -> None:
    outbox.enqueue(engine, "ticket", key, people, NOW_S)


def test_each_is_sent_once(records: Engine, post: Post) -> None:
    wait(records, *PEOPLE)
    assert send_due(records, {"ticket": letter}, post.server, NOW_S).sent == 3
    again = send_due(records, {"ticket": letter}, post.server, NOW_S + DAY_S)
    assert (again.sent, again.failed) == (0, 0)
    assert [m["To"] for m in post.mailbox.arrived] == [f"{p}@cpas-ocmw.example" for p in PEOPLE]


def test_a_kind_that_this_process_cannot_write_is_left_for_another(records: Engine, post: Post) -> None:
    wait(records, "anna")
    assert send_due(records, {"digest": letter}, post.server, NOW_S).sent == 0
    (item,) = outbox.due(records, NOW_S)
    assert item.attempts == 0


def test_killed_between_sending_and_marking_it_comes_again_with_the_same_id(records: Engine, post: Post) -> None:
    wait(records, "anna")
    (item,) = outbox.due(records, NOW_S)
    # What a worker does up to the last moment before the mark; then it is gone.
    assert outbox.claim(records, item, NOW_S + LEASE_S)
    send(replace(letter(item), message_id=message_id_of(item)), post.server, NOW_S)

    assert send_due(records, {"ticket": letter}, post.server, NOW_S + LEASE_S - 1).sent == 0
    assert send_due(records, {"ticket": letter}, post.server, NOW_S + LEASE_S).sent == 1
    first, second = post.mailbox.arrived
    assert first["Message-ID"] == second["Message-ID"]


def test_the_mark_is_lost_when_the_records_fail_after_the_sending(records: Engine, post: Post) -> None:
    wait(records, "anna")

    @event.listens_for(records, "before_cursor_execute")
    def full_disk(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "sent_s=" in statement.split("WHERE")[0].replace(" ", ""):
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        send_due(records, {"ticket": letter}, post.server, NOW_S)
    event.remove(records, "before_cursor_execute", full_disk)
    assert send_due(records, {"ticket": letter}, post.server, NOW_S + LEASE_S).sent == 1
    assert len({m["Message-ID"] for m in post.mailbox.arrived}) == 1
    assert len(post.mailbox.arrived) == 2


def test_message_ids_tell_mails_apart(records: Engine, post: Post) -> None:
    wait(records, "anna", "bilal")
    wait(records, "anna", key="ticket:2")
    send_due(records, {"ticket": letter}, post.server, NOW_S)
    assert len({m["Message-ID"] for m in post.mailbox.arrived}) == 3


def test_one_that_cannot_be_written_does_not_stop_the_others(records: Engine, post: Post) -> None:
    wait(records, *PEOPLE)

    def write(item: OutboxItem) -> Mail:
        if item.person == "bilal":
            raise KeyError("no such meter")
        return letter(item)

    report = send_due(records, {"ticket": write}, post.server, NOW_S)
    assert (report.sent, report.waiting) == (2, 1)
    (state,) = outbox.unsent(records)
    assert state.last_error == "not rendered: KeyError: 'no such meter'"
    assert send_due(records, {"ticket": letter}, post.server, NOW_S + MINUTE_S).sent == 1


def test_what_no_later_try_can_write_is_given_up_like_a_refusal(records: Engine, post: Post) -> None:
    wait(records, "anna")

    def write(item: OutboxItem) -> Mail:
        raise MailError("the ticket is gone", retryable=False)

    reports = [send_due(records, {"ticket": write}, post.server, NOW_S + day * DAY_S) for day in range(7)]
    assert [r.waiting for r in reports] == [1, 1, 1, 1, 0, 0, 0]
    assert [r.given_up for r in reports] == [0, 0, 0, 0, 1, 0, 0]
    (state,) = outbox.unsent(records)
    assert state.last_error == "the ticket is gone"


def test_a_fault_in_the_writing_is_tried_for_two_days_and_kept_with_its_reason(records: Engine, post: Post) -> None:
    wait(records, "anna")

    def write(item: OutboxItem) -> Mail:
        raise KeyError("no such meter")

    now_s, tried_s = NOW_S, []
    while outbox.due(records, now_s):
        assert send_due(records, {"ticket": write}, post.server, now_s).failed == 1
        tried_s.append(now_s)
        (state,) = outbox.unsent(records)
        now_s = state.item.due_s
        if state.given_up_s is not None:
            break
    assert len(tried_s) == 48
    assert 1.5 * DAY_S < tried_s[-1] - NOW_S < 2 * DAY_S
    assert (state.given_up_s, state.last_error) == (tried_s[-1], "not rendered: KeyError: 'no such meter'")


def test_waits_grow_while_the_server_says_later(records: Engine, post: Post) -> None:
    wait(records, "anna")
    now_s, waits = NOW_S, []
    for _ in range(4):
        post.mailbox.recipients["anna@cpas-ocmw.example"] = "450 later"
        assert send_due(records, {"ticket": letter}, post.server, now_s).waiting == 1
        (state,) = outbox.unsent(records)
        waits.append(state.item.due_s - now_s)
        now_s = state.item.due_s
    assert waits == [60, 120, 240, 480]
    post.mailbox.recipients.clear()
    assert send_due(records, {"ticket": letter}, post.server, now_s).sent == 1


def test_a_refused_recipient_is_tried_on_five_days_and_then_given_up(records: Engine, post: Post) -> None:
    wait(records, "anna", "bilal")
    post.mailbox.recipients["anna@cpas-ocmw.example"] = "550 no such mailbox"
    reports = [send_due(records, {"ticket": letter}, post.server, NOW_S + day * DAY_S) for day in range(7)]
    assert [r.sent for r in reports] == [1, 0, 0, 0, 0, 0, 0]
    assert [r.waiting for r in reports] == [1, 1, 1, 1, 0, 0, 0]
    assert [r.given_up for r in reports] == [0, 0, 0, 0, 1, 0, 0]
    (state,) = outbox.unsent(records)
    assert "550 no such mailbox" in state.last_error


def test_a_server_that_does_not_let_us_in_costs_no_mail(records: Engine, secure_post: Post, trusted: None) -> None:
    wait(records, *PEOPLE)
    wrong = replace(secure_post.server, password="wrong")
    for minute in range(10):
        report = send_due(records, {"ticket": letter}, wrong, NOW_S + minute * MINUTE_S)
        assert (report.sent, report.waiting, report.given_up) == (0, 1, 0)
    assert send_due(records, {"ticket": letter}, secure_post.server, NOW_S + 11 * MINUTE_S).sent == 3


def test_while_one_worker_sends_another_leaves_the_item_alone(records: Engine, post: Post) -> None:
    wait(records, "anna")
    reports = []

    def write(item: OutboxItem) -> Mail:
        reports.append(send_due(records, {"ticket": letter}, post.server, NOW_S))
        return letter(item)

    assert send_due(records, {"ticket": write}, post.server, NOW_S).sent == 1
    assert [report.sent for report in reports] == [0]
    assert len(post.mailbox.arrived) == 1
