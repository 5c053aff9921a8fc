"""The client of Open-Meteo against a server that answers in the documented shape and refuses what is not documented."""

import json
import socket
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from collector.weather.http import Getter, Limits
from collector.weather.open_meteo import Address, OpenMeteo, calls
from collector.weather.source import Request, SourceError, Target
from tests.collector.weather.open_meteo_server import OpenMeteoServer, open_meteo, refusal

NOW_S = 1_795_000_000 // 86_400 * 86_400 + 10 * 3600  # ten in the morning, UTC
DAY_S = 86_400
TODAY_S = NOW_S // DAY_S * DAY_S
OLD = Request((Target("s", 50.0, 4.0),), TODAY_S - 30 * DAY_S, TODAY_S - 28 * DAY_S, recent=False)


@pytest.fixture
def server() -> Iterator[OpenMeteoServer]:
    with open_meteo(NOW_S) as told:
        yield told


def client(server: OpenMeteoServer, pauses: list[float] | None = None, limits: Limits | None = None) -> OpenMeteo:
    kept = [] if pauses is None else pauses
    getter = Getter(limits or Limits(2.0, 5.0), kept.append)
    return OpenMeteo(Address(server.url, server.url), getter, kept.append)


def test_an_hour_is_the_mean_of_its_two_ends_and_radiation_is_told_at_its_end(server):
    told = client(server).ask(OLD)[0]
    # Temperature at 00:00, 01:00, ... 23:00 is 0, 1, ... 23 and begins again: hour 0 is (0 + 1) / 2, the last hour of
    # the day (23 + 0) / 2. The stamp 01:00 tells the radiation of the hour from 00:00: 10 times 0.
    assert told.points.start_s.tolist() == list(range(OLD.start_s, OLD.end_s, 3600))
    assert told.points.fields["temp_c"][[0, 1, 22, 23, 24]].tolist() == [0.5, 1.5, 22.5, 11.5, 0.5]
    assert told.points.fields["ghi_wm2"][[0, 1, 23, 24, 47]].tolist() == [0.0, 10.0, 230.0, 0.0, 230.0]
    assert told.points.fields["humidity_pct"][[0, 23]].tolist() == [40.5, 51.5]


def test_what_is_asked_is_what_is_documented(server):
    client(server).ask(OLD)
    path, query = server.asked[0]
    assert path == "/v1/archive"
    assert query == {
        "latitude": "50.0000",
        "longitude": "4.0000",
        "hourly": "temperature_2m,relative_humidity_2m,shortwave_radiation",
        "start_date": "2026-10-19",
        "end_date": "2026-10-21",  # the last hour ends at midnight of the next day
        "timeformat": "unixtime",
        "timezone": "GMT",
    }


def test_recent_days_come_from_the_forecasts_past_and_nothing_of_the_future_is_taken(server):
    recent = Request(OLD.targets, TODAY_S - 2 * DAY_S, TODAY_S + 10 * 3600, recent=True)
    told = client(server).ask(recent)[0]
    assert server.asked[0][0] == "/v1/forecast"
    assert told.points.start_s[-1] == TODAY_S + 9 * 3600
    assert told.points.fields["temp_c"][-1] == 9.5
    assert told.model == "best match, recent days"


def test_several_places_in_one_request_keep_their_order_and_their_cells(server):
    targets = tuple(Target(f"s{n}", 50.0 + n / 10, 4.0) for n in range(3))
    told = client(server).ask(Request(targets, OLD.start_s, OLD.end_s, recent=False))
    assert len(server.asked) == 1
    assert [round(one.points.fields["temp_c"][0], 6) for one in told] == [0.5, 1.5, 2.5]
    assert [(one.latitude, one.longitude, one.elevation_m) for one in told] == [
        (50.03, 3.96, 38.0),
        (50.13, 3.96, 38.0),
        (50.23, 3.96, 38.0),
    ]
    assert {one.licence for one in told} == {"CC BY 4.0"}


