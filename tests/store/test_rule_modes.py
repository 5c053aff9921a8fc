"""What people decided of rules and said of tickets, on both databases."""

import pytest
from sqlalchemy.exc import IntegrityError

from plagewatch.metering.meters import Carrier, Kind, Meter, Person, Role, Site
from plagewatch.store.records import held_notices, outbox, registry, rule_modes, tickets
from plagewatch.store.records.held_notices import HeldNotice
from plagewatch.store.records.rule_modes import TicketLabel
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.modes import Label, Mode, RuleMode, mode_at, record_of
from plagewatch.tickets.states import State

T = 1_790_000_000


@pytest.fixture
def opened(engine):
    """Two tickets of one rule at two meters."""
    registry.save(engine, [Site("s", "Site"), Person("anna", "Anna", "a@cpas-ocmw.example", Role.TECHNICIAN)])
    registry.save(engine, [Meter(m, "s", m, Carrier.WATER, Kind.INDEX, "m3") for m in ("a", "b")])
    return [
        tickets.open_ticket(
            engine, Finding("night_water", m, "water_at_night", T, T, T + 60, 1.0, {}), Urgency.SOON, Skill.PLUMBING
        )
        for m in ("a", "b")
    ]


def test_modes_are_a_dated_history(engine):
    said = [
        RuleMode("night_water", Mode.SHADOW, {"nights": 4}, "els", 1000, "trying"),
        RuleMode("no_data", Mode.OFF, {}, "els", 2000, ""),
        RuleMode("night_water", Mode.ON, {"nights": 4}, "anna", 3000, "it was right"),
    ]
    for one in said:
        rule_modes.decide(engine, one)
    assert rule_modes.history(engine) == said
    assert rule_modes.history(engine, "no_data") == said[1:2]
    assert [mode_at(said, "night_water", at).mode for at in (0, 1000, 3000)] == [Mode.ON, Mode.SHADOW, Mode.ON]


def test_labels_are_kept_and_the_newest_counts_in_the_record(engine, opened):
    rule_modes.say(engine, TicketLabel(opened[0], Label.FALSE_ALARM, "anna", 5, "the cook was cleaning"))
    rule_modes.say(engine, TicketLabel(opened[0], Label.REAL, "anna", 6, "no, a cistern"))
    rule_modes.say(engine, TicketLabel(opened[1], Label.FALSE_ALARM, "anna", 7, ""))
    assert [one.note for one in rule_modes.labels(engine, opened[0])] == ["the cook was cleaning", "no, a cistern"]
    newest = {one.ticket: one.label for one in rule_modes.labels(engine)}
    record = record_of("night_water", tickets.tickets(engine), newest, [], T * 1000)
    assert (record.tickets, record.real, record.false_alarm, record.living, record.shadow) == (2, 1, 1, 2, 0)
    with pytest.raises(IntegrityError):
        rule_modes.say(engine, TicketLabel(99, Label.REAL, "anna", 8, ""))


def test_tickets_of_a_rule_in_shadow_are_left_out_where_people_look(engine, opened):
    rule_modes.decide(engine, RuleMode("night_water", Mode.SHADOW, {}, "els", (T + 3600) * 1000))
    assert len(tickets.tickets(engine, T)) == 2
    assert tickets.tickets(engine, T + 3600) == []
    assert len(tickets.tickets(engine)) == 2
    # One that was over and had been told stays told, whatever the rule does now.
    tickets.move(engine, opened[0], State.OPEN, State.FADED, who="meter", at_s=T + 7200, cleared_s=T + 7200)
    assert [ticket.id for ticket in tickets.tickets(engine, T + 7200)] == [opened[0]]


def test_a_faded_ticket_lives_again_only_where_no_other_does(engine, opened):
    number = opened[0]
    tickets.move(engine, number, State.OPEN, State.FADED, who="meter", at_s=T + 100, cleared_s=T + 100)
    assert tickets.move(engine, number, State.FADED, State.OPEN, who="meter", at_s=T + 200)
    assert [ticket.id for ticket in tickets.tickets(engine, living_only=True, meter="a")] == [number]
    assert tickets.openings(engine) == {number: 1, opened[1]: 1}  # the same news: told once
    tickets.move(engine, number, State.OPEN, State.FADED, who="meter", at_s=T + 300, cleared_s=T + 300)
    finding = Finding("night_water", "a", "water_at_night", T + 400, T + 400, T + 460, 1.0, {})
    assert tickets.open_ticket(engine, finding, Urgency.SOON, Skill.PLUMBING) != number
    assert not tickets.move(engine, number, State.FADED, State.OPEN, who="meter", at_s=T + 500)


def test_held_notices_are_exactly_those_kept_and_remember_since_when(engine, opened):
    held_notices.keep(engine, [HeldNotice(number, "anna", "cap", T) for number in opened])
    held_notices.keep(engine, [HeldNotice(opened[0], "anna", "cap", T + 60)])
    assert held_notices.held(engine, "anna") == [HeldNotice(opened[0], "anna", "cap", T)]
    held_notices.keep(engine, [])
    assert held_notices.held(engine) == []


def test_a_ticket_stays_with_its_first_storm(engine, opened):
    held_notices.put_to(engine, opened[1], [opened[0]])
    held_notices.put_to(engine, opened[0], [opened[0]])
    assert held_notices.wholes(engine) == {opened[0]: opened[1]}


def test_the_outbox_knows_what_was_put_in_since(engine, opened):
    outbox.enqueue(engine, "ticket", "ticket:1", ["anna"], T)
    outbox.enqueue(engine, "digest", "digest:2026-W46", ["anna"], T)
    assert [item.subject_key for item in outbox.queued_since(engine, "ticket", T)] == ["ticket:1"]
    assert outbox.queued_since(engine, "ticket", T + 1) == []
    assert outbox.queued(engine, "ticket", ["ticket:1", "ticket:2"]) == {("ticket:1", "anna")}
