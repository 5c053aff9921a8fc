"""The page on which a person says which meters stand behind a meter, and since when."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import FIRST_DAY, Short, Typed, back, by, day_typed, form_values, grouped, meter_values, told
from api.pages import page
from api.problems import not_found
from api.registry import Registry, read
from plagewatch.metering.meters import Kind, Meter, SubMeter
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.sharing import ShareEditor
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)


@router.get("/meters/{meter_id}/sub-meters")
def sub_meters(
    request: Request, context: Context, meter_id: str, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Which meters stand behind this one, of all dates, and the form for another one."""
    registry = read(context.engine, context.now_s())
    return _page(request, context, registry, _head(registry, meter_id), Typed(), done)


@router.post("/meters/{meter_id}/sub-meters")
def enter(
    request: Request,
    context: Context,
    meter_id: str,
    sub: Short = "",
    since: Short = "",
    until: Short = "",
    who: Short = "",
) -> Response:
    """A meter stands behind this one, or does not any more."""
    registry = read(context.engine, context.now_s())
    head = _head(registry, meter_id)
    try:
        if not sub:
            raise EditRefused(Refusal.UNKNOWN, N_("Choose the meter."))
        link = SubMeter(meter_id, sub, day_typed(since, FIRST_DAY), day_typed(until) if until.strip() else None)
        ShareEditor(context.engine, by(context, who)).set_sub_meter(link)
    except EditRefused as refused:
        fields = {"sub": sub, "since": since, "until": until, "who": who}
        return _page(request, context, registry, head, Typed("enter", fields, told(request, refused)))
    return back(f"/meters/{quote(meter_id, safe='')}/sub-meters?done=entered", who)


@router.post("/meters/{meter_id}/sub-meters/remove")
def remove(
    request: Request, context: Context, meter_id: str, sub: Short = "", since: Short = "", who: Short = ""
) -> Response:
    """It never stood behind it."""
    registry = read(context.engine, context.now_s())
    head = _head(registry, meter_id)
    try:
        link = SubMeter(meter_id, sub, day_typed(since, FIRST_DAY))
        if not ShareEditor(context.engine, by(context, who)).remove_sub_meter(link):
            raise EditRefused(Refusal.UNKNOWN, N_("That is not there any more."))
    except EditRefused as refused:
        return _page(request, context, registry, head, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"/meters/{quote(meter_id, safe='')}/sub-meters?done=removed", who)


def _head(registry: Registry, meter_id: str) -> Meter:
    meter = registry.meter(meter_id)
    if meter.kind is Kind.GAUGE:
        raise not_found("meter that counts", meter_id, "path: meter_id", "A sensor has no meters behind it.")
    return meter


def _page(
    request: Request, context: AppContext, registry: Registry, head: Meter, typed: Typed, done: str = ""
) -> HTMLResponse:
    links = [link for link in registry.sub_meters if link.head == head.id]
    able = [
        one
        for one in registry.meters.values()
        if (one.carrier, one.unit) == (head.carrier, head.unit) and one.id != head.id and one.kind is not Kind.GAUGE
    ]
    values = form_values(request, context, typed, done) | meter_values(registry, head)
    values |= {
        "links": sorted(links, key=lambda link: (link.valid_to is not None, link.valid_from, link.sub)),
        "able": grouped(registry, head, able),
        "first_day": FIRST_DAY,
    }
    return page(request, "sub_meters.html", values, 422 if typed.refusal else 200)
