"""The machines of the ingest bench: broker, database, consumer and publisher, each a process of its own."""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from plagewatch.bench import services
from plagewatch.bench.ingest_load import connected
from plagewatch.bench.ingest_packets import Load, meter
from plagewatch.bench.services import Influx, Service
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.engine import open_records
from plagewatch.store.names import EVIDENCE_BUCKET, SAMPLE
from plagewatch.store.records import registry
from plagewatch.store.series.influx import InfluxSeries

LOOK_S = 0.05
LONGEST_S = 600.0
STUCK_S = 20.0
IDLE_CPU = 0.1  # processors that all of them together use at rest
PAUSE_S, SETTLE_S = 0.5, 30.0
REGISTER = "energy_import_total"


class Lost(Exception):
    """Something that the broker acknowledged did not arrive."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a consumer's points stand: the bucket, the measurement, its field and the tag that names the meter."""

    bucket: str
    measurement: str
    field: str = "value"


EVIDENCE = Place(EVIDENCE_BUCKET, SAMPLE)


@dataclass(frozen=True, slots=True)
class Consumer:
    """What takes readings from the broker to the database.

    session: its client name at the broker. make: a new process on the same session.
    """

    name: str
    session: str
    place: Place
    make: Callable[[], Service]

    def start(self) -> Service:
        """A process that has its topics."""
        service = self.make()
        service.start()
        return service


