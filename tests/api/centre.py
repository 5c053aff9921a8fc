"""A small centre in real stores: what is measured, what is missing, what was spread, and tickets to work on."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from api.app import AppContext
from collector.preview import FAMILY_NAMES, preview
from plagewatch.health import PartHealth, PartState
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Person, Role, Share, Site, Use
from plagewatch.metering.readings import Reason, Samples
from plagewatch.plage.portfolio import parse
from plagewatch.store.records import quarantine, registry, tickets
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import Ticket

ROOT = Path(__file__).parents[2]
TZ = "Europe/Brussels"
HOUR_S, DAY_S = 3600, 86_400
MIDNIGHT_S = day_start_s(date(2026, 11, 20), TZ)
NOW_S = MIDNIGHT_S + 14 * HOUR_S + 1380
FIRST_S = day_start_s(date(2026, 11, 1), TZ)
GAP_S = MIDNIGHT_S - 2 * DAY_S  # the hour of water that nobody measured
SPREAD_S = GAP_S + 5 * HOUR_S  # the hour of which only the total is known
HOSTILE = "<script>alert('x')</script> & Zn"


@dataclass
class Centre:
    """The stores, and switches that tests turn."""

    engine: Engine
    series: SqliteSeries
    folder: Path
    parts: list[PartHealth] = field(default_factory=list)

    away: list[str] = field(default_factory=list)

    def context(self) -> AppContext:
        portfolio = parse((ROOT / "plagewatch/plage/sample/portfolio.toml").read_text())
        return AppContext(
            engine=self.engine,
            series=self.series,
            health=lambda: self.parts,
            now_s=lambda: NOW_S,
            portfolio=portfolio,
            base_url="https://energie.example/",
            ticket_title=lambda ticket, language: f"{ticket.cause} [{language}]",
            ticket_sentence=lambda ticket, meter, language: f"{meter.name}: {ticket.cause} [{language}]",
            first_checks=lambda ticket, language: [f"look first [{language}]"],
            preview=preview,
            families=FAMILY_NAMES,
            away=lambda: "".join(self.away),
        )


def fill(engine: Engine, series: SqliteSeries, folder: Path) -> Centre:
    """Two buildings, five meters, three living tickets."""
    registry.save(engine, [*_places(), *_meters(), *_people()])
    _write_amounts(series)
    for meter in ("tournesol.elec", "tournesol.water", "noord.gas"):
        series.write_samples([Samples(meter, "pulse_count", [NOW_S * 1000 - 120_000], [1.0], "test", NOW_S * 1000)])
    _open(engine, "tournesol.water", "night_flow", Urgency.URGENT, Skill.PLUMBING, NOW_S - 6 * DAY_S)
    _open(engine, "noord.gas", "no_data", Urgency.SOON, Skill.METERING, NOW_S - 30 * HOUR_S)
    _open(engine, "tournesol.elec", "unusual_load", Urgency.SOON, Skill.ELECTRICITY, NOW_S - 50 * HOUR_S)
    parts = [PartHealth("collector", PartState.WELL, "", 42.0), PartHealth("series store", PartState.WELL, "", 120.0)]
    return Centre(engine, series, folder, parts)


def hold(engine: Engine) -> None:
    """Put two things into quarantine, one of them hostile."""
    reasons = [(Reason.UNKNOWN_DEVICE, "device `x` is bound to no meter"), (Reason.MALFORMED, HOSTILE)]
    quarantine.keep(
        engine,
        [
            quarantine.Quarantined(NOW_S * 1000, f"mqtt:loggers/x{n}/readings", f"x{n}", reason, detail, b"abc", n)
            for n, (reason, detail) in enumerate(reasons)
        ],
    )


def ticket_for(engine: Engine, cause: str) -> Ticket:
    return next(ticket for ticket in tickets.tickets(engine) if ticket.cause == cause)


def _places() -> list[Site | Building | Share]:
    return [
        Site("tournesol", "Résidence Tournesol", "centre"),
        Site("noord", HOSTILE, "north"),
        Site("station", "Weerstation"),
        Building("tournesol", "tournesol", "Résidence Tournesol", Use.CARE_HOME, 8100.0),
        Building("noord", "noord", HOSTILE, Use.SOCIAL_ANTENNA, 710.0),
    ]


def _meters() -> list[Meter | Share]:
    return [
        Meter("tournesol.elec", "tournesol", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900, "541448920708672023"),
        Meter("tournesol.water", "tournesol", "Cold water", Carrier.WATER, Kind.INDEX, "m3", 900, None, "cellar"),
        Meter("noord.gas", "noord", "Gas", Carrier.GAS, Kind.INDEX, "m3", 900),
        Meter("noord.heat", "noord", "Heat by day", Carrier.HEAT, Kind.INTERVAL, "kWh", DAY_S),
        Meter("station.temperature", "station", "Outside", Carrier.WEATHER, Kind.GAUGE, "°C", 900),
        Share("tournesol.elec", "tournesol", 1.0),
        Share("tournesol.water", "tournesol", 1.0),
        Share("noord.gas", "noord", 1.0),
        Share("noord.heat", "noord", 0.25),
        Share("noord.heat", "tournesol", 0.75),
    ]


def _people() -> list[Person]:
    return [
        Person("tech-north", "Noor, plumber", "n@cpas-ocmw.example", Role.TECHNICIAN, zones=("north",)),
        Person("cell", "Els, energy cell", "e@cpas-ocmw.example", Role.ENERGY_CELL),
    ]


def _write_amounts(series: SqliteSeries) -> None:
    hours_s = np.arange(FIRST_S, NOW_S // HOUR_S * HOUR_S, HOUR_S, dtype=np.int64)
    nothing = np.zeros(len(hours_s))
    last_week = hours_s >= NOW_S // HOUR_S * HOUR_S - 7 * DAY_S
    use = np.where(last_week, 3.0, 2.0)
    series.write_intervals(Resolution.HOUR, "tournesol.elec", "electricity", Intervals.measured(hours_s, use))
    water, spread = np.where(hours_s == GAP_S, np.nan, 0.5), np.where(hours_s == SPREAD_S, 0.5, 0.0)
    coverage = np.where((hours_s == GAP_S) | (hours_s == SPREAD_S), 0.0, 1.0)
    amounts = Intervals(hours_s, water, coverage, nothing, spread, nothing, nothing)
    series.write_intervals(Resolution.HOUR, "tournesol.water", "water", amounts)
    days_s = np.array([day_start_s(date(2026, 11, day), TZ) for day in range(1, 20)])
    series.write_intervals(Resolution.DAY, "noord.heat", "heat", Intervals.measured(days_s, np.full(19, 40.0)))


def _open(engine: Engine, meter: str, cause: str, urgency: Urgency, skill: Skill, since_s: int) -> None:
    finding = Finding("rule", meter, cause, since_s, NOW_S - HOUR_S, since_s + 4 * HOUR_S, 5.0, {"now_m3": 1.5})
    tickets.open_ticket(engine, finding, urgency, skill)


def break_store(centre: Centre) -> None:
    """Put a folder where the series' file was: what a lost disk looks like to the store."""
    centre.series.close()
    for path in centre.folder.glob("series.db*"):
        path.unlink()
    (centre.folder / "series.db").mkdir()
