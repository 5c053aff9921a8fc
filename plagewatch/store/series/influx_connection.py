"""The way to an InfluxDB 2.x: lines go there, and answers to InfluxQL come back."""

import socket
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.service.write_service import WriteService

from plagewatch.store.series import influx_writing
from plagewatch.store.series.blocks import ROWS_A_PIECE
from plagewatch.store.series.influx_answers import Found, Piece, found_in, pieces, together
from plagewatch.store.series.influx_trouble import Asked, told
from plagewatch.store.series.influx_writing import compressed
from plagewatch.store.series.line_protocol import Lines
from plagewatch.store.series.protocol import SeriesError

PIECE_BYTES = 1 << 16

CHECK_S = 3.0
"""Whoever asks how the store is waits no longer than this, however long a question about years may take."""

Gzip = Literal["auto", "on", "off"]


class InfluxConnection:
    """One organisation of one InfluxDB. Safe to use from several threads."""

    def __init__(self, url: str, token: str, org: str, timeout_s: float, gzip: Gzip = "auto") -> None:
        self.url, self.org = url.rstrip("/"), org
        host = urlsplit(url).hostname
        if urlsplit(url).scheme not in ("http", "https") or not host:
            raise SeriesError(
                f"{url!r} is no address of an InfluxDB: http://HOST:8086 is expected, see PLAGEWATCH_INFLUX_URL",
                retryable=False,
            )
        self._gzip = gzip == "on" or (gzip == "auto" and not is_here(host))
        self._check_ms = int(min(timeout_s, CHECK_S) * 1000)
        self.client: Any = InfluxDBClient(self.url, token, org=org, timeout=int(timeout_s * 1000), retries=False)
        # The client's own way to write copies each line; this one sends a body as it is, and returns once it is kept.
        self._writer: Any = WriteService(self.client.api_client)  # type: ignore[no-untyped-call]

    def write(self, bucket: str, lines: Lines) -> dict[int, str]:
        """Send lines and return once they are kept: why some were refused, by their number. Raises SeriesError."""
        return influx_writing.write(lines, lambda body: self._send(bucket, body))

    def found(self, bucket: str, query: str, text: bool = False) -> list[Found]:
        """What InfluxDB answers, each series in one piece; text: the columns are names."""
        return together(self.pieces(bucket, query, text))

    def pieces(self, bucket: str, query: str, text: bool = False) -> Iterator[Found]:
        """The same piece by piece, as it comes in."""
        return found_in(self.rows(bucket, query), text)

    def rows(self, bucket: str, query: str) -> Iterator[Piece]:
        """The same as rows: many series of a few are made columns faster together."""
        with told(Asked(self.url, f"the bucket `{bucket}`")):
            yield from self._pieces(bucket, query)

    def ping(self) -> None:
        """Return where an InfluxDB answers, soon. Raises SeriesError."""
        with told(Asked(self.url)):
            answer = self._get("/ping", [], self._check_ms)
            answer.drain_conn()
        if not answer.headers.get("X-Influxdb-Version"):
            raise SeriesError(
                f"What answers at {self.url} is no InfluxDB: check PLAGEWATCH_INFLUX_URL", retryable=False
            )

    def check_write(self, bucket: str) -> None:
        """Return where this token may write into a bucket that is there. Raises SeriesError."""
        # A comment stores nothing, but is refused like a point where the bucket or the right is missing.
        self._send(bucket, b"# plagewatch may write here", self._check_ms)

    def check_read(self, bucket: str) -> None:
        """Return where this token may read a bucket that is there. Raises SeriesError."""
        with told(Asked(self.url, f"the bucket `{bucket}`")):
            for _ in self._pieces(bucket, "SHOW MEASUREMENTS LIMIT 1", self._check_ms):
                pass

    def close(self) -> None:
        """Let go of the connections."""
        # The client ends once nobody holds it: at the end of the process it would fail to, and say so.
        self._writer = None
        self.client.close()

    def _send(self, bucket: str, body: bytes, timeout_ms: int | None = None) -> None:
        shorter = compressed(body) if self._gzip else None
        encoding = {} if shorter is None else {"content_encoding": "gzip"}
        with told(Asked(self.url, f"the bucket `{bucket}`", writing=True)):
            self._writer.post_write(
                self.org,
                bucket,
                body if shorter is None else shorter,
                precision="ns",
                content_type="text/plain; charset=utf-8",
                _request_timeout=timeout_ms,
                **encoding,
            )

    def _pieces(self, bucket: str, query: str, timeout_ms: int | None = None) -> Iterator[Piece]:
        asked = [("db", bucket), ("q", query), ("epoch", "ns"), ("chunked", "true"), ("chunk_size", str(ROWS_A_PIECE))]
        response = self._get("/query", asked, timeout_ms)
        try:
            yield from pieces(response.stream(PIECE_BYTES))
        except BaseException:
            response.close()  # what is left of it must not be taken for the next answer
            raise
        response.release_conn()

    def _get(
        self, path: str, parameters: list[tuple[str, str]], timeout_ms: int | None = None
    ) -> urllib3.BaseHTTPResponse:
        response: urllib3.BaseHTTPResponse = self.client.api_client.call_api(
            path,
            "GET",
            query_params=parameters,
            header_params={"Accept": "application/x-msgpack"},
            _return_http_data_only=True,
            _preload_content=False,
            _request_timeout=timeout_ms,
        )
        return response


def is_here(host: str) -> bool:
    """Whether a host's name or address is this very machine's loopback.

    >>> is_here("127.0.0.1"), is_here("::1"), is_here("influx.example.org")
    (True, True, False)
    """
    if host == "localhost":
        return True
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, host)
        except OSError:
            continue
        return packed[0] == 127 if family == socket.AF_INET else packed == b"\x00" * 15 + b"\x01"
    return False
