"""Looks after the collector's disk: how full it is, what goes when it is short, what is done with a damaged file."""

import threading
import time
from collections import deque
from itertools import islice

import structlog

from collector.spool import Spool, SpoolError
from collector.spool_state import Limits, SpoolState, alarms, health, least_room_bytes, measured
from plagewatch.health import PartHealth
from plagewatch.settings import Settings

log = structlog.get_logger()

LOOK_EVERY_S = 10.0
LOOKS_KEPT = 200  # half an hour, by which the rate is told
GB = 1_000_000_000


def limits_of(settings: Settings) -> Limits:
    """What the settings say of the spool."""
    return Limits(
        keep_days=settings.spool_keep_days,
        keep_bytes=int(settings.spool_keep_gb * GB),
        free_bytes=int(settings.spool_free_gb * GB),
        free_share=settings.spool_free_share,
        late_s=settings.spool_late_s,
    )


class SpoolWatch:
    """A part that looks at the spool and its disk from start() to stop(), in a thread of its own."""

    def __init__(self, spool: Spool, limits: Limits, turn: threading.Lock) -> None:
        """turn: whoever has it reads from the spool and moves its watermark."""
        self._spool, self.limits, self._turn = spool, limits, turn
        self.past: deque[SpoolState] = deque(maxlen=LOOKS_KEPT)
        self._told: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="spool watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. A disk that stands still is left to stand."""
        self._stopping.set()

    def health(self, now_s: float) -> PartHealth:
        """As it was last seen."""
        return health(list(self.past), self.limits, self._spool.path, now_s)

    def look(self, now_s: float) -> None:
        """Once: put a damaged file out of the way, see how full all is, make room where it is short, tell what is new.

        Raises SpoolError.
        """
        if self._spool.damaged:
            trouble = self._spool.damaged
            with self._turn:  # a batch of the old file must not move the new one's watermark
                aside = self._spool.begin_anew(int(now_s * 1000))
            log.error("the spool is damaged: a new one was begun", error=trouble, set_aside=str(aside))
        state = measured(self._spool, now_s)
        lacking = least_room_bytes(state, self.limits) - state.room_bytes
        if lacking > 0:
            # Packets that are in the stores already must not keep new ones out.
            used = state.figures.file_bytes - state.figures.free_bytes
            gone = self._spool.prune(int(now_s * 1000), self.limits.keep_days, max(0, used - lacking))
            if gone:
                log.warning("the disk is short: handled packets went before their time", packets=gone)
                state = measured(self._spool, now_s)
        self.past.append(state)
        self._tell()

    def _tell(self) -> None:
        found = alarms(list(islice(self.past, len(self.past))), self.limits)
        for alarm in found:
            if alarm.text not in self._told:
                log.error("spool", path=str(self._spool.path), alarm=alarm.sentence())
        self._told = frozenset(alarm.text for alarm in found)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look(time.time())
            except SpoolError as error:
                log.error("the spool cannot be looked at", error=str(error))
            except Exception as error:  # nobody else would look again
                log.error("the spool cannot be looked at", error=str(error), exc_info=True)
            self._stopping.wait(LOOK_EVERY_S)
