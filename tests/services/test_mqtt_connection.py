"""The collector's connection: a group of collectors, birth and last will, a session lost, odd and broken messages."""

import json
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.mqtt import MqttCollector
from collector.mqtt_settings import MqttSettings
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.bench import services
from plagewatch.embedded_broker import embedded_broker
from plagewatch.health import PartState
from plagewatch.metering.readings import Ask
from tests.conftest import wait_until

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]


@dataclass
class Rig:
    """Collectors with a spool each, and a client to speak and hear with, on one broker."""

    tmp_path: Path
    engine: Any
    series: Any
    port: int
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    collectors: list[MqttCollector] = field(default_factory=list)
    spools: list[Spool] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def collector(self, **more: Any) -> MqttCollector:
        """A connected collector, with a spool of its own."""
        number = len(self.collectors)
        settings = MqttSettings("127.0.0.1", self.port, client_id=f"c{number}-{self.name}", topics=(f"{self.name}/#",))
        self.spools.append(Spool(self.tmp_path / f"spool{number}.db"))
        pipeline = Pipeline(self.spools[-1], self.series, self.engine)
        self.collectors.append(MqttCollector(replace(settings, **more), pipeline))
        self.collectors[-1].start()
        wait_until(lambda: self.collectors[-1].connected, "the connection")
        return self.collectors[-1]

    def client(self, **how: Any) -> Client:
        """A plain client that is connected."""
        made = Client(CallbackAPIVersion.VERSION2, how.get("client_id", ""), protocol=MQTTProtocolVersion.MQTTv5)
        made.connect("127.0.0.1", self.port)
        made.loop_start()
        self.clients.append(made)
        return made

    def kept(self) -> list[tuple[str, bytes]]:
        """Topic and payload of all that the spools hold."""
        return [(s.packet.topic, s.packet.payload) for spool in self.spools for s in spool.read_after(0, 10_000)]

    def told(self, number: int = 0) -> str:
        """What the health says of a collector."""
        return self.collectors[number].health(time.time()).detail

    def end(self) -> None:
        for one in self.collectors:
            one.stop()
        for client in self.clients:
            client.disconnect()
            client.loop_stop()
        for spool in self.spools:
            spool.close()


@pytest.fixture
def rig_on(tmp_path: Path, engine, series) -> Iterator[Callable[[int], Rig]]:
    rigs: list[Rig] = []

    def make(port: int) -> Rig:
        rigs.append(Rig(tmp_path, engine, series, port))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.end()


@pytest.fixture
def rig(rig_on: Callable[[int], Rig], broker) -> Rig:
    return rig_on(broker.port)


def publish(client: Client, topic: str, payload: bytes = b"1", **more: Any) -> None:
    client.publish(topic, payload, **{"qos": 1, **more}).wait_for_publish(10)


def test_a_group_of_collectors_gets_each_message_once(rig):
    group = {"share": f"g{rig.name}"}
    rig.collector(**group)
    rig.collector(**group)
    logger = rig.client()
    for number in range(200):
        publish(logger, f"{rig.name}/readings", str(number).encode())
    wait_until(lambda: len(rig.kept()) >= 200, "all messages")
    assert sorted(int(payload) for _, payload in rig.kept()) == list(range(200))
    assert all(spool.last_id() > 0 for spool in rig.spools)  # both had work
    assert [one.health(time.time()).state for one in rig.collectors] == [PartState.WELL, PartState.WELL]


def test_what_is_dealt_to_one_of_a_group_that_is_away_waits_for_it(rig):
    """So Mosquitto does: a collector that went for good takes its part with it once its session expires."""
    group = {"share": f"g{rig.name}"}
    rig.collector(**group)
    away = rig.collector(**group)
    away.stop()
    logger = rig.client()
    for number in range(20):
        publish(logger, f"{rig.name}/readings", str(number).encode())
    rig.collector(**group, client_id=away._settings.client_id)
    wait_until(lambda: len(rig.kept()) >= 20, "all messages")
    assert sorted(int(payload) for _, payload in rig.kept()) == list(range(20))


