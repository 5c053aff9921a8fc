"""Open-Meteo in a thread: answers in the documented shape, and refuses what its documentation does not allow.

Written from https://open-meteo.com/en/docs/historical-weather-api and https://open-meteo.com/en/docs; the sentences of
its refusals are those of its published server code. Values are simple functions of time and place, so that a test can
say by hand what must come out.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

DAY_S = 86_400
UNITS = {"temperature_2m": "°C", "relative_humidity_2m": "%", "shortwave_radiation": "W/m²", "rain": "mm"}
PARAMETERS = {
    "latitude", "longitude", "elevation", "hourly", "daily", "start_date", "end_date", "temperature_unit",
    "wind_speed_unit", "precipitation_unit", "timeformat", "timezone", "cell_selection", "apikey", "models",
    "past_days", "forecast_days",
}  # fmt: skip


class Refused(Exception):
    """A request that it answers with 400."""


def temperature(at_s: int, latitude: float) -> float:
    """Whole degrees that rise by one each hour of the UTC day; the place moves them, by a tenth for a hundredth of a
    degree north of 50."""
    return at_s // 3600 % 24 + round((latitude - 50) * 10, 1)


def radiation(at_s: int) -> float:
    """The mean of the hour before the stamp: ten times the hour that the stamp ends."""
    return 10.0 * ((at_s // 3600 - 1) % 24)


def humidity(at_s: int) -> float:
    return 40.0 + at_s // 3600 % 24


@dataclass
class OpenMeteoServer:
    """now_s: its clock, by which it limits dates. faults: what it does with the next requests instead, in turn."""

    url: str
    now_s: int
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    unknown_from_s: int = 1 << 40  # later values are null
    warmer: float = 0.0  # what the archive says differently
    stuck: list[Any] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path not in ("/v1/archive", "/v1/forecast"):
            raise Refused("Not Found")
        if unknown := set(query) - PARAMETERS:
            raise Refused(f"Unknown parameter {unknown}")
        latitudes, longitudes = (self._numbers(query, name) for name in ("latitude", "longitude"))
        if len(latitudes) != len(longitudes):
            raise Refused("Parameter 'latitude' and 'longitude' must have the same number of elements")
        if any(abs(latitude) > 90 for latitude in latitudes):
            raise Refused(f"Latitude must be in range of -90 to 90°. Given: {latitudes}.")
        names = query["hourly"].split(",")
        if wrong := [name for name in names if name not in UNITS]:
            raise Refused(f"Cannot initialize WeatherVariable from invalid String value {wrong[0]} for key hourly")
        if query.get("timeformat", "iso8601") not in ("iso8601", "unixtime"):
            raise Refused("Cannot initialize Timeformat")
        if query.get("timezone", "GMT") != "GMT":
            raise Refused("Invalid timezone")
        first, last = self._days(path, query)
        places = [
            self._place(path, (latitude, longitude), names, (first, last), query["timeformat"])
            for latitude, longitude in zip(latitudes, longitudes, strict=True)
        ]
        for number, place in enumerate(places):
            if number:
                place["location_id"] = number
        return places[0] if len(places) == 1 else places

    def _numbers(self, query: dict[str, str], name: str) -> list[float]:
        if name not in query:
            raise Refused(f"Value required for key '{name}'")
        return [float(text) for text in query[name].split(",")]

    def _days(self, path: str, query: dict[str, str]) -> tuple[date, date]:
        if not all(re.fullmatch(r"\d{4}-\d\d-\d\d", query.get(name, "")) for name in ("start_date", "end_date")):
            raise Refused("Both 'start_date' and 'end_date' must be set in the url")
        first, last = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
        today = datetime.fromtimestamp(self.now_s, UTC).date()
        earliest = today - timedelta(days=93) if path == "/v1/forecast" else date(1940, 1, 1)
        if last < first:
            raise Refused("End-date must be larger or equals than start-date")
        if first < earliest:
            raise Refused(f"Parameter 'start_date' is out of allowed range from {earliest} to {today}")
        latest = today + timedelta(days=15 if path == "/v1/forecast" else 0)
        if last > latest:
            raise Refused(f"Parameter 'end_date' is out of allowed range from {earliest} to {latest}")
        return first, last

    def _place(
        self, path: str, at: tuple[float, float], names: list[str], days: tuple[date, date], timeformat: str
    ) -> dict[str, Any]:
        start_s = int(datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC).timestamp())
        hours = [start_s + 3600 * n for n in range(24 * ((days[1] - days[0]).days + 1))]
        more = self.warmer if path == "/v1/archive" else 0.0
        made = {
            "temperature_2m": lambda at_s: temperature(at_s, at[0]) + more,
            "relative_humidity_2m": humidity,
            "shortwave_radiation": radiation,
        }
        times = hours if timeformat == "unixtime" else [datetime.fromtimestamp(h, UTC).isoformat()[:16] for h in hours]
        values = {name: [made[name](h) if h < self.unknown_from_s else None for h in hours] for name in names}
        return {
            # The middle of a grid cell, not what was asked for.
            "latitude": round(at[0] + 0.03, 6),
            "longitude": round(at[1] - 0.04, 6),
            "generationtime_ms": 0.21,
            "utc_offset_seconds": 0,
            "timezone": "GMT",
            "timezone_abbreviation": "GMT",
            "elevation": 38.0,
            "hourly_units": {"time": timeformat, **{name: UNITS[name] for name in names}},
            "hourly": {"time": times, **values},
        }


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        told = self.server.told
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        told.asked.append((parts.path, query))
        fault = told.faults.pop(0) if told.faults else None
        try:
            said = told.answer(parts.path, query)
        except Refused as error:
            fault = (400, json.dumps({"error": True, "reason": str(error)}))
            said = None
        if callable(fault):
            said, fault = fault(said), None
        if fault == "slow":
            told.stuck[0].wait(10)
            return
        status, body = fault if isinstance(fault, tuple) else (200, json.dumps(said, ensure_ascii=False))
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode()[: len(body) // 2] if fault == "cut" else body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    told: OpenMeteoServer


@contextmanager
def open_meteo(now_s: int) -> Iterator[OpenMeteoServer]:
    """The server, listening on a free port until the end of the block."""
    from threading import Event

    server, release = _Server(("127.0.0.1", 0), _Handler), Event()
    server.told = OpenMeteoServer(f"http://127.0.0.1:{server.server_port}", now_s, stuck=[release])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.told
    finally:
        release.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def refusal(status: int, reason: str) -> tuple[int, str]:
    """An error as it is documented."""
    return status, json.dumps({"error": True, "reason": reason})
