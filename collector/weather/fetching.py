"""Fills what is missing of the weather of the sites that have a source assigned. What is due is read from the stores.

May be killed between any two lines and run again: hours are written before it is recorded that they were told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from collector.weather import own_sensors
from collector.weather.planning import Wanted, due, final_until_s, together
from collector.weather.source import DAY_S, Request, SourceError, Target, Told, WeatherSource
from collector.weather.writing import write_new
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Site
from plagewatch.metering.weather import FETCHED, Source, in_force
from plagewatch.store.engine import Engine
from plagewatch.store.names import GHI_WM2, SOURCED_WEATHER, TEMP_C
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.turns import turn
from plagewatch.store.records.weather_sources import Fetch, Trouble
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.weather import sourced_tags

FIRST_AGAIN_S = 6 * 3_600

LEAD_DAYS = 7
"""Days before the first figure of a meter: degree days look back some days, and a model wants a run-up."""

FIRST_WAIT_S, LONGEST_WAIT_S = 300, 6 * 3_600
REFUSED_WAIT_S = 24 * 3_600
"""What is refused once is refused again: somebody has to change something."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Records and series."""

    engine: Engine
    series: SeriesStore


@dataclass(slots=True)
class Report:
    """What a run did: requests made, hours that are new or changed, and what did not succeed, in words."""

    requests: int = 0
    hours: int = 0
    troubles: list[str] = field(default_factory=list)
    left: int = 0  # requests that are due and were not made


@dataclass(frozen=True, slots=True)
class Run:
    """How far to go: span_s None = from the first figures of a site's meters until now; most = requests at most."""

    now_ms: int
    most: int
    span_s: tuple[int, int] | None = None
    insist: bool = False  # ask also where a source is left alone after a trouble

    @property
    def now_s(self) -> int:
        """Now [s since 1970 UTC]."""
        return self.now_ms // 1000


@dataclass(slots=True)
class FirstFigures:
    """When the figures of each site begin; looked up anew after some hours, since it takes a query for each meter."""

    _first_s: dict[str, int] = field(default_factory=dict)
    _known_s: int | None = None

    def of(self, stores: Stores, now_s: int) -> dict[str, int]:
        """The first month with a known figure, for each site that has one [s since 1970 UTC]. Raises SeriesError."""
        if self._known_s is None or now_s - self._known_s >= FIRST_AGAIN_S:
            self._first_s, self._known_s = first_figures_s(stores, now_s), now_s
        return self._first_s


def fetch(stores: Stores, sources: Mapping[Source, WeatherSource], run: Run, first: FirstFigures) -> Report:
    """Ask for what is due, the newest first. Troubles of a source are kept and told, not raised. Raises SeriesError."""
    report = Report()
    with turn(stores.engine, "weather"):
        own_sensors.let_them_count(stores.engine, stores.series, run.now_ms)
        wanted = _wanted(stores, run, first)
        have = weather_sources.fetches(stores.engine)
        for name, source in sources.items():
            waiting = _left_alone(stores.engine, run)
            asked = (
                request
                for one in wanted.get(name, ())
                if not {name.value, f"{name.value} {one.target.site}"} & waiting
                for request in due(one, _of(have, name, one.target), run.now_s)
            )
            requests = together(asked, source.at_once)
            room = max(0, run.most - report.requests)
            report.left += len(requests[room:])
            for done, request in enumerate(requests[:room]):
                if not _ask(stores, (name, source), request, run, report):
                    report.left += len(requests[done:room])
                    break
    return report


def _of(have: Iterable[Fetch], source: Source, target: Target) -> list[Fetch]:
    return [one for one in have if (one.site, one.source, one.station) == (target.site, source, target.station)]


def _left_alone(engine: Engine, run: Run) -> set[str]:
    if run.insist:
        return set()
    return {name for name, one in weather_sources.troubles(engine).items() if one.retry_ms > run.now_ms}


