"""Tickets for programs: a maintenance tool reads them and tells what was done."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.answers import Beside, LabelWanted, StepWanted, TicketAnswer, TicketWithHistory, event_answer, ticket_answer
from api.context import AppContext, Context
from api.entries import by, tidy, told_as_problem
from api.language import Language
from api.problems import ProblemAnswer
from api.queue import STAGES, Stage, Wanted, choose, take_step, ticket_of
from api.worth import CurrentGap, ranked
from plagewatch.comfort_words import warmth_owed
from plagewatch.store.records import rule_modes
from plagewatch.store.records import tickets as records
from plagewatch.store.records.rule_modes import TicketLabel
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket
from plagewatch.tickets.worth import TargetGap

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
TicketId = Annotated[int, Path(ge=1, description="Number of the ticket")]
REFUSALS: dict[int | str, dict[str, Any]] = {404: {"model": ProblemAnswer}, 422: {"model": ProblemAnswer}}


@router.get("", summary="Tickets, most urgent first, then by worth", responses={422: {"model": ProblemAnswer}})
def tickets(
    context: Context,
    language: Language,
    gap: CurrentGap,
    state: Annotated[list[State] | None, Query(description="One or more states; without it, see `stage`")] = None,
    stage: Annotated[Stage, Query(description="A group of states")] = Stage.LIVING,
    zone: Annotated[str | None, Query(description="Dispatching zone", examples=["north"])] = None,
    skill: Skill | None = None,
    urgency: Urgency | None = None,
    meter: str | None = None,
) -> list[TicketAnswer]:
    """Texts are in the language of `?lang=`, else of `Accept-Language`."""
    beside = Beside.read(context, gap)
    states = frozenset(state) if state else STAGES[stage]
    wanted = Wanted(states, zone, skill, urgency, meter)
    found = records.tickets(context.engine, context.now_s(), meter=meter)
    chosen = choose(found, beside.registry, wanted, ranked(context, beside.registry))
    return [ticket_answer(context, beside, ticket, language) for ticket in chosen]


@router.get("/{ticket_id}", summary="One ticket with its history", responses=REFUSALS)
def ticket(context: Context, language: Language, gap: CurrentGap, ticket_id: TicketId) -> TicketWithHistory:
    """The ticket, what to look at first, and who did what."""
    return _with_history(context, ticket_of(context, ticket_id), language, gap)


@router.post(
    "/{ticket_id}/state",
    summary="A person acknowledges, begins or resolves",
    responses={**REFUSALS, 403: {"model": ProblemAnswer}, 409: {"model": ProblemAnswer}},
)
def step(
    context: Context, language: Language, gap: CurrentGap, ticket_id: TicketId, wanted: StepWanted
) -> TicketWithHistory:
    """Only steps of `next_states` are possible: 409 otherwise. `verified` is the meter's own word."""
    return _with_history(context, take_step(context, ticket_id, wanted.state, wanted.who, wanted.note), language, gap)


@router.post("/{ticket_id}/label", summary="A person who looked says whether it was real", responses=REFUSALS)
def label(
    context: Context, language: Language, gap: CurrentGap, ticket_id: TicketId, wanted: LabelWanted
) -> TicketWithHistory:
    """It counts in the record of the rule; of several words on a ticket the newest does."""
    found = ticket_of(context, ticket_id)
    with told_as_problem():
        by_whom = by(context, wanted.who)
    said = TicketLabel(found.id, wanted.label, by_whom.who, by_whom.at_ms, tidy(wanted.note))
    rule_modes.say(context.engine, said)
    return _with_history(context, found, language, gap)


def _with_history(context: AppContext, found: Ticket, language: str, gap: TargetGap | None) -> TicketWithHistory:
    beside = Beside.read(context, gap, found.id)
    told = ticket_answer(context, beside, found, language)
    return TicketWithHistory(
        **told.model_dump(),
        first_checks=[
            *context.first_checks(found, language),
            *warmth_owed(found.skill, (one.use for one in beside.registry.buildings_of(found.meter)), language),
        ],
        events=[event_answer(event) for event in records.events(context.engine, found.id)],
    )
