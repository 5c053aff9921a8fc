"""The whole product as real processes: broker, InfluxDB, PostgreSQL, collectors and rule workers, each killed at will.

Whoever dies is started again after a while, as an init system does. The connections to broker, InfluxDB and PostgreSQL
lead over links that can be cut.
"""

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from plagewatch.bench import services
from plagewatch.bench.link import Link
from plagewatch.bench.services import HOST, Influx, Service
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.series.influx import InfluxSeries

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
SHARE = "chaos"
RESTARTED_S = 0.5


class Supervised:
    """A service that is started again whenever it has ended, but while it shall be down."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._up_from_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"supervisor-{service.name}", daemon=True)

    def start(self) -> None:
        """Start it, and watch it from now on."""
        self.service.start()
        self.watch()

    def watch(self) -> None:
        """Start it again from now on whenever it has ended."""
        self._thread.start()

    def kill(self, down_s: float) -> None:
        """SIGKILL, and no new start for a while."""
        self._up_from_s = time.monotonic() + down_s
        self.service.kill()

    def stop(self) -> None:
        """End it for good."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(90)
        self.service.stop()

    def _watch(self) -> None:
        while not self._stopping.wait(0.05):
            if self.service.running or time.monotonic() < self._up_from_s:
                continue
            try:
                self.service.start()
            except (OSError, TimeoutError):
                self.service.kill()  # what it needs is not there yet; its log tells
            self._up_from_s = time.monotonic() + RESTARTED_S


@dataclass(slots=True)
class Cluster:
    """All of it, running. links: by name. clocks: the files that move the collectors' clocks."""

    folder: Path
    influx: Influx
    records_url: str
    broker: Supervised
    database: Supervised
    records: Supervised
    collectors: list[Supervised]
    workers: list[Supervised]
    links: Mapping[str, Link]
    clocks: list[Path] = field(default_factory=list)

    def stores(self) -> tuple[Engine, InfluxSeries]:
        """Records and series, past the links; the caller closes them."""
        return open_records(self.records_url), InfluxSeries(self.influx.url, self.influx.token, self.influx.org, 30.0)

    @property
    def everybody(self) -> list[Supervised]:
        """All processes, those that others need first."""
        return [self.broker, self.database, self.records, *self.collectors, *self.workers]

    def wait_for_collectors(self, seconds: float) -> None:
        """Until each collector has answered for its topics once. Raises TimeoutError."""
        end = time.monotonic() + seconds
        for one in self.collectors:
            log = one.service.log
            while log is None or b"collector connected" not in log.read_bytes():
                if time.monotonic() > end:
                    raise TimeoutError(f"{one.service.name} has not connected within {seconds:g} s, see {log}")
                time.sleep(0.05)


@contextmanager
def cluster(folder: Path, collectors: int, workers: int) -> Iterator[Cluster]:
    """The services with empty stores; collectors and workers are made and not started. Raises NoService."""
    broker, broker_port = services.mosquitto(folder / "mosquitto")
    database, influx = services.influxd(folder / "influx")
    records, records_url = services.postgres(folder / "postgres")
    links = {
        "publisher-broker": Link("publisher-broker", broker_port),
        "collector-broker": Link("collector-broker", broker_port),
        "influxdb": Link("influxdb", int(influx.url.rpartition(":")[2])),
        "postgresql": Link("postgresql", int(records_url.rpartition(":")[2].partition("/")[0])),
    }
    with ExitStack() as stack:
        for service in (broker, database, records):
            stack.callback(service.stop)
            service.start()
        services.set_up(influx)
        for link in links.values():
            link.start()
            stack.callback(link.stop)
        series = InfluxSeries(influx.url, influx.token, influx.org, 30.0)
        series.set_up()
        series.close()
        made = Cluster(
            folder,
            influx,
            records_url,
            _watched(broker),
            _watched(database),
            _watched(records),
            [],
            [],
            links,
        )
        for number in range(collectors):
            made.clocks.append(folder / f"clock-{number}")
            made.collectors.append(Supervised(_collector(made, number, collectors > 1)))
        made.workers += [Supervised(_plagewatch(made, "rules", number, {})) for number in range(workers)]
        stack.callback(_stop_all, made)
        yield made


def _watched(service: Service) -> Supervised:
    """A service that runs already."""
    made = Supervised(service)
    made.watch()
    return made


def _stop_all(made: Cluster) -> None:
    for one in reversed(made.everybody):
        one.stop()


def _collector(made: Cluster, number: int, shared: bool) -> Service:
    clock = made.clocks[number]
    clock.write_text("+0\n")
    environment = {
        "PLAGEWATCH_MQTT_HOST": HOST,
        "PLAGEWATCH_MQTT_PORT": str(made.links["collector-broker"].port),
        "PLAGEWATCH_MQTT_CLIENT_ID": f"collector-{number}",
        "PLAGEWATCH_MQTT_TOPICS": "loggers/#",
        "PLAGEWATCH_MQTT_SHARE": SHARE if shared else "",
    }
    if FAKETIME:
        environment |= {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a clock that is set leaves the monotonic one alone
            "NO_FAKE_STAT": "1",
        }
    return _plagewatch(made, "collector", number, environment)


def _plagewatch(made: Cluster, room: str, number: int, environment: Mapping[str, str]) -> Service:
    data = made.folder / f"{room}-{number}"
    data.mkdir(parents=True, exist_ok=True)
    past = made.records_url.replace(
        f":{made.records_url.rpartition(':')[2]}", f":{made.links['postgresql'].port}/postgres"
    )
    settings = {
        "PLAGEWATCH_DATA_DIR": str(data),
        "PLAGEWATCH_RECORDS_URL": past,
        "PLAGEWATCH_INFLUX_URL": f"http://{HOST}:{made.links['influxdb'].port}",
        "PLAGEWATCH_INFLUX_TOKEN": made.influx.token,
        "PLAGEWATCH_INFLUX_ORG": made.influx.org,
        "PLAGEWATCH_INFLUX_TIMEOUT_S": "10",
    }
    command = [sys.executable, "-m", "plagewatch", "serve", room]
    # It is ready once it runs: what it needs may be away at that moment, and it must come up all the same.
    return Service(
        f"{room} {number}", command, lambda: True, {**settings, **environment}, log=made.folder / f"{room}-{number}.log"
    )
