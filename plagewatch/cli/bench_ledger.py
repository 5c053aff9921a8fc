"""`bench ledger`: how fast the ledger is, beside plain writes of the same rows in the same run."""

import gzip
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from collector import rollup_job
from collector.flow_parts import STEPS, lengths_s
from collector.imports import importing
from collector.imports.importing import Order
from plagewatch.bench.figures import Figure
from plagewatch.cli.opening import Stores, now_s, read_settings, say, stores
from plagewatch.metering.intervals import Floats, Resolution, Seconds
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Samples
from plagewatch.metering.registers import Terms, book
from plagewatch.metering.rollups import QUARTER_S, bounds_s, roll_up
from plagewatch.store.records import registry, work
from plagewatch.store.series.protocol import Figures

YEAR = 35_040  # quarters
START_S = 1_735_686_000  # 2025 begins in Brussels
TZ = "Europe/Brussels"
INDEX = "energy_import_total"
FACTS = MeterFacts("m", digits=7, decimals=1, max_power_kw=100.0)

LATE_METERS = 20

REBUILD_CPU_MS, LATE_MS, IMPORT_S = 50.0, 5.0, 30.0


def year_of(number: int) -> tuple[Seconds, Floats]:
    """Instants [ms since 1970 UTC] and index of a year of a quarter-hourly meter, seeded by its number."""
    random = np.random.default_rng(number)
    at_ms = (START_S + np.arange(YEAR + 1) * QUARTER_S) * 1000
    return at_ms, np.round(1000.0 + np.cumsum(random.integers(0, 40, YEAR + 1)) / 10, 1)


def measure(meters: int, runs: int) -> Iterator[Figure]:
    """All figures, one after the other. Raises SeriesError, ImportRefused."""
    at_ms, index = year_of(0)
    rebuilt = [_cpu_ms(partial(_rebuild, at_ms, index)) for _ in range(runs)]
    yield Figure("a year of one meter from samples to months, CPU", _median(rebuilt), "ms", REBUILD_CPU_MS)
    figures = _rebuild(at_ms, index)
    with _embedded() as opened:
        yield from _year_through_the_store(opened, figures, runs)
        yield from _late_packets(opened, runs)
    if os.environ.get("PLAGEWATCH_INFLUX_URL"):
        yield from _influx(figures)
    yield from _import(meters)


def _rebuild(at_ms: Seconds, index: Floats) -> Figures:
    fine = book(at_ms, index, Terms(QUARTER_S, "kWh", [FACTS]), START_S, START_S + YEAR * QUARTER_S).quarters
    made = {Resolution.QUARTER: fine}
    for base, above in STEPS[Resolution.QUARTER]:
        for coarse in above:
            bounds = bounds_s(coarse, START_S, START_S + YEAR * QUARTER_S, TZ)
            made[coarse] = roll_up(made[base], lengths_s(base, made[base].start_s, TZ), bounds)
    return Figures("m", "electricity", "main", made)


def _year_through_the_store(opened: Stores, figures: Figures, runs: int) -> Iterator[Figure]:
    meters = [f"year{number}" for number in range(runs)]
    _register(opened, meters)
    wall: list[float] = []
    cpu: list[float] = []
    for number, meter in enumerate(meters):
        at_ms, index = year_of(number)
        _arrive(opened, meter, at_ms, index)
        wall.append(_wall_ms(partial(_roll_up, opened), cpu))
    plain = [_wall_ms(partial(_plain_sqlite, opened, [figures])) for _ in range(runs)]
    yield Figure("a year of one meter: evidence read, figures made and written, SQLite", _median(wall), "ms")
    yield Figure("the same, CPU", _median(cpu), "ms")
    yield Figure("plain SQLite writes of the same figures", _median(plain), "ms")
    yield Figure("ratio to plain writes", _median(wall) / _median(plain), "x")


