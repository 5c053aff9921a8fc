"""The collector on real brokers: Mosquitto, and the one inside the wheel."""

import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from collector.decoders.sparkplug_b.schema import Payload
from collector.mqtt import MqttCollector, MqttSettings
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.embedded_broker import embedded_broker
from plagewatch.health import PartState
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Ask, Packet, Reason
from plagewatch.store.records.quarantine import counts
from plagewatch.store.records.registry import save
from plagewatch.store.series.sqlite import SqliteSeries
from tests.conftest import wait_until

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]
AT_S = 1_700_000_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Bench:
    """A collector with its stores on one broker, with a device, a session and topics of its own."""

    settings: MqttSettings
    device: str
    spool: Spool
    pipeline: Pipeline
    series: SqliteSeries
    publisher: Client
    running: list[MqttCollector]

    def collector(self, topics: tuple[str, ...] | None = None) -> MqttCollector:
        made = MqttCollector(replace(self.settings, topics=topics or self.settings.topics), self.pipeline)
        self.running.append(made)
        made.start()
        wait_until(lambda: made.connected, "the connection")
        return made

    def publish(self, payload: bytes, topic: str | None = None, qos: int = 1) -> None:
        self.publisher.publish(topic or f"loggers/{self.device}/readings", payload, qos).wait_for_publish(10)

    def say(self, value: object, at_s: int = AT_S) -> None:
        self.publish(json.dumps({"at": at_s, "registers": {"gas_index": {"value": value, "unit": "m3"}}}).encode())

    def stored(self) -> list[float]:
        self.pipeline.drain(now_ms())
        return [float(value) for value in self.series.samples("m1", "gas_volume", 0, 1 << 50).value]


def new_client(settings: MqttSettings, name: str) -> Client:
    return Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion(settings.version))


@pytest.fixture
def bench_on(tmp_path: Path, engine, series) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(port: int, version: int = 5, broker_figures: bool = True) -> Bench:
        name = secrets.token_hex(4)
        settings = MqttSettings(
            "127.0.0.1",
            port,
            version,
            f"collector-{name}",
            topics=(f"loggers/d{name}/#",),
            broker_figures=broker_figures,
        )
        spool = Spool(tmp_path / f"spool-{name}.db")
        save(engine, [Site("site", "Site"), Meter("m1", "site", "m1", Carrier.GAS, Kind.INDEX, "m3")])
        save(engine, [Binding(f"d{name}", "gas_volume", "m1")])
        publisher = new_client(settings, f"publisher-{name}")
        publisher.connect("127.0.0.1", port)
        publisher.loop_start()
        made = Bench(settings, f"d{name}", spool, Pipeline(spool, series, engine), series, publisher, [])
        benches.append(made)
        return made

    yield make
    for bench in benches:
        for collector in bench.running:
            collector.stop()
        bench.publisher.disconnect()
        bench.publisher.loop_stop()
        bench.spool.close()


@pytest.fixture(scope="module")
def inner_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    inner = embedded_broker(tmp_path_factory.mktemp("inner"), port)
    inner.start()
    yield port
    inner.stop()


@pytest.fixture(params=["mosquitto 5", "mosquitto 3.1.1", "embedded 5"])
def bench(request: pytest.FixtureRequest, bench_on: Callable[..., Bench]) -> Bench:
    if request.param == "embedded 5":
        return bench_on(request.getfixturevalue("inner_port"), broker_figures=False)  # it has none, and leaves if asked
    return bench_on(request.getfixturevalue("broker").port, 5 if request.param.endswith(" 5") else 4)


def test_published_spooled_stored_acknowledged(bench):
    collector = bench.collector()
    assert collector.health(time.time()).state is PartState.WELL
    for value in range(200):
        bench.say(value, AT_S + 900 * value)
    wait_until(lambda: bench.spool.last_id() == 200, "200 packets")
    assert bench.stored() == [float(value) for value in range(200)]
    assert collector.health(time.time()).data_age_s < 15
    collector.stop()
    assert collector.health(time.time()).state is PartState.DOWN
    again = bench.collector()  # everything was acknowledged: the session has nothing left
    bench.say(7, AT_S - 900)
    wait_until(lambda: bench.spool.last_id() == 201, "the next packet")
    again.stop()
    assert bench.spool.last_id() == 201


