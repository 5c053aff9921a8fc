"""The technicians' queue: which tickets, in which order, and the steps a person takes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from api.context import AppContext
from api.entries import tidy
from api.problems import Problem, not_found
from api.registry import Registry
from plagewatch.store.records import registry as registry_records
from plagewatch.store.records import tickets as records
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import LIVING, NotAllowed, State, Ticket, step_by_person


class Stage(StrEnum):
    """Groups of states people ask for."""

    TO_DO = "to_do"  # somebody must act
    LIVING = "living"  # to do, or waiting for the meter's word
    OVER = "over"
    ALL = "all"


STAGES = {
    Stage.TO_DO: LIVING - {State.RESOLVED},
    Stage.LIVING: LIVING,
    Stage.OVER: frozenset(State) - LIVING,
    Stage.ALL: frozenset(State),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person or program wants to see; None = all.

    figures: also what is wrong with the figures only, which the energy cell puts right and no technician drives for.
    """

    states: frozenset[State] = LIVING
    zone: str | None = None
    skill: Skill | None = None
    urgency: Urgency | None = None
    meter: str | None = None
    figures: bool = True


def choose(
    tickets: Iterable[Ticket], registry: Registry, wanted: Wanted, rank: Callable[[Ticket], float] = lambda _: 0.0
) -> list[Ticket]:
    """The wanted tickets: the most urgent first, among equals what ranks highest, then what has waited longest."""
    urgencies = list(Urgency)
    chosen = [ticket for ticket in tickets if _fits(ticket, registry, wanted)]
    return sorted(chosen, key=lambda t: (urgencies.index(t.urgency), -rank(t), t.opened_s, t.id))


def _fits(ticket: Ticket, registry: Registry, wanted: Wanted) -> bool:
    zone = registry.site_of(registry.meters[ticket.meter]).zone
    return (
        ticket.state in wanted.states
        and wanted.zone in (None, zone)
        and wanted.skill in (None, ticket.skill)
        and (wanted.figures or ticket.skill is not Skill.DATA)
        and wanted.urgency in (None, ticket.urgency)
        and wanted.meter in (None, ticket.meter)
    )


def ticket_of(context: AppContext, ticket_id: int) -> Ticket:
    """A ticket that a request names. Raises Problem (404)."""
    ticket = records.ticket(context.engine, ticket_id) if ticket_id < 2**31 else None
    if ticket is None:
        raise not_found("ticket", ticket_id, "path: ticket_id", "GET /api/v1/tickets lists the tickets.")
    return ticket


def take_step(context: AppContext, ticket_id: int, wanted: State, who: str, note: str) -> Ticket:
    """A person's step, written with its note; the ticket as it is after it.

    Raises Problem: 404 no such ticket, 422 no such person, 409 the step is not allowed or somebody was faster.
    """
    ticket = ticket_of(context, ticket_id)
    if all(person.id != who for person in registry_records.persons(context.engine)):
        raise Problem(422, f"There is no person `{who}`.", "body: who", "Give the id of a person in the registry.")
    advice = f"Reload the ticket: it is {ticket.state.value} now."
    try:
        step_by_person(ticket.state, wanted)
    except NotAllowed as refusal:
        text = str(refusal)
        raise Problem(409, f"{text[0].upper()}{text[1:]}.", f"ticket {ticket_id}", advice) from refusal
    at_s, note = context.now_s(), tidy(note)
    # The record itself guards against two people at once: it moves only from the state that was seen here.
    done = records.move(context.engine, ticket_id, ticket.state, wanted, who=who, at_s=at_s, note=note, assigned_to=who)
    if not done:
        raise Problem(409, "Somebody changed this ticket at the same moment.", f"ticket {ticket_id}", "Reload it.")
    return ticket_of(context, ticket_id)