def _ask(stores: Stores, source: tuple[Source, WeatherSource], request: Request, run: Run, report: Report) -> bool:
    """Make a request and keep what is told; whether the source may be asked on."""
    name, client = source
    report.requests += 1
    try:
        told = client.ask(request)
    except SourceError as error:
        if not error.retryable and len(request.targets) > 1:  # one of them may be what is refused
            singly = [replace(request, targets=(target,)) for target in request.targets]
            return all([_ask(stores, source, one, run, report) for one in singly])
        return _keep_trouble(stores.engine, name, request, error, run, report)
    for target, one in zip(request.targets, told, strict=True):
        report.hours += _keep(stores, name, target, one, request, run)
        weather_sources.clear_trouble(stores.engine, f"{name.value} {target.site}")
    weather_sources.clear_trouble(stores.engine, name.value)
    return True


def _keep_trouble(engine: Engine, name: Source, request: Request, error: SourceError, run: Run, report: Report) -> bool:
    key = name.value if error.retryable else f"{name.value} {request.targets[0].site}"
    before = weather_sources.troubles(engine).get(key)
    failures = before.failures + 1 if before else 1
    wait_s = min(FIRST_WAIT_S * 2 ** (failures - 1), LONGEST_WAIT_S) if error.retryable else REFUSED_WAIT_S
    retry_ms = run.now_ms + round(max(wait_s, error.wait_s) * 1000)
    weather_sources.set_trouble(engine, Trouble(key, run.now_ms, str(error), retry_ms, failures))
    report.troubles.append(f"{key}: {error}")
    return not error.retryable


def _keep(stores: Stores, name: Source, target: Target, told: Told, request: Request, run: Run) -> int:
    points = told.points
    known = ~np.isnan(points.fields[TEMP_C]) & ~np.isnan(points.fields[GHI_WM2])
    somewhere = ~np.all([np.isnan(values) for values in points.fields.values()], axis=0)
    rows = type(points)(points.start_s[somewhere], {n: values[somewhere] for n, values in points.fields.items()})
    hours = write_new(stores.series, SOURCED_WEATHER, sourced_tags(target.site, name, target.station), rows)
    fetched = Fetch(
        site=target.site,
        source=name,
        start_s=request.start_s,
        end_s=request.end_s,
        fetched_ms=run.now_ms,
        station=target.station,
        place=target.place,
        model=told.model,
        latitude=told.latitude,
        longitude=told.longitude,
        elevation_m=told.elevation_m,
        licence=told.licence,
    )
    unsettled_s = np.union1d(points.start_s[~known], told.unsettled_s)
    final_s = final_until_s(request, unsettled_s, run.now_s)
    parts = [replace(fetched, end_s=final_s), replace(fetched, start_s=final_s, provisional=True)]
    weather_sources.record(stores.engine, [part for part in parts if part.start_s < part.end_s])
    return hours


def _wanted(stores: Stores, run: Run, first: FirstFigures) -> dict[Source, list[Wanted]]:
    sites = {site.id: site for site in registry.sites(stores.engine)}
    assigned = weather_sources.assignments(stores.engine)
    first_s = first.of(stores, run.now_s) if run.span_s is None and assigned else {}
    wanted: dict[Source, list[Wanted]] = {}
    for site in dict.fromkeys(one.site for one in assigned):
        start_s = first_s.get(site, min(first_s.values(), default=None))
        span = run.span_s or (None if start_s is None else (start_s - LEAD_DAYS * DAY_S, run.now_s))
        if span is None:
            continue
        of_site = [one for one in assigned if one.site == site]
        for part in in_force(of_site, *span):
            if part.assignment is not None and part.assignment.source in FETCHED:
                target = _target(sites[site], part.assignment.station)
                if target is not None:
                    made = Wanted(target, part.start_s, part.end_s)
                    wanted.setdefault(part.assignment.source, []).append(made)
    return wanted


def _target(site: Site, station: str) -> Target | None:
    if station:
        return Target(site.id, station=station)
    if site.latitude is None or site.longitude is None:
        return None  # the page on the data says so
    return Target(site.id, site.latitude, site.longitude)


def first_figures_s(stores: Stores, now_s: int) -> dict[str, int]:
    """The first month with a known figure of any meter, for each site that has one [s since 1970 UTC]."""
    first: dict[str, int] = {}
    for meter in registry.meters(stores.engine):
        months = stores.series.intervals(Resolution.MONTH, meter.id, 0, now_s)
        known_s = months.start_s[~np.isnan(months.amount)]
        if len(known_s):
            first[meter.site] = min(first.get(meter.site, int(known_s[0])), int(known_s[0]))
    return first
