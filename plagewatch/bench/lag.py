"""`bench lag`: how long after a packet left its logger its figures stand in the store, under a steady load.

A real Mosquitto, a real InfluxDB and `plagewatch serve collector`, all on this machine, and a publisher that plays many
quarter-hourly loggers on a fast clock. A probe follows some of the meters: every quarter of a second it asks InfluxDB,
in one query, for the newest quarter of each of them that has an amount. Quarter, hour, day and month of a meter are one
write, so what tells the quarter tells the others. The lag of a packet is from the moment it was handed to the broker's
client to the end of the first query that shows its quarter: it is told up to a quarter of a second too long, never too
short. The query reads the ends of a few dozen series: some milliseconds, four times a second.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from collector import ledger_check
from plagewatch.bench import services
from plagewatch.bench.lag_load import QUARTER_S, Play, device
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.engine import open_records
from plagewatch.store.names import ENERGY_BUCKET
from plagewatch.store.records import registry, work
from plagewatch.store.series.influx import InfluxSeries

PROBE_S = 0.25
LAST_S = 120.0
"""So long after the last packet is waited for its figures."""

PROMISED_S = 10.0
REGISTER = "energy_import_total"


@dataclass(frozen=True, slots=True)
class Used:
    """What a process took: processor time [s] and its greatest memory [MB]."""

    cpu_s: float
    peak_rss_mb: float


@dataclass(frozen=True, slots=True)
class Lag:
    """What was measured. Lags in seconds; lost: packets whose quarter never showed."""

    meters: int
    per_s: float
    seconds: float
    followed: int
    lost: int
    p50_s: float
    p99_s: float
    most_s: float
    cpu_us_per_packet: float
    used: dict[str, Used]

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.lost == 0 and self.p99_s < PROMISED_S

    def lines(self) -> Iterator[str]:
        """The figures as rows for people."""
        yield f"{self.meters} meters, {self.per_s:.0f} packets/s for {self.seconds:.0f} s"
        lags = f"p50 {self.p50_s:.2f} s, p99 {self.p99_s:.2f} s, longest {self.most_s:.2f} s"
        yield f"publish to visible roll-up: {lags} ({self.followed} packets followed, {self.lost} never seen)"
        yield f"collector and figures: {self.cpu_us_per_packet:.0f} us of CPU a packet, all in"
        for name, used in self.used.items():
            yield f"{name:>12}: {used.cpu_s:8.1f} s CPU, {used.peak_rss_mb:6.0f} MB at most"


@dataclass(slots=True)
class Probe:
    """Packets of followed meters on their way, and the lags of those that arrived."""

    influx: services.Influx
    since_s: int
    names: list[str]
    waiting: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    lags_s: list[float] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def sent(self, meter: str, at_s: int, wall_s: float) -> None:
        """A packet left."""
        # A first index tells no amount, and one on the quarter ends the one before.
        with self.turn:
            self.waiting.setdefault(meter, []).append(((at_s - 1) // QUARTER_S * QUARTER_S, wall_s))

    def look(self) -> None:
        """Ask once which quarters there are, and take from those that wait what has come."""
        newest = newest_quarters(self.influx, self.names, self.since_s)
        now_s = time.time()
        with self.turn:
            for meter, start_s in newest.items():
                rest = [one for one in self.waiting.get(meter, []) if one[0] > start_s]
                came = self.waiting.get(meter, [])[: len(self.waiting.get(meter, [])) - len(rest)]
                self.lags_s += [now_s - wall_s for _, wall_s in came]
                self.waiting[meter] = rest

    def left(self) -> int:
        """How many have not come."""
        with self.turn:
            return sum(map(len, self.waiting.values()))


def newest_quarters(influx: services.Influx, meters: list[str], since_s: int) -> dict[str, int]:
    """The newest quarter with an amount of each of these meters that has one [s since 1970 UTC]."""
    any_of = " OR ".join(f"meter = '{meter}'" for meter in meters)
    query = f"SELECT last(amount) FROM quarter WHERE ({any_of}) AND known = 1 AND time >= {since_s}s GROUP BY meter"
    asked = urllib.parse.urlencode({"db": ENERGY_BUCKET, "q": query, "epoch": "s"})
    request = urllib.request.Request(f"{influx.url}/query?{asked}", headers={"Authorization": f"Token {influx.token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        (result,) = json.loads(answer.read())["results"]
    return {found["tags"]["meter"]: int(found["values"][0][0]) for found in result.get("series", ())}


def measure(meters: int, speed: float, seconds: float, follow: int = 60) -> Lag:
    """Play `seconds` of the wall's clock and measure. Raises NoService where a service is not on this machine."""
    start_s = int(time.time()) // 86_400 * 86_400 - 30 * 86_400  # a clock that is ahead of ours is not believed
    play = Play(meters, speed, seconds, start_s, follow)
    with _running(play) as (port, influx, processes):
        probe = Probe(influx, start_s, [device(number) for number in play.followed()])
        command = [sys.executable, "-m", "plagewatch.bench.lag_load", str(port)]
        command += [str(value) for value in asdict(play).values()]
        before = {name: service.cpu_s() for name, service in processes.items()}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as publisher:
            used = _follow(publisher, probe, play)
        for name, service in processes.items():
            used[name] = Used(service.cpu_s() - before[name], service.peak_rss_mb())
    lags = np.array(probe.lags_s or [np.nan])
    return Lag(
        meters,
        play.per_s,
        seconds,
        len(probe.lags_s) + probe.left(),
        probe.left(),
        float(np.percentile(lags, 50)),
        float(np.percentile(lags, 99)),
        float(lags.max()),
        (used["collector"].cpu_s + used["figures"].cpu_s) / max(1, int(play.per_s * seconds)) * 1e6,
        used,
    )


