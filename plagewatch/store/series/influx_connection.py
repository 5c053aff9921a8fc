"""The way to an InfluxDB 2.x: lines go there, answers to InfluxQL come back, and what goes wrong becomes a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from plagewatch.store.series.blocks import ROWS_A_PIECE
from plagewatch.store.series.influx_answers import Found, found, together
from plagewatch.store.series.protocol import SeriesError

PIECE_BYTES = 1 << 16


class InfluxConnection:
    """One organisation of one InfluxDB. Safe to use from several threads."""

    def __init__(self, url: str, token: str, org: str, timeout_s: float) -> None:
        self.url, self.org = url.rstrip("/"), org
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SeriesError(
                f"{url!r} is no address of an InfluxDB: http://HOST:8086 is expected, see PLAGEWATCH_INFLUX_URL",
                retryable=False,
            )
        self.client: Any = InfluxDBClient(self.url, token, org=org, timeout=int(timeout_s * 1000), retries=False)
        # The client's own way to write copies each line; this one sends a body as it is, and returns once it is kept.
        self._writer: Any = WriteService(self.client.api_client)  # type: ignore[no-untyped-call]

    def write(self, bucket: str, body: bytes) -> None:
        """Send lines and return once they are kept."""
        with self.told(f"the bucket `{bucket}`"):
            self._writer.post_write(self.org, bucket, body, precision="ns", content_type="text/plain; charset=utf-8")

    def found(self, bucket: str, query: str, text: bool = False) -> list[Found]:
        """What InfluxDB answers, each series in one piece; text: the columns are names."""
        return together(self.pieces(bucket, query, text))

    def pieces(self, bucket: str, query: str, text: bool = False) -> Iterator[Found]:
        """The same piece by piece, as it comes in."""
        with self.told(f"the bucket `{bucket}`"):
            yield from self._pieces(bucket, query, text)

    def ping(self) -> None:
        """Return where an InfluxDB answers."""
        with self.told():
            answer = self._get("/ping", [])
            answer.drain_conn()
        if not answer.headers.get("X-Influxdb-Version"):
            raise SeriesError(
                f"What answers at {self.url} is no InfluxDB: check PLAGEWATCH_INFLUX_URL", retryable=False
            )

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def _pieces(self, bucket: str, query: str, text: bool) -> Iterator[Found]:
        asked = [("db", bucket), ("q", query), ("epoch", "ns"), ("chunked", "true"), ("chunk_size", str(ROWS_A_PIECE))]
        response = self._get("/query", asked)
        try:
            yield from found(response.stream(PIECE_BYTES), text)
        except BaseException:
            response.close()  # what is left of it must not be taken for the next answer
            raise
        response.release_conn()

    def _get(self, path: str, parameters: list[tuple[str, str]]) -> urllib3.BaseHTTPResponse:
        response: urllib3.BaseHTTPResponse = self.client.api_client.call_api(
            path,
            "GET",
            query_params=parameters,
            header_params={"Accept": "application/x-msgpack"},
            _return_http_data_only=True,
            _preload_content=False,
        )
        return response

    @contextmanager
    def told(self, about: str = "") -> Iterator[None]:
        """What goes wrong in here becomes a SeriesError that names what it was about."""
        try:
            yield
        except ApiException as error:
            raise self._explained(error, about) from error
        except urllib3.exceptions.HTTPError as error:
            sentence = (
                f"InfluxDB at {self.url} cannot be reached ({error}): is it running, is PLAGEWATCH_INFLUX_URL right?"
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
