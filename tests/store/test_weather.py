"""Whose weather a site has, and what a day of it is."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.weather import Assignment, Source
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.weather_sources import Fetch
from plagewatch.store.series.protocol import Points
from plagewatch.store.weather import daily_mean_temp_c, sourced_tags, sourced_weather, weather_hours

TZ = "Europe/Brussels"


def row(temp_c: float) -> Points:
    return Points(np.array([0]), {"temp_c": np.array([temp_c])})


def station(engine, site: str) -> None:
    meter = Meter(f"{site}.t", site, "Thermometer", Carrier.WEATHER, Kind.GAUGE, "°C")
    registry.save(engine, [Site(site, site), meter])


def temps(engine, series, site: str) -> list[float]:
    return list(weather_hours(engine, series, site, 0, 3600).fields.get("temp_c", np.zeros(0)))


def test_own_weather_first_then_that_of_the_only_station(engine, series):
    assert temps(engine, series, "home") == []
    station(engine, "station")
    series.write_points("weather", {"site": "station"}, row(5.0))
    assert temps(engine, series, "home") == [5.0]
    series.write_points("weather", {"site": "home"}, row(7.0))
    assert temps(engine, series, "home") == [7.0]


def test_of_several_stations_none_is_guessed(engine, series):
    for site in ("one", "two"):
        station(engine, site)
        series.write_points("weather", {"site": site}, row(5.0))
    assert temps(engine, series, "home") == []
    assert temps(engine, series, "two") == [5.0]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_weather_is_as_long_as_the_clock_says(day, hours):
    start_s = day_start_s(day, TZ)
    temp_c = np.arange(float(hours))
    temp_c[0] = np.nan
    days, mean_c, coverage = daily_mean_temp_c(Points(start_s + np.arange(hours) * 3600, {"temp_c": temp_c}), TZ)
    assert days.tolist() == [start_s]
    assert mean_c[0] == pytest.approx(hours / 2)
    assert coverage[0] == pytest.approx((hours - 1) / hours)


def test_no_temperature_no_day():
    assert len(daily_mean_temp_c(Points(np.zeros(0, np.int64), {}), TZ)[0]) == 0


FIELDS = ("temp_c", "ghi_wm2", "humidity_pct")


def hours(series, tags: dict[str, str], temp_c: float, first: int = 0, number: int = 4) -> None:
    start_s = np.arange(first, first + number) * 3600
    measurement = "sourced_weather" if "source" in tags else "weather"
    fields = {name: np.full(number, np.nan) for name in FIELDS} | {"temp_c": np.full(number, temp_c)}
    series.write_points(measurement, tags, Points(start_s, fields))


def test_of_several_sources_the_one_in_force_counts_and_no_hour_is_filled_from_another(engine, series):
    """Own sensors, Open-Meteo and a station all have hours of the site: each hour is of one of them."""
    registry.save(engine, [Site("home", "Home")])
    hours(series, {"site": "home"}, 1.0, number=6)
    hours(series, sourced_tags("home", Source.OPEN_METEO, ""), 2.0, number=6)
    hours(series, sourced_tags("home", Source.RMI, "6447"), 3.0, number=2)
    hours(series, sourced_tags("home", Source.RMI, "6414"), 9.0, number=6)
    assert sourced(engine, series) == ([1.0] * 6, [("own", 6)])
    weather_sources.assign(
        engine,
        "home",
        [
            Assignment("home", Source.RMI, "6447", 0),
            Assignment("home", Source.OPEN_METEO, "", 3 * 3600),
            Assignment("home", Source.OWN, "", 5 * 3600),
        ],
    )
    # The station has nothing of its third hour: it stays out, though three others know it.
    assert sourced(engine, series) == ([3.0, 3.0, 2.0, 2.0, 1.0], [("rmi", 3), ("open-meteo", 2), ("own", 1)])
    weather_sources.assign(engine, "home", [])
    assert sourced(engine, series) == ([1.0] * 6, [("own", 6)])


def sourced(engine, series) -> tuple[list[float], list[tuple[str, int]]]:
    found = sourced_weather(engine, series, "home", 0, 6 * 3600)
    spans = [(str(one.source), (one.end_s - one.start_s) // 3600) for one in found.provenance]
    return found.points.fields["temp_c"].tolist(), spans


def test_a_source_that_is_assigned_is_not_taken_from_the_only_station(engine, series):
    station(engine, "station")
    registry.save(engine, [Site("home", "Home")])
    hours(series, {"site": "station"}, 5.0)
    weather_sources.assign(engine, "home", [Assignment("home", Source.OPEN_METEO)])
    assert temps(engine, series, "home") == []
    weather_sources.assign(engine, "home", [])
    assert temps(engine, series, "home") == [5.0]
    (told,) = sourced_weather(engine, series, "home", 0, 3600).provenance
    assert (told.site, told.source) == ("station", Source.OWN)


def test_nothing_is_the_source_of_a_site_that_has_none(engine, series):
    registry.save(engine, [Site("home", "Home")])
    found = sourced_weather(engine, series, "home", 0, 3600)
    assert (len(found.points.start_s), [one.source for one in found.provenance]) == (0, [None])


def test_what_a_source_told_of_the_place_comes_with_the_hours_it_is_of(engine, series):
    registry.save(engine, [Site("home", "Home")])
    hours(series, sourced_tags("home", Source.OPEN_METEO, ""), 2.0, number=4)
    weather_sources.assign(engine, "home", [Assignment("home", Source.OPEN_METEO)])
    archive = Fetch("home", Source.OPEN_METEO, 0, 7200, 1, model="archive", latitude=50.9, licence="CC BY 4.0")
    recent = Fetch("home", Source.OPEN_METEO, 7200, 14_400, 1, True, model="recent")
    weather_sources.record(engine, [archive, recent])
    (told,) = sourced_weather(engine, series, "home", 3600, 10_800).provenance
    assert told.origins == (replace(archive, start_s=3600), replace(recent, end_s=10_800))


def test_what_was_told_anew_takes_the_place_of_what_was_told_before(engine):
    registry.save(engine, [Site("home", "Home"), Site("other", "Other")])
    first = Fetch("home", Source.OPEN_METEO, 0, 10 * 3600, 1, True)
    beside = Fetch("other", Source.OPEN_METEO, 0, 3600, 1, True)
    weather_sources.record(engine, [first, beside, Fetch("home", Source.RMI, 0, 3600, 1, station="6447")])
    weather_sources.record(engine, [Fetch("home", Source.OPEN_METEO, 0, 4 * 3600, 5)])
    weather_sources.record(engine, [Fetch("home", Source.OPEN_METEO, 4 * 3600, 6 * 3600, 6)])
    spans = [(one.source.value, one.end_s // 3600, one.provisional) for one in weather_sources.fetches(engine, "home")]
    assert spans == [("open-meteo", 6, False), ("open-meteo", 10, True), ("rmi", 1, False)]
    assert weather_sources.fetches(engine, "other") == [beside]