def test_while_the_collector_is_away_the_broker_keeps_everything(bench):
    bench.collector().stop()
    for value in range(50):
        bench.say(value, AT_S + 900 * value)
    bench.collector()
    wait_until(lambda: bench.spool.last_id() == 50, "what was published meanwhile")
    assert bench.stored() == [float(value) for value in range(50)]


DYING = """
import os, sys, time
from pathlib import Path
from collector.decoders.sparkplug_b.schema import Payload
from collector.mqtt import MqttCollector, MqttSettings
from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.store.engine import open_records

class Dying(Pipeline):
    def accept(self, packets):
        super().accept(packets)
        os._exit(9)  # after the commit, before any acknowledgement

MqttCollector(MqttSettings("127.0.0.1", {port}, {version}, {client_id!r}, topics=({topic!r},)),
              Dying(Spool(Path({spool!r})), None, open_records("sqlite:///{spool}.records.db"))).start()
time.sleep(30)
"""


def test_killed_between_commit_and_acknowledgement_it_comes_again_and_is_stored_once(bench):
    bench.collector().stop()
    bench.say(5)
    told = bench.settings
    program = DYING.format(
        port=told.port,
        version=told.version,
        client_id=told.client_id,
        topic=told.topics[0],
        spool=str(bench.spool.path),
    )
    bench.spool.close()  # one process at a time has it
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60).returncode == 9
    bench.spool = Spool(bench.spool.path)
    bench.pipeline = Pipeline(bench.spool, bench.series, bench.pipeline.engine)
    assert bench.spool.last_id() == 1
    bench.collector()
    wait_until(lambda: bench.spool.last_id() == 2, "the second delivery")
    assert bench.stored() == [5.0]


def test_a_full_disk_stops_the_acknowledging_and_recovers(bench):
    collector = bench.collector()
    connection = bench.spool._connection
    connection.execute(f"PRAGMA max_page_count={connection.execute('PRAGMA page_count').fetchone()[0]}")
    filler = b'{"registers": {"gas_index": {"value": 1, "unit": "m3"}}}' + b" " * 100_000
    bench.publish(filler)
    wait_until(lambda: collector.health(time.time()).state is PartState.DEGRADED, "the full disk")
    assert "full" in collector.health(time.time()).detail
    assert bench.spool.last_id() == 0
    bench.say(2)
    connection.execute("PRAGMA max_page_count=1000000")
    wait_until(lambda: bench.spool.last_id() == 2, "both packets", 25)
    wait_until(lambda: collector.health(time.time()).state is PartState.WELL, "the good news")
    assert sorted(bench.stored()) == [1.0, 2.0]


def test_a_damaged_spool_is_down_and_nothing_is_acknowledged(bench):
    collector = bench.collector()
    connection, path = bench.spool._connection, bench.spool.path
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"\xff" * path.stat().st_size)
    connection.execute("PRAGMA shrink_memory")
    bench.say(3)
    wait_until(lambda: "packets wait" in collector.health(time.time()).detail, "the verdict")
    told = collector.health(time.time())
    assert told.state is PartState.DOWN
    assert str(path) in told.detail


def test_a_collector_stopped_on_a_full_disk_leaves_the_packets_at_the_broker(bench):
    collector = bench.collector()
    connection = bench.spool._connection
    connection.execute("PRAGMA query_only=1")
    bench.say(3)
    wait_until(lambda: collector.health(time.time()).state is PartState.DEGRADED, "the read-only disk")
    collector.stop()
    connection.execute("PRAGMA query_only=0")
    bench.collector()
    wait_until(lambda: bench.spool.last_id() == 1, "the packet")
    assert bench.stored() == [3.0]


def test_whatever_a_device_sends_nothing_blocks(bench, engine):
    base = f"loggers/{bench.device}"
    bench.collector(topics=(f"{base}/#",))
    bench.publish(b"\xff\xfe no json")
    bench.publish(b"", f"{base}/nobody/knows")
    bench.publish(b'{"registers": {"gas_index": {"value": NaN, "unit": "m3"}}}')
    bench.say(1, 12 * 60)
    bench.say(1, 4_070_908_800)
    bench.publish(b"[" * 1_100_000)
    bench.say(8)
    bench.say(8)
    wait_until(lambda: bench.spool.last_id() == 8, "all packets")
    assert bench.stored() == [8.0]
    assert counts(engine) == {
        Reason.MALFORMED: 1,
        Reason.UNKNOWN_TOPIC: 1,
        Reason.NOT_A_NUMBER: 1,
        Reason.TIME_IMPLAUSIBLE: 2,
        Reason.TOO_LARGE: 1,
    }


