"""The running product while its services are away, hang, or come back: packets are taken whatever else happens."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from collector.spool import Spool, SpoolError
from collector.spool_state import FULL, Limits, measured
from plagewatch.bench import services
from plagewatch.bench.services import NoService, Service
from plagewatch.cli.spool_watch import SpoolWatch
from plagewatch.health import PartState
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet
from plagewatch.store.engine import open_records
from plagewatch.store.records.registry import save
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.sqlite import SqliteSeries
from tests.conftest import free_port, wait_until

pytestmark = pytest.mark.service

AT_S = 1_795_000_000
REGISTRY: list[Site | Meter | Binding] = [
    Site("s", "S"),
    Meter("m", "s", "m", Carrier.GAS, Kind.INDEX, "m3"),
    Binding("attic", "gas_volume", "m"),
]

# Who waits for a service that hangs waits as long as the second; who does not is back long before the first.
SOON_S, LATE_S = 20, 120


def reading(number: int) -> bytes:
    body = {"at": AT_S + 60 * number, "registers": {"gas_index": {"value": number, "unit": "m3"}}}
    return json.dumps(body).encode()


def ask(url: str, seconds: float = 30.0) -> tuple[int, str, float]:
    """Status, body, and how long it took [s]."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, answer.read().decode(), time.monotonic() - began
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), time.monotonic() - began


def tell(service: Service, number: signal.Signals) -> None:
    """Send a signal to a service and to its children, which PostgreSQL gives sessions of their own."""
    assert service.process is not None
    pid = service.process.pid
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    fields = [(int(text.split()[0]), int(text.rpartition(")")[2].split()[1])) for text in stats]
    for child in [pid, *(one for one, parent in fields if parent == pid)]:
        with suppress(ProcessLookupError):
            os.kill(child, number)


@dataclass
class Serving:
    """`plagewatch serve` as its user starts it."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as out:
            environment = {**os.environ, **self.environment}
            self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        wait_until(lambda: "serving" in self.said(), "the first sentence", 60)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> float:
        """SIGTERM; how long it took to end [s]."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(LATE_S) == 0, self.said()
        return time.monotonic() - began

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@dataclass
class Rig:
    """Real services of this test's own, and a collector with pages on them."""

    influx: Service
    postgres: Service
    where: services.Influx
    records_url: str
    mqtt_port: int
    http_port: int
    serving: Serving

    def health(self) -> dict[str, dict[str, object]]:
        status, body, took_s = ask(f"http://127.0.0.1:{self.http_port}/healthz")
        assert took_s < SOON_S, f"/healthz took {took_s:.1f} s"
        told = json.loads(body)
        assert status == (503 if told["state"] == "down" else 200)
        return {part["part"]: part for part in told["parts"]}

    def metric(self, name: str) -> float:
        _, body, _ = ask(f"http://127.0.0.1:{self.http_port}/metrics")
        return next((float(line.split()[1]) for line in body.splitlines() if line.startswith(f"{name} ")), -1.0)

    def publish(self, numbers: range) -> None:
        """Publish readings at QoS 1 and wait until the broker has acknowledged each."""
        client = Client(CallbackAPIVersion.VERSION2, client_id="logger")
        client.connect("127.0.0.1", self.mqtt_port)
        client.loop_start()
        sent = [client.publish("loggers/attic/readings", reading(number), 1) for number in numbers]
        for one in sent:
            one.wait_for_publish(20)
        client.disconnect()
        client.loop_stop()

    def stored(self) -> list[float]:
        series = InfluxSeries(self.where.url, self.where.token, self.where.org, 20.0)
        try:
            return [float(value) for value in series.samples("m", "gas_volume", 0, 1 << 50).value]
        finally:
            series.close()


