"""A meter's page: its amounts drawn and in figures, over a day, a week, a month or thirteen months."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import nan
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.asked import From, To, Window, day_of, few_enough, window_of
from api.context import AppContext, Context
from api.devices import devices_of, part_of
from api.figures import coarse_enough, meters_now
from api.language import Language, language_of
from api.pages import page
from api.registry import read
from api.routes.balance import tree_of
from api.routes.delivery_pages import list_values
from plagewatch.charts import ChartStyle, Size, amounts_chart
from plagewatch.charts.grid import grid_of
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Kind, Meter
from plagewatch.metering.terms import STANDING
from plagewatch.store.records import findings
from plagewatch.store.records import tickets as records

router = APIRouter(include_in_schema=False)
DELIVERIES_SHOWN = 8
NEWEST_FINDINGS = 200  # what is true of all samples is told anew with the newest of them
MOST_DRAWN = 4_000  # more intervals than this are more than any screen has columns


class Period(StrEnum):
    """How much a meter's page shows, up to a day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"  # thirteen months, so that a month stands beside the same one a year before


_DRAWN = {
    Period.DAY: Resolution.QUARTER,
    Period.WEEK: Resolution.HOUR,
    Period.MONTH: Resolution.DAY,
    Period.YEAR: Resolution.MONTH,
}
_LISTED = {
    Period.DAY: Resolution.HOUR,
    Period.WEEK: Resolution.DAY,
    Period.MONTH: Resolution.DAY,
    Period.YEAR: Resolution.MONTH,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The local days a page shows, [first, after)."""

    first: date
    after: date

    def window(self, tz: str) -> Window:
        """The same as instants."""
        return Window(day_start_s(self.first, tz), day_start_s(self.after, tz))


def shown(period: Period, until: date) -> Shown:
    """The days of a period that ends with a day; thirteen months are whole months.

    >>> shown(Period.WEEK, date(2026, 11, 20)).first, shown(Period.YEAR, date(2026, 11, 20))
    (datetime.date(2026, 11, 14), Shown(first=datetime.date(2025, 11, 1), after=datetime.date(2026, 12, 1)))
    """
    after = until + timedelta(days=1)
    if period is Period.YEAR:
        next_month = (until.replace(day=1) + timedelta(days=32)).replace(day=1)
        return Shown(until.replace(year=until.year - 1, day=1), next_month)
    return Shown(after - timedelta(days={Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31}[period]), after)


@router.get("/meters/{meter_id}")
def meter(
    request: Request,
    context: Context,
    meter_id: str,
    period: Period | None = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    """The meter's amounts up to a day, drawn and listed, each with its coverage."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    found = registry.meter(meter_id)
    site = registry.site_of(found)
    # Of a tank the last week is not known until it is filled again.
    period = period or (Period.YEAR if found.kind is Kind.DELIVERY else Period.WEEK)
    last, today = day_of(until, now_s, site.timezone), day_of(None, now_s, site.timezone)
    days = shown(period, last)
    language = language_of(request)
    tickets = records.tickets(context.engine, context.now_s(), meter=meter_id)[:8]
    values = {
        "meter": found,
        "now": meters_now(context, registry, [found], now_s)[meter_id],
        "buildings": registry.buildings_of(meter_id),
        "site": site,
        "period": period,
        "periods": list(Period),
        "until": last,
        "days": days,
        "earlier": days.first - timedelta(days=1),
        "later": min(days.after + (days.after - days.first) - timedelta(days=1), today) if last < today else None,
        "devices": [(device, part_of(device)) for device in devices_of(context, meter_id)],
        "tickets": [(ticket, context.ticket_title(ticket, language)) for ticket in tickets],
    }
    if found.kind is Kind.GAUGE:
        return page(request, "gauge.html", values)
    figures = listed(context, found, site.timezone, coarse_enough(registry, found, _LISTED[period]), days)
    values |= tree_of(context, registry, found)
    if found.kind is Kind.DELIVERY:
        values |= list_values(request, context, found, DELIVERIES_SHOWN)
    met = findings.newest(context.engine, NEWEST_FINDINGS, meter_id)
    lacks = sorted({one.found.note for one in met if one.found.note in STANDING})
    values |= {"figures": figures, "drawn": coarse_enough(registry, found, _DRAWN[period]), "lacks": lacks}
    return page(request, "meter.html", values)


@dataclass(frozen=True, slots=True)
class Row:
    """One interval. amount: NaN = not known. origins: what of it was not measured, by why. running: not over yet."""

    start_s: int
    amount: float
    origins: dict[str, float]
    coverage: float
    running: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """The table under a chart. rows: the newest first.

    total: what is known of the amounts [unit of the meter], NaN = nothing. coverage: of the time that has passed.
    """

    resolution: Resolution
    rows: list[Row]
    total: float
    coverage: float

    @property
    def any_inferred(self) -> bool:
        """Whether a part of any amount was not measured."""
        return any(row.origins for row in self.rows)


def listed(context: AppContext, meter: Meter, tz: str, resolution: Resolution, days: Shown) -> Figures:
    """The figures of some days, those to come left out."""
    now_s, window = context.now_s(), days.window(tz)
    intervals = context.series.intervals(resolution, meter.id, window.start_s, window.end_s)
    grid = grid_of(intervals, resolution, (window.start_s, window.end_s), tz, now_s)
    past = grid.start_s < now_s
    coverage, running = grid.coverage_so_far, grid.running
    rows = [
        Row(
            int(grid.start_s[place]),
            float(grid.amount[place]),
            {name: float(part[place]) for name, part in grid.origins.items() if part[place] > 0},
            float(coverage[place]),
            bool(running[place]),
        )
        for place in np.flatnonzero(past)
    ]
    known = grid.amount[~np.isnan(grid.amount)]
    return Figures(resolution, rows[::-1], float(known.sum()) if len(known) else nan, grid.total_coverage())


@router.get("/meters/{meter_id}/chart.svg")
def chart(
    context: Context,
    language: Language,
    meter_id: str,
    resolution: Resolution = Resolution.HOUR,
    from_: From = None,
    to: To = None,
    size: Size = Size.TABLET,
) -> Response:
    """The meter's amounts drawn, gaps as gaps; by default the last seven days."""
    now_s = context.now_s()
    registry = read(context.engine, now_s)
    found = registry.meter(meter_id)
    tz = registry.site_of(found).timezone
    window = window_of(from_, to, now_s, tz)
    resolution = coarse_enough(registry, found, resolution)
    few_enough(window, resolution, most=MOST_DRAWN)
    intervals = context.series.intervals(resolution, meter_id, window.start_s, window.end_s)
    style = ChartStyle(
        title=registry.full_name(found),
        resolution=resolution,
        carrier=found.carrier,
        window_s=(window.start_s, window.end_s),
        now_s=now_s,
        size=size,
    )
    return picture(amounts_chart(intervals, found.unit, tz, language, style=style))


def picture(svg: bytes) -> Response:
    """A drawing that a browser may keep for a minute: a quarter-hour is the finest thing on it."""
    headers = {"Cache-Control": "private, max-age=60", "Vary": "Cookie, Accept-Language"}
    return Response(svg, media_type="image/svg+xml", headers=headers)