@dataclass(frozen=True, slots=True)
class Taken:
    """What a consumer did of a load: how long from the first publish to the last visible point, at what cost.

    cpu_s: its own processor time; others_s: that of broker and database.
    """

    readings: int
    seconds: float
    cpu_s: float
    others_s: float
    lost: int

    @property
    def per_s(self) -> float:
        """Readings a second."""
        return self.readings / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of the consumer for one reading [µs]."""
        return self.cpu_s / self.readings * 1e6

    @property
    def others_us(self) -> float:
        """Processor time of broker and database for one reading [µs]."""
        return self.others_s / self.readings * 1e6


@dataclass
class Rig:
    """Broker and database of one run, and the stores that the collector finds there."""

    folder: Path
    devices: int
    start_s: int
    port: int = 0
    influx: Influx = field(default_factory=lambda: Influx("", "", ""))
    running: list[Service] = field(default_factory=list)
    consumers: list[Service] = field(default_factory=list)

    @property
    def database(self) -> Service:
        """InfluxDB's process."""
        return self.running[1]

    def next_load(self, load: Load) -> Load:
        """The load in a stretch of time of its own."""
        moved = Load(load.shape, load.packets, load.devices, self.start_s)
        self.start_s = moved.end_s
        return moved

    def forget(self, consumer: Consumer) -> None:
        """End the session of a consumer that is away: the broker would keep what others are sent for it too."""
        connected(self.port, consumer.session).close()
        (self.folder / "data" / "mqtt-session.json").unlink(missing_ok=True)

    def live(self, consumer: Consumer, service: Service, load: Load) -> Taken:
        """Publish a load while the consumer runs."""
        load = self.next_load(load)
        publisher = Publisher(self.port, load)
        self.settle(service)
        clock = self._clock(service)
        publisher.go()
        lost = self.wait_visible(consumer.place, load)
        taken = clock(load, lost)
        publisher.done()
        return taken

    def queued(self, consumer: Consumer, load: Load) -> tuple[Taken, float]:
        """Publish a load while the consumer is away, then let it come; what it did, and its greatest memory [MB]."""
        load = self.next_load(load)
        publisher = Publisher(self.port, load)
        publisher.go()
        publisher.done()
        self.settle()
        service = consumer.start()
        clock = self._clock(service)
        taken = clock(load, self.wait_visible(consumer.place, load))
        peak_mb = service.peak_rss_mb()
        service.stop()
        return taken, peak_mb

    def _clock(self, service: Service) -> Callable[[Load, int], Taken]:
        def cpu_s() -> tuple[float, float]:
            return service.cpu_s(), sum(other.cpu_s() for other in self.running)

        before, begun = cpu_s(), time.monotonic()

        def stopped(load: Load, lost: int) -> Taken:
            seconds, (own, others) = time.monotonic() - begun, cpu_s()
            return Taken(load.readings - lost, seconds, own - before[0], others - before[1], lost)

        return stopped

    def collector(self, *options: str) -> Service:
        """Our collector on these services; it is ready once the broker has answered for the topics."""
        ready = self.folder / "ready"
        environment = {
            "PLAGEWATCH_DATA_DIR": str(self.folder / "data"),
            "PLAGEWATCH_MQTT_PORT": str(self.port),
            "PLAGEWATCH_MQTT_TOPICS": "loggers/#",
            "PLAGEWATCH_MQTT_CLIENT_ID": "bench-collector",
            "PLAGEWATCH_INFLUX_URL": self.influx.url,
            "PLAGEWATCH_INFLUX_TOKEN": self.influx.token,
            "PLAGEWATCH_INFLUX_ORG": self.influx.org,
        }
        command = [sys.executable, "-m", "plagewatch.bench.ingest_collector", str(ready), *options]
        made = Service("collector", command, ready.exists, environment, log=self.folder / "collector.log")
        self.consumers.append(made)
        ready.unlink(missing_ok=True)
        return made

    def count(self, place: Place, load: Load, of_meter: str | None = None) -> int:
        """How many points of a load's stretch are visible."""
        return sum(self.counts(place, load, of_meter).values())

    def counts(self, place: Place, load: Load, of_meter: str | None = None) -> Mapping[str, int]:
        """The same by meter."""
        one = "" if of_meter is None else f" AND meter = '{of_meter}'"
        query = (
            f'SELECT count("{place.field}") FROM "{place.measurement}" WHERE time >= {load.start_s}s '
            f"AND time < {load.end_s}s{one} GROUP BY meter"
        )
        address = urllib.parse.urlencode({"db": place.bucket, "q": query, "epoch": "s"})
        request = urllib.request.Request(f"{self.influx.url}/query?{address}")
        request.add_header("Authorization", f"Token {self.influx.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)["results"][0].get("series", ())
        return {series["tags"]["meter"]: series["values"][0][1] for series in found}

    def wait_visible(self, place: Place, load: Load) -> int:
        """Wait until a load is visible or nothing more comes; how many points are missing.

        The meter whose reading is published last is asked first: a count of all costs the database more.
        """
        last = (load.packets - 1) % load.devices
        self._wait(lambda: self.count(place, load, meter(last)), load.of_device(last))
        return self._wait(lambda: self.count(place, load), load.readings)

    def settle(self, *services: Service) -> None:
        """Let everybody finish what was put off, so that a row does not pay for the one before."""
        before, end = -1.0, time.monotonic() + SETTLE_S
        while (now := sum(service.cpu_s() for service in (*self.running, *services))) - before > IDLE_CPU * PAUSE_S:
            if time.monotonic() > end:
                return
            before = now
            time.sleep(PAUSE_S)

    @staticmethod
    def _wait(count: Callable[[], int], wanted: int) -> int:
        there, since = -1, time.monotonic()
        while (now := count()) < wanted:
            if now != there:
                there, since = now, time.monotonic()
            elif time.monotonic() - since > STUCK_S:
                break
            time.sleep(LOOK_S)
        return wanted - now


class Publisher:
    """A publisher whose packets are made; `go` publishes them."""

    def __init__(self, port: int, load: Load) -> None:
        self.load = load
        words = [load.shape.value, load.packets, load.devices, load.start_s]
        command = [sys.executable, "-m", "plagewatch.bench.ingest_load", str(port), *map(str, words)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise Lost("the publisher did not get ready")

    def go(self) -> None:
        """Begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def done(self) -> Mapping[str, float]:
        """Wait for the end; what it told. Raises Lost where the broker did not acknowledge all."""
        said, _ = self._process.communicate(timeout=LONGEST_S)
        if self._process.returncode or json.loads(said)["acknowledged"] != self.load.packets:
            raise Lost(f"the broker acknowledged not all of {self.load}: {said}")
        return dict(json.loads(said))


def collector_on(made: Rig) -> Consumer:
    """Our collector on a rig."""
    return Consumer("collector", "bench-collector", EVIDENCE, made.collector)


@contextmanager
def rig(folder: Path, devices: int, start_s: int) -> Iterator[Rig]:
    """Mosquitto and InfluxDB on free ports, buckets and registry there. Raises NoService."""
    broker, port = services.mosquitto(folder / "mosquitto")
    database, influx = services.influxd(folder / "influx")
    made = Rig(folder, devices, start_s, port, influx, [broker, database])
    try:
        broker.start()
        database.start()
        services.set_up(influx)
        series = InfluxSeries(influx.url, influx.token, influx.org, 30.0)
        series.set_up()
        series.close()
        register(folder / "data", devices)
        yield made
    finally:
        for service in (*made.consumers, *reversed(made.running)):
            service.stop()


def register(data: Path, devices: int) -> None:
    """Enter meters with the loggers that read them."""
    data.mkdir(parents=True, exist_ok=True)
    engine = open_records(f"sqlite:///{data / 'records.db'}")
    names = [meter(number) for number in range(devices)]
    meters = [Meter(name, "bench", name, Carrier.ELECTRICITY, Kind.INDEX, "kWh") for name in names]
    bound = [Binding(name, REGISTER, name) for name in names]
    registry.save(engine, [Site("bench", "Bench"), *meters, *bound])
    engine.dispose()
