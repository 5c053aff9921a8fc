"""Open-Meteo: hourly weather of any coordinates, of weather models and reanalysis.

Documented at https://open-meteo.com/en/docs/historical-weather-api and https://open-meteo.com/en/docs:
temperature_2m and relative_humidity_2m are instants, shortwave_radiation (GHI) the mean of the preceding hour. The
archive is that of reanalysis, of which ERA5 comes with five days of delay; days after it come from the forecast's
own past, and are asked again from the archive later. docs/weather.md says the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from collector.weather.hours import of_instants, of_preceding
from collector.weather.http import Answer, Getter
from collector.weather.source import DAY_S, HOUR_S, Request, SourceError, Target, Told
from plagewatch.metering.intervals import Floats
from plagewatch.metering.weather import distance_km
from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TEMP_C
from plagewatch.store.series.protocol import Points

ARCHIVE_URL = "https://archive-api.open-meteo.com"
RECENT_URL = "https://api.open-meteo.com"
LICENCE = "CC BY 4.0"

UNITS = {"temperature_2m": "°C", "relative_humidity_2m": "%", "shortwave_radiation": "W/m²"}
VARIABLES = tuple(UNITS)

FARTHEST_KM = 60.0
"""A grid cell is at most some 20 km away, on a coast somewhat more: what lies farther answers for somebody else."""

DAYS_A_CALL, VARIABLES_A_CALL = 14, 10  # beyond which a request counts as several at their limiter
CALLS_A_MINUTE = 200.0  # a third of what the free service allows
MINUTE_S, HOUR_WAIT_S = 60.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where Open-Meteo is asked. With a key of a subscription the customers' servers answer, by the same paths."""

    archive_url: str = ARCHIVE_URL
    recent_url: str = RECENT_URL
    key: str = ""

    def of(self, recent: bool) -> str:
        """The endpoint for recent or for settled days.

        >>> Address(key="k").of(recent=True)
        'https://customer-api.open-meteo.com/v1/forecast'
        """
        url = self.recent_url if recent else self.archive_url
        if self.key and url in (ARCHIVE_URL, RECENT_URL):
            url = url.replace("https://", "https://customer-")
        return f"{url}/v1/{'forecast' if recent else 'archive'}"


@dataclass(slots=True)
class OpenMeteo:
    """A client of its API; one request has up to ten places, and requests keep the pace that its limits ask for."""

    address: Address
    getter: Getter
    pause: Callable[[float], object]
    at_once: int = 10
    _owed_s: float = 0.0

    def ask(self, request: Request) -> Sequence[Told]:
        """Hours of all targets. Raises SourceError."""
        if self._owed_s:
            self.pause(self._owed_s)
        self._owed_s = calls(request) / CALLS_A_MINUTE * MINUTE_S
        asked = query(request) | ({"apikey": self.address.key} if self.address.key else {})
        answer = self.getter.get(self.address.of(request.recent), asked)
        return told(answer, request)


def query(request: Request) -> dict[str, str]:
    """The parameters of a request. The last hour needs the values at its end, which is midnight of the next day."""
    return {
        "latitude": ",".join(f"{target.latitude:.4f}" for target in request.targets),
        "longitude": ",".join(f"{target.longitude:.4f}" for target in request.targets),
        "hourly": ",".join(VARIABLES),
        "start_date": _day(request.start_s),
        "end_date": _day(request.end_s),
        "timeformat": "unixtime",
        "timezone": "GMT",
    }


def calls(request: Request) -> float:
    """As how many calls their limiter counts a request: variables over 10 times days over 14, each place at least 1.

    >>> round(calls(Request((Target("a", 50.8, 4.3),), 0, 366 * 86400, False)), 2)
    7.86
    """
    days = (request.end_s - request.start_s) / DAY_S + 1
    return max(1.0, len(VARIABLES) / VARIABLES_A_CALL * days / DAYS_A_CALL) * len(request.targets)


def told(answer: Answer, request: Request) -> list[Told]:
    """What an answer says of each target. Raises SourceError where it is none that fits the request."""
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        why = f"Open-Meteo answers with status {answer.status} and no JSON"
        raise SourceError(why, retryable=answer.status in (200, 429), wait_s=answer.retry_after_s) from None
    if answer.status != 200 or (isinstance(said, dict) and said.get("error")):
        raise _refusal(answer, said)
    places = said if isinstance(said, list) else [said]
    if len(places) != len(request.targets):
        raise _misfit(f"{len(places)} places instead of {len(request.targets)}")
    return [_place(place, target, request) for place, target in zip(places, request.targets, strict=True)]


def _refusal(answer: Answer, said: object) -> SourceError:
    reason = str(said.get("reason", "")) if isinstance(said, dict) else ""
    message = f"Open-Meteo refuses with status {answer.status}: {reason or 'no reason told'}"
    if answer.status != 429:
        return SourceError(message, retryable=False)
    text = reason.lower()
    named_s = MINUTE_S if "minut" in text else HOUR_WAIT_S if "hour" in text else 24 * HOUR_WAIT_S
    wait_s = named_s if "exceeded" in text else MINUTE_S
    return SourceError(message, retryable=True, wait_s=max(wait_s, answer.retry_after_s))


def _misfit(why: str) -> SourceError:
    return SourceError(f"Open-Meteo's answer does not fit what was asked: {why}", retryable=False)


def _place(said: Any, target: Target, request: Request) -> Told:
    try:
        units, hourly = said["hourly_units"], said["hourly"]
        wrong = [f"{name} in {units.get(name)}" for name, unit in UNITS.items() if units.get(name) != unit]
        if units.get("time") != "unixtime" or said["utc_offset_seconds"] != 0:
            wrong.append(f"time as {units.get('time')} at an offset of {said['utc_offset_seconds']} s")
        if wrong:
            raise _misfit(", ".join(wrong))
        at_s = np.array(hourly["time"], np.int64)
        values = {name: np.array(hourly[name], np.float64) for name in VARIABLES}
        latitude, longitude = float(said["latitude"]), float(said["longitude"])
        elevation_m = None if said.get("elevation") is None else float(said["elevation"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _misfit(f"{type(error).__name__} at {error}") from None
    if any(column.shape != at_s.shape for column in values.values()) or (np.diff(at_s) != HOUR_S).any():
        raise _misfit("its hours and its values do not belong together")
    away_km = distance_km((latitude, longitude), (float(target.latitude or 0), float(target.longitude or 0)))
    if not away_km <= FARTHEST_KM:
        raise _misfit(f"{latitude}, {longitude} is {away_km:.0f} km from {target.place}")
    model = "best match, recent days" if request.recent else "best match, archive"
    return Told(_points(at_s, values, request), model, LICENCE, latitude, longitude, elevation_m)


def _points(at_s: np.ndarray[tuple[int], np.dtype[np.int64]], values: dict[str, Floats], request: Request) -> Points:
    start_s = np.arange(request.start_s, request.end_s, HOUR_S, dtype=np.int64)
    fields = {
        TEMP_C: of_instants(at_s, values["temperature_2m"], start_s),
        GHI_WM2: of_preceding(at_s, values["shortwave_radiation"], start_s),
        HUMIDITY_PCT: of_instants(at_s, values["relative_humidity_2m"], start_s),
    }
    return Points(start_s, fields)


def _day(at_s: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)).strftime("%Y-%m-%d")