def test_a_collector_that_joins_a_group_no_longer_gets_everything_besides(rig, tmp_path):
    note = {"session_note": tmp_path / "note", "client_id": f"same-{rig.name}"}
    rig.collector(**note).stop()
    rig.collector(**note, share=f"g{rig.name}")
    logger = rig.client()
    for number in range(5):
        publish(logger, f"{rig.name}/readings", str(number).encode())
    wait_until(lambda: len(rig.kept()) >= 5, "the messages")
    publish(logger, f"{rig.name}/last")
    wait_until(lambda: (f"{rig.name}/last", b"1") in rig.kept(), "the last one")
    assert len(rig.kept()) == 6


def test_what_is_asked_in_a_group_is_no_harm(rig):
    collector = rig.collector(share=f"g{rig.name}")
    assert collector.ask([Ask(f"{rig.name}/spBv1.0/g/NCMD/edge", b"rebirth")], 1_000.0) == 1
    wait_until(lambda: len(rig.kept()) == 1, "what was asked comes back: a group cannot leave it out")
    rig.collectors[0]._intake.stop()
    report = Pipeline(rig.spools[0], rig.series, rig.engine).drain(time.time_ns() // 1_000_000)
    assert (report.packets, report.quarantined) == (1, 0)


def statuses(rig: Rig) -> list[dict[str, str]]:
    """What collectors of this rig say of themselves, the retained first; grows."""
    heard: list[dict[str, str]] = []
    listener, granted = rig.client(), threading.Event()

    def on_message(_client: Client, _userdata: object, message: Any) -> None:
        if rig.name in message.topic:
            heard.append(json.loads(message.payload))

    listener.on_message = on_message
    listener.on_subscribe = lambda *_: granted.set()
    listener.subscribe("plagewatch/collectors/+/status", 1)
    assert granted.wait(10)
    return heard


def test_a_collector_says_that_it_runs_and_that_it_was_stopped(rig):
    collector = rig.collector(topics=("#",))
    heard = statuses(rig)
    wait_until(lambda: len(heard) == 1, "the birth, retained")
    collector.stop()
    wait_until(lambda: len(heard) == 2, "the goodbye")
    assert [(one["state"], one.get("why")) for one in heard] == [("online", None), ("offline", "stopped")]
    assert all(one["at"].endswith("Z") for one in heard)
    rig.collector(topics=("#",))  # what it and others say of themselves is no device's packet
    publish(rig.client(), f"{rig.name}/readings")
    wait_until(lambda: (f"{rig.name}/readings", b"1") in rig.kept(), "the message")
    assert not [topic for topic, _ in rig.kept() if topic.startswith("plagewatch/")]


DYING = """
import sys, time
from pathlib import Path
from collector.mqtt import MqttCollector, MqttSettings
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.store.engine import open_records
folder = Path(sys.argv[1])
settings = MqttSettings("127.0.0.1", int(sys.argv[2]), client_id=sys.argv[3])
MqttCollector(settings, Pipeline(Spool(folder / "spool.db"), None, open_records(f"sqlite:///{folder}/r.db"))).start()
time.sleep(60)
"""


def test_the_broker_says_that_a_collector_died(rig, tmp_path):
    heard = statuses(rig)
    words = [sys.executable, "-c", DYING, str(tmp_path), str(rig.port), f"dying-{rig.name}"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: len(heard) == 1, "the birth", 30)
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: len(heard) == 2, "the last will")
    assert [(one["state"], one.get("why")) for one in heard] == [("online", None), ("offline", "connection lost")]


