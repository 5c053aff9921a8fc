"""`bench urgent`: from the packet in which something shows to its ticket, through the whole product.

A real Mosquitto, a real InfluxDB, and `plagewatch serve` for collector, figures and rules, each a process of its own.
Every meter has weeks of history, and the night has been learnt from. One after another the meters tell of a burst, of a
jump that no meter makes, of panels that make nothing. The time is from the moment the packet is handed to the broker's
client to the first look into the records that shows the ticket, a twentieth of a second at most too long. Silence sends
no packet: there the time is from the end of the hour with which it is too long, all of them in the same hour.
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
from plagewatch.bench.cluster import FAKETIME
from plagewatch.bench.ingest_load import connected
from plagewatch.bench.ingest_packets import remaining_length
from plagewatch.bench.urgent_world import HAPPENINGS, HOUR_S, QUARTER_S, QUIET, SILENT, Happening, World
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry, rule_learnt, tickets, work
from plagewatch.store.series.influx import InfluxSeries

LOOK_S = 0.05
PROMISED_S = 5.0
MOST_S = 60.0
AHEAD_S = 30.0
"""So long before a full hour the clock of the rules stands when silence is measured [s]."""
PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True)
class Latency:
    """From packet to ticket [s]. missing: of how many no ticket came within a minute."""

    rule: str
    count: int
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
            f"{self.rule:>16}: {self.count} times, p50 {self.p50_s:.2f} s, p99 {self.p99_s:.2f} s, "
            f"longest {self.most_s:.2f} s ({self.missing} without a ticket)"
        )


@dataclass(frozen=True, slots=True)
class _Bench:
    world: World
    port: int
    engine: Engine
    rules: services.Service
    late_rules: services.Service | None


def measure(each: int) -> list[Latency]:
    """Measure each kind of thing so many times. Raises NoService where a service is not on this machine."""
    with _running(World.now(each)) as bench, connected(bench.port, "bench-urgent") as connection:
        for what in HAPPENINGS:
            _tell_quiet(connection, bench.world, what)
        for number in range(each):
            _tell(connection, SILENT, number, bench.world.silent_s, 1000.0)
        time.sleep(3 * PROMISED_S)  # until all of these have been looked at
        found = [
            _latency(what, [_packet(connection, bench, what, number) for number in range(each)]) for what in HAPPENINGS
        ]
        return [*found, *_silence(bench)]


def _tell_quiet(connection: socket.socket, world: World, what: Happening) -> None:
    for place in range(QUIET):
        index = 1000.0 + sum(what.quiet[1 : place + 1])
        for number in range(world.each):
            _tell(connection, what, number, world.newest_s - (QUIET - place) * QUARTER_S, index)


def _packet(connection: socket.socket, bench: _Bench, what: Happening, number: int) -> float | None:
    began = time.monotonic()
    _tell(connection, what, number, bench.world.newest_s, 1000.0 + sum(what.quiet[1:]) + what.last)
    while time.monotonic() - began < MOST_S:
        if any(ticket.rule == what.rule for ticket in tickets.of_meters(bench.engine, [what.name(number)])):
            return time.monotonic() - began
        time.sleep(LOOK_S)
    return None


def _silence(bench: _Bench) -> Iterator[Latency]:
    """All fall silent in one hour, to which the clock of the rules is set forward."""
    if bench.late_rules is None:
        return
    bench.rules.stop()
    hour = time.monotonic() + (bench.world.newest_s + HOUR_S - _late_clock_s(bench.world))
    bench.late_rules.start()
    waiting = {SILENT.name(number) for number in range(bench.world.each)}
    taken: list[float | None] = []
    while waiting and time.monotonic() < hour + MOST_S:
        for ticket in tickets.of_meters(bench.engine, sorted(waiting)):
            if ticket.rule == SILENT.rule:
                waiting.discard(ticket.meter)
                taken.append(time.monotonic() - hour)
        time.sleep(LOOK_S)
    yield _latency(SILENT, [*taken, *(None for _ in waiting)])


def _late_clock_s(world: World) -> float:
    """What the clock of the late rules shows when they start."""
    return world.newest_s + HOUR_S - AHEAD_S


def _latency(what: Happening, taken: list[float | None]) -> Latency:
    found = np.array([each for each in taken if each is not None] or [np.nan])
    p50_s, p99_s = (float(np.percentile(found, share)) for share in (50, 99))
    return Latency(what.rule, len(taken), taken.count(None), p50_s, p99_s, float(found.max()))


def _tell(connection: socket.socket, what: Happening, number: int, at_s: int, index: float) -> None:
    """Publish at QoS 1 and wait until the broker has it."""
    reading = {"at": at_s, "registers": {what.word: {"value": round(index, 4), "unit": what.unit}}}
    topic = f"loggers/{what.name(number)}/readings".encode()
    body = len(topic).to_bytes(2, "big") + topic + (1).to_bytes(2, "big") + json.dumps(reading).encode()
    connection.sendall(b"\x32" + remaining_length(len(body)) + body)
    answered = 0
    while answered < PUBACK_BYTES:
        answered += len(connection.recv(PUBACK_BYTES - answered))


@contextmanager
def _running(world: World) -> Iterator[_Bench]:
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
        series.write_figures(list(world.history()))
        series.close()
        (folder / "data").mkdir()
        engine = open_records(f"sqlite:///{folder / 'data' / 'records.db'}")
        stack.callback(engine.dispose)
        registry.save(engine, world.entries())
        work.set_mark(engine, ledger_check.JOB, int(time.time()))  # last night's check of the whole ledger is done
        environment = lag.environment(port, influx)
        rooms: dict[str, Callable[[], bool]] = {
            "collector": partial(lag.subscribed, folder / "mosquitto" / "log"),
            "figures": (folder / "figures.log").exists,
            "rules": partial(_learnt, engine, world),
        }
        started = []
        for room, is_ready in rooms.items():
            command = [sys.executable, "-m", "plagewatch", "serve", room, "--data", str(folder / "data")]
            process = services.Service(room, command, is_ready, environment, log=folder / f"{room}.log")
            process.start()
            stack.callback(process.stop)
            started.append(process)
        late = _late(world, started[-1], folder) if FAKETIME else None
        if late is not None:
            stack.callback(late.stop)
        yield _Bench(world, port, engine, started[-1], late)


def _learnt(engine: Engine, world: World) -> bool:
    return len(rule_learnt.made_s(engine, [SILENT.name(number) for number in range(world.each)])) == world.each


def _late(world: World, rules: services.Service, folder: Path) -> services.Service:
    """The same rules by a clock that starts shortly before the next full hour."""
    clock = time.strftime("@%Y-%m-%d %H:%M:%S", time.gmtime(_late_clock_s(world)))
    environment = {
        **rules.environment,
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME": clock,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "TZ": "UTC",
    }
    return services.Service("late rules", rules.command, lambda: True, environment, log=folder / "late-rules.log")
