"""The network's thread against a broker that sends what it is told to: in pieces, in bursts, and gone in the middle."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from collector.network_loop import LOOK_S, NetworkLoop, PacketClient
from collector.packet_stream import Packets, Published
from tests.collector.certificates import self_signed
from tests.conftest import wait_until

CONNACK, SUBACK_HEAD, DISCONNECT = b"\x20\x02\x00\x00", 0x90, b"\xe0\x00"
TURNS = 40


def publish(payload: bytes, mid: int) -> bytes:
    body = b"\x00\x01t" + mid.to_bytes(2, "big") + payload
    length, left = b"", len(body)
    while True:
        left, low = left // 128, left % 128
        length += bytes([low | (0x80 if left else 0)])
        if not left:
            return b"\x32" + length + body


class Broker:
    """Accepts one connection after another, answers CONNECT, and keeps what it is sent."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._context = context
        self.connections: list[socket.socket] = []
        self.heard: list[bytes] = []  # by connection
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                threading.Thread(target=self._listen, args=[connection], daemon=True).start()

    def _listen(self, connection: socket.socket) -> None:
        packets, number = Packets(4), len(self.heard)
        self.heard.append(b"")
        with suppress(OSError):
            while data := connection.recv(1 << 16):
                for packet in packets.feed(data):
                    assert isinstance(packet, bytes)
                    if packet[0] == 0x10:
                        connection.sendall(CONNACK)
                        self.connections.append(connection)
                    else:
                        self.heard[number] += packet

    def close(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.close()


class Receiver:
    """A client with its loop, and what it was given."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.got: list[Published] = []
        self.room = True
        self.fail = False
        self.lost = 0
        version = MQTTProtocolVersion.MQTTv311
        self.client = PacketClient(CallbackAPIVersion.VERSION2, "c", clean_session=False, protocol=version)
        if context is not None:
            self.client.tls_set_context(context)
        self.client.on_disconnect = self._on_disconnect
        self.client.connect_async("127.0.0.1", port)
        self.loop = NetworkLoop(self.client, self._take, lambda: self.room, (0.05, 0.2))
        self.loop.start()

    def _on_disconnect(self, *told: object) -> None:
        self.lost += 1

    def _take(self, published) -> None:
        if self.fail:
            self.fail = False
            raise RuntimeError("as if the disk had gone")
        self.got += published

    def stop(self) -> None:
        self.client.disconnect()
        self.loop.stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


@pytest.fixture
def receiver(broker: Broker) -> Iterator[Receiver]:
    made = Receiver(broker.port)
    wait_until(made.client.is_connected, "the connection")
    yield made
    made.stop()


def test_a_packet_that_comes_byte_by_byte(broker, receiver):
    for byte in publish(b"slowly", 3):
        broker.connections[0].sendall(bytes([byte]))
    wait_until(lambda: receiver.got == [Published("t", b"slowly", 3, 1)], "the packet")


def test_a_packet_of_three_megabytes_and_one_behind_it(broker, receiver):
    broker.connections[0].sendall(publish(b"x" * 3_000_000, 1) + publish(b"small", 2))
    wait_until(lambda: len(receiver.got) == 2, "both")
    assert [len(one.payload) for one in receiver.got] == [3_000_000, 5]


def test_after_a_burst_there_is_silence_and_nothing_stays_behind(broker, receiver):
    burst = b"".join(publish(b"y" * 200, mid) for mid in range(1, 5_001))
    broker.connections[0].sendall(burst)
    wait_until(lambda: len(receiver.got) == 5_000, "all of them")
    assert [one.mid for one in receiver.got] == list(range(1, 5_001))


def test_acknowledgements_of_another_thread_go_out_at_once_and_together(broker, receiver):
    both = b"\x40\x02\x00\x01\x40\x02\x00\x02"
    end = time.monotonic() + 0.5 * TURNS * LOOK_S  # if each waited for the network's next look, it took twice as long
    for turn in range(1, TURNS + 1):
        receiver.loop.send(receiver.loop.connection, both)
        wait_until(lambda: broker.heard[0] == turn * both, "both")  # noqa: B023 - asked at once
    assert time.monotonic() < end


def test_what_is_for_an_older_connection_is_never_sent(broker, receiver):
    old = receiver.loop.connection
    broker.connections[0].shutdown(socket.SHUT_RDWR)
    wait_until(lambda: len(broker.connections) == 2 and receiver.client.is_connected(), "the next connection")
    receiver.loop.send(old, b"\x40\x02\x00\x01")
    receiver.loop.send(receiver.loop.connection, b"\x40\x02\x00\x02")
    wait_until(lambda: bool(broker.heard[1]), "what is for this one")
    assert broker.heard == [b"", b"\x40\x02\x00\x02"]
    assert receiver.lost == 1


def test_a_connection_that_ends_within_a_packet_leaves_nothing_to_the_next(broker, receiver):
    broker.connections[0].sendall(publish(b"first", 1) + publish(b"second", 2)[:7])
    wait_until(lambda: len(receiver.got) == 1, "the first")
    broker.connections[0].shutdown(socket.SHUT_RDWR)
    wait_until(lambda: len(broker.connections) == 2, "the next connection")
    broker.connections[1].sendall(publish(b"second", 2))
    wait_until(lambda: len(receiver.got) == 2, "the second")
    assert [one.payload for one in receiver.got] == [b"first", b"second"]


def test_without_room_nothing_is_read_and_acknowledgements_still_go(broker, receiver):
    receiver.room = False
    receiver.loop.wake()
    broker.connections[0].sendall(publish(b"one", 1))  # it may still be read by the wait that was under way
    receiver.loop.send(receiver.loop.connection, b"\x40\x02\x00\x07")
    wait_until(lambda: bool(broker.heard[0]), "the acknowledgement")
    broker.connections[0].sendall(publish(b"two", 2))
    receiver.loop.send(receiver.loop.connection, b"\x40\x02\x00\x08")
    wait_until(lambda: len(broker.heard[0]) == 8, "the next one")
    assert b"two" not in [one.payload for one in receiver.got]
    receiver.room = True
    receiver.loop.wake()
    wait_until(lambda: [one.payload for one in receiver.got] == [b"one", b"two"], "what had waited")


def test_an_error_makes_the_connection_anew(broker, receiver):
    receiver.fail = True
    broker.connections[0].sendall(publish(b"one", 1))
    wait_until(lambda: len(broker.connections) == 2, "the next connection")
    assert receiver.lost == 1
    assert receiver.loop.alive
    broker.connections[1].sendall(publish(b"one", 1))
    wait_until(lambda: [one.payload for one in receiver.got] == [b"one"], "the packet once more")


def test_a_goodbye_goes_out_behind_what_was_sent_before(broker):
    receiver = Receiver(broker.port)
    wait_until(receiver.client.is_connected, "the connection")
    receiver.loop.send(receiver.loop.connection, b"\x40\x02\x00\x05")
    receiver.stop()
    wait_until(lambda: broker.heard[0].endswith(DISCONNECT), "the goodbye")
    assert broker.heard[0] == b"\x40\x02\x00\x05" + DISCONNECT
    assert not receiver.loop.alive


def test_over_tls_too_nothing_stays_in_the_buffers(tmp_path):
    authority, key = self_signed(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority, key)
    broker = Broker(server)
    receiver = Receiver(broker.port, ssl.create_default_context(cafile=str(authority)))
    try:
        wait_until(receiver.client.is_connected, "the connection")
        for turn in range(1, 4):
            burst = b"".join(publish(b"z" * 300, mid) for mid in range(1, 2_001))
            broker.connections[0].sendall(burst)
            wait_until(lambda: len(receiver.got) == 2_000 * turn, "all of them")  # noqa: B023 - asked at once
        receiver.loop.send(receiver.loop.connection, b"\x40\x02\x00\x01" * 2_000)
        wait_until(lambda: len(broker.heard[0]) == 8_000, "the acknowledgements")
    finally:
        receiver.stop()
        broker.close()
