"""The page of a computed meter's formula: written, shown with its units and last week's amounts, then confirmed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import (
    FIRST_DAY,
    Long,
    Short,
    Typed,
    back,
    by,
    day_typed,
    form_values,
    grouped,
    meter_values,
    number_typed,
    told,
)
from api.formula_preview import Preview, preview
from api.pages import page
from api.problems import not_found
from api.registry import Registry, read
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Kind, Meter, VirtualFormula
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import registry as records
from plagewatch.store.records.formulas import FormulaEditor, parsed
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)


class Step(StrEnum):
    """What a person pressed."""

    ADD = "add"
    PREVIEW = "preview"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Line:
    """A formula in the list. since: None = since ever."""

    formula: str
    at_ms: int
    since: date | None


@router.get("/meters/{meter_id}/formula")
def formula(
    request: Request, context: Context, meter_id: str, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The formulas of a meter, and the form with the newest of them."""
    registry = read(context.engine, context.now_s())
    meter = _computed(registry, meter_id)
    known = _lines(context, registry, meter)
    return _page(request, context, registry, meter, Typed("", {"formula": known[0].formula if known else ""}), done)


@router.post("/meters/{meter_id}/formula")
def step(
    request: Request,
    context: Context,
    meter_id: str,
    step: Annotated[Step, Form()],
    formula: Long = "",
    since: Short = "",
    who: Short = "",
    sign: Short = "+",
    source: Short = "",
    factor: Short = "",
) -> Response:
    """Another meter is added to the text; what it means is shown; or it is entered."""
    registry = read(context.engine, context.now_s())
    meter = _computed(registry, meter_id)
    fields = {"formula": " ".join(formula.split()), "since": since, "who": who, "sign": sign}
    made = None
    try:
        if step is Step.ADD:
            fields["formula"] = _added(fields["formula"], sign, source, factor)
        else:
            first_ms = _first_ms(registry, meter, since)
            wanted = VirtualFormula(meter_id, fields["formula"], first_ms)
            made = preview(context, registry, meter, parsed(context.engine, wanted))
            if step is Step.CONFIRM:
                FormulaEditor(context.engine, context.series, by(context, who)).set(wanted)
                return back(f"/meters/{quote(meter_id, safe='')}/formula?done=entered", who)
    except EditRefused as refused:
        return _page(request, context, registry, meter, Typed(step, fields, told(request, refused)), made=made)
    return _page(request, context, registry, meter, Typed(step, fields), made=made)


@router.post("/meters/{meter_id}/formula/remove")
def remove(
    request: Request, context: Context, meter_id: str, at: Annotated[int, Form(ge=0, le=2**43)], who: Short = ""
) -> Response:
    """A formula does not hold: the one before it does, or none."""
    registry = read(context.engine, context.now_s())
    meter = _computed(registry, meter_id)
    try:
        FormulaEditor(context.engine, context.series, by(context, who)).remove(meter_id, at)
    except EditRefused as refused:
        return _page(request, context, registry, meter, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"/meters/{quote(meter_id, safe='')}/formula?done=removed", who)


def _computed(registry: Registry, meter_id: str) -> Meter:
    meter = registry.meter(meter_id)
    if meter.kind is not Kind.VIRTUAL:
        raise not_found("computed meter", meter_id, "path: meter_id", "The building's page lists its meters.")
    return meter


def _added(formula: str, sign: str, source: str, factor: str) -> str:
    if not source:
        raise EditRefused(Refusal.UNKNOWN, N_("Choose the meter."))
    times = number_typed(factor, below_thousand=True) if factor.strip() else 1.0
    part = f"[{source}]" if times == 1.0 else f"{times:.10g} * [{source}]"
    if not formula:
        return f"-{part}" if sign == "-" else part
    return f"{formula} {'-' if sign == '-' else '+'} {part}"


def _first_ms(registry: Registry, meter: Meter, since: str) -> int:
    day = day_typed(since, FIRST_DAY)
    return 0 if day == FIRST_DAY else day_start_s(day, registry.site_of(meter).timezone) * 1000


def _lines(context: AppContext, registry: Registry, meter: Meter) -> list[Line]:
    """The newest first."""
    tz = registry.site_of(meter).timezone
    known = [one for one in records.virtual_formulas(context.engine) if one.meter == meter.id]
    return [
        Line(one.formula, one.valid_from_ms, local_day(one.valid_from_ms // 1000, tz) if one.valid_from_ms else None)
        for one in reversed(known)
    ]


def _page(
    request: Request,
    context: AppContext,
    registry: Registry,
    meter: Meter,
    typed: Typed,
    done: str = "",
    *,
    made: Preview | None = None,
) -> HTMLResponse:
    able = [one for one in registry.meters.values() if one.kind is not Kind.GAUGE and one.id != meter.id]
    values = form_values(request, context, typed, done) | meter_values(registry, meter)
    values |= {
        "made": made,
        "since": day_typed(typed["since"]) if made and typed["since"].strip() else None,
        "formulas": _lines(context, registry, meter),
        "able": grouped(registry, meter, able),
    }
    return page(request, "formula.html", values, 422 if typed.refusal else 200)
