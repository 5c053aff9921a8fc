"""Pages of the rules: how each stands, how it has done, and the switch between telling, counting and resting."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.context import AppContext, Context
from api.language import language_of
from api.pages import page
from api.pages.people import remember, remembered, who_may_act
from api.problems import not_found
from plagewatch.store.records import rule_modes
from plagewatch.store.records import tickets as records
from plagewatch.tickets.modes import Mode, RuleMode, RuleRecord, RuleWords, mode_at, record_of
from plagewatch.tickets.states import State

router = APIRouter(include_in_schema=False)


@router.get("/rules")
def rules(request: Request, context: Context) -> HTMLResponse:
    """All rules with what they found."""
    told, now_ms = context.rules(language_of(request)), context.now_s() * 1000
    history = rule_modes.history(context.engine)
    values = {
        "rules": told,
        "modes": {rule.id: mode_at(history, rule.id, now_ms).mode for rule in told},
        "records": {rule.id: _record(context, rule.id, history, now_ms) for rule in told},
    }
    return page(request, "rules.html", values)


@router.get("/rules/{rule_id}")
def rule(request: Request, context: Context, rule_id: str) -> HTMLResponse:
    """One rule."""
    return _rule_page(request, context, _told(request, context, rule_id))


@router.post("/rules/{rule_id}/mode")
def decide(
    request: Request,
    context: Context,
    rule_id: str,
    mode: Annotated[Mode, Form()],
    who: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """A person decides how a rule stands; back to its page, which shows it."""
    told = _told(request, context, rule_id)
    if all(person.id != who for person in who_may_act(context)):
        return _rule_page(request, context, told, missing="who", typed=note)
    now_s = context.now_s()
    stands = mode_at(rule_modes.history(context.engine, rule_id), rule_id, now_s * 1000)
    parameters = stands.parameters
    rule_modes.decide(context.engine, RuleMode(rule_id, mode, parameters, who, now_s * 1000, note.strip()))
    if mode is Mode.OFF:
        _end_open(context, rule_id, who, now_s)
    response = RedirectResponse(f"/rules/{rule_id}", 303)
    remember(response, who)
    return response


def _end_open(context: AppContext, rule_id: str, who: str, now_s: int) -> None:
    # Nothing looks at these meters for this rule any more: what nobody has taken up would stay open for ever.
    for ticket in records.tickets(context.engine, living_only=True):
        if ticket.rule == rule_id and ticket.state is State.OPEN:
            records.move(context.engine, ticket.id, State.OPEN, State.FADED, who=who, at_s=now_s, cleared_s=now_s)


def _told(request: Request, context: AppContext, rule_id: str) -> RuleWords:
    told = {one.id: one for one in context.rules(language_of(request))}
    if rule_id not in told:
        raise not_found("rule", rule_id, "path: rule_id", "GET /rules lists the rules.")
    return told[rule_id]


def _record(context: AppContext, rule_id: str, history: list[RuleMode], now_ms: int) -> RuleRecord:
    labels = {label.ticket: label.label for label in rule_modes.labels(context.engine)}
    return record_of(rule_id, records.tickets(context.engine), labels, history, now_ms)


def _rule_page(
    request: Request, context: AppContext, told: RuleWords, missing: str = "", typed: str = ""
) -> HTMLResponse:
    now_ms = context.now_s() * 1000
    history = rule_modes.history(context.engine, told.id)
    people = who_may_act(context)
    stands = mode_at(history, told.id, now_ms)
    values = {
        "rule": told,
        "stands": stands,
        "parameters": {**told.parameters, **stands.parameters},
        "record": _record(context, told.id, history, now_ms),
        "history": history[::-1],
        "modes": list(Mode),
        "people": people,
        "names": {person.id: person.name for person in people},
        "missing": missing,
        "typed": typed,
        "chosen": remembered(request),
    }
    return page(request, "rule.html", values, 422 if missing else 200)
