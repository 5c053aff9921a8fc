"""`weather`: whose weather counts for which site, and asking the sources on the network."""

import time
from datetime import date
from typing import Annotated

import typer

from plagewatch.cli.opening import DataDir, Stores, now_s, read_settings, refuse, say, show, stores
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Carrier, Site
from plagewatch.metering.weather import FETCHED, Assignment, Source, distance_km
from plagewatch.store.records import registry, weather_sources

weather = typer.Typer(no_args_is_help=True, help="Weather of the sites: whose counts, what is there, what is missing.")

CHOICES = (*(source.value for source in FETCHED), Source.OWN.value, "none")


@weather.command("sources")
def sources(data: DataDir = None) -> None:
    """Show whose weather each site has, since when, and how much of the last 30 days is known."""
    from plagewatch import weather_state

    with stores(read_settings(data)) as opened:
        states = weather_state.by_site(opened.engine, opened.series, now_s())
        settings = opened.settings
    for one in states:
        if one.lack is weather_state.Lack.UNASSIGNED:
            show(f"{one.site.id}: no weather; `plagewatch weather assign` gives it a source")
            continue
        words = [one.source.value if one.source else "", one.origin.model if one.origin else ""]
        words.append(f"station of {one.taken_from.id}" if one.taken_from else "")
        words.append(f"{one.distance_km:.1f} km" if one.distance_km is not None else "")
        words.append(f"since {local_day(one.first_s, one.site.timezone)}" if one.first_s is not None else "")
        words.append(f"{one.coverage:.0%} of the last 30 days")
        words.append("the site has no coordinates" if one.lack is weather_state.Lack.NO_COORDINATES else "")
        words.append(f"trouble: {one.trouble.why}" if one.trouble else "")
        show(f"{one.site.id}: {', '.join(word for word in words if word)}")
    if not settings.weather_fetch:
        say("nothing is asked over the network by itself: PLAGEWATCH_WEATHER_FETCH is not set")


@weather.command("assign")
def assign(
    source: Annotated[str, typer.Argument(help=f"{', '.join(CHOICES)} (none: as if nobody had assigned one).")],
    site: Annotated[list[str] | None, typer.Argument(metavar="[SITE]...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All sites without sensors of their own.")] = False,
    station: Annotated[str, typer.Option(help="Code of the RMI's station, as `weather stations` lists it.")] = "",
    since: Annotated[str | None, typer.Option("--from", help="Local day from which on it counts.")] = None,
    until: Annotated[str | None, typer.Option(help="Local day from which on the site's own sensors count.")] = None,
    data: DataDir = None,
) -> None:
    """Let a source's weather count for sites; nothing is asked yet."""
    if source not in CHOICES:
        refuse(f"There is no source {source!r}; there are {', '.join(CHOICES)}.")
    if (source == Source.RMI) != bool(station) or (station and not station.isdigit()):
        refuse("The RMI's weather is that of a station: `assign rmi SITE --station 6447`; others have no --station.")
    with stores(read_settings(data)) as opened:
        for one in _chosen(opened, site or [], every):
            made = [] if source == "none" else _assignments(opened, one, (source, station), (since, until))
            weather_sources.assign(opened.engine, one.id, made)
            show(f"{one.id}: {source if source == 'none' else ', then '.join(map(_told, made))}")


@weather.command("stations")
def stations(
    near: Annotated[str | None, typer.Option(help="The nearest to this site first.")] = None,
    data: DataDir = None,
) -> None:
    """List the automatic stations of the RMI (asks it over the network)."""
    from collector.weather.http import Getter
    from collector.weather.rmi import URL, Rmi
    from collector.weather.source import SourceError

    settings = read_settings(data)
    with stores(settings) as opened:
        site = _site(opened, near) if near is not None else None
    try:
        listed = [one for one in Rmi(Getter(), settings.weather_rmi_url or URL).stations() if not one.closed]
    except SourceError as error:
        refuse(f"{error}. The list also stands on https://opendata.meteo.be.")
    away = {one.code: _away_km(site, (one.latitude, one.longitude)) for one in listed}
    for one in sorted(listed, key=lambda one: (away[one.code] or 0.0, one.code)):
        height = "" if one.elevation_m is None else f", {one.elevation_m:.0f} m"
        distance = "" if away[one.code] is None else f", {away[one.code]:.1f} km"
        show(f"{one.code} {one.name} {one.latitude:.4f}, {one.longitude:.4f}{height}{distance}")


