"""The page on the data says whose weather each site has, and what is the matter with it."""

import numpy as np
import pytest

from plagewatch.metering.meters import Site
from plagewatch.metering.weather import Assignment, Source
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.records.weather_sources import Fetch, Trouble
from plagewatch.store.series.protocol import Points
from plagewatch.store.weather import sourced_tags
from tests.api.centre import NOW_S

HOUR_S = 3600
END_S = NOW_S // HOUR_S * HOUR_S


@pytest.fixture
def linde(centre):
    """A site with Open-Meteo's weather: 18 of the last 30 days, until six hours ago."""
    registry.save(centre.engine, [Site("linde", "De Linde", latitude=50.86, longitude=4.35)])
    weather_sources.assign(centre.engine, "linde", [Assignment("linde", Source.OPEN_METEO)])
    end_s = END_S - 6 * HOUR_S
    start_s = np.arange(end_s - 18 * 86_400, end_s, HOUR_S)
    fields = {name: np.full(len(start_s), 5.0) for name in ("temp_c", "ghi_wm2", "humidity_pct")}
    centre.series.write_points("sourced_weather", sourced_tags("linde", Source.OPEN_METEO, ""), Points(start_s, fields))
    told = Fetch(
        "linde", Source.OPEN_METEO, end_s - 400 * 86_400, end_s, NOW_S * 1000, model="best match, archive",
        latitude=50.86, longitude=4.30, elevation_m=38.0, licence="CC BY 4.0",
    )  # fmt: skip
    weather_sources.record(centre.engine, [told])
    return centre


def shown(client, language: str = "en") -> str:
    text = client.get(f"/data?lang={language}").text
    return " ".join(text[text.index('id="weather"') : text.index('id="gas"')].split())


def test_source_distance_coverage_and_age_are_told(linde, client):
    text = shown(client)
    # 0.05 degrees of longitude at 50.86 degrees north: 0.05 x 111.195 x cos(50.86) = 3.5 km.
    assert "Open-Meteo · <span" in text
    assert "3.5 km from the site, 38 m above sea level" in text
    assert ">60%</span>" in text  # 18 of 30 days
    assert "newest hour 6 hours ago" in text
    assert '<a href="https://open-meteo.com/" lang="en">Weather data by Open-Meteo.com</a>' in text


def test_a_trouble_of_the_source_is_told_with_what_is_used(linde, client):
    weather_sources.set_trouble(linde.engine, Trouble("open-meteo", (NOW_S - 60) * 1000, "no route", NOW_S * 1000))
    assert "what is stored is used." in shown(client)
    assert "wat bewaard is, wordt gebruikt." in shown(client, "nl")
    assert "les données enregistrées sont utilisées." in shown(client, "fr")
    assert "no route" in shown(client)


def test_sites_without_weather_are_named_and_none_is_guessed(linde, client):
    registry.save(linde.engine, [Site("depot", "Depot")])
    weather_sources.assign(linde.engine, "depot", [Assignment("depot", Source.OPEN_METEO)])
    text = shown(client)
    assert "The site has no coordinates, so this source cannot be asked for it." in text


def test_a_station_that_serves_other_sites_names_them(centre, client):
    start_s = np.arange(END_S - 30 * 86_400, END_S, HOUR_S)
    centre.series.write_points("weather", {"site": "station"}, Points(start_s, {"temp_c": np.full(len(start_s), 4.0)}))
    text = shown(client)
    assert "Sensors and files of the site" in text
    assert "also for" in text
    assert ">100%</span>" in text


def test_of_two_stations_the_others_have_none(centre, client):
    from plagewatch.metering.meters import Carrier, Kind, Meter

    registry.save(
        centre.engine, [Site("second", "Second"), Meter("second.t", "second", "T", Carrier.WEATHER, Kind.GAUGE, "°C")]
    )
    text = shown(client)
    assert "sites have no weather:" in text
    assert "plagewatch weather assign" in text