@pytest.fixture
def rig(tmp_path: Path, missing: Callable[[str], None], plagewatch_command: list[str]) -> Iterator[Rig]:
    """InfluxDB and PostgreSQL set up and stopped again; the broker runs, the product does not."""
    with ExitStack() as stack:
        try:
            broker, mqtt_port = services.mosquitto(tmp_path / "mosquitto")
            influx, where = services.influxd(tmp_path / "influx")
            # Not under tmp_path, which PostgreSQL's own user cannot enter.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="plagewatch-postgres-"))
            postgres, records_url = services.postgres(Path(folder))
        except NoService as error:
            missing(str(error))
        for service in (broker, influx, postgres):
            stack.callback(service.kill)
            service.start()
        services.set_up(where)
        series = InfluxSeries(where.url, where.token, where.org, 20.0)
        series.set_up()
        series.close()
        engine = open_records(records_url)
        save(engine, REGISTRY)
        engine.dispose()
        influx.stop()
        postgres.stop()
        http_port = free_port()
        environment = {
            "PLAGEWATCH_MQTT_PORT": str(mqtt_port),
            "PLAGEWATCH_INFLUX_URL": where.url,
            "PLAGEWATCH_INFLUX_TOKEN": where.token,
            "PLAGEWATCH_INFLUX_ORG": where.org,
            "PLAGEWATCH_INFLUX_TIMEOUT_S": str(LATE_S),
            "PLAGEWATCH_RECORDS_URL": f"{records_url}?connect_timeout={LATE_S}",
            "PLAGEWATCH_HTTP_PORT": str(http_port),
        }
        command = [*plagewatch_command, "serve", "collector", "api", "--data", str(tmp_path / "data")]
        serving = Serving(command, environment, tmp_path / "serve.log")
        stack.callback(serving.kill)
        yield Rig(influx, postgres, where, records_url, mqtt_port, http_port, serving)


def test_packets_are_taken_while_every_database_is_away_and_nothing_hangs_with_them(rig: Rig) -> None:
    rig.serving.start()
    wait_until(lambda: rig.health()["mqtt"]["state"] == "well", "the connection to the broker")
    rig.publish(range(500))
    wait_until(lambda: rig.metric("plagewatch_mqtt_packets_acknowledged_total") == 500, "500 acknowledgements")
    wait_until(lambda: rig.metric("plagewatch_spool_waiting_packets") == 500, "500 packets in the spool")
    health = rig.health()
    assert (health["records"]["state"], health["series store"]["state"]) == ("down", "down")
    assert "nobody listens there" in str(health["records"]["detail"])
    assert "cannot be reached" in str(health["series store"]["detail"])
    assert (health["storing"]["state"], health["storing"]["detail"]) == ("degraded", "waits for: records")
    for language, told in (("nl", "niet getoond"), ("fr", "ne peut pas être affiché"), ("en", "cannot be shown")):
        status, body, _ = ask(f"http://127.0.0.1:{rig.http_port}/?lang={language}")
        assert (status, told in body, "Traceback" in body) == (503, True, False)

    rig.postgres.start()
    rig.influx.start()
    wait_until(lambda: len(rig.stored()) == 500, "all of them in InfluxDB", 40)
    assert rig.stored() == [float(number) for number in range(500)]
    wait_until(lambda: ask(f"http://127.0.0.1:{rig.http_port}/")[0] == 200, "the pages")
    assert rig.health()["storing"]["state"] == "well"

    tell(rig.influx, signal.SIGSTOP)  # they hang: connections are accepted, and nobody answers
    tell(rig.postgres, signal.SIGSTOP)
    rig.publish(range(500, 600))
    wait_until(lambda: rig.metric("plagewatch_mqtt_packets_acknowledged_total") == 600, "100 more acknowledgements")
    wait_until(lambda: rig.health()["records"]["state"] == "down", "the sentence", 30)
    assert "answer" in str(rig.health()["records"]["detail"])
    wait_until(lambda: rig.health()["series store"]["state"] == "down", "the other sentence", 30)
    assert ask(f"http://127.0.0.1:{rig.http_port}/tickets")[2] < SOON_S
    assert rig.serving.stop() < SOON_S
    tell(rig.influx, signal.SIGCONT)
    tell(rig.postgres, signal.SIGCONT)

    rig.serving.log.write_text("")
    rig.serving.start()
    wait_until(lambda: len(rig.stored()) == 600, "what was acknowledged meanwhile", 40)
    assert rig.stored() == [float(number) for number in range(600)]
    rig.postgres.kill()  # its restart in the middle is nothing unforeseen
    wait_until(lambda: rig.health()["records"]["state"] == "down", "the trouble", 20)
    rig.postgres.start()
    rig.publish(range(600, 650))
    wait_until(lambda: len(rig.stored()) == 650, "what came around the restart", 40)
    wait_until(lambda: rig.health()["storing"]["state"] == "well", "the tick")
    assert "Traceback" not in rig.serving.said()


