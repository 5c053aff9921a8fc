"""The job that fills what is missing: asked once, recent days again until they are settled, offline and back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from collector.weather.fetching import FirstFigures, Report, Run, Stores, fetch
from collector.weather.http import Getter, Limits
from collector.weather.open_meteo import Address, OpenMeteo
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Samples
from plagewatch.metering.weather import Assignment, Source
from plagewatch.store import tables
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.series.protocol import Points
from plagewatch.store.weather import daily_mean_temp_c, sourced_weather, weather_hours
from tests.collector.weather.open_meteo_server import OpenMeteoServer, open_meteo, refusal

TZ = "Europe/Brussels"
DAY_S = 86_400
TODAY_S = day_start_s(date(2026, 11, 18), "UTC")
NOW_S = TODAY_S + 10 * 3600 + 120
FIRST_S = day_start_s(date(2026, 9, 1), TZ)  # of the meters' figures

Fetching = Callable[..., Report]


@pytest.fixture
def server() -> Iterator[OpenMeteoServer]:
    with open_meteo(NOW_S) as told:
        yield told


@pytest.fixture
def fetching(engine, series, server) -> Fetching:
    """Three sites and figures of one of them since September; a run of the job at a time, as often as it is called."""
    registry.save(
        engine,
        [
            Site("home", "Home", latitude=50.0, longitude=4.0),
            Site("school", "School", latitude=50.1, longitude=4.0),
            Site("nowhere", "Nowhere"),
            Meter("home.gas", "home", "Gas", Carrier.GAS, Kind.INDEX, "m3"),
        ],
    )
    month = np.array([FIRST_S])
    known = Intervals(month, np.array([1.0]), np.array([1.0]), *(np.zeros(1) for _ in range(4)))
    series.write_intervals(Resolution.MONTH, "home.gas", "gas", known)

    def run(now_s: int = NOW_S, most: int = 9, span_s: tuple[int, int] | None = None, **more: bool) -> Report:
        server.now_s = now_s
        getter = Getter(Limits(2.0, 2.0, tries=1), lambda _: None)
        client = OpenMeteo(Address(server.url, server.url), getter, lambda _: None)
        return fetch(
            Stores(engine, series), {Source.OPEN_METEO: client}, Run(now_s * 1000, most, span_s, **more), FirstFigures()
        )

    return run


def assign(engine, *sites: str) -> None:
    for site in sites:
        weather_sources.assign(engine, site, [Assignment(site, Source.OPEN_METEO)])


def temps(engine, series, site: str, start_s: int, end_s: int) -> list[float]:
    return list(weather_hours(engine, series, site, start_s, end_s).fields.get("temp_c", np.zeros(0)))


def spans(engine, site: str = "home") -> list[tuple[float, float, bool]]:
    """What was fetched, in days from today's midnight on."""
    return [
        ((one.start_s - TODAY_S) // DAY_S, (one.end_s - TODAY_S) / DAY_S, one.provisional)
        for one in weather_sources.fetches(engine, site)
    ]


def test_nothing_is_asked_for_a_site_that_nobody_assigned_a_source(engine, server, fetching):
    assert fetching() == Report()
    assert server.asked == []


def test_all_is_asked_once_from_a_week_before_the_first_figure_on(engine, series, server, fetching):
    assign(engine, "home")
    report = fetching()
    # 1 September begins in Brussels at 22:00 UTC of 31 August; a week before is 24 August, 86 days before today.
    assert [query["start_date"] for _, query in server.asked] == ["2026-11-10", "2026-08-24"]
    assert [path for path, _ in server.asked] == ["/v1/forecast", "/v1/archive"]
    assert spans(engine) == [(-86, -8, False), (-8, 10 / 24, True)]
    assert report.hours == 86 * 24 + 10
    assert temps(engine, series, "home", TODAY_S, TODAY_S + DAY_S) == [n + 0.5 for n in range(10)]
    assert fetching() == Report()  # nothing is due
    assert len(server.asked) == 2


def test_new_hours_are_asked_every_three_hours_and_recent_days_again_every_six(engine, server, fetching):
    assign(engine, "home")
    fetching()
    fetching(NOW_S + 2 * 3600)
    assert len(server.asked) == 2
    fetching(NOW_S + 4 * 3600)  # hours from 10:00 to 13:00 are there to be asked, the newest four hours old
    assert [query["start_date"] for _, query in server.asked[2:]] == ["2026-11-10"]
    fetching(NOW_S + 6 * 3600 - 1)
    assert len(server.asked) == 3
    fetching(NOW_S + 10 * 3600 + 1)
    assert len(server.asked) == 4


def test_a_day_that_is_settled_comes_from_the_archive_once_and_for_good(engine, series, server, fetching):
    assign(engine, "home")
    server.warmer = 2.0  # the reanalysis says something else than the forecast did
    fetching()
    eighth_s = TODAY_S - 8 * DAY_S
    assert temps(engine, series, "home", eighth_s, eighth_s + 3600) == [0.5]
    fetching(NOW_S + DAY_S)
    assert temps(engine, series, "home", eighth_s, eighth_s + 3600) == [2.5]
    assert spans(engine) == [(-86, -7, False), (-7, 1 + 10 / 24, True)]
    assert [(path, query["start_date"], query["end_date"]) for path, query in server.asked[2:]] == [
        ("/v1/forecast", "2026-11-11", "2026-11-19"),
        ("/v1/archive", "2026-11-10", "2026-11-11"),
    ]
    of_day = sourced_weather(engine, series, "home", eighth_s, eighth_s + 2 * DAY_S).provenance[0].origins
    assert [(one.model, one.provisional) for one in of_day] == [
        ("best match, archive", False),
        ("best match, recent days", True),
    ]


def test_sites_with_the_same_hours_due_share_a_request(engine, series, server, fetching):
    assign(engine, "home", "school", "nowhere")  # nowhere has no coordinates: nothing can be asked for it
    fetching()
    assert [query["latitude"] for _, query in server.asked] == ["50.0000,50.1000"] * 2
    assert temps(engine, series, "home", TODAY_S, TODAY_S + 3600) == [0.5]
    assert temps(engine, series, "school", TODAY_S, TODAY_S + 3600) == [1.5]
    assert spans(engine, "nowhere") == []


def test_offline_it_uses_what_is_stored_says_so_and_catches_up_when_it_is_back(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    before = temps(engine, series, "home", TODAY_S - DAY_S, NOW_S)
    for attempt, wait_s in enumerate((300, 600, 1200)):
        now_s = NOW_S + DAY_S + sum((300, 600, 1200)[:attempt])
        server.faults.append((503, '{"error": true, "reason": "The service is overloaded"}'))
        report = fetching(now_s)
        assert report.troubles == [f"open-meteo: {server.url}/v1/forecast answers with status 503"]
        trouble = weather_sources.troubles(engine)["open-meteo"]
        assert (trouble.failures, trouble.retry_ms) == (attempt + 1, (now_s + wait_s) * 1000)
        asked = len(server.asked)
        assert fetching(now_s + wait_s - 1).requests == 0  # left alone
        assert len(server.asked) == asked
    assert temps(engine, series, "home", TODAY_S - DAY_S, NOW_S) == before
    fetching(NOW_S + 2 * DAY_S)
    assert weather_sources.troubles(engine) == {}
    assert spans(engine) == [(-86, -6, False), (-6, 2 + 10 / 24, True)]


def test_a_limit_is_kept(engine, server, fetching):
    assign(engine, "home")
    server.faults.append(refusal(429, "Daily API request limit exceeded. Please try again tomorrow."))
    fetching()
    assert fetching(NOW_S + 23 * 3600).requests == 0
    assert fetching(NOW_S + 24 * 3600).requests == 2


def test_one_site_that_is_refused_does_not_hold_up_the_others(engine, server, fetching):
    registry.save(engine, [Site("school", "School", latitude=95.0, longitude=4.0)])
    assign(engine, "home", "school")
    report = fetching(most=2)
    assert [told.split(" with")[0] for told in report.troubles] == ["open-meteo school: Open-Meteo refuses"] * 2
    assert spans(engine) == [(-86, -8, False), (-8, 10 / 24, True)]
    assert list(weather_sources.troubles(engine)) == ["open-meteo school"]
    assert fetching(NOW_S + 3600).requests == 0  # refused once is refused again
    registry.save(engine, [Site("school", "School", latitude=50.2, longitude=4.0)])
    assert fetching(NOW_S + 3600, insist=True).troubles == []
    assert spans(engine, "school")[0] == (-86, -8, False)


def test_hours_that_it_does_not_know_yet_are_asked_again_each_day_for_a_month(engine, series, server, fetching):
    assign(engine, "home")
    gap_s = TODAY_S - 10 * DAY_S + 5 * 3600
    server.unknown_from_s = gap_s
    fetching()
    assert spans(engine) == [(-86, -10, False), (-10, -8, True), (-8, 10 / 24, True)]
    assert len(temps(engine, series, "home", gap_s - 3600, TODAY_S)) == 0  # half known: no hour is made of it
    fetching(NOW_S + DAY_S - 60)
    dates = [query["start_date"] for path, query in server.asked if path == "/v1/archive"]
    assert dates == ["2026-08-24", "2026-11-10"]  # the day that became settled; the gap was asked a day ago less
    server.unknown_from_s = 1 << 40
    fetching(NOW_S + DAY_S + 60)
    assert spans(engine)[:2] == [(-86, -8, False), (-8, -7, True)]  # that one was asked two minutes ago
    assert temps(engine, series, "home", gap_s, gap_s + 3600) == [5.5]


def test_what_it_no_longer_knows_stays_as_it_was_told(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    server.unknown_from_s = TODAY_S
    fetching(NOW_S + 7 * 3600)
    assert temps(engine, series, "home", TODAY_S, TODAY_S + 3600) == [0.5]


def test_a_run_that_is_killed_after_writing_writes_the_same_again(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    before = temps(engine, series, "home", FIRST_S, NOW_S)
    with engine.begin() as connection:  # as if it had not come to this
        connection.execute(tables.weather_fetch.delete())
    report = fetching()
    assert (report.requests, report.hours) == (2, 0)
    assert temps(engine, series, "home", FIRST_S, NOW_S) == before


def test_a_run_goes_no_further_than_it_may_and_the_next_one_goes_on(engine, server, fetching):
    assign(engine, "home")
    assert (fetching(most=1).left, len(server.asked)) == (1, 1)
    assert (fetching(most=1).left, len(server.asked)) == (0, 2)


def test_years_are_asked_in_pieces_the_newest_first(engine, server, fetching):
    assign(engine, "home")
    fetching(span_s=(TODAY_S - 800 * DAY_S, TODAY_S - 20 * DAY_S))
    days = [(query["start_date"], query["end_date"]) for _, query in server.asked]
    assert days == [("2025-10-28", "2026-10-29"), ("2024-10-27", "2025-10-28"), ("2024-09-09", "2024-10-27")]


def test_a_site_that_is_elsewhere_is_asked_anew(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    registry.save(engine, [Site("home", "Home", latitude=50.3, longitude=4.0)])
    fetching()
    assert [query["latitude"] for _, query in server.asked] == ["50.0000", "50.0000", "50.3000", "50.3000"]
    assert temps(engine, series, "home", TODAY_S, TODAY_S + 3600) == [3.5]
    assert {one.latitude for one in weather_sources.fetches(engine, "home")} == {50.33}


def test_own_sensors_that_come_later_count_from_their_first_whole_hour_on(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    came_s = TODAY_S - 3 * DAY_S + 600
    registry.save(engine, [Meter("home.t", "home", "Thermometer", Carrier.WEATHER, Kind.GAUGE, "°C", 900)])
    series.write_samples([Samples("home.t", "temperature", [came_s * 1000], [7.0], "mqtt:t", came_s * 1000)])
    hour_s = came_s // 3600 * 3600
    series.write_points("weather", {"site": "home"}, _one(hour_s + 3600, 7.0))
    fetching()
    made = weather_sources.assignments(engine, "home")
    assert [(one.source, one.valid_from_s) for one in made] == [
        (Source.OPEN_METEO, 0),
        (Source.OWN, hour_s + 3600),
    ]
    # The hour before is Open-Meteo's, the own one follows, and what is missing then is missing.
    assert temps(engine, series, "home", hour_s, hour_s + 3 * 3600) == [0.5, 7.0]
    asked = len(server.asked)
    fetching(NOW_S + 30 * DAY_S)
    assert all(query["end_date"] <= "2026-11-15" for _, query in server.asked[asked:])  # nothing after they came


def test_a_local_day_of_25_hours_is_whole(engine, series, server, fetching):
    assign(engine, "home")
    fetching()
    start_s, end_s = day_start_s(date(2026, 10, 25), TZ), day_start_s(date(2026, 10, 26), TZ)
    days, mean_c, coverage = daily_mean_temp_c(weather_hours(engine, series, "home", start_s, end_s), TZ)
    # From 22:00 UTC to 23:00 UTC of the next day: (22.5 + 11.5) + (0.5 + 1.5 + ... + 22.5) over 25 hours.
    assert (days.tolist(), coverage.tolist()) == ([start_s], [1.0])
    assert mean_c[0] == pytest.approx((34.0 + sum(n + 0.5 for n in range(23))) / 25)


def _one(start_s: int, temp_c: float) -> Points:
    nothing = np.full(1, np.nan)
    return Points(np.array([start_s]), {"temp_c": np.array([temp_c]), "ghi_wm2": nothing, "humidity_pct": nothing})


def test_a_record_over_another_keeps_what_it_does_not_cover():
    old = weather_sources.Fetch("s", Source.RMI, 0, 10, 1, station="1", model="a")
    rows = weather_sources.with_new([old], replace(old, start_s=4, end_s=6, model="b"))
    assert [(row.start_s, row.end_s, row.model) for row in rows] == [(0, 4, "a"), (4, 6, "b"), (6, 10, "a")]