def _late_packets(opened: Stores, runs: int) -> Iterator[Figure]:
    """A packet that was missing comes to each of many meters, as after an outage of a gateway."""
    meters = [f"late{number:02}" for number in range(LATE_METERS)]
    _register(opened, meters)
    at_ms, index = year_of(1)
    late = YEAR // 2 + 500 * np.arange(runs)
    there = ~np.isin(np.arange(len(at_ms)), late)
    for meter in meters:
        _arrive(opened, meter, at_ms[there], index[there])
    _roll_up(opened)
    wall, plain, alone = [], [], []
    cpu: list[float] = []
    for place in late:
        for meter in meters:
            _arrive(opened, meter, at_ms[[place]], index[[place]])
        wall.append(_wall_ms(partial(_roll_up, opened), cpu) / len(meters))
        here = [_around(opened, meter, int(at_ms[place]) // 1000) for meter in meters]
        plain.append(_wall_ms(partial(_plain_sqlite, opened, here)) / len(meters))
        _arrive(opened, meters[0], at_ms[[place]] + 300_000, index[[place]])
        alone.append(_wall_ms(partial(_roll_up, opened)))
    yield Figure("a late packet, per meter, SQLite", _median(wall), "ms")
    yield Figure("the same, CPU", _median(cpu) / len(meters), "ms", LATE_MS)
    yield Figure("plain SQLite writes of the same figures, per meter", _median(plain), "ms")
    yield Figure("ratio to plain writes", _median(wall) / _median(plain), "x")
    yield Figure("one late packet of one meter alone, the job's own rounds with it", _median(alone), "ms")


def _around(opened: Stores, meter: str, at_s: int) -> Figures:
    """The figures that a late packet of the quarter before an instant changes."""
    made = {}
    for resolution in Resolution:
        bounds = bounds_s(resolution, at_s - QUARTER_S, at_s + QUARTER_S, TZ)
        made[resolution] = opened.series.intervals(resolution, meter, int(bounds[0]), int(bounds[-1]))
    return Figures(meter, "electricity", "main", made)


def _import(meters: int) -> Iterator[Figure]:
    with _embedded() as opened, _folder() as folder:
        _write_canonical(folder, meters)
        rows = meters * (YEAR + 1)
        order, cpu = Order(folder, "canonical"), list[float]()
        read_ms = _wall_ms(partial(importing.run, order, opened.engine, opened.series, now_s() * 1000), cpu)
        whole_ms = read_ms + _wall_ms(partial(_roll_up, opened), cpu)
    promised = IMPORT_S * meters / 100
    yield Figure(f"import of a year of {meters} meters ({rows} readings), figures made", whole_ms / 1000, "s", promised)
    yield Figure("the same, CPU", sum(cpu) / 1000, "s")
    yield Figure("of it reading and storing the file", read_ms / 1000, "s")


def _influx(figures: Figures) -> Iterator[Figure]:
    settings = read_settings(None)
    with stores(settings) as opened:
        wall = []
        for number in range(3):
            one = Figures(f"bench-ledger-{number}", figures.carrier, figures.flow, figures.by_resolution)
            wall.append(_wall_ms(partial(opened.series.write_figures, [one])))
    yield Figure("plain InfluxDB writes of a year's figures", _median(wall), "ms")


def _register(opened: Stores, meters: Sequence[str]) -> None:
    known = [Meter(meter, "bench", meter, Carrier.ELECTRICITY, Kind.INDEX, "kWh", QUARTER_S) for meter in meters]
    registry.save(opened.engine, [Site("bench", "Bench", timezone=TZ), *known])


def _arrive(opened: Stores, meter: str, at_ms: Seconds, index: Floats) -> None:
    block = Samples(meter, INDEX, at_ms.tolist(), index.tolist(), "bench", int(at_ms[-1]))
    opened.series.write_samples([block])
    work.mark_dirty(opened.engine, [work.DirtyWindow(meter, int(at_ms.min()), int(at_ms.max()))])


def _roll_up(opened: Stores) -> None:
    rollup_job.run(opened.engine, opened.series, now_s())


def _plain_sqlite(opened: Stores, all_figures: Sequence[Figures]) -> None:
    """The rows alone, as SQLite takes them: one table, one transaction that the disk has, nothing read or reckoned."""
    connection = sqlite3.connect(opened.settings.data_dir / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS figure (flow INT, resolution INT, start_s INT, a REAL, b REAL, c REAL, d REAL, "
        "e REAL, f REAL, PRIMARY KEY (flow, resolution, start_s)) WITHOUT ROWID"
    )
    connection.execute("BEGIN")
    for number, figures in enumerate(all_figures):
        for place, (_, rows) in enumerate(figures.rows()):
            values = ((number, place, *row) for row in rows)
            connection.executemany("INSERT OR REPLACE INTO figure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute("COMMIT")
    connection.close()


def _write_canonical(folder: Path, meters: int) -> None:
    say(f"writing a folder of {meters} meters ...")
    with (folder / "meters.csv").open("w", encoding="utf-8") as file:
        file.write("meter,site,carrier,kind,unit,interval_s,timezone,digits,decimals,multiplier,max_power_kw\n")
        file.writelines(f"b{n:03},bench,electricity,index,kWh,900,{TZ},7,1,1,100\n" for n in range(meters))
    at_ms, _ = year_of(0)
    instants = np.datetime_as_string(at_ms.astype("datetime64[ms]").astype("datetime64[s]")).tolist()
    with gzip.open(folder / "samples.csv.gz", "wt", encoding="utf-8", compresslevel=1) as file:
        file.write("meter,register,at,value\n")
        for number in range(meters):
            index = year_of(number)[1].tolist()
            rows = zip(instants, index, strict=True)
            file.writelines(f"b{number:03},total,{at}Z,{value:.1f}\n" for at, value in rows)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="plagewatch-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _embedded() -> Iterator[Stores]:
    """Embedded stores of their own, gone afterwards."""
    with _folder() as folder:
        own = {"data_dir": folder, "influx_url": None, "records_url": None}
        with stores(read_settings(None).model_copy(update=own)) as opened:
            yield opened


def _cpu_ms(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return (time.process_time() - started) * 1000


def _wall_ms(act: Callable[[], object], cpu: list[float] | None = None) -> float:
    started, started_cpu = time.perf_counter(), time.process_time()
    act()
    if cpu is not None:
        cpu.append((time.process_time() - started_cpu) * 1000)
    return (time.perf_counter() - started) * 1000


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
