"""`bench rules`: how long the rules take for one look at many meters, from a real InfluxDB, after a night of learning.

A real InfluxDB and a real PostgreSQL on this machine, a made-up centre with a history, and two workers that share its
sites, as in production. The night is measured too. A look is that at a full hour, when all rules by the hour have a new
hour of every meter; those of whole days are judged at night. Peak memory is that of both workers together.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from plagewatch.bench import services
from plagewatch.bench.rules_world import DAY_S, HOUR_S, Centre
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry
from plagewatch.store.series.influx import InfluxSeries

PROMISED_S, PROMISED_MB, PROMISED_METERS = 60.0, 1000.0, 20_000
WORKERS = 2
LOOKS = 3
WRITTEN_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What a night or a look took. cpu_s: of all workers. judged: tracks that some rule judged with all of its past."""

    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    judged: int
    changes: int
    failed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at one number of meters."""

    meters: int
    history_days: int
    night: Look
    looks: Sequence[Look]

    @property
    def look_s(self) -> float:
        """The median look [s]."""
        return float(np.median([look.wall_s for look in self.looks]))

    @property
    def peak_rss_mb(self) -> float:
        """The most memory that the workers together had while they looked [MB]."""
        return max(look.peak_rss_mb for look in self.looks)

    @property
    def kept(self) -> bool:
        """Whether the promise is kept: that of 20 000 meters, or the same share of it for fewer."""
        share = max(self.meters / PROMISED_METERS, 1.0)
        well = all(not look.failed for look in (self.night, *self.looks))
        return well and self.look_s < PROMISED_S * share and self.peak_rss_mb < PROMISED_MB * share

    def line(self) -> str:
        """The figures as a row for people."""
        cpu_s = float(np.median([look.cpu_s for look in self.looks]))
        judged = float(np.median([look.judged for look in self.looks]))
        return (
            f"{self.meters:>7} meters, {self.history_days} days: night {self.night.wall_s:.0f} s "
            f"({self.night.cpu_s / self.meters * 1000:.0f} ms of CPU a meter), look {self.look_s:.1f} s "
            f"({cpu_s / self.meters * 1000:.2f} ms of CPU a meter, {judged:.0f} verdict tracks judged whole), "
            f"workers {self.peak_rss_mb:.0f} MB together"
        )


def measure(counts: Sequence[int], history_days: int, show: Callable[[str], object]) -> list[Measured]:
    """Measure at each number of meters. Raises NoService where a service is not on this machine."""
    found = []
    for meters in counts:
        found.append(_measure(meters, history_days))
        show(found[-1].line())
    return found


def _measure(meters: int, history_days: int) -> Measured:
    # Yesterday's midnight in Brussels: nothing of it is in the future, and a whole day follows.
    night_s = day_start_s(local_day(int(time.time()) - DAY_S, "Europe/Brussels"), "Europe/Brussels")
    centre = Centre(meters, night_s - history_days * DAY_S, night_s)
    with _running(centre) as (series, workers):
        first = _all(workers, "learn", night_s + 600)
        looks = []
        for hour in range(1, LOOKS + 2):
            at_s = night_s + hour * HOUR_S
            write(series, centre, at_s - HOUR_S, at_s)
            looks.append(_all(workers, "look", at_s + 600))
        # The first look reads what was learnt and has seen nothing before: it is no warm one.
        return Measured(meters, history_days, first, looks[1:])


def write(series: InfluxSeries, centre: Centre, from_s: int, to_s: int) -> None:
    """Write the hours of all meters in [from_s, to_s)."""
    rest = centre.history(from_s, to_s)
    while block := list(islice(rest, WRITTEN_TOGETHER)):
        series.write_figures(block)
    centre.write_weather(series, from_s, to_s)


Workers = list["subprocess.Popen[str]"]


def _all(workers: Workers, what: str, now_s: int) -> Look:
    """Let all workers do their part, at the same time."""
    began = time.monotonic()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{what} {now_s}\n")
        worker.stdin.flush()
    told = []
    for worker in workers:
        assert worker.stdout is not None
        line = worker.stdout.readline()
        if not line:
            raise ChildProcessError(f"a worker of the rules ended with code {worker.wait(10)}")
        told.append(json.loads(line))
    wall_s = time.monotonic() - began

    def total(name: str) -> float:
        return float(sum(one[name] for one in told))

    judged, changes, failed = (int(total(name)) for name in ("tracks", "changes", "failed"))
    return Look(wall_s, total("cpu_s"), total("peak_rss_mb"), judged, changes, failed)


@contextmanager
def _running(centre: Centre) -> Iterator[tuple[InfluxSeries, Workers]]:
    """The services with the centre's history, and the workers, in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="plagewatch-bench-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        records, url = services.postgres(folder / "postgresql")
        database, influx = services.influxd(folder / "influxdb")
        for service in (records, database):
            service.start()
            stack.callback(service.kill)
        services.set_up(influx)
        series = InfluxSeries(influx.url, influx.token, influx.org, 120)
        stack.callback(series.close)
        series.set_up()
        engine = open_records(url)
        registry.save(engine, centre.entries())
        engine.dispose()
        write(series, centre, centre.from_s, centre.to_s)
        command = [sys.executable, "-m", "plagewatch.bench.rules_worker", url, influx.url, influx.token, influx.org]
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)
        ]
        for worker in workers:
            stack.callback(worker.kill)
        yield series, workers
