from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import State, Ticket
from rules.incidents import (
    GRACE_S,
    LONG_AGO_S,
    NEIGHBOURS_S,
    Change,
    Clear,
    Fade,
    Normal,
    Open,
    Reopen,
    Touch,
    Verify,
    decide,
)

HOUR_S = 3600
T = 1_000_000 * HOUR_S  # some full hour
KEY = ("m", "unusual_load")
FINDING = Finding("unusual_load", *KEY, T - 3 * HOUR_S, T, T + HOUR_S, 1.5, {"used_kwh": 9.0})
TICKET = Ticket(
    id=7,
    meter="m",
    rule="unusual_load",
    cause="unusual_load",
    state=State.OPEN,
    urgency=Urgency.SOON,
    skill=Skill.ELECTRICITY,
    first_abnormal_s=T - 50 * HOUR_S,
    last_abnormal_s=T - 2 * HOUR_S,
    opened_s=T - 48 * HOUR_S,
    score=1.2,
    numbers={"used_kwh": 5.0},
)
NORMAL = Normal(*KEY, seen_s=T + HOUR_S, in_a_row=24, enough=24)
WEAK = replace(FINDING, score=0.9)
NOW_S = T + HOUR_S


def with_(state: State, **changes: int | None) -> Ticket:
    return replace(TICKET, state=state, **changes)  # type: ignore[arg-type]


RESOLVED_NOW = with_(State.RESOLVED, resolved_s=T - HOUR_S)
RESOLVED_LONG = with_(State.RESOLVED, resolved_s=T - GRACE_S - HOUR_S)
LONG_OVER_S = FINDING.first_abnormal_s - NEIGHBOURS_S - HOUR_S
OVER = with_(State.FADED, last_abnormal_s=LONG_OVER_S, cleared_s=LONG_OVER_S + HOUR_S)
JUST_OVER = with_(State.FADED, cleared_s=T - HOUR_S)


