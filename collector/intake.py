"""From the network to the spool: what has arrived is committed as one group, then acknowledged in order of arrival.

While the spool refuses (a full disk) nothing is acknowledged; what waits here grows to its bound, and then nothing more
is read from the network.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import structlog

from collector.spool import SpoolError
from plagewatch.metering.readings import Packet

log = structlog.get_logger()

BATCH_PACKETS = 2_000
BATCH_BYTES = 8 << 20
MOST_BYTES = 32 << 20  # waiting here
SPOOL_RETRY_S = (0.2, 10.0)
STOPPING_S = 15.0


class Received(NamedTuple):
    """A packet and what its acknowledgement needs."""

    packet: Packet
    mid: int
    qos: int
    connection: int  # which connection brought it: a packet number means nothing on the next one

    def is_of(self, connection: int) -> bool:
        """Whether that connection waits for an acknowledgement of it."""
        return self.qos == 1 and self.connection == connection


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
        self._most_waiting = most_waiting
        # Handed over by the read: a queue.Queue costs 3 µs a packet, this 0.1.
        self._waiting: deque[Received] = deque()
        self._bytes = 0
        self._came = threading.Condition()
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
        with self._came:
            self._came.notify()
        if self._writer.is_alive():
            self._writer.join(STOPPING_S)

    @property
    def alive(self) -> bool:
        """Whether packets are still written."""
        return self._writer.is_alive()

    def has_room(self) -> bool:
        """Whether more may come. One read beyond it is taken all the same."""
        return len(self._waiting) < self._most_waiting and self._bytes < MOST_BYTES

    def put(self, received: Sequence[Received]) -> bool:
        """Take the packets of one read; False where this stops: they come again later."""
        if self._stopping.is_set():
            return False
        with self._came:
            self._waiting.extend(received)
            self._bytes += sum(len(one.packet.payload) for one in received)
            self._came.notify()
        return True

    def _write(self) -> None:
        while batch := self._next_batch():
            if not self._kept(batch):
                return
            self._acknowledge(batch)

    def _next_batch(self) -> list[Received]:
        """What has gathered, at least one; empty only when this stops."""
        with self._came:
            self._came.wait_for(lambda: self._waiting or self._stopping.is_set())
            batch, size = [], 0
            for received in islice(self._waiting, BATCH_PACKETS):
                batch.append(received)
                size += len(received.packet.payload)
                if size >= BATCH_BYTES:
                    break
            for _ in batch:
                self._waiting.popleft()
            self._bytes -= size
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
