"""A logger of many devices that counts what the broker acknowledged, and gives nothing up.

It speaks MQTT 5, and what is not acknowledged is sent again on the next connection. Two things that Mosquitto 2.0 does
at a restart need more of a logger, and this one does it:

- What it acknowledged in its last moments may not have been on its disk, and no setting prevents that wholly. A logger
  with a memory says once more what was acknowledged in the last seconds of a connection that it lost.
- It has forgotten shared subscriptions until their members are back. What comes before that it acknowledges with reason
  0x10, "no matching subscribers" (MQTT 5, 3.4.2.1), and throws away: this is no acknowledgement, and is sent again.
"""

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from plagewatch.bench.chaos_world import Message
from plagewatch.bench.ingest_packets import remaining_length
from plagewatch.bench.services import HOST

IN_FLIGHT = 200
SILENCE_S = 4.0  # without an answer for so long the connection is given up
REMEMBERED_S = 5.0
AGAIN_S = 0.3
CONNECT = b"\x00\x04MQTT\x05\x02\x00\x00\x00" + b"\x00\x05chaos"  # clean start, no keep-alive, no properties
CONNACK, PUBACK = 0x20, 0x40
NOBODY = 0x10


@dataclass(slots=True)
class Counted:
    """What happened on the wire. sent: PUBLISH packets, repeats among them. repeated: those sent once more.

    nobody: acknowledgements that said that nobody was there to take it.
    """

    sent: int = 0
    repeated: int = 0
    nobody: int = 0
    acknowledged: int = 0
    connections: int = 0


@dataclass(slots=True)
class Publisher:
    """Publishes messages at a pace, in a thread of its own. remembered_s: 0 for a logger without a memory."""

    port: int
    messages: Sequence[Message]
    per_s: float
    remembered_s: float = REMEMBERED_S
    counted: Counted = field(default_factory=Counted)
    acknowledged: set[int] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _again: deque[int] = field(default_factory=deque)
    _waits_until_s: float = 0.0
    _next: int = 0
    _begun_s: float = 0.0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to publish."""
        self._begun_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up what is not acknowledged yet."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(10)

    @property
    def done(self) -> bool:
        """Whether all is acknowledged."""
        return len(self.acknowledged) == len(self.messages)

    def _run(self) -> None:
        while not self._stopping.is_set() and not (self.done and not self._again):
            try:
                with socket.create_connection((HOST, self.port), timeout=SILENCE_S) as connection:
                    _Connection(self, connection).run()
            except OSError:
                pass
            self._stopping.wait(AGAIN_S)

    def _due(self) -> int | None:
        """The next message that may go out now."""
        if time.monotonic() < self._waits_until_s:
            return None
        if self._again:
            self.counted.repeated += 1
            return self._again.popleft()
        if self._next < min(len(self.messages), self.per_s * (time.monotonic() - self._begun_s)):
            self._next += 1
            return self._next - 1
        return None


class _Connection:
    """One connection to the broker, until it ends. Raises OSError where it does."""

    def __init__(self, publisher: Publisher, connection: socket.socket) -> None:
        self._publisher, self._socket = publisher, connection
        self._in_flight: dict[int, int] = {}  # packet number -> message
        self._answered: deque[tuple[float, int]] = deque()
        self._mid = 0
        self._received = b""

    def run(self) -> None:
        """Publish until all is acknowledged or the connection is gone; what is in doubt goes out again on the next."""
        self._socket.sendall(b"\x10" + remaining_length(len(CONNECT)) + CONNECT)
        while not (answer := self._answer()):
            self._listen()
        if answer[0] != CONNACK or answer[1][1]:
            raise ConnectionError("the broker refuses")
        self._publisher.counted.connections += 1
        try:
            self._talk()
        finally:
            self._keep_in_doubt()

    def _talk(self) -> None:
        publisher, heard_s = self._publisher, time.monotonic()
        while not publisher._stopping.is_set():
            packets = self._packets()
            if packets:
                self._socket.sendall(packets)
            elif publisher.done and not self._in_flight and not publisher._again:
                return
            readable, _, _ = select.select([self._socket], [], [], 0.005 if len(self._in_flight) < IN_FLIGHT else 0.2)
            if readable:
                self._hear()
                heard_s = time.monotonic()
            elif self._in_flight and time.monotonic() - heard_s > SILENCE_S:
                raise TimeoutError("the broker is silent")
            elif not self._in_flight:
                heard_s = time.monotonic()

    def _packets(self) -> bytes:
        made = []
        while len(self._in_flight) < IN_FLIGHT and (place := self._publisher._due()) is not None:
            self._mid = self._mid % 65_535 + 1
            self._in_flight[self._mid] = place
            message = self._publisher.messages[place]
            topic = message.topic.encode()
            head = len(topic).to_bytes(2, "big") + topic + self._mid.to_bytes(2, "big")
            body = head + b"\x00" + message.payload  # no properties
            made.append(b"\x32" + remaining_length(len(body)) + body)
        self._publisher.counted.sent += len(made)
        return b"".join(made)

    def _hear(self) -> None:
        """Take acknowledgements; nothing else comes."""
        self._listen()
        now_s = time.monotonic()
        while answer := self._answer():
            kind, body = answer
            place = self._in_flight.pop(int.from_bytes(body[:2], "big"), None)
            if kind != PUBACK or place is None:
                continue
            if len(body) > 2 and body[2]:
                self._refused(place, body[2])
                continue
            self._publisher.acknowledged.add(place)
            self._publisher.counted.acknowledged += 1
            self._answered.append((now_s, place))
        while self._answered and self._answered[0][0] < now_s - self._publisher.remembered_s:
            self._answered.popleft()

    def _refused(self, place: int, reason: int) -> None:
        if reason == NOBODY:
            self._publisher.counted.nobody += 1
            self._publisher._again.append(place)
            self._publisher._waits_until_s = time.monotonic() + AGAIN_S
            return
        raise ConnectionError(f"the broker refuses a message with reason 0x{reason:02x}")

    def _listen(self) -> None:
        heard = self._socket.recv(1 << 16)
        if not heard:
            raise ConnectionError("the broker closed")
        self._received += heard

    def _answer(self) -> tuple[int, bytes] | None:
        """The next whole packet that was heard: its kind and what stands behind its length, which is one byte here."""
        if len(self._received) < 2 or len(self._received) < 2 + self._received[1]:
            return None
        kind, body = self._received[0] & 0xF0, self._received[2 : 2 + self._received[1]]
        self._received = self._received[2 + len(body) :]
        return kind, body

    def _keep_in_doubt(self) -> None:
        again = self._publisher._again
        if self._publisher.remembered_s > 0 and not self._finished():
            again.extend(place for _, place in self._answered)
        again.extend(self._in_flight.values())

    def _finished(self) -> bool:
        publisher = self._publisher
        return publisher.done and not self._in_flight and not publisher._again