@weather.command("fetch")
def fetch(
    since: Annotated[
        str | None, typer.Option("--from", help="First day (UTC); the first figures of a site's meters.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Day after the last (UTC); now.")] = None,
    data: DataDir = None,
) -> None:
    """Ask the assigned sources for what is missing, until nothing is due (exit 1 where a source does not answer)."""
    from collector.weather.fetching import FirstFigures, Run
    from collector.weather.fetching import Stores as WeatherStores
    from collector.weather.fetching import fetch as run
    from plagewatch.cli.weather_room import sources_of

    settings = read_settings(data)
    with stores(settings) as opened:
        span = None
        if since is not None or until is not None:
            if since is None:
                refuse("Say from which day: --from 2025-01-01.")
            span = _utc_s(since), _utc_s(until) if until is not None else now_s()
        clients, first, hours, troubles = sources_of(settings), FirstFigures(), 0, list[str]()
        insist = True  # the first time; whoever is in trouble then is left alone, the others go on
        while True:
            asked = Run(time.time_ns() // 1_000_000, 1, span, insist)
            report = run(WeatherStores(opened.engine, opened.series), clients, asked, first)
            hours, troubles, insist = hours + report.hours, troubles + report.troubles, False
            if not report.requests:
                break
            say(f"{hours} hours new or changed so far")
    show(f"hours of weather: {hours} new or changed")
    for trouble in troubles:
        say(trouble)
    if troubles:
        say("what is stored is used; the next run goes on where this one stopped")
        raise typer.Exit(1)


def _chosen(opened: Stores, named: list[str], every: bool) -> list[Site]:
    if every == bool(named):
        refuse("Say which sites: by their ids, or --all.")
    if not every:
        return [_site(opened, name) for name in named]
    with_sensors = _with_sensors(opened)
    return [site for site in registry.sites(opened.engine) if site.id not in with_sensors]


def _site(opened: Stores, name: str) -> Site:
    site = next((site for site in registry.sites(opened.engine) if site.id == name), None)
    if site is None:
        refuse(f"There is no site {name!r}.")
    return site


def _with_sensors(opened: Stores) -> set[str]:
    return {meter.site for meter in registry.meters(opened.engine) if meter.carrier is Carrier.WEATHER}


def _assignments(
    opened: Stores, site: Site, wanted: tuple[str, str], days: tuple[str | None, str | None]
) -> list[Assignment]:
    """What stands before the first day, what is wanted, and the own sensors after the last. Raises Refused."""
    source, station = Source(wanted[0]), wanted[1]
    since, until = (None if day is None else day_start_s(_day(day), site.timezone) for day in days)
    if source is Source.OPEN_METEO and (site.latitude is None or site.longitude is None):
        refuse(f"Site {site.id} has no coordinates, by which Open-Meteo is asked: enter them with the site.")
    if source in FETCHED and site.id in _with_sensors(opened) and until is None:
        refuse(
            f"Site {site.id} has sensors of its own, which count. For the time before them: "
            "--until DAY, the first day on which they do."
        )
    at_ms = now_s() * 1000
    made = [Assignment(site.id, source, station, since or 0, "command line", at_ms)]
    if until is not None:
        made.append(Assignment(site.id, Source.OWN, "", until, "command line", at_ms))
    before = [
        one for one in weather_sources.assignments(opened.engine, site.id) if one.valid_from_s < made[0].valid_from_s
    ]
    return [*before, *made]


def _told(one: Assignment) -> str:
    since = f" from {time.strftime('%Y-%m-%d', time.gmtime(one.valid_from_s + 12 * 3600))}" if one.valid_from_s else ""
    return f"{one.source.value}{f' {one.station}' if one.station else ''}{since}"


def _away_km(site: Site | None, place: tuple[float, float]) -> float | None:
    if site is None or site.latitude is None or site.longitude is None:
        return None
    return distance_km((site.latitude, site.longitude), place)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no day; write it as 2026-05-01.")


def _utc_s(text: str) -> int:
    return day_start_s(_day(text), "UTC")