def test_what_is_null_is_not_known_and_takes_the_hour_that_ends_there_with_it(server):
    server.unknown_from_s = OLD.start_s + 5 * 3600
    fields = client(server).ask(OLD)[0].points.fields
    # The last instant known is 04:00: the hour 03:00 is whole, 04:00 has but one end; radiation is known until 04:00.
    assert np.flatnonzero(~np.isnan(fields["temp_c"])).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(~np.isnan(fields["ghi_wm2"])).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_of_the_change_over_has_24_utc_hours_like_any_other(server, day):
    start_s = int(np.datetime64(day).astype("datetime64[s]").astype(np.int64))
    told = client(server).ask(Request(OLD.targets, start_s, start_s + DAY_S, recent=False))[0]
    assert told.points.fields["temp_c"].tolist() == [n + 0.5 for n in range(23)] + [11.5]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (refusal(400, "Latitude must be in range of -90 to 90°. Given: 91.0."), "status 400: Latitude must be in"),
        (refusal(401, "API key required. Please add &apikey= to the URL."), "status 401: API key required"),
        ((404, "<html>not here</html>"), "status 404 and no JSON"),
        (lambda said: said | {"hourly_units": said["hourly_units"] | {"temperature_2m": "°F"}}, "temperature_2m in °F"),
        (lambda said: said | {"hourly_units": said["hourly_units"] | {"time": "iso8601"}}, "time as iso8601"),
        (lambda said: said | {"utc_offset_seconds": 3600}, "an offset of 3600 s"),
        (lambda said: said | {"latitude": 52.52}, "km from 50.0000,4.0000"),
        (lambda said: {name: value for name, value in said.items() if name != "hourly"}, "KeyError at 'hourly'"),
        (lambda said: said | {"hourly": said["hourly"] | {"time": said["hourly"]["time"][:-1]}}, "do not belong"),
        (lambda said: said | {"hourly": said["hourly"] | {"temperature_2m": ["warm"] * 72}}, "ValueError"),
        (lambda said: said | {"hourly": said["hourly"] | {"temperature_2m": [[1.0]] * 72}}, "do not belong"),
        (lambda said: [said, said], "2 places instead of 1"),
        (lambda said: "ok", "TypeError"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_reason_and_not_asked_again(server, fault, why):
    server.faults.append(fault)
    with pytest.raises(SourceError, match=why.replace(".", r"\.")) as told:
        client(server).ask(OLD)
    assert (told.value.retryable, len(server.asked)) == (False, 1)


@pytest.mark.parametrize(
    ("reason", "wait_s"),
    [
        ("Minutely API request limit exceeded. Please try again in one minute.", 60),
        ("Hourly API request limit exceeded. Please try again in the next hour.", 3600),
        ("Daily API request limit exceeded. Please try again tomorrow.", 86_400),
        ("Too many concurrent requests", 60),
    ],
)
def test_a_limit_is_kept_as_long_as_its_reason_says(server, reason, wait_s):
    server.faults.append(refusal(429, reason))
    with pytest.raises(SourceError, match=reason) as told:
        client(server).ask(OLD)
    assert (told.value.retryable, told.value.wait_s, len(server.asked)) == (True, wait_s, 1)


def test_a_server_in_trouble_is_asked_three_times_with_pauses_between(server):
    pauses: list[float] = []
    server.faults += [refusal(500, "Something went wrong."), "cut"]
    assert len(client(server, pauses).ask(OLD)[0].points.start_s) == 48
    assert (len(server.asked), pauses) == (3, [1.0, 2.0])


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (refusal(503, "The service is overloaded"), "answers with status 503"),
        ("cut", "the answer breaks off"),
        ("slow", "no answer in time"),
    ],
)
def test_trouble_that_lasts_is_told_and_can_be_tried_again(server, fault, why):
    server.faults += [fault] * 3
    with pytest.raises(SourceError, match=why) as told:
        client(server, limits=Limits(read_s=0.2)).ask(OLD)
    assert (told.value.retryable, len(server.asked)) == (True, 3)


def test_no_network_is_told_in_words():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        none = OpenMeteo(Address(url, url, key="secret"), Getter(pause=lambda _: None), lambda _: None)
        with pytest.raises(SourceError, match=rf"{url}/v1/archive cannot be read \(Connection refused\)") as told:
            none.ask(OLD)
    assert "secret" not in str(told.value)


def test_an_answer_without_end_is_cut_off(server):
    server.faults.append(lambda said: said | {"noise": "x" * 3_000_000})
    with pytest.raises(SourceError, match="not complete after 0 s"):
        client(server, limits=Limits(whole_s=0.0, tries=1)).ask(OLD)


def test_a_key_goes_to_the_customers_servers_and_no_other_address_is_changed(server):
    assert Address(key="k").of(recent=False) == "https://customer-archive-api.open-meteo.com/v1/archive"
    assert Address().of(recent=False) == "https://archive-api.open-meteo.com/v1/archive"
    own = OpenMeteo(Address(server.url, server.url, "k"), Getter(), lambda _: None)
    own.ask(OLD)
    assert server.asked[0][1]["apikey"] == "k"


def test_requests_keep_the_pace_of_the_limits(server):
    pauses: list[float] = []
    asking = client(server, pauses)
    year = Request(OLD.targets, TODAY_S - 400 * DAY_S, TODAY_S - 34 * DAY_S, recent=False)
    for request in (year, OLD):
        asking.ask(request)
    # 3 of 10 variables, 367 of 14 days: 7.86 calls of 600 a minute, of which a third is used: 200 a minute, 2.36 s.
    assert pauses == [pytest.approx(2.36, abs=0.01)]
    assert calls(OLD) == 1.0


def test_the_recorded_shape_of_the_documentation_is_read():
    """The keys of the documented example, and those that its server adds: two places, nulls, a location_id."""
    from collector.weather.http import Answer
    from collector.weather.open_meteo import told

    def place(latitude: float, temps: list[float | None], **more: object) -> dict[str, object]:
        return {
            "latitude": latitude, "longitude": 13.419, "elevation": 44.812, "generationtime_ms": 2.2119,
            "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT",
            "hourly": {
                "time": [1656633600, 1656637200, 1656640800],
                "temperature_2m": temps, "relative_humidity_2m": [80, 82, None], "shortwave_radiation": [0, 3, 25.5],
            },
            "hourly_units": {
                "time": "unixtime", "temperature_2m": "°C", "relative_humidity_2m": "%", "shortwave_radiation": "W/m²",
            },
        } | more  # fmt: skip

    body = json.dumps([place(52.52, [13, 12.7, 12.7]), place(52.6, [None, 1, 2], location_id=1)]).encode()
    targets = Target("a", 52.52, 13.41), Target("b", 52.6, 13.41)
    a, b = told(Answer(200, body), Request(targets, 1656633600, 1656640800, recent=False))
    assert a.points.fields["temp_c"].tolist() == [pytest.approx(12.85), pytest.approx(12.7)]
    assert a.points.fields["ghi_wm2"].tolist() == [3.0, 25.5]
    assert b.points.fields["temp_c"].tolist() == [pytest.approx(np.nan, nan_ok=True), 1.5]
    assert np.isnan(a.points.fields["humidity_pct"]).tolist() == [False, True]
    assert all(after - before == 3600 for before, after in pairwise(a.points.start_s.tolist()))
