"""The weather of a site: of the source that counts for it, its own, or that of the one station there is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Carrier
from plagewatch.metering.weather import FETCHED, Assignment, InForce, Source, in_force
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
    return Whose.read(engine).hours(series, site, start_s, end_s)


@dataclass(frozen=True, slots=True)
class Whose:
    """What the records know of the weather of all sites, read once for many questions."""

    assignments: Sequence[Assignment]
    fetches: Sequence[Fetch]
    stations: frozenset[str]  # sites with a weather station

    @classmethod
    def read(cls, engine: Engine) -> Self:
        """As it stands in the records now."""
        stations = {meter.site for meter in registry.meters(engine, carrier=Carrier.WEATHER)}
        return cls(weather_sources.assignments(engine), weather_sources.fetches(engine), frozenset(stations))

    def hours(self, series: SeriesStore, site: str, start_s: int, end_s: int) -> WeatherHours:
        """The hours of a site that begin in [start_s, end_s), with where they come from. Raises SeriesError."""
        parts, provenance = [], []
        for span in in_force([one for one in self.assignments if one.site == site], start_s, end_s):
            points, source = self._read(series, site, span)
            parts.append(points)
            provenance.append(source)
        return WeatherHours(_one_after_another(parts), tuple(provenance))

    def _read(self, series: SeriesStore, site: str, span: InForce) -> tuple[Points, Provenance]:
        assignment = span.assignment
        if assignment is not None and assignment.source in FETCHED:
            tags = sourced_tags(site, assignment.source, assignment.station)
            points = series.points(SOURCED_WEATHER, tags, span.start_s, span.end_s)
            origins = self._origins(site, span, assignment.source, assignment.station)
            return points, Provenance(span.start_s, span.end_s, site, assignment.source, origins)
        whose, points = site, series.points(WEATHER, {TAG_SITE: site}, span.start_s, span.end_s)
        if assignment is None and not len(points.start_s) and site not in self.stations and len(self.stations) == 1:
            whose = next(iter(self.stations))
            points = series.points(WEATHER, {TAG_SITE: whose}, span.start_s, span.end_s)
        there = assignment is not None or whose in self.stations or len(points.start_s) > 0
        origins = self._origins(whose, span, Source.FILE, None)
        return points, Provenance(span.start_s, span.end_s, whose, Source.OWN if there else None, origins)

    def _origins(self, site: str, span: InForce, source: Source, station: str | None) -> tuple[Fetch, ...]:
        return tuple(
            replace(one, start_s=max(one.start_s, span.start_s), end_s=min(one.end_s, span.end_s))
            for one in self.fetches
            if (one.site, one.source) == (site, source)
            and station in (None, one.station)
            and one.start_s < span.end_s
            and one.end_s > span.start_s
        )


def sourced_tags(site: str, source: Source, station: str) -> dict[str, str]:
    """The tags of the series of what a source tells of a site."""
    return {TAG_SITE: site, TAG_SOURCE: source.value, TAG_STATION: station or "-"}


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
