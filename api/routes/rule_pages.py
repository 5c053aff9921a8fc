"""Pages of the rules: how each stands and has done, what it would have said with other numbers, what people decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.context import AppContext, Context
from api.entries import told as in_words
from api.language import language_of
from api.pages import page
from api.pages.people import remember, remembered, who_may_act
from api.pages.rule_words import NOT_JUDGED, as_one_field, from_one_field, numbers_typed, typed_number
from api.registry import Registry, read
from api.rules import Counted, Standing, count, decide, told_rule
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Building
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.modes import Mode, RuleWords

router = APIRouter(include_in_schema=False)
ADVICE = "GET /rules lists the rules."
LINES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page of a rule shows beside the rule itself. typed: numbers as typed; refusal: why they are refused."""

    building: str = ""
    counted: Counted | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    missing: str = ""
    note: str = ""

    @property
    def status(self) -> int:
        return 422 if self.refusal or self.missing else 200


@router.get("/rules")
def rules(request: Request, context: Context) -> HTMLResponse:
    """All rules with what they found."""
    told, standing = context.rules(language_of(request)), Standing.read(context)
    values = {
        "rules": told,
        "modes": {rule.id: standing.mode(rule.id).mode for rule in told},
        "records": {rule.id: standing.record(rule.id) for rule in told},
    }
    return page(request, "rules.html", values)


@router.get("/rules/{rule_id}")
def rule(
    request: Request, context: Context, rule_id: str, building: Annotated[str, Query(max_length=200)] = ""
) -> HTMLResponse:
    """One rule; with a building, how often it would have spoken there in the last twelve months."""
    told, registry = _told(request, context, rule_id), read(context.engine, context.now_s())
    typed = {one.name: request.query_params.get(one.name, "")[:40] for one in told.numbers}
    counted, refusal = None, ""
    if building:
        found = registry.building(building)
        try:
            numbers = {**Standing.read(context).numbers(told), **numbers_typed(told.numbers, typed)}
            counted = count(context, registry, told, found, numbers)
        except EditRefused as refused:
            refusal = in_words(request, refused)
    return _rule_page(request, context, registry, told, _Shown(building, counted, typed, refusal))


@router.post("/rules/{rule_id}/mode")
def change(
    request: Request,
    context: Context,
    rule_id: str,
    mode: Annotated[Mode, Form()],
    who: Annotated[str, Form(max_length=100)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    numbers: Annotated[str | None, Form(max_length=2000)] = None,
    building: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A person decides how a rule stands, and by which numbers; back to its page, which shows it."""
    told, wanted = _told(request, context, rule_id), None
    try:
        wanted = None if numbers is None else from_one_field(numbers)
        decide(context, told, mode, (who, note), wanted)
    except EditRefused as refused:
        registry = read(context.engine, context.now_s())
        if refused.refusal is not Refusal.WHO:
            shown = _Shown(building, refusal=in_words(request, refused), note=note)
            return _rule_page(request, context, registry, told, shown)
        # What was counted stays in sight: the person only forgot to say who they are.
        there, counted = registry.buildings.get(building), None
        if there is not None and wanted is not None:
            counted = count(context, registry, told, there, wanted)
        return _rule_page(request, context, registry, told, _Shown(building, counted, missing="who", note=note))
    response = RedirectResponse(f"/rules/{rule_id}", 303)
    remember(response, who)
    return response


def _told(request: Request, context: AppContext, rule_id: str) -> RuleWords:
    return told_rule(context, rule_id, language_of(request), ADVICE)


def _rule_page(
    request: Request, context: AppContext, registry: Registry, told: RuleWords, shown: _Shown
) -> HTMLResponse:
    standing, language, people = Standing.read(context), language_of(request), who_may_act(context)
    now = standing.numbers(told)
    values = {
        "rule": told,
        "stands": standing.mode(told.id),
        "numbers": [
            {
                "told": one,
                "now": typed_number(now[one.name], one, language),
                "usual": typed_number(one.usual, one, language),
                "is_moved": now[one.name] != one.usual,
                "typed": _typed(told, shown, one.name, language) or typed_number(now[one.name], one, language),
                "least": typed_number(one.least, one, language) if one.moves else "",
                "most": typed_number(one.most, one, language) if one.moves else "",
            }
            for one in told.numbers
        ],
        "record": standing.record(told.id),
        "history": [
            (one, _changed(told, one.parameters, told.parameters, language))
            for one in reversed(standing.history)
            if one.rule == told.id
        ],
        "modes": list(Mode),
        "people": people,
        "names": {person.id: person.name for person in people},
        "buildings": _buildings(registry, told),
        "shown": shown,
        "counted": shown.counted and _counted_values(registry, told, shown.counted, language),
        "chosen": remembered(request),
    }
    return page(request, "rule.html", values, shown.status)


def _typed(told: RuleWords, shown: _Shown, name: str, language: str) -> str:
    if shown.counted is not None and not shown.typed:
        number = next(one for one in told.numbers if one.name == name)
        return typed_number(shown.counted.numbers.get(name, number.usual), number, language)
    return shown.typed.get(name, "")


def _buildings(registry: Registry, told: RuleWords) -> list[Building]:
    """Buildings with a meter that the rule is meant for, by name."""
    meant = [one for one in registry.meters.values() if one.carrier in told.carriers]
    return sorted({one for meter in meant for one in registry.buildings_of(meter.id)}, key=lambda one: one.name)


def _changed(
    told: RuleWords, numbers: Mapping[str, float], before: Mapping[str, float], language: str
) -> list[tuple[str, str, str]]:
    """Title, value and unit of the numbers that are not what they were."""
    return [
        (one.title, typed_number(numbers[one.name], one, language), one.unit)
        for one in told.numbers
        if one.name in numbers and numbers[one.name] != before[one.name]
    ]


def _counted_values(registry: Registry, told: RuleWords, counted: Counted, language: str) -> dict[str, object]:
    lines = [
        {
            "ticket": ticket,
            "name": registry.meters[ticket.meter].name,
            "day": local_day(ticket.opened_s, counted.tz).isoformat(),
            "now": now,
            "then": then,
        }
        for ticket, now, then in counted.lines[:LINES_SHOWN]
    ]
    silent = sorted(counted.now.not_judged.items())
    before, after = ({**told.parameters, **some} for some in (counted.standing, counted.numbers))
    return {
        "of": counted,
        "lines": lines,
        "more": len(counted.lines) - len(lines),
        "silent": [(registry.meters[meter].name, NOT_JUDGED.get(code, code)) for meter, code in silent],
        "numbers": as_one_field(counted.numbers),
        "moved": _changed(told, after, before, language),
    }
