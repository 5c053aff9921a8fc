"""The packets that reached the spool last, still in memory: who keeps pace need not read them from the disk."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from plagewatch.metering.readings import Packet

MOST_PACKETS = 8_000
MOST_BYTES = 1 << 20
SMALL_BYTES = 100
"""A payload up to this long has one reading or a few. A batch is bound by its readings: only what is beyond counts."""


class Spooled(NamedTuple):
    """A packet and its place in the spool. Places rise and are never used twice."""

    id: int
    packet: Packet


class Newest:
    """Groups of packets with places that follow one another. Threads may share it.

    >>> newest = Newest()
    >>> newest.add(5, [Packet("a", b"x", 0), Packet("b", b"y", 0)])
    >>> [spooled.id for spooled in newest.after(5, 10, 1_000)], newest.after(3, 10, 1_000)
    ([6], [])
    """

    def __init__(self) -> None:
        self._groups: deque[tuple[int, Sequence[Packet], int]] = deque()  # first place, packets, size of the payloads
        self._packets = self._bytes = 0
        self._lock = threading.Lock()

    def add(self, first: int, packets: Sequence[Packet]) -> None:
        """Remember packets that have just been kept, the oldest forgotten where they are too many."""
        size = sum([len(packet.payload) for packet in packets])
        with self._lock:
            if self._groups and self._end() != first:
                self._forget(len(self._groups))
            self._groups.append((first, packets, size))
            self._packets, self._bytes = self._packets + len(packets), self._bytes + size
            while self._packets > MOST_PACKETS or self._bytes > MOST_BYTES:
                self._forget(1)

    def after(self, place: int, limit: int, max_bytes: int) -> list[Spooled]:
        """The next packets behind a place, as `Spool.read_after` gives them; empty where they are not remembered.

        max_bytes: of the payloads, of each what is beyond SMALL_BYTES.
        """
        found: list[Spooled] = []
        size = 0
        with self._lock:
            while self._groups and self._groups[0][0] + len(self._groups[0][1]) <= place + 1:
                self._forget(1)
            if not self._groups or self._groups[0][0] > place + 1:
                return found
            for first, packets, _ in self._groups:
                begin = max(0, place + 1 - first)
                for number, packet in enumerate(packets[begin:] if begin else packets, first + begin):
                    found.append(Spooled(number, packet))
                    size += max(0, len(packet.payload) - SMALL_BYTES)
                    if size >= max_bytes or len(found) == limit:
                        return found
        return found

    def clear(self) -> None:
        """Forget all: places begin anew."""
        with self._lock:
            self._forget(len(self._groups))

    def _end(self) -> int:
        first, packets, _ = self._groups[-1]
        return first + len(packets)

    def _forget(self, groups: int) -> None:
        for _ in range(groups):
            _, packets, size = self._groups.popleft()
            self._packets, self._bytes = self._packets - len(packets), self._bytes - size
