"""The weather of a site: of the source that counts for it, its own, or that of the one station there is."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Carrier
from plagewatch.metering.weather import FETCHED, InForce, Source, in_force
from plagewatch.store.names import SOURCED_WEATHER, TAG_SITE, TAG_SOURCE, TAG_STATION, TEMP_C, WEATHER
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.weather_sources import Fetch
from plagewatch.store.series.protocol import Points, SeriesStore


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the hours in [start_s, end_s) come from.

    site: whose own series it is, the asked site's or that of the only station; source None: nobody assigned one and
    there is none. origins: what a source or a file told of the place, span by span; empty for sensors.
    """

    start_s: int
    end_s: int
    site: str
    source: Source | None
    origins: tuple[Fetch, ...] = ()


@dataclass(frozen=True, slots=True)
class WeatherHours:
    """Hours and where they come from: spans by time, without gap or overlap."""

    points: Points
    provenance: tuple[Provenance, ...]


def weather_hours(engine: Engine, series: SeriesStore, site: str, start_s: int, end_s: int) -> Points:
    """Hourly weather that begins in [start_s, end_s), fields as in names.WEATHER_FIELDS; no rows where there is none.

    Each hour is that of one source, the assignment in force; none is filled up from another. Where nobody assigned
    one it is the site's own, and a site without takes that of the only site with a weather station; of several, none
    is guessed. Raises SeriesError.
    """
    return sourced_weather(engine, series, site, start_s, end_s).points


def sourced_weather(engine: Engine, series: SeriesStore, site: str, start_s: int, end_s: int) -> WeatherHours:
    """Hourly weather as `weather_hours` has it, with where it comes from. Raises SeriesError."""
    told = weather_sources.fetches(engine, site)
    parts, provenance = [], []
    source: Source | None
    for span in in_force(weather_sources.assignments(engine, site), start_s, end_s):
        assignment = span.assignment
        if assignment is not None and assignment.source in FETCHED:
            tags = sourced_tags(site, assignment.source, assignment.station)
            parts.append(series.points(SOURCED_WEATHER, tags, span.start_s, span.end_s))
            whose, source = site, assignment.source
        elif assignment is not None:
            parts.append(series.points(WEATHER, {TAG_SITE: site}, span.start_s, span.end_s))
            whose, source = site, Source.OWN
        else:
            whose, points = _unassigned(engine, series, site, span)
            parts.append(points)
            source = Source.OWN if whose != site or len(points.start_s) else None
        station = assignment.station if assignment is not None else ""
        origins = _origins(told if whose == site else weather_sources.fetches(engine, whose), span, source, station)
        provenance.append(Provenance(span.start_s, span.end_s, whose, source, origins))
    return WeatherHours(_one_after_another(parts), tuple(provenance))


def sourced_tags(site: str, source: Source, station: str) -> dict[str, str]:
    """The tags of the series of what a source tells of a site."""
    return {TAG_SITE: site, TAG_SOURCE: source.value, TAG_STATION: station or "-"}


def _unassigned(engine: Engine, series: SeriesStore, site: str, span: InForce) -> tuple[str, Points]:
    own = series.points(WEATHER, {TAG_SITE: site}, span.start_s, span.end_s)
    stations = {meter.site for meter in registry.meters(engine) if meter.carrier is Carrier.WEATHER}
    if len(own.start_s) or site in stations or len(stations) != 1:
        return site, own
    station = stations.pop()
    return station, series.points(WEATHER, {TAG_SITE: station}, span.start_s, span.end_s)


def _origins(told: list[Fetch], span: InForce, source: Source | None, station: str) -> tuple[Fetch, ...]:
    wanted = Source.FILE if source is Source.OWN else source
    return tuple(
        replace(one, start_s=max(one.start_s, span.start_s), end_s=min(one.end_s, span.end_s))
        for one in told
        if one.source == wanted
        and (wanted is Source.FILE or one.station == station)
        and one.start_s < span.end_s
        and one.end_s > span.start_s
    )


def _one_after_another(parts: list[Points]) -> Points:
    filled = [part for part in parts if len(part.start_s)]
    if len(filled) <= 1:
        return filled[0] if filled else Points(np.zeros(0, np.int64), {})
    names = sorted({name for part in filled for name in part.fields})
    fields = {
        name: np.concatenate([part.fields.get(name, np.full(len(part.start_s), np.nan)) for part in filled])
        for name in names
    }
    return Points(np.concatenate([part.start_s for part in filled]), fields)


def daily_mean_temp_c(points: Points, tz: str) -> tuple[Seconds, Floats, Floats]:
    """Start [s since 1970 UTC], mean outdoor temperature [°C] and coverage [0...1] of each local day with a row.

    The mean is of the known hours; NaN where none is. Coverage is their number over the 23, 24 or 25 hours of the day.

    >>> hours = Points(np.arange(24) * 3600, {"temp_c": np.append(np.full(12, 4.0), np.full(12, np.nan))})
    >>> daily_mean_temp_c(hours, "UTC")
    (array([0]), array([4.]), array([0.5]))
    """
    if len(points.start_s) == 0 or TEMP_C not in points.fields:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    bounds = day_starts_s(int(points.start_s[0]), int(points.start_s[-1]) + 1, tz)
    place = np.searchsorted(bounds, points.start_s, side="right") - 1
    known: NDArray[np.bool_] = ~np.isnan(points.fields[TEMP_C])
    count = np.bincount(place[known], minlength=len(bounds) - 1)
    sums = np.bincount(place[known], weights=points.fields[TEMP_C][known], minlength=len(bounds) - 1)
    mean = np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)
    rows = np.bincount(place, minlength=len(bounds) - 1) > 0
    hours = np.diff(bounds) / 3600
    return bounds[:-1][rows], mean[rows], np.minimum(count / hours, 1.0)[rows]
