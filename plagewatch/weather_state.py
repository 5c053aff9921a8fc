"""How the weather of each site is doing, from what is stored: whose it is, since when, how much of it is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from plagewatch.health import PartHealth, PartState
from plagewatch.metering.meters import Site
from plagewatch.metering.weather import FETCHED, Source, distance_km
from plagewatch.store.engine import Engine
from plagewatch.store.names import TEMP_C
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.weather_sources import Fetch, Trouble
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.weather import Provenance, Whose

HOUR_S = 3_600
LOOKED_S = 30 * 24 * HOUR_S
LATE_S = 12 * HOUR_S


class Lack(StrEnum):
    """Why a site has no weather."""

    UNASSIGNED = "unassigned"
    NO_COORDINATES = "no_coordinates"
    NOTHING_YET = "nothing_yet"


@dataclass(frozen=True, slots=True)
class SiteWeather:
    """The weather of a site now. coverage: known temperatures of the last 30 days [0...1].

    taken_from: the site whose station it is, where that is another one. origin: what the source says of the newest
    hours. first_s: since when there is something told; None where that is not recorded (sensors). newest_s: end of
    the newest hour with a temperature in these 30 days. distance_km: from the site to where the weather is of.
    provisional_s: from when on the source may still change it.
    """

    site: Site
    source: Source | None
    coverage: float
    lack: Lack | None = None
    taken_from: Site | None = None
    origin: Fetch | None = None
    first_s: int | None = None
    newest_s: int | None = None
    distance_km: float | None = None
    provisional_s: int | None = None
    trouble: Trouble | None = None


def by_site(engine: Engine, series: SeriesStore, now_s: int) -> list[SiteWeather]:
    """The weather of all sites, by name. Raises SeriesError."""
    sites = {site.id: site for site in registry.sites(engine)}
    troubles = weather_sources.troubles(engine)
    whose = Whose.read(engine)
    end_s = now_s // HOUR_S * HOUR_S
    made = []
    for site in sites.values():
        found = whose.hours(series, site.id, end_s - LOOKED_S, end_s)
        temp_c = found.points.fields.get(TEMP_C, np.zeros(0))
        known_s = found.points.start_s[~np.isnan(temp_c)] if len(temp_c) else found.points.start_s
        last = found.provenance[-1]
        made.append(_state(site, sites, last, (whose.fetches, known_s), troubles))
    return made


def _state(
    site: Site,
    sites: Mapping[str, Site],
    last: Provenance,
    known: tuple[Iterable[Fetch], "np.ndarray[tuple[int], np.dtype[np.int64]]"],
    troubles: Mapping[str, Trouble],
) -> SiteWeather:
    told, known_s = known
    origin = last.origins[-1] if last.origins else None
    taken_from = sites[last.site] if last.site != site.id else None
    of_source = [
        one
        for one in told
        if origin is not None and (one.site, one.source, one.station) == (last.site, origin.source, origin.station)
    ]
    name = last.source.value if last.source else ""
    return SiteWeather(
        site=site,
        source=last.source,
        coverage=len(known_s) / (LOOKED_S // HOUR_S),
        lack=_lack(site, last, len(known_s) == 0),
        taken_from=taken_from,
        origin=origin,
        first_s=min((one.start_s for one in of_source), default=None),
        newest_s=int(known_s[-1]) + HOUR_S if len(known_s) else None,
        distance_km=_distance_km(site, origin, taken_from),
        provisional_s=min((one.start_s for one in of_source if one.provisional), default=None),
        trouble=troubles.get(f"{name} {site.id}") or troubles.get(name),
    )


def _lack(site: Site, last: Provenance, nothing: bool) -> Lack | None:
    if last.source is None:
        return Lack.UNASSIGNED
    if last.source is Source.OPEN_METEO and (site.latitude is None or site.longitude is None):
        return Lack.NO_COORDINATES
    return Lack.NOTHING_YET if nothing else None


def _distance_km(site: Site, origin: Fetch | None, taken_from: Site | None) -> float | None:
    latitude = origin.latitude if origin else taken_from.latitude if taken_from else None
    longitude = origin.longitude if origin else taken_from.longitude if taken_from else None
    if None in (site.latitude, site.longitude) or latitude is None or longitude is None:
        return None
    return distance_km((float(site.latitude or 0), float(site.longitude or 0)), (latitude, longitude))


def health(engine: Engine, now_s: int) -> PartHealth:
    """The part `weather`: how old the newest hour asked for is, source by source, and the last trouble."""
    told = weather_sources.fetches(engine)
    words, ages_s = [], []
    assigned = {(one.source, one.site) for one in weather_sources.assignments(engine)}
    for source in FETCHED:
        sites = {site for name, site in assigned if name is source}
        if not sites:
            continue
        newest_s = {site: max((one.end_s for one in told if (one.site, one.source) == (site, source)), default=None)
                    for site in sites}  # fmt: skip
        known = [at_s for at_s in newest_s.values() if at_s is not None]
        if len(known) < len(sites):
            words.append(f"{source.value}: nothing yet for {len(sites) - len(known)} of {len(sites)} sites")
        if known:
            ages_s.append(max(0.0, now_s - min(known)))
            words.append(f"{source.value}: newest hour {ages_s[-1] / HOUR_S:.0f} h old")
    troubles = weather_sources.troubles(engine)
    words += [f"{one.why}; what is stored is used" for one in troubles.values()]
    late = bool(ages_s) and max(ages_s) > LATE_S
    state = PartState.DEGRADED if late or troubles else PartState.WELL
    return PartHealth("weather", state, "; ".join(words), max(ages_s, default=None))
