"""The form for what is true of a meter from a day on."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel

from api.context import Context
from api.entries import FIRST_DAY, Short, Typed, back, by, day_typed, number_typed, told
from api.life_cycle import enter_facts
from api.life_cycle_view import life_cycle_page, place_of
from api.registry import read
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import MeterFacts
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.life_cycle import MeterEditor
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=500)]
FORM = "facts"


class FactsForm(BaseModel):
    """What the form holds, as it was typed. instead_of: instant of the facts that are corrected [ms since 1970 UTC]."""

    valid_from: Text = ""
    instead_of: Text = ""
    digits: Text = ""
    decimals: Text = ""
    multiplier: Text = ""
    max_power_kw: Text = ""
    max_flow_m3h: Text = ""
    pulse_weight: Text = ""
    unit: Text = ""
    tank_l: Text = ""
    contracted_kw: Text = ""
    source: Text = ""
    who: Text = ""


@router.post("/meters/{meter_id}/facts")
def facts_typed(request: Request, context: Context, meter_id: str, form: Annotated[FactsForm, Form()]) -> Response:
    """A person enters what is true of the meter from a day on, or corrects it."""
    registry = read(context.engine, context.now_s())
    meter = registry.meter(meter_id)
    try:
        editor = by(context, form.who)
        instead_of_ms = int(form.instead_of) if form.instead_of.isdecimal() else None
        valid_from_ms = _valid_from_ms(form.valid_from, instead_of_ms, registry.site_of(meter).timezone)
        enter_facts(context, meter, _facts(meter_id, valid_from_ms, form), editor, instead_of_ms)
    except EditRefused as refused:
        return life_cycle_page(request, context, meter_id, Typed(FORM, form.model_dump(), told(request, refused)))
    return back(f"{place_of(meter_id)}?done=noted", form.who)


@router.post("/meters/{meter_id}/facts/remove")
def facts_removed(
    request: Request, context: Context, meter_id: str, valid_from_ms: Annotated[int, Form()], who: Short = ""
) -> Response:
    """Facts are taken back: those before them hold on."""
    read(context.engine, context.now_s()).meter(meter_id)
    try:
        MeterEditor(context.engine, context.series, by(context, who)).remove_facts(meter_id, valid_from_ms)
    except EditRefused as refused:
        return life_cycle_page(request, context, meter_id, Typed(FORM, {"who": who}, told(request, refused)))
    return back(f"{place_of(meter_id)}?done=noted", who)


def _valid_from_ms(typed: str, instead_of_ms: int | None, tz: str) -> int:
    """The first instant of the day; an instant within it that was entered before stays as it was."""
    day = day_typed(typed, FIRST_DAY)
    if instead_of_ms is not None and local_day(instead_of_ms // 1000, tz) == day:
        return instead_of_ms
    return 0 if day == FIRST_DAY else day_start_s(day, tz) * 1000


def _facts(meter: str, valid_from_ms: int, form: FactsForm) -> MeterFacts:
    return MeterFacts(
        meter,
        valid_from_ms,
        whole_typed(form.digits),
        whole_typed(form.decimals),
        1.0 if not form.multiplier.strip() else number_typed(form.multiplier),
        _number(form.max_power_kw),
        _number(form.max_flow_m3h),
        _number(form.pulse_weight, below_thousand=True),
        form.unit or None,
        _number(form.tank_l),
        form.source,
        _number(form.contracted_kw),
    )


def whole_typed(text: str) -> int | None:
    """A whole number that was typed, None where nothing was. Raises EditRefused."""
    number = _number(text)
    if number is not None and number != int(number):
        raise EditRefused(Refusal.FACTS, N_("“%(typed)s” is no whole number."), typed=text[:40])
    return None if number is None else int(number)


def _number(text: str, *, below_thousand: bool = False) -> float | None:
    return number_typed(text, below_thousand=below_thousand) if text.strip() else None
