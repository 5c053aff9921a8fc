"""The page on the data itself: parts of the product, silent meters, quarantine; and the page on the API."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.context import Context
from api.figures import MeterNow, ages_s
from api.language import language_of
from api.pages import page
from api.queue import STAGES, Stage, Wanted, choose
from api.registry import read
from api.routes import ledger, weather_health
from api.routes.health import parts_of
from plagewatch.health import overall
from plagewatch.metering.meters import Kind
from plagewatch.store.records import quarantine, tickets
from plagewatch.tickets.findings import Skill
from plagewatch.tickets.states import Ticket


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found wrong with the figures of a meter; name: of the meter, with its place."""

    ticket: Ticket
    title: str
    name: str


router = APIRouter(include_in_schema=False)
NEWEST = 25


@router.get("/data")
def data(request: Request, context: Context) -> HTMLResponse:
    """How the product and its data are doing."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    ages = ages_s(context, now_s)
    meters = [MeterNow(meter, None, ages.get(meter.id)) for meter in registry.meters.values()]
    silent = [meter for meter in meters if meter.silent]
    parts, _ = parts_of(context)
    living = tickets.tickets(context.engine, now_s, living_only=True)
    values: dict[str, object] = {
        "parts": parts,
        "overall": overall(parts),
        "meters": [m for m in meters if m.meter.kind in (Kind.INDEX, Kind.GAUGE)],
        "silent": sorted(silent, key=lambda m: (m.age_s is not None, -(m.age_s or 0))),
        "places": {meter.meter.id: registry.place_of(meter.meter) for meter in silent},
        "findings": [
            Finding(
                one, context.ticket_title(one, language_of(request)), registry.full_name(registry.meters[one.meter])
            )
            for one in choose(living, registry, Wanted(STAGES[Stage.TO_DO], skill=Skill.DATA))
        ],
        "counts": quarantine.counts(context.engine),
        "newest": quarantine.quarantined(context.engine, NEWEST),
    }
    values |= ledger.health(context, registry) | weather_health.health(context, now_s) | {"now_s": now_s}
    return page(request, "data.html", values)


@router.get("/api")
def routes(request: Request, context: Context) -> HTMLResponse:
    """What other programs can ask for."""
    described = request.app.openapi()["paths"]
    listed = [(method.upper(), path, what) for path, methods in described.items() for method, what in methods.items()]
    return page(request, "api.html", {"routes": listed})
