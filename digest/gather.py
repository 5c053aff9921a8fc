"""Reads what one person's weekly mail is made from. Decides nothing."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import numpy as np

from digest.facts import BuildingWeek, MeterWeek, PlageStatus, TicketFacts, TicketWeek, WeekFacts
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Building, Kind, Meter, Person, Site, shares_on
from plagewatch.metering.parts import counted_already
from plagewatch.metering.prices import ASSUMED_PRICES
from plagewatch.metering.rollups import bounds_s
from plagewatch.metering.virtual import virtual_meters
from plagewatch.plage.assessment import Assessment
from plagewatch.store import names
from plagewatch.store.engine import Engine
from plagewatch.store.records import held_notices, registry
from plagewatch.store.records import tickets as ticket_records
from plagewatch.store.records.withdrawals import counting
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.weather import weather_hours
from plagewatch.tickets.states import LIVING, State, Ticket

CHART_WEEKS = 4
ENOUGH_HOURS = 84
TZ = "Europe/Brussels"
COUNTED = frozenset({Kind.INDEX, Kind.INTERVAL, Kind.VIRTUAL})


def gather(
    engine: Engine, series: SeriesStore, person: Person, first_on: date, assessment: Assessment | None
) -> WeekFacts:
    """What is known of the week that begins on Monday `first_on` in the buildings of a person.

    Meters that tell no weekly amounts (deliveries, sensors) are left out. Raises SeriesError where the store fails.
    """
    reader = _Reader(engine, series, first_on)
    mine = [b for b in registry.buildings(engine) if not person.buildings or b.id in person.buildings]
    weeks = tuple(reader.building_week(building) for building in mine)
    return WeekFacts(person, first_on, weeks, reader.tickets(mine), ASSUMED_PRICES, plage_status(assessment))


def plage_status(assessment: Assessment | None) -> PlageStatus | None:
    """What a facility manager is told of the organisation's target; None where there is no portfolio."""
    if assessment is None:
        return None
    name = assessment.portfolio.organisation.name
    if assessment.figures is None:
        return PlageStatus(name, refusal=assessment.refusals[0])
    figures = assessment.figures
    return PlageStatus(
        name,
        target_kwh=figures.target_kwh,
        forecast_kwh=figures.forecast_kwh,
        excess_kwh=figures.year.excess_kwh,
        fine_eur=figures.year.fine_eur,
        coverage=figures.coverage,
    )


class _Reader:
    """The registry read once, and what hangs on it read per building."""

    def __init__(self, engine: Engine, series: SeriesStore, first_on: date) -> None:
        self.engine, self.series, self.first_on = engine, series, first_on
        self.sites: Mapping[str, Site] = {site.id: site for site in registry.sites(engine)}
        self.meters: Mapping[str, Meter] = {meter.id: meter for meter in registry.meters(engine)}
        self.shares = shares_on(registry.shares(engine), first_on)
        self.links = registry.sub_meters(engine)
        self.virtual = virtual_meters(self.meters.values(), registry.virtual_formulas(engine))
        self.latest_ms = counting(engine, series).latest_sample_ms()

    def building_week(self, building: Building) -> BuildingWeek:
        site = self.sites[building.site]
        return BuildingWeek(
            building,
            tuple(self._meter_week(meter, share, site.timezone) for meter, share in self._serving(building)),
            self._outdoor_c(site, self.first_on),
            self._outdoor_c(site, self.first_on - timedelta(days=7)),
        )

    def tickets(self, buildings: list[Building]) -> TicketWeek:
        """Tickets of the buildings' meters. A meter of several buildings is told under the first of them."""
        home = {share.meter: b for b in reversed(buildings) for share in self.shares if share.building == b.id}
        living: list[TicketFacts] = []
        held = {notice.ticket for notice in held_notices.held(self.engine)}
        week_end_s = day_start_s(self.first_on + timedelta(days=7), TZ)
        opened = verified = 0
        for ticket in ticket_records.tickets(self.engine, week_end_s):
            if ticket.meter not in home:
                continue
            building, meter = home[ticket.meter], self.meters[ticket.meter]
            tz = self.sites[building.site].timezone
            start_s, end_s = self._week_s(self.first_on, tz)
            if ticket.state in LIVING:
                living.append(TicketFacts(ticket, meter, building, tz, ticket.id in held))
            opened += start_s <= ticket.opened_s < end_s
            verified += self._verified_within(ticket, start_s, end_s)
        return TicketWeek(tuple(living), opened, verified)

    def _verified_within(self, ticket: Ticket, start_s: int, end_s: int) -> bool:
        if ticket.state is not State.VERIFIED or ticket.opened_s >= end_s:
            return False
        events = ticket_records.events(self.engine, ticket.id)
        return any(e.state is State.VERIFIED and start_s <= e.at_s < end_s for e in events)

    def _serving(self, building: Building) -> Iterator[tuple[Meter, float]]:
        """Meters with the building's share, but for those whose amounts are within those of others of them."""
        serving = [share for share in self.shares if share.building == building.id and share.share > 0]
        within = counted_already((one.meter for one in serving), self.links, self.virtual, self.first_on)
        for share in serving:
            if share.meter not in within and self._tells_weeks(self.meters[share.meter]):
                yield self.meters[share.meter], share.share

    def _tells_weeks(self, meter: Meter) -> bool:
        needed = (self.meters[source] for source in self.virtual.sources_of(meter.id))
        return meter.kind in COUNTED and all(source.kind in COUNTED for source in needed)

    def _last_seen_s(self, meter: Meter) -> int | None:
        """The newest reading; of a computed meter that of the source which is furthest behind."""
        sources = [self.meters[source] for source in self.virtual.sources_of(meter.id)]
        seen_ms = [self.latest_ms.get(source.id) for source in sources if source.kind is not Kind.VIRTUAL]
        known_ms = [one for one in seen_ms if one is not None]
        return min(known_ms) // 1000 if known_ms and len(known_ms) == len(seen_ms) else None

    def _meter_week(self, meter: Meter, share: float, tz: str) -> MeterWeek:
        resolution = max(Resolution.HOUR, self.virtual.finest(meter), key=list(Resolution).index)
        start_s, end_s = self._week_s(self.first_on, tz)
        before_s, _ = self._week_s(self.first_on - timedelta(days=7), tz)
        chart_s, _ = self._week_s(self.first_on - timedelta(days=7 * (CHART_WEEKS - 1)), tz)
        return MeterWeek(
            meter=meter,
            share=share,
            tz=tz,
            resolution=resolution,
            this_week=self.series.intervals(resolution, meter.id, start_s, end_s),
            week_before=self.series.intervals(resolution, meter.id, before_s, start_s),
            expected=len(bounds_s(resolution, start_s, end_s, tz)) - 1,
            days=self.series.intervals(Resolution.DAY, meter.id, chart_s, end_s),
            window_s=(chart_s, end_s),
            last_seen_s=self._last_seen_s(meter),
        )

    def _outdoor_c(self, site: Site, first_on: date) -> float:
        points = weather_hours(self.engine, self.series, site.id, *self._week_s(first_on, site.timezone))
        temp_c = points.fields.get(names.TEMP_C, np.zeros(0))
        known = temp_c[~np.isnan(temp_c)]
        return float(known.mean()) if len(known) >= ENOUGH_HOURS else float("nan")

    @staticmethod
    def _week_s(first_on: date, tz: str) -> tuple[int, int]:
        return day_start_s(first_on, tz), day_start_s(first_on + timedelta(days=7), tz)
