"""The series store for production: InfluxDB 2.x, written by line protocol, read by InfluxQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit

import msgpack
import numpy as np
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow, Quality, Samples
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.names import (
    ENERGY_BUCKET,
    EVIDENCE_BUCKET,
    INTERVAL_FIELDS,
    KNOWN,
    SAMPLE,
    TAG_FLOW,
    TAG_METER,
    TAG_QUALITY,
    TAG_REGISTER,
    known_field,
)
from plagewatch.store.series.line_protocol import (
    EARLIEST_NS,
    LATEST_NS,
    NS_PER_MS,
    NS_PER_S,
    figure_lines,
    name_of_tag,
    point_lines,
    quality_word,
    quoted,
    sample_lines,
    time_ns,
    where,
)
from plagewatch.store.series.protocol import Evidence, Figures, Points, SeriesError, finite

LINES_PER_WRITE = 20_000

# Years are asked for at once, and each shard is a file to open: a month each, not the week that is the default.
SHARD_S = 28 * 86_400

Rows = list[list[Any]]

QUALITY_OF_TAG = {quality_word(quality): quality for quality in Quality}


class InfluxSeries:
    """Series in the buckets `evidence` and `energy` of an organisation. Safe to use from several threads."""

    def __init__(self, url: str, token: str, org: str, timeout_s: float) -> None:
        self._url, self._org = url.rstrip("/"), org
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SeriesError(
                f"{url!r} is no address of an InfluxDB: http://HOST:8086 is expected, see PLAGEWATCH_INFLUX_URL",
                retryable=False,
            )
        # Whoever calls knows whether to try again; a hidden second try would only lengthen the timeout.
        self._client: Any = InfluxDBClient(
            self._url, token, org=org, timeout=int(timeout_s * 1000), enable_gzip=True, retries=False
        )
        # Batching mode only logs a write that failed.
        self._writer: Any = self._client.write_api(write_options=SYNCHRONOUS)

    def set_up(self) -> None:
        """Make the buckets that are not there. Data are kept for ever: they are the proof of a saving."""
        self._reachable()
        with self._told():
            buckets = self._client.buckets_api()
            # Asked for by name, a bucket that is not there is an error to a token of this organisation alone.
            there = {bucket.name for bucket in buckets.find_buckets_iter(org=self._org)}
            for name in (EVIDENCE_BUCKET, ENERGY_BUCKET):
                if name not in there:
                    rule = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": SHARD_S}
                    buckets.create_bucket(bucket_name=name, org=self._org, retention_rules=[rule])

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        finite(blocks)
        self._write(EVIDENCE_BUCKET, chain.from_iterable(map(sample_lines, blocks)))

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        condition = self._of_register(meter, register, time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS))
        fields = f"value, received_ms, {TAG_QUALITY}" + (", source" if without else "")
        rows = _standing(self._rows(EVIDENCE_BUCKET, f"SELECT {fields} FROM {SAMPLE} WHERE {condition}"), without)
        at_ms, value = _whole(rows, 0) // NS_PER_MS, _floats(rows, 1)
        quality = np.array([QUALITY_OF_TAG.get(row[3], Quality.MEASURED) for row in rows], np.int8)
        order = np.lexsort((quality, value, at_ms))  # the store has them in order of the fingerprint
        found = Evidence(at_ms[order], value[order], quality[order], _whole(rows, 2)[order])
        # Each quality is a series of its own: of a value told with two, both points are there.
        again = (np.diff(found.at_ms) == 0) & (np.diff(found.value) == 0)
        return found.where(~np.concatenate([[False], again])) if again.any() else found

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        start_ns, end_ns = time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS)
        before = self._of_register(meter, register, EARLIEST_NS, start_ns) + " ORDER BY time DESC"
        after = self._of_register(meter, register, end_ns, LATEST_NS) + " ORDER BY time ASC"
        earlier, later = self._instants_ms(before, beyond, without), self._instants_ms(after, beyond, without)
        first_ms, end_ms = min([start_ms, *earlier]), max([end_ms, *(at + 1 for at in later)])
        return self.samples(meter, register, first_ms, end_ms, without)

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        condition = self._of_register(meter, register, EARLIEST_NS, LATEST_NS)
        fields = "value, source" if without else "value"
        rows = _standing(self._rows(EVIDENCE_BUCKET, f"SELECT {fields} FROM {SAMPLE} WHERE {condition}"), without)
        return np.unique(_whole(rows, 0) // NS_PER_MS)

    def registers(self, meter: str) -> list[str]:
        query = f"SHOW TAG VALUES FROM {SAMPLE} WITH KEY = {TAG_REGISTER} WHERE {TAG_METER} = {quoted(meter)}"
        return sorted(name_of_tag(str(row[1])) for row in self._rows(EVIDENCE_BUCKET, query))

    def latest_sample_ms(self) -> dict[str, int]:
        found = self._series(EVIDENCE_BUCKET, f"SELECT last(value) FROM {SAMPLE} GROUP BY {TAG_METER}")
        return {name_of_tag(tags[TAG_METER]): int(rows[0][0] or 0) // NS_PER_MS for tags, rows in found}

    def write_intervals(
        self, resolution: Resolution, meter: str, carrier: str, intervals: Intervals, flow: Flow = "main"
    ) -> None:
        self.write_figures([Figures(meter, carrier, flow, {resolution: intervals})])

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        self._write(ENERGY_BUCKET, chain.from_iterable(map(figure_lines, all_figures)))

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        condition = where({TAG_METER: meter, TAG_FLOW: flow}, time_ns(start_s, NS_PER_S), time_ns(end_s, NS_PER_S))
        columns = (*INTERVAL_FIELDS, KNOWN)
        rows = self._rows(ENERGY_BUCKET, f"SELECT {', '.join(columns)} FROM {resolution} WHERE {condition}")
        fields = {name: _floats(rows, place) for place, name in enumerate(columns, 1)}
        fields["amount"][fields.pop(KNOWN) != 1.0] = np.nan
        return Intervals(_whole(rows, 0) // NS_PER_S, **fields)

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        self._write(ENERGY_BUCKET, point_lines(measurement, tags, points))

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        condition = where(tags, time_ns(start_s, NS_PER_S), time_ns(end_s, NS_PER_S))
        columns, rows = self._table(ENERGY_BUCKET, f'SELECT *::field FROM "{measurement}" WHERE {condition}')
        values = {name: _floats(rows, place) for place, name in enumerate(columns) if place}
        fields = {}
        for name in values:
            if known_field(name) in values:
                fields[name] = np.where(values[known_field(name)] == 1.0, values[name], np.nan)
        return Points(_whole(rows, 0) // NS_PER_S, fields)

    def check(self) -> None:
        self._reachable()
        for bucket in (EVIDENCE_BUCKET, ENERGY_BUCKET):
            with self._told(f"the bucket `{bucket}`"):
                # A comment stores nothing, but is refused like a point where the bucket or the right is missing.
                self._writer.write(bucket, record="# plagewatch may write here")
            self._rows(bucket, "SHOW MEASUREMENTS LIMIT 1")

    def close(self) -> None:
        self._writer.close()
        self._client.close()

    def _reachable(self) -> None:
        with self._told():
            answer = self._get("/ping", [])
        if not answer.headers.get("X-Influxdb-Version"):
            raise SeriesError(
                f"What answers at {self._url} is no InfluxDB: check PLAGEWATCH_INFLUX_URL", retryable=False
            )

    def _of_register(self, meter: str, register: str, start_ns: int, end_ns: int) -> str:
        return where({TAG_METER: meter, TAG_REGISTER: register}, start_ns, end_ns)

    def _instants_ms(self, condition: str, count: int, without: Sequence[SourceSpan]) -> list[int]:
        # Contradictions stand at one instant as several points, and not all may count: ask until enough are there.
        limit, fields = count + 2, "value, source" if without else "value"
        while True:
            query = f"SELECT {fields} FROM {SAMPLE} WHERE {condition} LIMIT {limit}"
            rows = self._rows(EVIDENCE_BUCKET, query)
            instants = list(dict.fromkeys((_whole(_standing(rows, without), 0) // NS_PER_MS).tolist()))
            if len(instants) >= count or len(rows) < limit:
                return instants[:count]
            limit *= 4

    def _write(self, bucket: str, lines: Iterable[str]) -> None:
        remaining = iter(lines)
        while batch := list(islice(remaining, LINES_PER_WRITE)):
            with self._told(f"the bucket `{bucket}`"):
                self._writer.write(bucket, record="\n".join(batch))

    def _rows(self, bucket: str, query: str) -> Rows:
        return self._table(bucket, query)[1]

    def _table(self, bucket: str, query: str) -> tuple[list[str], Rows]:
        for found in self._answer(bucket, query):
            return found["columns"], found["values"]
        return [], []

    def _series(self, bucket: str, query: str) -> list[tuple[dict[str, str], Rows]]:
        return [(found["tags"], found["values"]) for found in self._answer(bucket, query)]

    def _answer(self, bucket: str, query: str) -> list[dict]:  # type: ignore[type-arg]
        with self._told(f"the bucket `{bucket}`"):
            response = self._get("/query", [("db", bucket), ("q", query), ("epoch", "ns")])
            answer = msgpack.unpackb(response.data)
        (result,) = answer["results"]
        if "error" in result:
            raise SeriesError(f"InfluxDB did not answer {query!r}: {result['error']}", retryable=False)
        return list(result.get("series", ()))

    def _get(self, path: str, parameters: list[tuple[str, str]]) -> urllib3.BaseHTTPResponse:
        response: urllib3.BaseHTTPResponse = self._client.api_client.call_api(
            path,
            "GET",
            query_params=parameters,
            header_params={"Accept": "application/x-msgpack"},
            _return_http_data_only=True,
            _preload_content=False,
        )
        response.read(cache_content=True)  # to the end, so that the connection is free again
        return response

    @contextmanager
    def _told(self, about: str = "") -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            raise self._explained(error, about) from error
        except urllib3.exceptions.HTTPError as error:
            sentence = (
                f"InfluxDB at {self._url} cannot be reached ({error}): is it running, is PLAGEWATCH_INFLUX_URL right?"
            )
            raise SeriesError(sentence, retryable=True) from error

    def _explained(self, error: ApiException, about: str) -> SeriesError:
        said = (error.body or b"").decode(errors="replace") if isinstance(error.body, bytes) else str(error.body)
        if error.status in (401, 403):
            sentence = f"InfluxDB refuses the token for {about or 'this'}: check PLAGEWATCH_INFLUX_TOKEN and its rights"
        elif error.status == 404:
            what = about or "the organisation"
            sentence = f"InfluxDB lacks {what}: check PLAGEWATCH_INFLUX_ORG, then `plagewatch store init`"
        else:
            sentence = f"InfluxDB answered {error.status} for {about or 'this'}"
        return SeriesError(
            f"{sentence} ({said.strip()})", retryable=error.status == 429 or (error.status or 500) >= 500
        )


def _standing(rows: Rows, without: Sequence[SourceSpan]) -> Rows:
    """Rows that end with their source, but for what sources told in their spans."""
    for span in without:
        start_ns, end_ns = time_ns(span.from_ms, NS_PER_MS), time_ns(span.to_ms, NS_PER_MS)
        rows = [row for row in rows if row[-1] != span.source or not start_ns <= row[0] < end_ns]
    return rows


def _whole(rows: Rows, column: int) -> NDArray[np.int64]:
    return np.array([row[column] or 0 for row in rows], np.int64)


def _floats(rows: Rows, column: int) -> NDArray[np.float64]:
    return np.array([row[column] for row in rows], np.float64)
