"""The page on which a person enters a meter: one that a device reads, a tank, or one computed from others."""

from dataclasses import replace
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, form_values, number_typed, tidy, told
from api.pages import page
from api.registry import Registry, read
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, MeterFacts
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.meter_entry import FUELS, UNITS_OF, MeterEntry, slug
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)
READ = {Kind.INDEX: N_("its index, as most loggers do"), Kind.INTERVAL: N_("amounts per quarter or hour, as files do")}
FOLLOWING = {Kind.VIRTUAL: "/formula", Kind.DELIVERY: "/deliveries"}
COUNTED = [(carrier, unit) for carrier, units in UNITS_OF.items() if carrier not in FUELS for unit in units
           if carrier is not Carrier.INDOOR]  # fmt: skip
READABLE = [*COUNTED, (Carrier.INDOOR, "°C")]


@router.get("/buildings/{building_id}/new-meter")
def new_meter(request: Request, context: Context, building_id: str) -> Response:
    """The forms."""
    registry = read(context.engine, context.now_s())
    return _page(request, context, registry.building(building_id), Typed())


@router.post("/buildings/{building_id}/new-meter")
def enter(
    request: Request,
    context: Context,
    building_id: str,
    kind: Short = "",
    name: Short = "",
    counts: Short = "",
    tank: Short = "",
    ean: Short = "",
    who: Short = "",
) -> Response:
    """The meter serves this building alone; then its device, its first delivery or its formula is asked for."""
    registry = read(context.engine, context.now_s())
    building = registry.building(building_id)
    try:
        made, editor = _meter(registry, building, kind, name, counts), by(context, who)
        made = replace(made, ean="".join(ean.split()) or None)
        tank_l = _litres(tank) if tank.strip() and made.kind is Kind.DELIVERY else None
        MeterEntry(context.engine, editor).add(made, {building.id: 1.0})
        _tank_fact(context, editor, made, tank_l)
    except EditRefused as refused:
        fields = {"name": name, "counts": counts, "tank": tank, "ean": ean, "kind": kind, "who": who}
        form = "read" if kind in READ else kind
        return _page(request, context, building, Typed(form, fields, told(request, refused)))
    return back(f"/meters/{quote(made.id, safe='')}{FOLLOWING.get(made.kind, '')}", who)


def _meter(registry: Registry, building: Building, kind: str, name: str, counts: str) -> Meter:
    carrier, _, unit = counts.partition(" ")
    if kind not in (*READ, *FOLLOWING) or carrier not in list(Carrier):
        raise EditRefused(Refusal.KIND, N_("Choose what the meter counts."))
    id_ = slug(name, registry.meters, f"{building.id}.")
    # What comes of a room is its state, whichever way its amounts would come.
    told = Kind.GAUGE if carrier == Carrier.INDOOR and kind in READ else Kind(kind)
    return Meter(id_, building.site, tidy(name), Carrier(carrier), told, unit)


def _litres(text: str) -> float:
    litres = number_typed(text)
    if litres <= 0:
        raise EditRefused(Refusal.QUANTITY, N_("The quantity is %(quantity)s; it must be above 0."), quantity=litres)
    return litres


def _tank_fact(context: AppContext, editor: By, meter: Meter, tank_l: float | None) -> None:
    if tank_l is not None:
        MeterEditor(context.engine, context.series, editor).enter_facts(MeterFacts(meter.id, tank_l=tank_l))


def _page(request: Request, context: AppContext, building: Building, typed: Typed) -> HTMLResponse:
    values = form_values(request, context, typed) | {
        "building": building,
        "here": f"/buildings/{quote(building.id, safe='')}",
        "fuels": FUELS,
        "counted": COUNTED,
        "readable": READABLE,
        "read": READ,
    }
    return page(request, "new_meter.html", values, 422 if typed.refusal else 200)
