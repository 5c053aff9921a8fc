"""Pages of devices in quarantine: the list, and one device with its preview, the forms to claim it, and the replay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from babel.numbers import format_decimal
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.context import AppContext, Context
from api.device_answers import progress_of
from api.devices import (
    device_now,
    device_of,
    lines,
    meters_for,
    meters_to_move,
    part_of,
    require_family,
    require_person,
)
from api.language import language_of
from api.pages import page
from api.pages.labels import label
from api.pages.people import remember, remembered, who_may_act
from api.pages.registers import UNIT_NAMES, WORDS, register_name
from api.registry import read
from plagewatch.metering.claiming import Claim, ClaimRefused
from plagewatch.metering.local_time import zone
from plagewatch.number_words import locale
from plagewatch.store.records import claims, replays
from plagewatch.store.records.life_cycle import By
from plagewatch.tickets.texts import N_
from plagewatch.words import words

router = APIRouter(include_in_schema=False)
TZ = "Europe/Brussels"
MOST_SHOWN = 300
LATEST = 2100

REPLAYS_SHOWN = 5

Short = Annotated[str, Form(max_length=500)]
Register = Annotated[str, Form(alias="register", max_length=500)]
Done = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought that was refused, to be shown again with the reason."""

    register: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


@router.get("/data/devices")
def devices(request: Request, context: Context, done: Done = "") -> HTMLResponse:
    """Devices of which packets wait, the latest first, and what is being counted afterwards."""
    found = lines(context)
    values = {
        "lines": found[:MOST_SHOWN],
        "more": max(0, len(found) - MOST_SHOWN),
        "replays": replays.replays(context.engine, REPLAYS_SHOWN),
        "done": done,
        "part_of": part_of,
        "progress_of": progress_of,
        "tz": TZ,
    }
    return page(request, "devices.html", values)


@router.get("/data/devices/{part:path}")
def device(request: Request, context: Context, part: str, done: Done = "") -> Response:
    """What one device says, whose it may be, and how its replay goes."""
    return _device_page(request, context, device_of(part), Typed(), done=done)


@router.post("/data/claims")
def claim(
    request: Request,
    context: Context,
    device: Short,
    register_: Register,
    meter: Short = "",
    since: Annotated[str, Form(max_length=40)] = "",
    as_register: Short = "",
    unit: Short = "",
    who: Short = "",
    same_index: Short = "",
) -> Response:
    """A person says whose a register is; back to the device, which shows the replay."""
    typed = {"meter": meter, "since": since, "as_register": as_register, "unit": unit, "who": who, "same": same_index}
    try:
        from_ms = _local_ms(since) if since else device_now(context, device).first_ms(register_)
        if not meter:
            raise ClaimRefused(N_("Choose the meter."))
        if not who:
            raise ClaimRefused(N_("Say who you are."))
        require_person(context, who)
        wanted = Claim(device, register_, meter, from_ms, who, as_register or None, unit or None, bool(same_index))
        claims.claim(context.engine, context.series, wanted, context.now_s() * 1000)
    except ClaimRefused as refusal:
        return _device_page(request, context, device, Typed(register_, typed, _told(request, refusal)))
    return _back(device, who, "claimed")


@router.post("/data/releases")
def release(
    request: Request,
    context: Context,
    device: Short,
    register_: Register,
    since: Annotated[str, Form(max_length=40)] = "",
    who: Short = "",
) -> Response:
    """A person says from when on a register feeds no meter."""
    try:
        if not who:
            raise ClaimRefused(N_("Say who you are."))
        require_person(context, who)
        now_ms = context.now_s() * 1000
        claims.release(
            context.engine, context.series, device, register_, _local_ms(since) if since else now_ms, By(who, now_ms)
        )
    except ClaimRefused as refusal:
        typed = {"since": since, "who": who}
        return _device_page(request, context, device, Typed(register_, typed, _told(request, refusal)))
    return _back(device, who, "released")


@router.post("/data/routes")
def route(
    request: Request, context: Context, device: Short, template: Short = "", family: Short = "", who: Short = ""
) -> Response:
    """A person says which family topics are; back to the list, where their devices then stand."""
    try:
        if not who:
            raise ClaimRefused(N_("Say who you are."))
        require_person(context, who)
        require_family(context, family)
        claims.route(context.engine, template, family, who, context.now_s() * 1000)
    except ClaimRefused as refusal:
        typed = {"template": template, "family": family, "who": who}
        return _device_page(request, context, device, Typed("", typed, _told(request, refusal)))
    return _back("", who, "routed")


def _device_page(request: Request, context: AppContext, name: str, typed: Typed, done: str = "") -> HTMLResponse:
    found, language = device_now(context, name), language_of(request)
    registry = read(context.engine, context.now_s())
    say = words(language).gettext
    values = {
        "now": found,
        "done": done,
        "typed": typed,
        "part": part_of(name),
        "choices": {one.register: meters_for(context, found, one.register) for one in found.preview.registers},
        "place": {meter.id: registry.place_of(meter) for meter in registry.meters.values()},
        "meters": registry.meters,
        "firsts": {one.register: _local_text(found.first_ms(one.register)) for one in found.preview.registers},
        "shown": {one.register for one in found.preview.registers},
        "moves": {one.register: meters_to_move(context, one) for one in found.bindings},
        "local_text": _local_text,
        "name_of": lambda register: say(register_name(register)),
        "number": lambda value: format_decimal(value, "#,##0.######", locale(language)),
        "progress_of": progress_of,
        "words": WORDS,
        "units": UNIT_NAMES,
        "families": context.families,
        "people": who_may_act(context),
        "chosen": typed["who"] or remembered(request),
        "tz": TZ,
    }
    return page(request, "device.html", values, 422 if typed.refusal else 200)


def _told(request: Request, refusal: ClaimRefused) -> str:
    say = words(language_of(request)).gettext
    values = {name: say(_called(name, value)) for name, value in refusal.values.items()}
    return say(refusal.text) % values


def _called(name: str, value: str) -> str:
    """What stands in a refusal, as the form calls it."""
    if name == "carrier":
        return label(value)
    return register_name(value) if name == "register" and not value.startswith("field.") else value


def _back(device: str, who: str, done: str) -> Response:
    place = f"/data/devices/{part_of(device)}" if device else "/data/devices"
    response = RedirectResponse(f"{place}?done={done}", 303)
    remember(response, who)
    return response


def _local_ms(text: str) -> int:
    """The instant of a form's local date and time. In the hour that comes twice it is the first: nothing is lost."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None or not 1970 <= at.year < LATEST:
            raise ValueError(text)
    except ValueError:
        raise ClaimRefused(N_("“%(typed)s” is no date and time."), typed=text) from None
    return round(at.replace(tzinfo=zone(TZ)).timestamp() * 1000)


def _local_text(at_ms: int) -> str:
    """An instant as a form takes it, its second begun: the reading itself still counts."""
    return datetime.fromtimestamp(at_ms // 1000, zone(TZ)).strftime("%Y-%m-%dT%H:%M:%S")