def _follow(publisher: subprocess.Popen[str], probe: Probe, play: Play) -> dict[str, Used]:
    """Look until the last packet's figures are there; what the publisher used."""
    first_of: set[str] = set()

    def hear() -> None:
        for line in publisher.stdout or ():
            meter, at_s, wall_s = line.split()
            name = device(int(meter))
            if name in first_of:
                probe.sent(name, int(at_s), float(wall_s))
            first_of.add(name)

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    used, last_s = Used(0.0, 0.0), time.monotonic() + play.seconds + LAST_S
    while time.monotonic() < last_s and (publisher.poll() is None or hearing.is_alive() or probe.left()):
        started = time.monotonic()
        if publisher.poll() is None:
            used = Used(services.cpu_s(publisher.pid), services.peak_rss_mb(publisher.pid))
        probe.look()
        time.sleep(max(0.0, PROBE_S - (time.monotonic() - started)))
    if publisher.poll() is None:
        publisher.kill()
    hearing.join(10)
    return {"publisher": used}


Opened = tuple[int, services.Influx, dict[str, services.Service]]


@contextmanager
def _running(play: Play) -> Iterator[Opened]:
    """The services and a collector that knows all meters, in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="plagewatch-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        broker, port = services.mosquitto(folder / "mosquitto")
        database, influx = services.influxd(folder / "influxdb")
        for service in (broker, database):
            service.start()
            stack.callback(service.kill)
        services.set_up(influx)
        series = InfluxSeries(influx.url, influx.token, influx.org, 30)
        series.set_up()
        series.close()
        _register(folder / "data", play.meters)
        running = {"Mosquitto": broker, "InfluxDB": database}
        heard = partial(subscribed, folder / "mosquitto" / "log")
        ready: dict[str, Callable[[], bool]] = {"collector": heard, "figures": (folder / "figures.log").exists}
        for room, is_ready in ready.items():
            command = [sys.executable, "-m", "plagewatch", "serve", room, "--data", str(folder / "data")]
            running[room] = services.Service(
                room, command, is_ready, environment(port, influx), log=folder / f"{room}.log"
            )
            running[room].start()
            stack.callback(running[room].stop)
        yield port, influx, running


def environment(port: int, influx: services.Influx) -> dict[str, str]:
    """Settings of a process that uses these services and embedded records."""
    own = {"MQTT_HOST": services.HOST, "MQTT_PORT": str(port), "INFLUX_URL": influx.url, "INFLUX_ORG": influx.org}
    # Two processes: threads of one would wait for each other's interpreter, and half a core stood idle.
    own |= {"INFLUX_TOKEN": influx.token, "RECORDS_URL": "", "COLLECTOR_FIGURES": "false"}
    return {f"PLAGEWATCH_{name}": value for name, value in own.items() if value}


def subscribed(log: Path) -> bool:
    """Whether the collector is seen in a broker's log."""
    with suppress(OSError):
        return "plagewatch-collector" in log.read_text(encoding="utf-8", errors="replace")
    return False


def _register(data: Path, meters: int) -> None:
    """All meters and what their loggers' registers are bound to, in a few statements."""
    data.mkdir(parents=True)
    engine = open_records(f"sqlite:///{data / 'records.db'}")
    names = [device(number) for number in range(meters)]
    known = [Meter(name, "lag", name, Carrier.ELECTRICITY, Kind.INDEX, "kWh", QUARTER_S) for name in names]
    registry.save(engine, [Site("lag", "Bench"), *known, *(Binding(name, REGISTER, name) for name in names)])
    # What is measured is the day: last night's check of the whole ledger is done.
    work.set_mark(engine, ledger_check.JOB, int(time.time()))
    engine.dispose()