def test_stopping_waits_for_no_backlog_and_loses_nothing(tmp_path: Path, plagewatch_command: list[str]) -> None:
    count, data = 100_000, tmp_path / "data"
    spool = Spool(data / "spool.db")
    for first in range(0, count, 10_000):
        numbers = range(first, first + 10_000)
        spool.append([Packet("loggers/attic/readings", reading(n), (AT_S + 60 * n) * 1000) for n in numbers])
    spool.close()
    engine = open_records(f"sqlite:///{data / 'records.db'}")
    save(engine, REGISTRY)
    engine.dispose()
    port = free_port()
    environment = {"PLAGEWATCH_MQTT_PORT": str(free_port()), "PLAGEWATCH_HEALTH_PORT": str(port)}
    serving = Serving([*plagewatch_command, "serve", "collector", "--data", str(data)], environment, tmp_path / "log")
    try:
        serving.start()

        def some_are_stored() -> bool:
            _, body, _ = ask(f"http://127.0.0.1:{port}/metrics")
            return "plagewatch_pipeline_packets_total 0.0" not in body and "pipeline_packets_total" in body

        wait_until(some_are_stored, "the first batch")
        serving.stop()
    finally:
        serving.kill()
    spool, series = Spool(data / "spool.db"), SqliteSeries(data / "series.db")
    mark = spool.watermark()
    assert 0 < mark < count
    assert spool.waiting() == count - mark
    stored = list(series.samples("m", "gas_volume", 0, 1 << 50).value)
    assert stored[:mark] == [float(number) for number in range(mark)]
    spool.close()
    series.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(where)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(
            "NO MOUNT: a small file system can be mounted by root only; see test_spool.py for a file that is full"
        )
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_disk_that_is_really_full_keeps_what_it_has_and_recovers(small_disk: Path) -> None:
    filler = small_disk / "somebody else's"
    filler.write_bytes(bytes(4 << 20))
    spool, kept = Spool(small_disk / "spool.db"), 0
    watch = SpoolWatch(spool, Limits(free_bytes=1 << 20), threading.Lock())
    some = [Packet("a", b"x" * 10_000, AT_S * 1000)] * 20
    with suppress(SpoolError):
        while kept < 1_000:
            kept += len(spool.append(some))
    with pytest.raises(SpoolError) as full:
        spool.append(some)
    assert full.value.retryable
    assert 100 < spool.waiting() == kept < 1_000
    watch.look(AT_S + 1.0)
    told = watch.health(AT_S + 1.0)
    assert told.state is PartState.DOWN
    assert told.alarms[0].text == FULL
    filler.unlink()
    spool.append(some)
    assert [len(item.packet.payload) for item in spool.read_after(0, 10_000)] == [10_000] * (kept + 20)
    # Handled packets make room by themselves where the disk is short.
    spool.set_watermark(kept + 20)
    filler.write_bytes(bytes(measured(spool, AT_S).disk_free_bytes - (200 << 10)))
    watch.look(AT_S + 2.0)
    assert watch.past[-1].room_bytes >= 1 << 20
    assert spool.last_id() == kept + 20
    spool.append(some)
    spool.close()
