"""Records and an embedded series store with a meter, for tests of what the roll-up job makes of evidence."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from collector import rollup_job
from plagewatch.metering.course import Found
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Quality, Samples
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import findings, registry, work
from plagewatch.store.series.sqlite import SqliteSeries

TZ = "Europe/Brussels"
START_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000
QUARTER_MS = 900_000
EVER = (0, 2**33)
NOW_S = START_MS // 1000 + 10**7
INDEX = "energy_import_total"
METER = Meter("m", "site", "Main meter", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)


@contextmanager
def stores(*entries, meter: Meter = METER) -> Iterator["Stores"]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_records(f"sqlite:///{folder}/records.db")
        series = SqliteSeries(Path(folder) / "series.db")
        registry.save(engine, [Site("site", "Site", timezone=TZ), meter, *entries])
        yield Stores(engine, series, meter)
        series.close()
        engine.dispose()


def new_meter(shared: tuple[Engine, SqliteSeries], facts: MeterFacts, interval_s: int | None = 900) -> "Stores":
    engine, series = shared
    meter = replace(METER, id=f"m{len(registry.meters(engine))}", interval_s=interval_s)
    registry.save(engine, [meter, replace(facts, meter=meter.id)])
    return Stores(engine, series, meter)


class Stores:
    def __init__(self, engine: Engine, series: SqliteSeries, meter: Meter) -> None:
        self.engine, self.series, self.meter = engine, series, meter

    def arrive(self, at_ms, value, register: str = INDEX, quality: Quality = Quality.MEASURED) -> None:
        at_ms, value = [int(at) for at in at_ms], list(map(float, value))
        self.series.write_samples([Samples(self.meter.id, register, at_ms, value, "test", NOW_S, quality)])
        work.mark_dirty(self.engine, [work.DirtyWindow(self.meter.id, min(at_ms), max(at_ms))])

    def roll_up(self) -> int:
        return rollup_job.run(self.engine, self.series, NOW_S)

    def figures(self, resolution: Resolution, flow="main") -> Intervals:
        return self.series.intervals(resolution, self.meter.id, *EVER, flow)

    def found(self) -> list[Found]:
        return sorted((one.found for one in findings.newest(self.engine, 10_000, self.meter.id)), key=str)


def assert_same(one: Intervals, other: Intervals) -> None:
    np.testing.assert_array_equal(one.start_s, other.start_s)
    for name in ("amount", "coverage", "interpolated", "spread", "estimated", "manual"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6, err_msg=name)
