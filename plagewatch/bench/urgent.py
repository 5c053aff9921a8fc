"""`bench urgent`: from the packet in which a burst pipe shows to its ticket, through the whole product.

A real Mosquitto, a real InfluxDB, and `plagewatch serve` for collector, figures and rules, each a process of its own.
Every meter has weeks of history, and the night has been learnt from. One after another the meters tell of a burst: the
time is from the moment the packet is handed to the broker's client to the first look into the records that shows the
ticket, a twentieth of a second at most too long.
"""

import json
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from collector import ledger_check
from plagewatch.bench import lag, services
from plagewatch.bench.ingest_load import connected
from plagewatch.bench.ingest_packets import remaining_length
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry, rule_learnt, tickets, work
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.protocol import Figures

QUARTER_S, HOUR_S, DAY_S = 900, 3600, 86_400
HISTORY_DAYS = 40
QUIET = 8
"""So many quarters each meter tells of before its burst."""
LOOK_S = 0.05
PROMISED_S = 5.0
MOST_S = 60.0
RULE = "water_burst"
PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True)
class Latency:
    """From packet to ticket [s]. missing: bursts of which no ticket came within a minute."""

    bursts: int
    missing: int
    p50_s: float
    p99_s: float
    most_s: float

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.missing == 0 and self.p99_s < PROMISED_S

    def line(self) -> str:
        """The figures as a row for people."""
        return (
            f"{self.bursts} bursts, packet to ticket: p50 {self.p50_s:.2f} s, p99 {self.p99_s:.2f} s, "
            f"longest {self.most_s:.2f} s ({self.missing} without a ticket)"
        )


def measure(bursts: int) -> Latency:
    """Measure so many bursts. Raises NoService where a service is not on this machine."""
    with _running(bursts) as (port, records):
        newest_s = int(time.time()) // QUARTER_S * QUARTER_S
        engine = open_records(records)
        with connected(port, "bench-urgent") as connection:
            for back in range(QUIET, 0, -1):
                for number in range(bursts):
                    _tell(connection, number, newest_s - back * QUARTER_S, 100.0 + 0.002 * (QUIET - back))
            time.sleep(3 * PROMISED_S)  # until all of these have been looked at
            taken = [_burst(connection, engine, number, newest_s) for number in range(bursts)]
        engine.dispose()
    found = np.array([each for each in taken if each is not None] or [np.nan])
    p50_s, p99_s = (float(np.percentile(found, share)) for share in (50, 99))
    return Latency(bursts, taken.count(None), p50_s, p99_s, float(found.max()))


def _burst(connection: socket.socket, engine: Engine, number: int, newest_s: int) -> float | None:
    began = time.monotonic()
    _tell(connection, number, newest_s, 101.6)
    while time.monotonic() - began < MOST_S:
        if any(ticket.rule == RULE for ticket in tickets.of_meters(engine, [_name(number)])):
            return time.monotonic() - began
        time.sleep(LOOK_S)
    return None


def _name(number: int) -> str:
    return f"u{number:04}"


def _tell(connection: socket.socket, number: int, at_s: int, index_m3: float) -> None:
    """Publish at QoS 1 and wait until the broker has it."""
    reading = {"at": at_s, "registers": {"water_index": {"value": round(index_m3, 4), "unit": "m3"}}}
    topic = f"loggers/{_name(number)}/readings".encode()
    body = len(topic).to_bytes(2, "big") + topic + (1).to_bytes(2, "big") + json.dumps(reading).encode()
    connection.sendall(b"\x32" + remaining_length(len(body)) + body)
    answered = 0
    while answered < PUBACK_BYTES:
        answered += len(connection.recv(PUBACK_BYTES - answered))


@contextmanager
def _running(bursts: int) -> Iterator[tuple[int, str]]:
    folder = Path(tempfile.mkdtemp(prefix="plagewatch-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        broker, port = services.mosquitto(folder / "mosquitto")
        database, influx = services.influxd(folder / "influxdb")
        for service in (broker, database):
            service.start()
            stack.callback(service.kill)
        services.set_up(influx)
        series = InfluxSeries(influx.url, influx.token, influx.org, 60)
        series.set_up()
        _write_history(series, bursts)
        series.close()
        (folder / "data").mkdir()
        records = f"sqlite:///{folder / 'data' / 'records.db'}"
        _register(records, bursts)
        ready: dict[str, Callable[[], bool]] = {
            "collector": partial(lag.subscribed, folder / "mosquitto" / "log"),
            "figures": (folder / "figures.log").exists,
            "rules": partial(_learnt, records),
        }
        for room, is_ready in ready.items():
            command = [sys.executable, "-m", "plagewatch", "serve", room, "--data", str(folder / "data")]
            log = folder / f"{room}.log"
            process = services.Service(room, command, is_ready, lag.environment(port, influx), log=log)
            process.start()
            stack.callback(process.stop)
        yield port, records


def _learnt(records: str) -> bool:
    engine = open_records(records)
    try:
        return bool(rule_learnt.made_s(engine, [_name(0)]))
    finally:
        engine.dispose()


def _register(records: str, bursts: int) -> None:
    engine = open_records(records)
    names = [_name(number) for number in range(bursts)]
    known = [Meter(name, "urgent", name, Carrier.WATER, Kind.INDEX, "m3", QUARTER_S) for name in names]
    registry.save(engine, [Site("urgent", "Bench"), *known, *(Binding(name, "water_volume", name) for name in names)])
    work.set_mark(engine, ledger_check.JOB, int(time.time()))  # last night's check of the whole ledger is done
    engine.dispose()


def _write_history(series: InfluxSeries, bursts: int) -> None:
    """Hours up to two hours ago: some litres by day, nothing at night."""
    upto_s = int(time.time()) // HOUR_S * HOUR_S - 2 * HOUR_S
    start_s = np.arange(upto_s - HISTORY_DAYS * DAY_S, upto_s, HOUR_S, dtype=np.int64)
    drawn = np.where(start_s // HOUR_S % 24 < 6, 0.0, 0.03 + 0.02 * np.sin(start_s / 5000.0))
    hours = {Resolution.HOUR: Intervals.measured(start_s, drawn)}
    series.write_figures([Figures(_name(number), Carrier.WATER, "main", hours) for number in range(bursts)])
