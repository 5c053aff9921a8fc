"""The roll-up of a process, with what is told of it: windows done, windows that wait, and the replay under way."""

import threading
import time
from dataclasses import dataclass

from collector import rollup_job
from collector.spool import Spool
from plagewatch.cli.opening import Stores, now_s
from plagewatch.store.records import replays, work


@dataclass(frozen=True, slots=True)
class FiguresSeen:
    """What waits in the records.

    replays_waiting: for the spool of this process; None = it has none. replay_packets, replay_left: of the replay under
    way there; None = none is.
    """

    windows_waiting: int
    replays_waiting: int | None = None
    replay_packets: int | None = None
    replay_left: int | None = None


class Rollups:
    """Makes figures, pulse by pulse, and looks from time to time at what waits."""

    def __init__(self, stores: Stores, spool: Spool | None = None) -> None:
        """spool: of which replays are told, where this process has one."""
        self._stores, self._spool = stores, spool
        self._counting = threading.Lock()
        self._complete_upto_s: float | None = None
        self.windows_done = 0
        self.seen: FiguresSeen | None = None

    def make(self) -> None:
        """Make the figures of all windows that wait now. Raises SeriesError."""
        began_s = time.time()
        done = rollup_job.run(self._stores.engine, self._stores.series, now_s())
        with self._counting:  # the pulse of the check makes figures too
            self.windows_done += done
        self._complete_upto_s = began_s

    def look(self) -> None:
        """See what waits."""
        engine = self._stores.engine
        if self._spool is None:
            self.seen = FiguresSeen(work.windows_waiting(engine))
            return
        spool = self._spool.name
        current = replays.waiting(engine, spool)
        part = current.part(spool) if current else None
        self.seen = FiguresSeen(
            windows_waiting=work.windows_waiting(engine),
            replays_waiting=replays.number_waiting(engine, spool),
            replay_packets=None if part is None else part.packets,
            replay_left=None if part is None else max(0, part.last_id - part.next_id),
        )

    def behind_s(self, at_s: float) -> float | None:
        """How long at most stored evidence is not in the figures yet; None = not known before the first round."""
        if self.seen is not None and not self.seen.windows_waiting:
            return 0.0
        return None if self._complete_upto_s is None else max(0.0, at_s - self._complete_upto_s)
