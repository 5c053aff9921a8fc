"""Whose weather a site has, and what a day of it is."""

from datetime import date

import numpy as np
import pytest

from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import Points
from plagewatch.store.weather import daily_mean_temp_c, weather_hours

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
