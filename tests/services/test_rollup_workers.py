"""Several workers make the figures of the same meters on PostgreSQL and InfluxDB, and die or stand still over it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from collector import rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site, VirtualFormula
from plagewatch.metering.readings import Samples
from plagewatch.store.engine import open_records
from plagewatch.store.records import leases, registry, work
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.sqlite import SqliteSeries
from tests.conftest import wait_until

START_MS = 1_774_137_600_000  # 2026-03-22, the week before the clocks change
QUARTER_MS = 900_000
INDEX = "energy_import_total"
METERS = [f"m{number:02}" for number in range(50)]
VIRTUAL = {
    "all": " + ".join(f"[{meter}]" for meter in METERS),
    "half": " + ".join(f"[{meter}]" for meter in METERS[::2]),
    "rest": "[all] - [half]",
}
WORKER = """
import sys
from collector import rollup_job
from plagewatch.store.engine import open_records
from plagewatch.store.series.influx import InfluxSeries
records, *influx = sys.argv[1:]
engine, series = open_records(records), InfluxSeries(*influx, 30)
rollup_job.TOGETHER, rollup_job.A_PART = 7, 3
while True:
    rollup_job.run(engine, series, 0)
    print("round", flush=True)
"""


def entries() -> list:
    known = [Meter(name, "s", name, Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900) for name in METERS]
    computed = [Meter(name, "s", name, Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh") for name in VIRTUAL]
    return [Site("s", "Site"), *known, *computed, *(VirtualFormula(name, text) for name, text in VIRTUAL.items())]


def packets(seed: int) -> Iterator[list[tuple[str, int, float]]]:
    """What arrives, round by round: the next quarters of most meters, some late, some a fall and back."""
    random = np.random.default_rng(seed)
    index = dict.fromkeys(METERS, 100.0)
    late: list[tuple[str, int, float]] = []
    for quarter in range(60):
        told: list[tuple[str, int, float]] = []
        late_now = late
        late = []
        for place, meter in enumerate(METERS):
            index[meter] += int(random.integers(0, 30)) / 8  # sums of eighths are exact in any order
            value = 0.0 if random.random() < 0.01 else index[meter]
            sample = meter, START_MS + quarter * QUARTER_MS + place * 1_000, value
            (late if random.random() < 0.05 else told).append(sample)
        yield told + late_now


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)


def arrive(engine, series, told: list[tuple[str, int, float]]) -> None:
    series.write_samples([Samples(meter, INDEX, [at], [value], "test", START_MS) for meter, at, value in told])
    work.mark_dirty(engine, [work.DirtyWindow(meter, at, at) for meter, at, _ in told])


@pytest.mark.service
def test_workers_that_die_or_stand_still_make_what_one_makes(influx, postgres_url, tmp_path):
    engine = open_records(postgres_url)
    series = InfluxSeries(influx.url, influx.token, influx.org, 30)
    series.set_up()
    registry.save(engine, entries())
    alone, own = open_records(f"sqlite:///{tmp_path / 'alone.db'}"), SqliteSeries(tmp_path / "alone-series.db")
    registry.save(alone, entries())
    command = [sys.executable, "-c", WORKER, postgres_url, influx.url, influx.token, influx.org]
    logs = [tmp_path / f"worker{number}.log" for number in range(3)]
    workers = [started(command, log) for log in logs]
    try:
        wait_until(lambda: all(b"round" in log.read_bytes() for log in logs), "the workers", 60)
        for number, told in enumerate(packets(11)):
            arrive(engine, series, told)
            arrive(alone, own, told)
            if number == 15:
                workers[0].kill()
            if number in (25, 45):
                os.kill(workers[1].pid, signal.SIGSTOP)
            if number in (35, 55):
                os.kill(workers[1].pid, signal.SIGCONT)
        wait_until(lambda: work.windows_waiting(engine) == 0, "the last figures", 120)
        assert [worker.poll() for worker in workers[1:]] == [None, None], logs[1].read_text() + logs[2].read_text()
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(20)
    rollup_job.run(engine, series, 0)
    rollup_job.run(alone, own, 0)
    for meter in (*METERS, *VIRTUAL):
        for resolution in Resolution:
            mine, theirs = series.intervals(resolution, meter, 0, 2**33), own.intervals(resolution, meter, 0, 2**33)
            for field in fields(mine):
                np.testing.assert_array_equal(
                    getattr(mine, field.name), getattr(theirs, field.name), f"{meter} {resolution} {field.name}"
                )
    assert len(own.intervals(Resolution.DAY, "rest", 0, 2**33)) == 1
    series.close()
    own.close()
    alone.dispose()
    engine.dispose()


@pytest.mark.service
def test_a_meter_that_a_worker_has_is_passed_over_until_its_connection_ends(postgres_url):
    one, other = open_records(postgres_url), open_records(postgres_url)
    registry.save(one, entries())
    work.mark_dirty(one, [work.DirtyWindow(meter, 0, 5) for meter in METERS[:3]])
    with leases.leased(one, METERS[:2]) as first:
        assert sorted(first.waiting) == METERS[:2]
        with leases.leased(other, METERS[:3]) as second:
            assert sorted(second.waiting) == METERS[2:3]
        # An entry about the meter, and the packets that come meanwhile, wait for nobody.
        registry.save(other, [Meter(METERS[0], "s", "Renamed", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)])
        work.mark_dirty(other, [work.DirtyWindow(METERS[0], 7, 9)])
        first.finished.windows.update(number for ids, _ in first.waiting.values() for number in ids)
    with leases.leased(other, METERS[:3]) as third:
        assert {meter: windows for meter, (_, windows) in third.waiting.items()} == {
            METERS[0]: [work.DirtyWindow(METERS[0], 7, 9)],
            METERS[2]: [work.DirtyWindow(METERS[2], 0, 5)],
        }
    one.dispose()
    other.dispose()
