"""The network's thread between a broker and paho: reads and writes in large pieces, and keeps the connection up.

paho's own loop asks the system six times for one packet (a select, a receive for each of its first bytes, a send and a
byte through a pipe for each acknowledgement): 60 µs of processor time where this takes 3. paho's documented hooks for a
loop of one's own are used, its protocol stays its own: only plain PUBLISH packets pass it by (`packet_stream`).
"""

import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import structlog
from paho.mqtt.client import Client, DisconnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from collector.packet_stream import Packets, Published

log = structlog.get_logger()

READ_BYTES = 1 << 18
LOOK_S = 1.0  # how often keep-alive and stopping are looked at when nothing else happens
GOODBYE_S = 5.0
LAST_WRITE_S = 1.0

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class PacketSocket:
    """What paho takes for its socket: it gives packets that are complete, and gathers what is to be sent."""

    def __init__(self, wrapped: socket.socket) -> None:
        self._socket = wrapped
        self._for_paho = b""
        self._outgoing = bytearray()
        self.ended = False

    def recv(self, size: int) -> bytes:
        """For paho: bytes of the packet that was given; none once the connection has ended."""
        if self._for_paho:
            data, self._for_paho = self._for_paho[:size], self._for_paho[size:]
            return data
        if self.ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Gather bytes, to be written by `flush`."""
        self._outgoing += data
        return len(data)

    def give(self, packet: bytes) -> None:
        """Let paho read a packet."""
        self._for_paho += packet

    def fetch(self) -> bytes:
        """What has come, empty where nothing has; `ended` then tells whether more can."""
        data = b""
        try:
            while more := self._socket.recv(READ_BYTES):
                data = data + more if data else more
                # TLS gives one record of 16 KiB at most.
                if len(data) >= READ_BYTES or not isinstance(self._socket, ssl.SSLSocket):
                    return data
            self.ended = True
        except _NOT_NOW:
            pass
        except OSError:
            self.ended = True
        return data

    def flush(self) -> None:
        """Write what was gathered, as much of it as goes now."""
        while self._outgoing:
            try:
                written = self._socket.send(self._outgoing)
            except _NOT_NOW:
                return
            except OSError:
                self.ended = True
                return
            del self._outgoing[:written]

    @property
    def gathered(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._outgoing)

    def close(self) -> None:
        """Close; what was said last, a goodbye, goes out before."""
        with suppress(OSError):
            if self._outgoing and not self.ended:
                self._socket.settimeout(LAST_WRITE_S)
                self._socket.sendall(self._outgoing)
        self._socket.close()

    def fileno(self) -> int:
        """The number that select waits for; -1 once it is closed."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._socket.setblocking(flag)

    def shutdown(self, how: int) -> None:
        """As of a socket."""
        self._socket.shutdown(how)


class PacketClient(Client):
    """paho's client on such a socket."""

    def _create_socket(self) -> Any:
        return PacketSocket(super()._create_socket())  # type: ignore[arg-type]

    def packet_socket(self) -> PacketSocket | None:
        """The socket; None without a connection."""
        return cast(PacketSocket | None, self.socket())


