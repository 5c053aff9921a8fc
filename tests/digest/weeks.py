"""Weeks made by hand, so that each test says only what matters to it."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from digest.facts import BuildingWeek, MeterWeek, TicketFacts, TicketWeek, WeekFacts
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Person, Role, Use
from plagewatch.metering.prices import ASSUMED_PRICES
from plagewatch.metering.rollups import bounds_s
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket

TZ = "Europe/Brussels"
NAN = float("nan")


@dataclass(frozen=True)
class Weeks:
    """Makes facts of the week that begins on `first_on`."""

    first_on: date = date(2026, 11, 9)

    def meter(
        self,
        carrier: Carrier = Carrier.ELECTRICITY,
        this_week: float = 100.0,
        week_before: float = 100.0,
        *,
        building: str = "wzc-linde",
        last_seen_s: int | None = None,
    ) -> MeterWeek:
        """Even amounts per hour of both weeks [unit of the meter]; NaN = that week has no data."""
        start_s, end_s = self.bounds_s()
        before_s = day_start_s(self.first_on - timedelta(days=7), TZ)
        chart_s = day_start_s(self.first_on - timedelta(days=21), TZ)
        days = even(Resolution.DAY, chart_s, start_s, week_before)
        last = even(Resolution.DAY, start_s, end_s, this_week)
        unit = "m3" if carrier in (Carrier.GAS, Carrier.WATER) else "kWh"
        joined = np.concatenate
        return MeterWeek(
            meter=Meter(f"{building}.{carrier}", building, f"{carrier} meter", carrier, Kind.INDEX, unit),
            share=1.0,
            tz=TZ,
            resolution=Resolution.HOUR,
            this_week=even(Resolution.HOUR, start_s, end_s, this_week),
            week_before=even(Resolution.HOUR, before_s, start_s, week_before),
            expected=(end_s - start_s) // 3600,
            days=Intervals.measured(joined([days.start_s, last.start_s]), joined([days.amount, last.amount])),
            window_s=(chart_s, end_s),
            last_seen_s=end_s if last_seen_s is None else last_seen_s,
        )

    def bounds_s(self) -> tuple[int, int]:
        return day_start_s(self.first_on, TZ), day_start_s(self.first_on + timedelta(days=7), TZ)

    def building(self, *meters: MeterWeek, name: str = "De Linde", use: Use = Use.CARE_HOME) -> BuildingWeek:
        building_id = meters[0].meter.site if meters else "wzc-linde"
        return BuildingWeek(Building(building_id, building_id, name, use, 6200.0), meters)

    def facts(self, *buildings: BuildingWeek, tickets: TicketWeek | None = None) -> WeekFacts:
        return WeekFacts(person(), self.first_on, buildings, tickets or TicketWeek(), ASSUMED_PRICES)

    def ticket(self, number: int, urgency: Urgency = Urgency.SOON, **numbers: float) -> TicketFacts:
        meter = self.meter(Carrier.WATER).meter
        start_s, _ = self.bounds_s()
        ticket = Ticket(
            id=number,
            meter=meter.id,
            rule="night_water",
            cause="leak",
            state=State.OPEN,
            urgency=urgency,
            skill=Skill.PLUMBING,
            first_abnormal_s=start_s,
            last_abnormal_s=start_s,
            opened_s=start_s,
            score=1.0,
            numbers=numbers,
        )
        return TicketFacts(ticket, meter, Building("wzc-linde", "wzc-linde", "De Linde", Use.CARE_HOME), TZ)


def even(resolution: Resolution, start_s: int, end_s: int, total: float) -> Intervals:
    starts_s = bounds_s(resolution, start_s, end_s, TZ)[:-1]
    return Intervals.measured(starts_s, np.full(len(starts_s), total / max(len(starts_s), 1)))


def person(language: str = "nl") -> Person:
    return Person("anna", "Anna", "anna@cpas-ocmw.example", Role.FACILITY_MANAGER, language, ("wzc-linde",))
