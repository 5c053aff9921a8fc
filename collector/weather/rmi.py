"""The Royal Meteorological Institute of Belgium: hours of its automatic stations, over its open WFS as CSV.

Documented at https://opendata.meteo.be/documentation/?dataset=aws&lang=en; no key, CC BY 4.0.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from collector.weather.hours import of_preceding
from collector.weather.http import Answer, Getter
from collector.weather.rmi_columns import LICENCE, Columns, Layer, columns_of, place_in, unvalidated
from collector.weather.source import Request, SourceError, Told
from plagewatch.store.names import WEATHER_FIELDS
from plagewatch.store.series.protocol import Points

URL = "https://opendata.meteo.be/service/aws/wfs"
HOURS, STATIONS = "aws:aws_1hour", "aws:aws_station"


@dataclass(frozen=True, slots=True)
class Station:
    """A station of its list; altitude [m]."""

    code: str
    name: str
    latitude: float
    longitude: float
    elevation_m: float | None
    closed: bool


@dataclass(slots=True)
class Rmi:
    """A client of its WFS; one request is for one station."""

    getter: Getter
    url: str = URL
    at_once: int = 1
    _stations: dict[str, Station] = field(default_factory=dict)

    def ask(self, request: Request) -> Sequence[Told]:
        """Hours of the station. Raises SourceError."""
        told = []
        for target in request.targets:
            answer = self.getter.get(self.url, hours_query(target.station, request.start_s, request.end_s))
            points, unsettled_s, place = hours_in(answer, target.station, (request.start_s, request.end_s))
            station = self._station(target.station)
            where = (station.latitude, station.longitude) if station else place or (None, None)
            name = station.name if station else ""
            height_m = station.elevation_m if station else None
            told.append(Told(points, name, LICENCE, where[0], where[1], height_m, unsettled_s))
        return told

    def stations(self) -> list[Station]:
        """The list of its automatic stations, by code. Raises SourceError."""
        answer = self.getter.get(self.url, _query(STATIONS))
        return sorted(stations_in(answer), key=lambda station: station.code)

    def _station(self, code: str) -> Station | None:
        if code not in self._stations:
            self._stations |= {station.code: station for station in self.stations()}
        return self._stations.get(code)


def hours_query(code: str, start_s: int, end_s: int) -> dict[str, str]:
    """The parameters for the hours that begin in [start_s, end_s): each is stamped with its end."""
    wanted = f"code = {code} AND timestamp > '{_iso(start_s)}' AND timestamp <= '{_iso(end_s)}'"
    return {**_query(HOURS), "sortBy": "timestamp", "CQL_FILTER": wanted}


def _query(layer: str) -> dict[str, str]:
    asked = {"service": "WFS", "version": "2.0.0", "request": "GetFeature"}
    return {**asked, "typeNames": layer, "outputFormat": "csv"}


def hours_in(
    answer: Answer, code: str, span_s: tuple[int, int]
) -> tuple[Points, np.ndarray[tuple[int], np.dtype[np.int64]], tuple[float, float] | None]:
    """The hours of an answer, those that are not validated yet, and where the station is. Raises SourceError."""
    rows = list(_rows(answer))
    columns = columns_of(rows[0]) if rows else None
    if columns is None or columns.layer is not Layer.BEFORE:
        raise SourceError("The RMI's answer has no columns code, timestamp and temp_dry_shelter_avg", retryable=False)
    try:
        of_station = [row for row in rows[1:] if row and row[columns.code].strip() == code]
        at_s = np.array([_at_s(row[columns.stamp]) for row in of_station], np.int64)
        values = np.array([[_number(row, columns, name) for name in WEATHER_FIELDS] for row in of_station], np.float64)
        flags = [columns.flags is not None and unvalidated(row[columns.flags], columns.names) for row in of_station]
        where = place_in(of_station[0][columns.place]) if of_station and columns.place is not None else None
    except (ValueError, IndexError) as error:
        raise SourceError(f"The RMI's answer cannot be read: {error}", retryable=False) from None
    order = np.argsort(at_s, kind="stable")
    start_s = np.arange(*span_s, 3_600, dtype=np.int64)
    table = values.reshape(len(at_s), len(WEATHER_FIELDS))[order]
    fields = {name: of_preceding(at_s[order], table[:, n], start_s) for n, name in enumerate(WEATHER_FIELDS)}
    return Points(start_s, fields), at_s[np.array(flags, np.bool_)] - 3_600, where


def stations_in(answer: Answer) -> Iterator[Station]:
    """The stations of an answer. Raises SourceError."""
    rows = list(_rows(answer))
    place_of = {name.strip().lower(): place for place, name in enumerate(rows[0] if rows else ())}
    try:
        for row in rows[1:]:
            point = place_in(row[place_of["the_geom"]])
            height = row[place_of["altitude"]].strip()
            if point is not None:
                yield Station(
                    row[place_of["code"]].strip(),
                    row[place_of["name"]].strip(),
                    *point,
                    float(height) if height else None,
                    bool(row[place_of["date_end"]].strip()),
                )
    except (KeyError, IndexError, ValueError) as error:
        raise SourceError(f"The RMI's list of stations cannot be read: {error}", retryable=False) from None


def _rows(answer: Answer) -> Iterator[list[str]]:
    text = answer.body.decode("utf-8", "replace")
    if answer.status != 200 or text.lstrip().startswith("<"):  # an OGC exception may come with status 200
        said = " ".join(text.split())[:200]
        message = f"The RMI refuses with status {answer.status}: {said}"
        raise SourceError(message, retryable=answer.status == 429, wait_s=answer.retry_after_s)
    yield from csv.reader(io.StringIO(text))


def _number(row: Sequence[str], columns: Columns, name: str) -> float:
    place = columns.fields.get(name)
    text = "" if place is None else row[place].strip()
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else math.nan


def _at_s(text: str) -> int:
    at = datetime.fromisoformat(text.strip())
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _iso(at_s: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