def test_a_session_that_the_broker_forgot_is_told(rig_on, tmp_path, missing):
    try:
        service, port = services.mosquitto(tmp_path / "broker")
    except services.NoService as error:
        missing(f"NO BROKER: {error}")
    service.start()
    rig = rig_on(port)
    note = {"session_note": tmp_path / "note", "client_id": "same"}
    collector = rig.collector(**note)
    assert collector.health(time.time()).state is PartState.WELL
    collector.stop()
    again = rig.collector(**note)
    assert again.figures().sessions_lost == 0
    service.kill()  # nothing of what it held is on disk yet
    (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
    service.start()
    try:
        wait_until(lambda: again.figures().sessions_lost == 1, "the loss")
        wait_until(lambda: again.connected, "the connection")
        assert "had forgotten our session" in rig.told(1)
        assert again.health(time.time()).state is PartState.DEGRADED
        assert again.health(time.time() + 86_401).state is PartState.WELL
        again.stop()
        service.kill()
        (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
        service.start()
        third = rig.collector(**note)  # it only knows from the note that there was a session
        assert third.figures().sessions_lost == 1
    finally:
        rig.end()
        service.stop()


def test_a_client_that_takes_our_name_is_told(rig):
    collector = rig.collector(client_id=f"mine-{rig.name}")
    other = rig.client(client_id=f"mine-{rig.name}")
    wait_until(lambda: f"does another client use the name 'mine-{rig.name}'" in rig.told(), "the verdict")
    other.disconnect()
    wait_until(lambda: collector.connected, "the connection")
    assert collector.health(time.time()).state is PartState.DEGRADED
    assert "another client" not in collector.health(time.time() + 61).detail


def test_what_the_broker_says_of_itself_is_read_and_dropped_messages_are_told(rig_on, tmp_path, missing):
    port = services.free_port()
    try:
        program = services.binary("mosquitto", ["/usr/sbin"], "apt-get install mosquitto")
    except services.NoService as error:
        missing(f"NO BROKER: {error}")
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\nmax_queued_messages 1\n")
    service = services.Service("Mosquitto", [program, "-c", str(config)], lambda: services.listens(port))
    service.start()
    try:
        rig = rig_on(port)
        collector = rig.collector()
        wait_until(lambda: collector.figures().broker.clients_connected == 1, "the first figures")
        wait_until(lambda: collector.figures().broker.dropped is not None, "the count of dropped messages")
        broker = collector.figures().broker
        assert broker.version is not None
        assert broker.version.startswith("mosquitto version 2")
        assert (broker.dropped_watched, collector.health(time.time()).state) == (0, PartState.WELL)
        away = Client(CallbackAPIVersion.VERSION2, "away", protocol=MQTTProtocolVersion.MQTTv5)
        expiry = Properties(PacketTypes.CONNECT)
        expiry.SessionExpiryInterval = 60
        granted = threading.Event()
        away.on_subscribe = lambda *_: granted.set()
        away.connect("127.0.0.1", port, properties=expiry)
        away.loop_start()
        away.subscribe("for/away", 1)
        assert granted.wait(10)
        away.disconnect()
        away.loop_stop()
        speaker = rig.client()
        for _ in range(5):
            publish(speaker, "for/away")
        wait_until(lambda: "the broker dropped" in rig.told(), "the verdict")
        assert collector.health(time.time()).state is PartState.DEGRADED
        assert 0 < collector.figures().broker.dropped_watched <= 5
        assert rig.kept() == []
    finally:
        service.stop()


def connect(port: int, name: bytes) -> socket.socket:
    """A client that says what it likes: MQTT 5, connected."""
    made = socket.create_connection(("127.0.0.1", port), 10)
    body = b"\0\x04MQTT\x05\x02\0\x3c\0" + struct.pack(">H", len(name)) + name
    made.sendall(b"\x10" + bytes([len(body)]) + body)
    assert made.recv(100)[0] == 0x20
    return made


def text(value: str) -> bytes:
    return struct.pack(">H", len(value.encode())) + value.encode()


ODD = {
    "a byte order mark in a user property": b"\x26" + text("\ufeffmaker") + text("x"),
    "the same user property twice": (b"\x26" + text("a") + text("b")) * 2,
    "a byte order mark as content type": b"\x03" + text("\ufeff"),
    "all that a message can carry": b"\x01\x01\x02\0\0\x0e\x10\x03"
    + text("text/plain")
    + b"\x08"
    + text("answers/here")
    + b"\x09\0\x03\0\xff\x01\x26"
    + text("k")
    + text("v"),
    "a long property": b"\x26" + text("k") + text("x" * 60_000),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_message_with_odd_properties_is_kept_and_blocks_nothing(rig, odd):
    rig.collector()
    properties = ODD[odd]
    length = len(properties)
    varint = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14])
    body = text(f"{rig.name}/odd") + b"\0\x07" + varint + properties + b"payload"
    size = bytes([len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14])
    with connect(rig.port, f"odd-{rig.name}".encode()) as logger:
        logger.sendall(b"\x32" + size + body)
        assert logger.recv(100)[0] == 0x40
    publish(rig.client(), f"{rig.name}/next", b"2")
    wait_until(lambda: len(rig.kept()) >= 2, "both messages")
    assert rig.kept() == [(f"{rig.name}/odd", b"payload"), (f"{rig.name}/next", b"2")]
    assert rig.collectors[0].figures().connections == 1


def test_qos_2_retained_and_empty_messages_come_once_and_are_acknowledged(rig):
    logger = rig.client()
    publish(logger, f"{rig.name}/retained", b"r", retain=True)
    collector = rig.collector()
    wait_until(lambda: len(rig.kept()) == 1, "the retained message")
    for number in range(50):
        publish(logger, f"{rig.name}/two", str(number).encode(), qos=2)
    publish(logger, f"{rig.name}/none", b"")
    publish(logger, f"{rig.name}/zero", b"0", qos=0)
    wait_until(lambda: len(rig.kept()) == 53, "all messages")
    collector.stop()
    rig.collector(client_id=collector._settings.client_id)  # what was not acknowledged would come again
    publish(logger, f"{rig.name}/last")
    wait_until(lambda: (f"{rig.name}/last", b"1") in rig.kept(), "the last message")
    assert len(rig.kept()) == 54
    publish(logger, f"{rig.name}/retained", b"", retain=True)


def test_a_message_beyond_the_longest_that_we_take_is_left_out_by_the_broker(rig):
    rig.collector(max_packet_bytes=2 << 20)
    logger = rig.client()
    publish(logger, f"{rig.name}/long", b" " * (3 << 20))
    publish(logger, f"{rig.name}/next")
    wait_until(lambda: len(rig.kept()) == 1, "the next message")
    assert rig.kept() == [(f"{rig.name}/next", b"1")]


def test_a_broker_that_has_no_such_limit_sends_it_and_it_is_kept(rig):
    rig.collector(version=4)
    publish(rig.client(), f"{rig.name}/long", b" " * (20 << 20))
    wait_until(lambda: len(rig.kept()) == 1, "the long message")
    assert len(rig.kept()[0][1]) == 20 << 20


def test_aliases_of_a_real_broker_are_resolved(rig_on, tmp_path):
    port = services.free_port()
    inner = embedded_broker(tmp_path / "inner", port)
    inner.start()
    try:
        rig = rig_on(port)
        topics = (f"{rig.name}/a", f"{rig.name}/b")
        rig.collector(topics=topics, topic_aliases=10, broker_figures=False)
        logger = rig.client()
        for number in range(6):
            publish(logger, topics[number % 2], str(number).encode())
        wait_until(lambda: len(rig.kept()) == 6, "all messages")
        assert rig.kept() == [(topics[number % 2], str(number).encode()) for number in range(6)]
    finally:
        rig.end()
        inner.stop()


NEW, KNOWN = b"\x20\x03\0\0\0", b"\x20\x03\x01\0\0"  # the answer to CONNECT, without and with a session


def granted_to(mid: bytes) -> bytes:
    return b"\x90\x04" + mid + b"\0\x01"


class OddBroker:
    """A broker that accepts, and then sends what no real one would; on the next connection, something sound.

    It stands in for a broker with a fault: the real ones check what passes through them.
    """

    def __init__(self, odd: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.acknowledged: list[bytes] = []
        self.connections = 0
        self._odd = odd
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(20)
        sent = False
        data = b""
        try:
            while more := client.recv(65_536):
                data += more
                while len(data) >= 3:
                    at = 3 if data[1] & 0x80 else 2  # none of what comes is longer than 16 KiB
                    end = at + (data[1] & 0x7F) + (data[2] << 7 if at == 3 else 0)
                    if len(data) < end:
                        break
                    head, body, data = data[0], data[at:end], data[end:]
                    if head == 0x10:
                        client.sendall(NEW if self.connections == 1 else KNOWN)
                    elif head == 0x82 and not sent:
                        client.sendall(granted_to(body[:2]))
                        client.sendall((self._odd if self.connections == 1 else b"") + b"\x32\x09\0\x01t\0\x63\0end")
                        sent = True
                    elif head == 0x40:
                        self.acknowledged.append(body[:2])
        except OSError:
            return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def framed(body: bytes) -> bytes:
    return b"\x32" + bytes([len(body)]) + body


KEPT = {
    "a topic that is not UTF-8": (framed(b"\0\x03a\xff/\0\x05\0x"), "(a topic that is not UTF-8) a\\xff/", b"x"),
    "no topic": (framed(b"\0\0\0\x05\0x"), "(no topic)", b"x"),
    "an alias that never had a topic": (
        framed(b"\0\0\0\x05\x03\x23\0\x09x"),
        "(topic alias 9, which the broker never gave a topic)",
        b"x",
    ),
    "properties longer than the message": (
        framed(b"\0\x01a\0\x05\x7fx"),
        "(properties that cannot be read) a",
        b"\x7fx",
    ),
    "an unknown property": (framed(b"\0\x01a\0\x05\x02\x7f\0x"), "(properties that cannot be read) a", b"\x02\x7f\0x"),
}


@pytest.mark.parametrize("odd", KEPT)
def test_what_a_broken_broker_sends_is_kept_under_a_name_that_says_so(rig_on, odd):
    data, topic, payload = KEPT[odd]
    broker = OddBroker(data)
    try:
        rig = rig_on(broker.port)
        rig.collector(broker_figures=False)
        wait_until(lambda: broker.acknowledged == [b"\0\x05", b"\0\x63"], "both acknowledgements")
        assert rig.kept() == [(topic, payload), ("t", b"end")]
        assert broker.connections == 1
        nameless = topic.startswith(("(topic alias", "(no topic)"))
        assert rig.collectors[0].figures().protocol_troubles == int(nameless)
        assert ("without their topic" in rig.told()) is nameless
    finally:
        rig.end()
        broker.close()


BROKEN = {
    "a packet of no kind": b"\xf0\x02\0\0",
    "a length of five bytes": b"\x32\xff\xff\xff\xff\x01",
    "a topic longer than its packet": framed(b"\xff\xffa"),
    "an empty acknowledgement": b"\x90\0",
    "half a connection's answer": b"\x20\x01\0",
}


@pytest.mark.parametrize("odd", BROKEN)
def test_after_something_that_is_no_mqtt_the_connection_is_made_anew(rig_on, odd):
    broker = OddBroker(BROKEN[odd])
    try:
        rig = rig_on(broker.port)
        rig.collector(broker_figures=False)
        wait_until(lambda: broker.acknowledged == [b"\0\x63"], "what is sound")
        assert rig.kept() == [("t", b"end")]
        assert broker.connections == 2
        assert rig.collectors[0].health(time.time()).state is PartState.WELL
    finally:
        rig.end()
        broker.close()
