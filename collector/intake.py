"""From the network to the spool: what has arrived is committed as one group, then acknowledged in order of arrival.

While the spool refuses (a full disk) nothing is acknowledged; what waits here grows to its bound, and then nothing more
is read from the network.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
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
    """The packets of one read from the network, and what their acknowledgements need."""

    packets: Sequence[Packet]
    mids: Sequence[int]  # of those that want an acknowledgement
    connection: int  # which connection brought them: a packet number means nothing on the next one
    size: int  # of the payloads [bytes]

    @classmethod
    def of(cls, packets: Sequence[Packet], mids: Sequence[int], connection: int) -> "Received":
        """The packets with their size."""
        return cls(packets, mids, connection, sum([len(packet.payload) for packet in packets]))


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
        # Handed over by the read: a queue.Queue costs 3 µs a packet, a tuple for each of them 1.
        self._waiting: deque[Received] = deque()
        self._packets = self._bytes = 0
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
        return self._packets < self._most_waiting and self._bytes < MOST_BYTES

    def put(self, received: Received) -> bool:
        """Take the packets of one read; False where this stops: they come again later."""
        if self._stopping.is_set():
            return False
        with self._came:
            self._waiting.append(received)
            self._packets += len(received.packets)
            self._bytes += received.size
            self._came.notify()
        return True

    def _write(self) -> None:
        while True:
            try:
                batch = self._next_batch()
            except Exception as error:  # no memory for a list: what waits still waits
                self._tell(error)
                self._stopping.wait(SPOOL_RETRY_S[0])
                continue
            if not batch or not self._kept(batch):
                return
            self._answer(batch)

    def _answer(self, batch: Sequence[Received]) -> None:
        try:
            self._acknowledge(batch)
        except Exception as error:
            # They are kept: at worst the broker sends them once more, on the next connection.
            log.error("packets that are kept could not be acknowledged", error=_sentence(error), exc_info=True)

    def _next_batch(self) -> list[Received]:
        """What has gathered, at least one; empty only when this stops."""
        with self._came:
            self._came.wait_for(lambda: self._waiting or self._stopping.is_set())
            batch: list[Received] = []
            packets = size = 0
            for received in self._waiting:
                batch.append(received)
                packets, size = packets + len(received.packets), size + received.size
                if packets >= BATCH_PACKETS or size >= BATCH_BYTES:
                    break
            for _ in batch:
                self._waiting.popleft()
            self._packets, self._bytes = self._packets - packets, self._bytes - size
        return batch

    def _kept(self, batch: Sequence[Received]) -> bool:
        """Try until the spool has the batch; False where this stops before: it stays at the broker."""
        wait_s, longest_s = SPOOL_RETRY_S
        while True:
            try:
                self._keep_packets(list(chain.from_iterable(received.packets for received in batch)))
            except Exception as error:
                # Whatever it is: the thread that ends here would be missed only when the broker has no room any more.
                self._tell(error)
                if self._stopping.wait(wait_s):
                    return False
                wait_s = min(2 * wait_s, longest_s)
            else:
                if self.trouble:
                    log.info("packets can be kept again")
                self.trouble = ""
                return True

    def _tell(self, error: Exception) -> None:
        foreseen = isinstance(error, SpoolError)
        if not self.trouble:
            log.error("packets cannot be kept and wait at the broker", error=_sentence(error), exc_info=not foreseen)
        self.trouble = _sentence(error)
        self.lost = isinstance(error, SpoolError) and not error.retryable


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, SpoolError) else f"{type(error).__name__}: {error}"