@pytest.mark.parametrize(
    ("reason", "verdict", "ticket", "expected"),
    [
        ("nothing stands for it yet", FINDING, None, Open),
        ("too weak to bother anybody", WEAK, None, None),
        ("one cause, one ticket", FINDING, TICKET, Touch),
        ("weak, but the same cause goes on", WEAK, TICKET, Touch),
        ("somebody is on it, and it goes on", FINDING, with_(State.IN_PROGRESS), Touch),
        ("the last one is over, this is a new one", FINDING, OVER, Open),
        ("the last one faded less than a day before", FINDING, JUST_OVER, Reopen),
        ("a neighbour, but weak", WEAK, JUST_OVER, None),
        ("the meter agreed that it was mended: this is another one", FINDING, with_(State.VERIFIED, cleared_s=T), Open),
        ("the last one is over, and this is too weak for a new one", WEAK, OVER, None),
        ("was seen before the last one was cleared", FINDING, with_(State.FADED, cleared_s=T + HOUR_S), None),
        ("was seen before: old news", replace(FINDING, last_abnormal_s=T - 2 * HOUR_S), TICKET, None),
        ("it had cleared, and comes back strongly", FINDING, with_(State.ACKNOWLEDGED, cleared_s=T), Touch),
        ("it had cleared; a weak hour does not undo that", WEAK, with_(State.ACKNOWLEDGED, cleared_s=T), None),
        ("not normal for long enough", replace(NORMAL, in_a_row=23), TICKET, None),
        ("went away before anybody took it up", NORMAL, TICKET, Fade),
        ("somebody has taken it up: theirs to end", NORMAL, with_(State.ACKNOWLEDGED), Clear),
        ("somebody works on it: theirs to end", NORMAL, with_(State.IN_PROGRESS), Clear),
        ("was cleared before, nothing new", NORMAL, with_(State.IN_PROGRESS, cleared_s=T), None),
        ("a person says mended and the meter agrees", NORMAL, RESOLVED_NOW, Verify),
        ("was normal again before the person said so", NORMAL, with_(State.RESOLVED, cleared_s=T), Verify),
        ("mended an hour ago: the repair may still go on", FINDING, RESOLVED_NOW, Touch),
        ("mended long ago and still abnormal", FINDING, RESOLVED_LONG, Reopen),
        ("mended long ago, a weak hour proves nothing", WEAK, RESOLVED_LONG, Touch),
        ("normal, but there is no ticket", NORMAL, None, None),
        ("normal, and the last one is over", NORMAL, OVER, None),
        ("was normal before the last abnormal hour", replace(NORMAL, seen_s=T - 2 * HOUR_S), TICKET, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_decide(reason: str, verdict: Finding | Normal, ticket: Ticket | None, expected: type[Change] | None) -> None:
    changes = decide([verdict], {} if ticket is None else {KEY: ticket}, NOW_S)
    assert [type(change) for change in changes] == ([] if expected is None else [expected]), reason


def test_a_ticket_is_opened_at_the_moment_of_deciding() -> None:
    late_s = NOW_S + 30 * HOUR_S
    (change,) = decide([FINDING], {}, late_s)
    assert isinstance(change, Open)
    assert change.finding == replace(FINDING, seen_s=late_s)


@pytest.mark.parametrize(
    ("reason", "finding", "changes", "expected"),
    [
        ("nobody took it up", FINDING, {}, [Fade, Open]),
        ("somebody works on it", FINDING, {"state": State.IN_PROGRESS}, [Touch]),
        ("too weak for a ticket of its own", WEAK, {}, [Touch]),
        ("not so long ago", FINDING, {"last_abnormal_s": FINDING.first_abnormal_s - LONG_AGO_S + 1}, [Touch]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_ticket_nobody_took_up_makes_room_for_what_begins_days_later(
    reason: str, finding: Finding, changes: dict[str, Any], expected: list[type[Change]]
) -> None:
    old = replace(TICKET, first_abnormal_s=T - 200 * HOUR_S, last_abnormal_s=FINDING.first_abnormal_s - LONG_AGO_S)
    done = decide([finding], {KEY: replace(old, **changes)}, NOW_S)
    assert [type(change) for change in done] == expected, reason


def test_a_ticket_keeps_the_numbers_of_its_worst_moment() -> None:
    (weaker,) = decide([replace(FINDING, score=1.1)], {KEY: TICKET}, NOW_S)
    (worse,) = decide([FINDING], {KEY: TICKET}, NOW_S)
    assert isinstance(weaker, Touch)
    assert isinstance(worse, Touch)
    assert (weaker.finding.score, weaker.finding.numbers) == (1.2, {"used_kwh": 5.0})
    assert (worse.finding.score, worse.finding.numbers) == (1.5, {"used_kwh": 9.0})
    assert weaker.finding.last_abnormal_s == T


def test_other_meters_and_causes_have_tickets_of_their_own() -> None:
    others = [FINDING, replace(FINDING, meter="n"), replace(FINDING, cause="no_data")]
    assert [type(change) for change in decide(others, {KEY: TICKET}, NOW_S)] == [Touch, Open, Open]


@given(
    state=st.sampled_from(State),
    score=st.floats(0, 5),
    last=st.integers(-60, 60),
    cleared=st.none() | st.integers(-60, 60),
    resolved=st.none() | st.integers(-60, 60),
)
def test_a_living_ticket_never_gets_a_second_one_beside_it(
    state: State, score: float, last: int, cleared: int | None, resolved: int | None
) -> None:
    ticket = with_(
        state,
        cleared_s=None if cleared is None else T + cleared * HOUR_S,
        resolved_s=None if resolved is None else T + resolved * HOUR_S,
    )
    at_s = T + last * HOUR_S
    finding = replace(FINDING, score=score, last_abnormal_s=at_s, seen_s=at_s + HOUR_S)
    opened = [change for change in decide([finding], {KEY: ticket}, NOW_S) if isinstance(change, Open)]
    assert not opened or state in (State.VERIFIED, State.FADED)
