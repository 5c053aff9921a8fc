"""The start page: every building's week, and a building's own page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.figures import MeterNow, meters_now
from api.language import language_of
from api.pages import page
from api.queue import Wanted, choose
from api.registry import Registry, read
from api.weeks import Week, together
from api.worth import ranked
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Building, Kind, Site
from plagewatch.metering.parts import counted_already
from plagewatch.store.records import tickets as records
from plagewatch.tickets.findings import Urgency
from plagewatch.tickets.states import Ticket

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class BuildingNow:
    """A building as the pages show it, with its share of each meter."""

    building: Building
    site: Site
    weeks: list[Week]
    meters: list[tuple[MeterNow, float]]
    tickets: list[Ticket]

    @property
    def silent(self) -> list[MeterNow]:
        """Its meters that ought to send and do not."""
        return [meter for meter, _ in self.meters if meter.silent]

    @property
    def age_s(self) -> float | None:
        """Age of the newest data of any of its meters [s]; None = there is none."""
        return min((meter.age_s for meter, _ in self.meters if meter.age_s is not None), default=None)

    @property
    def urgent(self) -> bool:
        """Whether somebody must act at once."""
        return any(ticket.urgency is Urgency.URGENT for ticket in self.tickets)


@router.get("/")
def start(
    request: Request, context: Context, zone: Annotated[str | None, Query(max_length=100)] = None
) -> HTMLResponse:
    """Every building, those with work to do first."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    zones = sorted({site.zone for site in registry.sites.values() if site.zone})
    shown = [b for b in registry.buildings.values() if zone in (None, registry.sites[b.site].zone)]
    buildings = buildings_now(context, registry, shown, now_s)
    values = {
        "buildings": sorted(buildings, key=lambda b: (not b.urgent, not b.tickets, b.building.name)),
        "zone": zone,
        "zones": zones,
        "meters": sum(len(building.meters) for building in buildings),
        "open_tickets": sum(len(building.tickets) for building in buildings),
        "silent": sum(len(building.silent) for building in buildings),
    }
    return page(request, "start.html", values)


@router.get("/buildings/{building_id}")
def building(request: Request, context: Context, building_id: str) -> HTMLResponse:
    """One building: its week, its meters with a month drawn, its tickets."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    found = buildings_now(context, registry, [registry.building(building_id)], now_s)[0]
    titles = {ticket.id: context.ticket_title(ticket, language_of(request)) for ticket in found.tickets}
    since = local_day(now_s, found.site.timezone) - timedelta(days=27)
    return page(request, "building.html", {"now": found, "titles": titles, "gauge": Kind.GAUGE, "since": since})


def buildings_now(context: AppContext, registry: Registry, buildings: list[Building], now_s: int) -> list[BuildingNow]:
    """Buildings with their week, in the order given; a meter that serves several is read once."""
    served = {building.id: registry.meters_of(building.id) for building in buildings}
    wanted = {meter.id: meter for meters in served.values() for meter, _ in meters}
    now = meters_now(context, registry, list(wanted.values()), now_s)
    open_now = records.tickets(context.engine, now_s, living_only=True)
    living = choose(open_now, registry, Wanted(), ranked(context, registry))
    found = []
    for building in buildings:
        meters = [(now[meter.id], share) for meter, share in served[building.id]]
        tickets = [ticket for ticket in living if any(ticket.meter == meter.meter.id for meter, _ in meters)]
        today = local_day(now_s, registry.sites[building.site].timezone)
        within = counted_already((m.meter.id for m, _ in meters), registry.sub_meters, registry.virtual, today)
        counted = ((m.week, share) for m, share in meters if m.week is not None and m.meter.id not in within)
        weeks = together(counted)
        found.append(BuildingNow(building, registry.sites[building.site], weeks, meters, tickets))
    return found
