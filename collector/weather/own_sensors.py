"""Sensors that came to a site after a source was assigned to it: from their first reading on they count.

Written down once as an assignment of its own, so that no hour changes its source without a trace.
"""

from dataclasses import replace

from plagewatch.metering.meters import Carrier
from plagewatch.metering.weather import FETCHED, Assignment, Source
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.series.protocol import SeriesStore

HOUR_MS = 3_600_000
WHO = "own sensors"


def let_them_count(engine: Engine, series: SeriesStore, now_ms: int) -> list[str]:
    """The sites whose own sensors count from now on, or did so from a past hour. Raises SeriesError."""
    assigned: dict[str, list[Assignment]] = {}
    for one in weather_sources.assignments(engine):
        assigned.setdefault(one.site, []).append(one)
    stations = [meter for meter in registry.meters(engine) if meter.carrier is Carrier.WEATHER]
    changed = []
    for site, made in assigned.items():
        if any(one.source is Source.OWN for one in made):
            continue  # somebody said from when on
        began_ms = _first_ms(series, [meter.id for meter in stations if meter.site == site])
        if began_ms is not None and made[-1].source in FETCHED:
            from_s = max(-(-began_ms // HOUR_MS) * HOUR_MS // 1000, made[-1].valid_from_s)
            before = [one for one in made if one.valid_from_s < from_s]
            own = replace(made[-1], source=Source.OWN, station="", valid_from_s=from_s, who=WHO, at_ms=now_ms)
            weather_sources.assign(engine, site, [*before, own])
            changed.append(site)
    return changed


def _first_ms(series: SeriesStore, meters: list[str]) -> int | None:
    first = []
    for meter in meters:
        for register in series.registers(meter):
            instants_ms = series.instants_ms(meter, register)
            if len(instants_ms):
                first.append(int(instants_ms[0]))
    return min(first, default=None)