def test_a_lost_connection_is_found_again(bench):
    collector = bench.collector()
    collector._client.socket().shutdown(socket.SHUT_RDWR)
    wait_until(lambda: not collector.connected, "the loss")
    assert collector.health(time.time()).state is PartState.DOWN
    bench.say(4)
    wait_until(lambda: bench.spool.last_id() >= 1, "the packet after the reconnection")
    assert bench.stored() == [4.0]


def test_the_brokers_own_topics_are_passed_over(bench_on, broker):
    bench = bench_on(broker.port)
    bench.collector(topics=("$SYS/#", f"loggers/{bench.device}/#"))
    bench.say(1)
    wait_until(lambda: bench.spool.last_id() >= 1, "the packet")
    assert [item.packet.topic for item in bench.spool.read_after(0, 100)] == [f"loggers/{bench.device}/readings"]


def test_without_a_broker_it_says_so_and_stops_at_once(tmp_path, engine, series):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        spool = Spool(tmp_path / "spool.db")
        collector = MqttCollector(MqttSettings("127.0.0.1", taken.getsockname()[1]), Pipeline(spool, series, engine))
        collector.start()
        wait_until(lambda: "nobody answers" in collector.health(time.time()).detail, "the verdict")
        before = time.monotonic()
        collector.stop()
        assert time.monotonic() - before < 5
        spool.close()


def test_what_decoders_want_to_know_is_asked_once_a_minute(bench):
    topic = f"spBv1.0/{bench.device}/NCMD/edge"
    heard: list[bytes] = []
    listener = new_client(bench.settings, f"listener-{bench.device}")
    listener.on_message = lambda _client, _userdata, message: heard.append(bytes(message.payload))
    subscribed: list[int] = []
    listener.on_subscribe = lambda _client, _userdata, mid, *_rest: subscribed.append(mid)
    listener.connect("127.0.0.1", bench.settings.port)
    listener.loop_start()
    try:
        listener.subscribe(topic, 1)
        wait_until(lambda: bool(subscribed), "the listener's topic")
        collector = bench.collector()
        asks = [Ask(topic, b"rebirth"), Ask(topic, b"rebirth again")]
        assert collector.ask(asks, 1_000.0) == 1
        assert collector.ask(asks, 1_059.9) == 0
        assert collector.ask(asks, 1_060.0) == 1
        assert collector.ask([Ask("no/+/wildcards", b"")], 1_060.0) == 0
        wait_until(lambda: len(heard) == 2, "what was asked")
        assert heard == [b"rebirth", b"rebirth"]
    finally:
        listener.disconnect()
        listener.loop_stop()
    collector.stop()
    assert collector.ask(asks, 2_000.0) == 0  # without a connection nothing is asked, and nothing waits


def test_what_the_collector_asks_does_not_come_back_to_it(bench_on, broker):
    bench = bench_on(broker.port)
    topic = f"spBv1.0/{bench.device}/NCMD/edge"
    collector = bench.collector((topic,))
    assert collector.ask([Ask(topic, b"rebirth")], 1_000.0) == 1
    bench.publish(b"of somebody else", topic)
    wait_until(lambda: bench.spool.last_id() > 0, "the other's message")
    assert [spooled.packet.payload for spooled in bench.spool.read_after(0, 9)] == [b"of somebody else"]


def test_an_unknown_edge_node_is_asked_for_its_names(bench):
    """A Sparkplug message with only an alias: the drain's report holds what to publish."""
    body = Payload(timestamp=now_ms(), seq=7)
    metric = body.metrics.add()
    metric.alias, metric.datatype, metric.double_value = 3, 10, 12.5
    bench.pipeline.accept([Packet("spBv1.0/g/DDATA/edge/meter", body.SerializeToString(), now_ms())])
    report = bench.pipeline.drain(now_ms())
    assert [ask.topic for ask in report.asks] == ["spBv1.0/g/NCMD/edge"]
    assert bench.collector().ask(report.asks, time.time()) == 1
