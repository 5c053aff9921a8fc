"""Lines into a bucket: in bodies of bounded size, tried again where the server asks for it, the refused ones found."""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence

from plagewatch.store.series.line_protocol import Lines
from plagewatch.store.series.protocol import SeriesError

LINES_PER_WRITE = 20_000

GZIP_FROM_BYTES = 4_096
GZIP_LEVEL = 1
"""An eighth of the bytes for 0.4 µs a point; level 9 saves a fifth of that more and takes nine times as long."""

KEEP_TRYING_S = 15.0
"""How long one body is tried again while the server says that it is busy; whoever called tries again after that."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0


class LinesRefused(SeriesError):
    """Some lines of a body, if not all, will never be taken: what they are must be found by asking with fewer.

    dropped: how many of them, where the server says so and has kept the others; None where it has kept none.
    """

    def __init__(self, message: str, reason: str, dropped: int | None) -> None:
        super().__init__(message, retryable=False)
        self.reason = reason
        self.dropped = dropped


class Busy(SeriesError):
    """The server asks to be tried again, after so many seconds where it says how many."""

    def __init__(self, message: str, wait_s: float | None) -> None:
        super().__init__(message, retryable=True)
        self.wait_s = wait_s


Send = Callable[[bytes], None]
"""Sends one body and returns once it is kept. Raises LinesRefused, Busy or another SeriesError."""


def compressed(body: bytes) -> bytes | None:
    """The body in gzip; None where it is too short to be worth it."""
    return zlib.compress(body, GZIP_LEVEL, wbits=31) if len(body) >= GZIP_FROM_BYTES else None


def write(lines: Lines, send: Send) -> dict[int, str]:
    """Send all lines; why some were refused, by their number, with all others kept. Raises SeriesError."""
    refused: dict[int, str] = {}
    for start in range(0, len(lines), LINES_PER_WRITE):
        stop = start + LINES_PER_WRITE
        try:
            patiently(send, lines.body(slice(start, stop)))
        except LinesRefused as error:
            refused.update(_found(lines, lines.by_time(start, stop), send, error))
    return refused


def _found(lines: Lines, places: Sequence[int], send: Send, refusal: LinesRefused) -> Iterator[tuple[int, str]]:
    """Which of the lines are refused: halves are sent until one is taken whole, or dropped whole.

    The answer names one line at most. Nor does it vouch for the others: with points in several shards it tells of the
    first that had trouble. Writing them once more changes nothing.
    """
    if len(places) == 1 or refusal.dropped == len(places):
        yield from ((place, refusal.reason) for place in places)
        return
    for half in (places[: len(places) // 2], places[len(places) // 2 :]):
        try:
            patiently(send, lines.body(list(half)))
        except LinesRefused as error:
            yield from _found(lines, half, send, error)


def patiently(send: Send, body: bytes) -> None:
    """Send a body, again and again while the server is busy, for a bounded time. Raises SeriesError."""
    end, wait_s = time.monotonic() + KEEP_TRYING_S, FIRST_WAIT_S
    while True:
        try:
            return send(body)
        except Busy as error:
            pause_s = wait_s if error.wait_s is None else error.wait_s
            if time.monotonic() + pause_s > end:
                raise
            time.sleep(pause_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
