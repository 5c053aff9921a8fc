"""A dry run: the same import into stores that are thrown away, with the real ones behind them to compare with."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

import numpy as np

from collector.imports.stores import ImportStore
from plagewatch.metering.readings import Samples
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import calendars, registry, works
from plagewatch.store.records.work import facts_and_swaps
from plagewatch.store.series.protocol import Evidence, Points
from plagewatch.store.series.sqlite import SqliteSeries


@contextmanager
def rehearsal(engine: Engine, series: ImportStore) -> Iterator[tuple[Engine, ImportStore]]:
    """Records and series to import into in place of the real ones, which are only read."""
    with tempfile.TemporaryDirectory(prefix="plagewatch-dry-run-") as folder:
        scratch = open_records(f"sqlite:///{Path(folder) / 'records.db'}")
        try:
            _copy_registry(engine, scratch)
            with closing(SqliteSeries(Path(folder) / "series.db")) as written:
                yield scratch, Overlay(series, written)
        finally:
            scratch.dispose()


def _copy_registry(engine: Engine, scratch: Engine) -> None:
    sites = registry.sites(engine)
    facts, swaps = facts_and_swaps(engine)
    registry.save(scratch, [*sites, *registry.meters(engine)])
    registry.save(scratch, chain(*facts.values(), *swaps.values()))
    registry.save(scratch, [*registry.virtual_formulas(engine), *registry.sub_meters(engine)])
    registry.save(scratch, [*registry.deliveries(engine), *registry.calorific_values(engine)])
    registry.save(scratch, registry.buildings(engine))
    calendars.save(scratch, calendars.entered_days(engine))
    works.save(scratch, works.works(engine))


class Overlay:
    """An ImportStore that reads through to another one and writes to its own."""

    def __init__(self, beneath: ImportStore, written: ImportStore) -> None:
        self._beneath, self._written = beneath, written

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        self._written.write_samples(blocks)

    def samples(self, meter: str, register: str, start_ms: int, end_ms: int) -> Evidence:
        return _both(
            self._beneath.samples(meter, register, start_ms, end_ms),
            self._written.samples(meter, register, start_ms, end_ms),
        )

    def samples_around(self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int) -> Evidence:
        return _both(
            self._beneath.samples_around(meter, register, start_ms, end_ms, beyond),
            self._written.samples_around(meter, register, start_ms, end_ms, beyond),
        )

    def registers(self, meter: str) -> list[str]:
        return sorted({*self._beneath.registers(meter), *self._written.registers(meter)})

    def latest_sample_ms(self) -> dict[str, int]:
        latest = self._beneath.latest_sample_ms()
        for meter, at_ms in self._written.latest_sample_ms().items():
            latest[meter] = max(at_ms, latest.get(meter, at_ms))
        return latest

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        self._written.write_points(measurement, tags, points)

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        return self._beneath.points(measurement, tags, start_s, end_s)


def _both(one: Evidence, other: Evidence) -> Evidence:
    if not len(other.at_ms) or not len(one.at_ms):
        return one if len(one.at_ms) else other
    columns = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in Evidence.__slots__}
    order = np.lexsort((columns["quality"], columns["value"], columns["at_ms"]))
    return Evidence(**{name: column[order] for name, column in columns.items()})
