"""Asks a service again and again in a thread of its own: whoever wants to know how it is need not wait for it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from collector.spool import SpoolError
from plagewatch.health import PartHealth, PartState
from plagewatch.store.engine import RecordsError, RecordsUnreachable
from plagewatch.store.series.protocol import SeriesError

log = structlog.get_logger()

EVERY_S = 5.0
RETRY_S = (0.5, 10.0)
SILENT_S = 5.0
"""Whoever lets us wait for so long does not work: people and programs wait at our door meanwhile."""


class StoreAway(Exception):
    """A store that is needed has not answered yet, or no longer does; the message says which and why."""


FORESEEN = (SeriesError, SpoolError, RecordsError, RecordsUnreachable, StoreAway)
"""Troubles of a disk or a service: a sentence says it, a traceback would only fill the disk further."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a service.

    asking_s: since when an answer is awaited; None = none is. answered_s: when the last one came that was well; None =
    none ever was. newest_ms: the newest thing that it has; None = nothing, or it has no such thing.
    """

    trouble: str = ""
    asking_s: float | None = None
    answered_s: float | None = None
    newest_ms: int | None = None


def trouble_of(seen: Seen, now_s: float) -> str:
    """Why a service cannot be used now; empty where it can.

    >>> asked = Seen(asking_s=100.0, answered_s=90.0)
    >>> trouble_of(asked, 101.0), trouble_of(asked, 106.0)
    ('', 'it does not answer')
    >>> trouble_of(Seen(asking_s=100.0), 101.0)
    'it has not answered yet'
    """
    if seen.trouble:
        return seen.trouble
    if seen.asking_s is not None and now_s - seen.asking_s > SILENT_S:
        return "it does not answer"
    return "it has not answered yet" if seen.answered_s is None else ""


class Watch:
    """One service, asked from start() to stop()."""

    def __init__(self, part: str, ask: Callable[[], int | None], *, ageless: bool = False) -> None:
        """ask: returns where the service can be used, with the instant of its newest thing [ms]; else raises.

        ageless: it has no newest thing; the age of its last answer stands for that.
        """
        self.part = part
        self._ask = ask
        self._ageless = ageless
        self._stopping = threading.Event()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch {part}", daemon=True)
        self.seen = Seen()

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more. A question that hangs is left to hang."""
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        """Whether the service has answered well at least once, by then."""
        return self._opened.wait(seconds)

    def trouble(self, now_s: float) -> str:
        """Why the service cannot be used now; empty where it can."""
        return trouble_of(self.seen, now_s)

    def health(self, now_s: float) -> PartHealth:
        """Down where it cannot be used, as it was last seen."""
        seen = self.seen
        told = trouble_of(seen, now_s)
        if told and seen.answered_s is not None:
            told += f" (it last answered {max(0.0, now_s - seen.answered_s):.0f} s ago)"
        newest_s = seen.newest_ms / 1000 if seen.newest_ms is not None else seen.answered_s if self._ageless else None
        age_s = None if newest_s is None else max(0.0, now_s - newest_s)
        return PartHealth(self.part, PartState.DOWN if told else PartState.WELL, told, age_s)

    def ask(self) -> None:
        """Ask once, and remember the answer."""
        before = self.seen
        self.seen = replace(before, asking_s=time.time())
        try:
            newest_ms = self._ask()
        except Exception as error:
            told = sentence(error)
            if told != before.trouble:
                log.error("does not work", part=self.part, error=told, exc_info=not isinstance(error, FORESEEN))
            self.seen = replace(before, trouble=told, asking_s=None)
        else:
            if before.trouble:
                log.info("works again", part=self.part)
            self.seen = Seen("", None, time.time(), newest_ms)
            self._opened.set()

    def _watch(self) -> None:
        retry_s, longest_s = RETRY_S
        while not self._stopping.is_set():
            self.ask()
            if self.seen.trouble:
                self._stopping.wait(retry_s)
                retry_s = min(2 * retry_s, longest_s)
            else:
                retry_s = RETRY_S[0]
                self._stopping.wait(EVERY_S)


def sentence(error: Exception) -> str:
    """The first line of an error, or its name where it says nothing.

    >>> sentence(ValueError("one\\ntwo")), sentence(KeyError())
    ('one', 'KeyError')
    """
    return next(iter(str(error).splitlines()), "") or type(error).__name__
