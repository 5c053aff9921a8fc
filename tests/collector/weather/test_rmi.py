"""The client of the RMI's WFS against a server that answers in the documented shape."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from collector.weather.fetching import FirstFigures, Run, Stores, fetch
from collector.weather.http import Getter, Limits
from collector.weather.rmi import Rmi
from collector.weather.source import Request, SourceError, Target
from plagewatch.metering.meters import Site
from plagewatch.metering.weather import Assignment, Source
from plagewatch.store.records import registry, weather_sources
from plagewatch.store.weather import sourced_weather

START_S = 1_767_225_600  # 2026-01-01T00:00Z
UCCLE = Target("s", station="6447")

STATIONS = (
    "FID,code,the_geom,altitude,name,date_begin,date_end\n"
    "aws_station.1,6447,POINT (50.796862 4.357688),100,UCCLE,1983-01-01T00:00:00,\n"
    "aws_station.2,6414,POINT (50.904245 3.122219),24,BEITEM,2003-10-01T00:00:00,\n"
    "aws_station.3,6400,POINT (51.0 3.0),,CLOSED,1990-01-01T00:00:00,2001-01-01T00:00:00\n"
)
EXCEPTION = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ows:ExceptionReport version="2.0.0"><ows:Exception '
    'exceptionCode="InvalidParameterValue"><ows:ExceptionText>Feature type unknown</ows:ExceptionText></ows:Exception>'
)


@dataclass
class Wfs:
    """faults: (status, body) for the next requests instead. unvalidated_from: stamps from then on are not validated."""

    url: str
    asked: list[dict[str, str]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    unvalidated_from: str = "9"

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        fixed = {name: query.get(name) for name in ("service", "version", "request", "outputFormat")}
        if fixed != {"service": "WFS", "version": "2.0.0", "request": "GetFeature", "outputFormat": "csv"}:
            return 400, EXCEPTION
        if query["typeNames"] == "aws:aws_station":
            return 200, STATIONS
        wanted = re.fullmatch(
            r"code = (\d+) AND timestamp > '(\S+Z)' AND timestamp <= '(\S+Z)'", query.get("CQL_FILTER", "")
        )
        if query["typeNames"] != "aws:aws_1hour" or query.get("sortBy") != "timestamp" or wanted is None:
            return 400, EXCEPTION
        code, after, until = wanted.groups()
        header = "FID,code,qc_flags,the_geom,timestamp,temp_dry_shelter_avg,short_wave_from_sky_avg,wind_speed_10m\n"
        first, last = (np.datetime64(text.removesuffix("Z"), "s") for text in (after, until))
        stamps = np.arange(first + 3600, last + 1, 3600)
        rows = []
        for at in stamps:
            hour = int(str(at)[11:13])
            validated = str(str(at) < self.unvalidated_from).lower()
            flags = f'"{{""validated"": {{""TEMP_DRY_SHELTER_AVG"": {validated}}}}}"'
            rows.append(f"aws_1hour.{at},{code},{flags},POINT (50.796862 4.357688),{at}Z,{hour},{10 * hour},2.0\n")
        return 200, header + "".join(rows)


@contextmanager
def _listening() -> Iterator[Wfs]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            told.asked.append(query)
            status, body = told.faults.pop(0) if told.faults else told.answer(query)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Wfs(f"http://127.0.0.1:{server.server_port}/service/aws/wfs")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def wfs() -> Iterator[Wfs]:
    with _listening() as told:
        yield told


def client(wfs: Wfs) -> Rmi:
    return Rmi(Getter(Limits(2.0, 2.0, tries=1), lambda _: None), wfs.url)


def test_an_hour_is_that_before_its_stamp_and_the_station_is_told(wfs):
    (told,) = client(wfs).ask(Request((UCCLE,), START_S, START_S + 24 * 3600, recent=False))
    assert wfs.asked[0]["CQL_FILTER"] == (
        "code = 6447 AND timestamp > '2026-01-01T00:00:00Z' AND timestamp <= '2026-01-02T00:00:00Z'"
    )
    # Stamped 01:00 with 1 degree: the hour from 00:00 on. Stamped midnight of the next day with 0: the last hour.
    assert told.points.fields["temp_c"].tolist() == [*range(1, 24), 0]
    assert told.points.fields["ghi_wm2"].tolist()[:2] == [10.0, 20.0]
    assert np.isnan(told.points.fields["humidity_pct"]).all()  # it has no such column
    assert (told.model, told.latitude, told.longitude, told.elevation_m) == ("UCCLE", 50.796862, 4.357688, 100.0)
    assert (told.licence, len(told.unsettled_s)) == ("CC BY 4.0", 0)


def test_hours_that_are_not_validated_may_still_change(wfs):
    wfs.unvalidated_from = "2026-01-01T05:00:00"
    (told,) = client(wfs).ask(Request((UCCLE,), START_S, START_S + 8 * 3600, recent=False))
    assert ((told.unsettled_s - START_S) // 3600).tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("fault", "why", "retryable"),
    [
        ((400, EXCEPTION), "status 400: <\\?xml.*Feature type unknown", False),
        ((200, EXCEPTION), "status 200: <\\?xml.*Feature type unknown", False),
        ((429, "slow down"), "status 429: slow down", True),
        ((503, "later"), "answers with status 503", True),
        ((200, ""), "no columns code, timestamp", False),
        ((200, "FID,code\n1,6447\n"), "no columns code, timestamp", False),
        ((200, "code,timestamp,temp_avg\n6447,2026-01-01T00:00:00,1\n"), "no columns code, timestamp", False),
        ((200, "code,timestamp,temp_dry_shelter_avg\n6447,tomorrow,1\n"), "cannot be read", False),
        ((200, "code,timestamp,temp_dry_shelter_avg\n6447,2026-01-01T01:00:00,warm\n"), "cannot be read", False),
        ((200, "code,timestamp,temp_dry_shelter_avg\n6447,2026-01-01T01:00:00\n"), "cannot be read", False),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_reason(wfs, fault, why, retryable):
    wfs.faults.append(fault)
    with pytest.raises(SourceError, match=why) as told:
        client(wfs).ask(Request((UCCLE,), START_S, START_S + 3600, recent=False))
    assert told.value.retryable is retryable


def test_rows_of_other_stations_and_twice_told_hours_change_nothing(wfs):
    rows = "6414,2026-01-01T01:00:00,99\n6447,2026-01-01T02:00:00,2\n6447,2026-01-01T01:00:00,1\n"
    wfs.faults.append((200, f"code,timestamp,temp_dry_shelter_avg\n{rows}{rows}"))
    (told,) = client(wfs).ask(Request((UCCLE,), START_S, START_S + 2 * 3600, recent=False))
    assert told.points.fields["temp_c"].tolist() == [1.0, 2.0]


def test_its_stations_are_listed_with_their_places(wfs):
    listed = client(wfs).stations()
    assert [(one.code, one.name, one.elevation_m, one.closed) for one in listed] == [
        ("6400", "CLOSED", None, True),
        ("6414", "BEITEM", 24.0, False),
        ("6447", "UCCLE", 100.0, False),
    ]


def test_the_job_fills_a_site_by_its_station_and_says_where_that_is(wfs, engine, series):
    registry.save(engine, [Site("s", "School", latitude=50.85, longitude=4.36)])
    weather_sources.assign(engine, "s", [Assignment("s", Source.RMI, "6447")])
    now_s = START_S + 40 * 86_400 + 7200
    wfs.unvalidated_from = "2026-01-20T00:00:00"
    run = Run(now_s * 1000, 9, (START_S, now_s))
    report = fetch(Stores(engine, series), {Source.RMI: client(wfs)}, run, FirstFigures())
    assert (report.hours, report.troubles) == (40 * 24 + 2, [])
    found = sourced_weather(engine, series, "s", START_S, START_S + 86_400)
    (told,) = found.provenance
    assert (told.source, told.origins[0].station, told.origins[0].model) == (Source.RMI, "6447", "UCCLE")
    assert len(found.points.start_s) == 24
    # Not validated since the 20th, the hour before its stamp with it: those days are asked again, tomorrow.
    days = [((one.start_s - START_S) / 86_400, one.provisional) for one in weather_sources.fetches(engine, "s")]
    assert days == [(0.0, False), (18.0, True), (32.0, True)]
    again = Run(run.now_ms + 3600_000, 9, (START_S, now_s + 3600))
    assert fetch(Stores(engine, series), {Source.RMI: client(wfs)}, again, FirstFigures()).requests == 0