class NetworkLoop:
    """One thread that connects, reads, writes and connects again, from start() to stop().

    on_published: takes the messages of one read. has_room: while it says no, nothing is read from the network, which
    holds the broker back. delay_s: the shortest and the longest wait before the next try to connect.
    """

    def __init__(
        self,
        client: PacketClient,
        on_published: Callable[[Sequence[Published]], None],
        has_room: Callable[[], bool],
        delay_s: tuple[float, float],
    ) -> None:
        self._client = client
        self._on_published = on_published
        self._has_room = has_room
        self._delay_s = delay_s
        self._stopping, self._stopped_s = threading.Event(), 0.0
        self._outgoing: deque[tuple[int, bytes]] = deque()
        self.connection = 0  # rises with each; what is sent for an old one is dropped
        self._thread = threading.Thread(target=self._run, name="mqtt-network", daemon=True)
        # paho then never writes in the thread that publishes, but asks for it here.
        client.on_socket_register_write = lambda *_: self.wake()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._thread.start()

    def stop(self) -> None:
        """Let what was sent go out, and end. The client has been told to disconnect."""
        self._stopped_s = time.monotonic()
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(2 * GOODBYE_S)
        if not self._thread.is_alive():
            self._waker.close()
            self._wakened.close()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def send(self, connection: int, packets: bytes) -> None:
        """Write whole packets to the broker, from any thread; dropped where that connection is over."""
        self._outgoing.append((connection, packets))
        self.wake()

    def wake(self) -> None:
        """Let the thread look at what there is to do."""
        with suppress(OSError):  # full: it wakes anyway; closed: it has ended
            self._waker.send(b"\0")

    def _run(self) -> None:
        delay_s, longest_s = self._delay_s
        while not self._stopping.is_set():
            if self._connect() and (connected := self._client.packet_socket()) and self._served(connected):
                delay_s = self._delay_s[0]
            self._stopping.wait(delay_s)
            delay_s = min(2 * delay_s, longest_s)
        if (left := self._client.socket()) is not None:
            left.close()

    def _connect(self) -> bool:
        self.connection += 1
        self._outgoing.clear()
        try:
            self._client.reconnect()
        except Exception:
            # An address that can be none raises a ValueError: that must not end the thread either.
            if told := self._client.on_connect_fail:
                told(self._client, None)
            return False
        return True

    def _served(self, connected: PacketSocket) -> bool:
        """Serve the connection until it ends; whether the broker had accepted it."""
        accepted = False
        try:
            packets = Packets(int(self._client.protocol))
            while self._client.socket() is connected and not self._over():
                self._turn(connected, packets)
                accepted |= self._client.is_connected()
        except Exception:
            # Whatever it was: the packets of this connection come again on the next one.
            log.exception("the connection to the broker ended with an error; it is made again")
            connected.close()
            if told := self._client.on_disconnect:
                reason = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")
                told(self._client, None, DisconnectFlags(is_disconnect_packet_from_server=False), reason, None)  # type: ignore[arg-type,call-arg]
            return False
        return accepted

    def _over(self) -> bool:
        """Whether there has been time enough for a goodbye."""
        return self._stopping.is_set() and time.monotonic() > self._stopped_s + GOODBYE_S

    def _turn(self, connected: PacketSocket, packets: Packets) -> None:
        """Write what there is, wait, read what has come."""
        asked = self._client.want_write()
        # Behind the question, before the answer: a goodbye closes, and goes out behind what was sent before it.
        while self._outgoing:
            connection, waiting = self._outgoing.popleft()
            if connection == self.connection:
                connected.send(waiting)
        if asked:
            self._client.loop_write()
        connected.flush()
        if not connected.ended and self._client.socket() is connected:
            reads: list[Any] = [self._wakened, connected] if self._has_room() else [self._wakened]
            readable, _, _ = select.select(reads, [connected] if connected.gathered else [], [], LOOK_S)
            if self._wakened in readable:
                self._wakened.recv(1 << 12)
            if connected in readable:
                self._take(connected, packets)
            self._client.loop_misc()
        if connected.ended and self._client.socket() is connected:
            self._client.loop_read()  # paho finds that nothing comes any more, and tells it

    def _take(self, connected: PacketSocket, packets: Packets) -> None:
        published: list[Published] = []
        for packet in packets.feed(connected.fetch()):
            if isinstance(packet, Published):
                published.append(packet)
                continue
            # In their order: what an answer to CONNECT changes counts for the messages behind it.
            self._on_published(published)
            published = []
            connected.give(packet)
            self._client.loop_read()
            if self._client.socket() is not connected:
                return
        self._on_published(published)
