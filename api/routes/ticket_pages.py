"""Pages of the technicians: the queue, and one ticket with its evidence and the buttons to take it on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.context import AppContext, Context
from api.entries import tidy
from api.language import Language, language_of
from api.pages import page
from api.pages.people import remember, remembered, who_may_act
from api.problems import Problem
from api.queue import STAGES, Stage, Wanted, choose, take_step, ticket_of
from api.registry import Registry, read
from api.routes.meter import picture
from api.worth import gap_now, ranked, worth_now
from plagewatch.charts import Size
from plagewatch.comfort_words import warmth_owed
from plagewatch.metering.meters import Meter, Site
from plagewatch.store.records import held_notices, rule_modes
from plagewatch.store.records import tickets as records
from plagewatch.store.records.rule_modes import TicketLabel
from plagewatch.ticket_chart import ticket_chart
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.modes import Label
from plagewatch.tickets.states import BY_PERSON, LIVING, State, Ticket
from plagewatch.worth_words import price_text, worth_lines, year_text

router = APIRouter(include_in_schema=False)
TicketId = Annotated[int, Path(ge=1)]
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in the queue."""

    ticket: Ticket
    title: str
    meter: Meter
    site: Site
    place: str
    worth: str
    held: bool


@router.get("/tickets")
def queue(
    request: Request,
    context: Context,
    stage: Stage = Stage.TO_DO,
    zone: Annotated[str, Query(max_length=100)] = "",
    skill: Skill | None = None,
    urgency: Urgency | None = None,
) -> HTMLResponse:
    """What there is to do, most urgent first, for a zone, a trade or an urgency."""
    registry = read(context.engine, context.now_s())
    found = records.tickets(context.engine, context.now_s(), living_only=stage in (Stage.TO_DO, Stage.LIVING))
    living = {t.id for t in found if t.state in LIVING}
    parts = {part for part, whole in held_notices.wholes(context.engine).items() if whole in living}
    wanted = Wanted(STAGES[stage], zone or None, skill, urgency, figures=skill is Skill.DATA)
    chosen = choose((t for t in found if t.id not in parts), registry, wanted, ranked(context, registry))
    held = {notice.ticket for notice in held_notices.held(context.engine)}
    lines = [_line(context, registry, t, language_of(request), t.id in held) for t in chosen[:MOST_SHOWN]]
    values = {
        "lines": lines,
        "more": len(chosen) - len(lines),
        "held": sum(t.id in held for t in chosen),
        "now_s": context.now_s(),
        "people": {person.id: person.name for person in who_may_act(context)},
        "chosen": {"stage": stage, "zone": zone, "skill": skill, "urgency": urgency},
        "zones": sorted({site.zone for site in registry.sites.values() if site.zone}),
        "skills": list(Skill),
        "urgencies": list(Urgency),
        "stages": [Stage.TO_DO, Stage.LIVING, Stage.OVER],
    }
    return page(request, "tickets.html", values)


def _line(context: AppContext, registry: Registry, found: Ticket, language: str, held: bool) -> Line:
    meter = registry.meters[found.meter]
    worth = worth_now(context, registry, found, None)
    return Line(
        found,
        context.ticket_title(found, language),
        meter,
        registry.site_of(meter),
        registry.place_of(meter),
        year_text(worth, language) if worth else "",
        held,
    )


@router.get("/tickets/{ticket_id}")
def ticket(request: Request, context: Context, ticket_id: TicketId) -> HTMLResponse:
    """What, where, since when, the evidence, what to look at first, what was done."""
    return _ticket_page(request, context, ticket_of(context, ticket_id))


@router.post("/tickets/{ticket_id}/label")
def judge(
    request: Request,
    context: Context,
    ticket_id: TicketId,
    said: Annotated[Label, Form()],
    who: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """A person who looked says whether it was real; it counts in the record of the rule."""
    found = ticket_of(context, ticket_id)
    if all(person.id != who for person in who_may_act(context)):
        return _ticket_page(request, context, found, missing="judge", typed=note)
    rule_modes.say(context.engine, TicketLabel(found.id, said, who, context.now_s() * 1000, tidy(note)))
    response = RedirectResponse(f"/tickets/{ticket_id}", 303)
    remember(response, who)
    return response


@router.get("/tickets/{ticket_id}/chart.svg")
def evidence(context: Context, language: Language, ticket_id: TicketId, size: Size = Size.TABLET) -> Response:
    """The abnormal span, what is usual, and the hours around it."""
    found = ticket_of(context, ticket_id)
    registry = read(context.engine, context.now_s())
    meter = registry.meters[found.meter]
    tz = registry.site_of(meter).timezone
    now_s = context.now_s()
    return picture(ticket_chart(context.series, found, meter, tz, language, size=size, form="svg", now_s=now_s))


@router.post("/tickets/{ticket_id}/state")
def step(
    request: Request,
    context: Context,
    ticket_id: TicketId,
    state: Annotated[State, Form()],
    who: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """A person's step from the page; back to the ticket, which shows it."""
    found = ticket_of(context, ticket_id)
    if not who or (state is State.RESOLVED and not tidy(note)):
        return _ticket_page(request, context, found, missing="who" if not who else "note", typed=note, chosen=who)
    try:
        take_step(context, ticket_id, state, who, note)
    except Problem as problem:
        if problem.status != 409:
            raise
        # Somebody was faster: show the ticket as it is now, and keep what was typed.
        return _ticket_page(request, context, ticket_of(context, ticket_id), missing="late", typed=note, chosen=who)
    response = RedirectResponse(f"/tickets/{ticket_id}", 303)
    remember(response, who)
    return response


def _ticket_page(
    request: Request, context: AppContext, found: Ticket, missing: str = "", typed: str = "", chosen: str = ""
) -> HTMLResponse:
    registry = read(context.engine, context.now_s())
    meter = registry.meters[found.meter]
    people, language = who_may_act(context), language_of(request)
    worth = worth_now(context, registry, found, gap_now(context, request))
    wholes = held_notices.wholes(context.engine)
    parts = records.numbered(context.engine, [part for part, whole in wholes.items() if whole == found.id])
    values = {
        "ticket": found,
        "title": context.ticket_title(found, language),
        "sentence": context.ticket_sentence(found, meter, language),
        "checks": context.first_checks(found, language),
        "owed": warmth_owed(found.skill, (one.use for one in registry.buildings_of(meter.id)), language),
        "worth": worth_lines(worth, language) if worth else [],
        "price": price_text(worth, language) if worth else "",
        "labels": rule_modes.labels(context.engine, found.id)[::-1],
        "label_words": list(Label),
        "whole": wholes.get(found.id),
        "parts": [(part, registry.full_name(registry.meters[part.meter])) for part in parts],
        "meter": meter,
        "site": registry.site_of(meter),
        "place": registry.place_of(meter),
        "buildings": registry.buildings_of(meter.id),
        "events": records.events(context.engine, found.id)[::-1],
        "people": people,
        "names": {person.id: person.name for person in people},
        "steps": [state for state in State if state in BY_PERSON[found.state]],
        "now_s": context.now_s(),
        "missing": missing,
        "typed": typed,
        "chosen": chosen or remembered(request),
    }
    return page(request, "ticket.html", values, {"late": 409, "": 200}.get(missing, 422))
