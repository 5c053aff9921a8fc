"""The newest reading in the series store, for the health: nobody waits for this question, and nothing depends on it."""

import threading
import time

import structlog

from plagewatch.cli.watching import sentence
from plagewatch.store.series.protocol import SeriesStore

log = structlog.get_logger()

EVERY_S = 30.0
RESTS = 20.0
"""So many times as long as the question took it is not asked again: over 100 000 meters it takes InfluxDB 11 s of a
processor and more, and there is evidence to write."""


class Newest:
    """Asks in a thread of its own, where it is due and no answer is awaited."""

    def __init__(self, series: SeriesStore) -> None:
        self._series = series
        self._known_ms: int | None = None
        self._next_s = -EVERY_S
        self._asking: threading.Thread | None = None

    def __call__(self) -> int | None:
        """The instant [ms since 1970 UTC] as it was last told; None = nothing is stored, or it is not known."""
        if (self._asking is None or not self._asking.is_alive()) and time.monotonic() >= self._next_s:
            self._asking = threading.Thread(target=self._ask, name="newest reading", daemon=True)
            self._asking.start()
        return self._known_ms

    def _ask(self) -> None:
        began_s = time.monotonic()
        try:
            self._known_ms = max(self._series.latest_sample_ms().values(), default=None)
        except Exception as error:
            # Whether the store can be used others find out, with a question that takes no time.
            log.warning("the newest reading is not known", error=sentence(error))
            self._known_ms = None
        took_s = time.monotonic() - began_s
        self._next_s = time.monotonic() + max(EVERY_S, RESTS * took_s)
