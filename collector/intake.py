"""From the network to the spool: what has arrived is committed as one group, then acknowledged in order of arrival.

While the spool refuses (a full disk) nothing is acknowledged; the queue here fills until the network's thread waits.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from collector.spool import SpoolError
from plagewatch.metering.readings import Packet

log = structlog.get_logger()

BATCH_PACKETS = 1_000
BATCH_BYTES = 8 << 20
SPOOL_RETRY_S = (0.2, 10.0)
STOPPING_S = 15.0


@dataclass(frozen=True, slots=True)
class Received:
    """A packet and what its acknowledgement needs."""

    packet: Packet
    mid: int
    qos: int
    connection: int  # which connection brought it: a packet number means nothing on the next one


class Intake:
    """Packets on their way to the disk. `put` is called by the network's thread, all else happens in one of its own."""

    def __init__(
        self,
        keep: Callable[[Sequence[Packet]], object],
        acknowledge: Callable[[Sequence[Received]], None],
        most_waiting: int,
    ) -> None:
        """keep: returns when packets are on the disk, raises SpoolError. acknowledge: called after it."""
        self._keep_packets = keep
        self._acknowledge = acknowledge
        self._queue: queue.Queue[Received] = queue.Queue(most_waiting)
        self._stopping = threading.Event()
        self._writer = threading.Thread(target=self._write, name="mqtt-writer", daemon=True)
        self.trouble = ""
        self.lost = False  # the trouble is none that passes by itself

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def stop(self) -> None:
        """Commit and acknowledge what has arrived; what the spool refuses stays at the broker."""
        self._stopping.set()
        if self._writer.is_alive():
            self._writer.join(STOPPING_S)

    @property
    def alive(self) -> bool:
        """Whether packets are still written."""
        return self._writer.is_alive()

    def put(self, received: Received) -> bool:
        """Take a packet; False where this one stops: it comes again later.

        A full queue holds the network's thread back, and through it the broker.
        """
        while not self._stopping.is_set():
            try:
                self._queue.put(received, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def _write(self) -> None:
        while batch := self._next_batch():
            if not self._kept(batch):
                return
            self._acknowledge(batch)

    def _next_batch(self) -> list[Received]:
        """What has gathered, at least one; empty only when this stops."""
        batch: list[Received] = []
        size = 0
        while len(batch) < BATCH_PACKETS and size < BATCH_BYTES:
            try:
                received = (
                    self._queue.get_nowait() if batch or self._stopping.is_set() else self._queue.get(timeout=0.2)
                )
            except queue.Empty:
                if batch or self._stopping.is_set():
                    break
                continue
            batch.append(received)
            size += len(received.packet.payload)
        return batch

    def _kept(self, batch: Sequence[Received]) -> bool:
        """Try until the spool has the batch; False where this stops before: it stays at the broker."""
        wait_s, longest_s = SPOOL_RETRY_S
        while True:
            try:
                self._keep_packets([received.packet for received in batch])
            except SpoolError as error:
                if not self.trouble:
                    log.error("packets cannot be kept and wait at the broker", error=str(error))
                self.trouble, self.lost = str(error), not error.retryable
                if self._stopping.wait(wait_s):
                    return False
                wait_s = min(2 * wait_s, longest_s)
            else:
                if self.trouble:
                    log.info("packets can be kept again")
                self.trouble = ""
                return True
