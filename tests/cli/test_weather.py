"""`weather`: sources are assigned by people, asked when somebody says so, and their trouble is told."""

import time
from dataclasses import replace

import pytest

from plagewatch.cli.opening import Stores
from plagewatch.cli.weather_room import WeatherTick, sources_of, weather_ticks
from plagewatch.health import PartState
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.weather import Assignment, Source
from plagewatch.settings import Settings
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry, weather_sources
from tests.collector.weather.open_meteo_server import open_meteo

NOW_S = int(time.time())
TODAY = time.strftime("%Y-%m-%d", time.gmtime(NOW_S))


@pytest.fixture
def home(tmp_path):
    """Records of three sites: one with coordinates, one without, one with a thermometer."""
    folder = tmp_path / "home"
    folder.mkdir()
    engine = open_records(f"sqlite:///{folder / 'records.db'}")
    registry.save(
        engine,
        [
            Site("school", "School", latitude=50.1, longitude=4.0),
            Site("nowhere", "Nowhere"),
            Site("roof", "Roof", latitude=50.2, longitude=4.1),
            Meter("roof.t", "roof", "Thermometer", Carrier.WEATHER, Kind.GAUGE, "°C"),
        ],
    )
    yield engine
    engine.dispose()


@pytest.fixture
def server():
    with open_meteo(NOW_S) as told:
        yield told


def made(engine, site: str) -> list[tuple[str, str, int]]:
    return [(one.source.value, one.station, one.valid_from_s) for one in weather_sources.assignments(engine, site)]


def test_a_source_is_assigned_from_a_day_on_and_what_stood_before_stays(run, home):
    assert run("weather", "assign", "open-meteo", "school", "--data", "home").returncode == 0
    told = run("weather", "assign", "rmi", "school", "--station", "6447", "--from", "2026-05-01", "--data", "home")
    assert told.stdout == "school: open-meteo, then rmi 6447 from 2026-05-01\n"
    # The first of May begins in Brussels at 22:00 UTC of the day before.
    assert made(home, "school") == [("open-meteo", "", 0), ("rmi", "6447", 1_777_586_400)]
    assert run("weather", "assign", "none", "school", "--data", "home").stdout == "school: none\n"
    assert made(home, "school") == []


def test_a_site_with_sensors_takes_a_source_only_for_the_time_before_them(run, home):
    told = run("weather", "assign", "open-meteo", "roof", "--data", "home")
    assert told.returncode == 2
    assert "has sensors of its own, which count" in told.stderr
    assert run("weather", "assign", "open-meteo", "roof", "--until", "2026-05-01", "--data", "home").returncode == 0
    assert made(home, "roof") == [("open-meteo", "", 0), ("own", "", 1_777_586_400)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["assign", "accuweather", "school"], "There is no source 'accuweather'"),
        (["assign", "open-meteo", "castle"], "There is no site 'castle'"),
        (["assign", "open-meteo"], "Say which sites"),
        (["assign", "open-meteo", "school", "--all"], "Say which sites"),
        (["assign", "open-meteo", "nowhere"], "has no coordinates"),
        (["assign", "rmi", "school"], "is that of a station"),
        (["assign", "open-meteo", "school", "--station", "6447"], "is that of a station"),
        (["assign", "rmi", "school", "--station", "1 OR 1=1"], "is that of a station"),
        (["assign", "open-meteo", "school", "--from", "May"], "'May' is no day"),
        (["fetch", "--to", "2026-01-01"], "Say from which day"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(run, home, words, why):
    told = run("weather", *words, "--data", "home")
    assert (told.returncode, told.stdout) == (2, "")
    assert why in told.stderr
    assert weather_sources.assignments(home) == []


def test_a_fetch_asks_until_nothing_is_due_and_the_sources_tell_of_it(run, home, server):
    env = {"PLAGEWATCH_WEATHER_ARCHIVE_URL": server.url, "PLAGEWATCH_WEATHER_RECENT_URL": server.url}
    weather_sources.assign(home, "school", [Assignment("school", Source.OPEN_METEO)])
    since = time.strftime("%Y-%m-%d", time.gmtime(NOW_S - 40 * 86_400))
    told = run("weather", "fetch", "--from", since, "--data", "home", env=env)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("hours of weather: 9")  # 40 days and what is over of today
    assert [path for path, _ in server.asked] == ["/v1/forecast", "/v1/archive"]
    shown = run("weather", "sources", "--data", "home", env=env)
    assert "school: open-meteo, best match, recent days, 4.4 km" in shown.stdout
    assert "100% of the last 30 days" in shown.stdout
    assert "PLAGEWATCH_WEATHER_FETCH is not set" in shown.stderr


def test_a_source_that_does_not_answer_ends_with_1_and_says_what_is_used(run, home, server):
    env = {"PLAGEWATCH_WEATHER_ARCHIVE_URL": server.url, "PLAGEWATCH_WEATHER_RECENT_URL": server.url}
    weather_sources.assign(home, "school", [Assignment("school", Source.OPEN_METEO)])
    server.faults.append((429, '{"error": true, "reason": "Too many concurrent requests"}'))
    told = run("weather", "fetch", "--from", TODAY, "--data", "home", env=env)
    assert told.returncode == 1
    assert "Too many concurrent requests" in told.stderr
    assert "what is stored is used; the next run goes on where this one stopped" in told.stderr


def test_the_job_runs_only_where_the_setting_switches_it_on(home, series, tmp_path):
    assert weather_ticks(Stores(Settings(), home, series)) == []
    (tick,) = weather_ticks(Stores(Settings(weather_fetch=True), home, series))
    assert (tick.name, tick.every_s) == ("weather", 300.0)


def test_the_health_tells_the_age_of_the_newest_hour_and_the_last_trouble(home, series, server):
    settings = Settings(weather_fetch=True, weather_archive_url=server.url, weather_recent_url=server.url)
    (tick,) = weather_ticks(Stores(settings, home, series))
    assert isinstance(tick, WeatherTick)
    weather_sources.assign(home, "school", [Assignment("school", Source.OPEN_METEO)])
    tick()
    told = tick.health(time.time())
    assert (told.state, told.detail) == (PartState.WELL, "open-meteo: nothing yet for 1 of 1 sites")
    weather_sources.set_trouble(home, weather_sources.Trouble("open-meteo", NOW_S * 1000, "no route", 1 << 50))
    hour_s = NOW_S - 20 * 3600
    weather_sources.record(home, [weather_sources.Fetch("school", Source.OPEN_METEO, hour_s - 3600, hour_s, 1)])
    tick()
    told = tick.health(time.time())
    assert told.state is PartState.DEGRADED
    assert told.detail == "open-meteo: newest hour 20 h old; no route; what is stored is used"
    assert told.data_age_s == pytest.approx(20 * 3600, abs=600)


def test_a_pulse_that_cannot_work_is_told_before_all_else(home, series):
    (tick,) = weather_ticks(Stores(Settings(weather_fetch=True), home, series))
    broken = replace(tick, work=lambda: 1 / 0)
    broken()
    assert "division" in broken.health(time.time()).detail


def test_sources_are_those_of_the_settings():
    sources = sources_of(Settings(weather_rmi_url="http://127.0.0.1:9/wfs"))
    assert list(sources) == [Source.OPEN_METEO, Source.RMI]
