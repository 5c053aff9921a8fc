"""What an InfluxDB answers when it does not do what was asked, as errors that say what to do.

| answer | what becomes of the lines | error |
|---|---|---|
| 400 `unable to parse`, 413 | none is kept | LinesRefused: fewer are sent until the wrong one stands alone |
| 422 `partial write ... dropped=N` | N are dropped, others kept | LinesRefused |
| 429, 503 | none is kept | Busy: again after `Retry-After` |
| 401, 403, 404 | none is kept | not to be tried again before somebody has done something |
| 500 and others, no answer | unknown | to be tried again: writing twice changes nothing |
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.rest import ApiException

from plagewatch.store.series.influx_writing import Busy, LinesRefused
from plagewatch.store.series.protocol import SeriesError

LONGEST_REASON = 400

_DROPPED = re.compile(r"\bdropped=(\d+)")
# How urllib3 names a connection: by its place in memory, or as a pool.
_NAMELESS = re.compile(r"^(<[^>]*>|\w+\(.*?\)): *")


@dataclass(frozen=True, slots=True)
class Asked:
    """Where something was asked, and what about: the words of the error."""

    url: str
    about: str = ""
    writing: bool = False


@contextmanager
def told(asked: Asked) -> Iterator[None]:
    """What goes wrong in here becomes a SeriesError that says what it was about."""
    try:
        yield
    except ApiException as error:
        raise _explained(error, asked) from error
    except InfluxDBError as error:  # the client's own, where an organisation's id is needed and not to be had
        raise SeriesError(
            f"InfluxDB at {asked.url} refuses the token or lacks the organisation: check PLAGEWATCH_INFLUX_ORG "
            "and the rights of PLAGEWATCH_INFLUX_TOKEN",
            retryable=False,
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise SeriesError(
            f"InfluxDB at {asked.url} cannot be reached ({cause_of(error)}): is it running, is PLAGEWATCH_INFLUX_URL "
            "right?",
            retryable=True,
        ) from error


def cause_of(error: urllib3.exceptions.HTTPError) -> str:
    """What went wrong on the way, without what only a programmer could use.

    >>> cause_of(urllib3.exceptions.ReadTimeoutError(None, "/ping", "Read timed out."))
    'no answer in time'
    """
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return _NAMELESS.sub("", str(error)).removeprefix("Failed to establish a new connection: ")
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was cut off"
    return _NAMELESS.sub("", str(error))


def wait_s(retry_after: str | None, now: datetime) -> float | None:
    """Seconds to wait by the header Retry-After, which is seconds or a date; None where it says nothing.

    >>> wait_s("2.5", datetime.now(UTC)), wait_s("soon", datetime.now(UTC))
    (2.5, None)
    >>> wait_s("Sat, 21 Nov 2026 10:00:30 GMT", datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC))
    30.0
    """
    try:
        return max(0.0, float(retry_after or ""))
    except ValueError:
        try:
            return max(0.0, (parsedate_to_datetime(retry_after or "") - now).total_seconds())
        except (TypeError, ValueError):
            return None


def _explained(error: ApiException, asked: Asked) -> SeriesError:
    status, said = error.status or 0, _said(error)
    about = asked.about or "this"
    if status in (401, 403):
        sentence = (
            f"InfluxDB at {asked.url} refuses the token for {about}: check PLAGEWATCH_INFLUX_TOKEN and its rights"
        )
        return SeriesError(f"{sentence} ({said})", retryable=False)
    if status == 404:
        sentence = f"InfluxDB at {asked.url} lacks {asked.about or 'the organisation'}"
        return SeriesError(
            f"{sentence}: check PLAGEWATCH_INFLUX_ORG, then `plagewatch store init` ({said})", retryable=False
        )
    sentence = f"InfluxDB at {asked.url} answered {status} for {about} ({said})"
    if asked.writing and (status == 413 or (status == 400 and "unable to parse" in said)):
        return LinesRefused(sentence, said, None)
    if asked.writing and status == 422 and "partial write" in said:
        dropped = _DROPPED.search(said)
        return LinesRefused(sentence, said, int(dropped[1]) if dropped else None)
    if status in (429, 503):
        after = error.headers.get("Retry-After") if error.headers else None
        return Busy(sentence, wait_s(after, datetime.now(UTC)))
    # A question that it does not understand stays one. Lines that it has not named at fault are tried again.
    return SeriesError(sentence, retryable=asked.writing or not 400 <= status < 500)


def _said(error: ApiException) -> str:
    body = (
        error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or error.reason or "")
    )
    try:
        text = str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        text = body
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"
