"""Whether two stores hold the same: every row of the records, every value of the series, to the last bit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import fsum

import numpy as np
from sqlalchemy import Engine

from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.store.move import series as moved
from plagewatch.store.move.records import content, tables_in_order
from plagewatch.store.names import INTERVAL_FIELDS
from plagewatch.store.series.protocol import Evidence, FiguresHeld, Points, PointsHeld, SeriesStore

YEAR_MS = 366 * 86_400_000
Window = tuple[int, int]


@dataclass(slots=True)
class Compared:
    """What was held against each other, and where the two differ: a sentence for each."""

    things: int = 0
    values: int = 0
    differences: list[str] = field(default_factory=list)

    def met(self, values: int, difference: str | None) -> None:
        """One table, register or series of figures was compared."""
        self.things += 1
        self.values += values
        if difference is not None:
            self.differences.append(difference)


def records(source: Engine, target: Engine) -> Compared:
    """All tables, row by row, whatever order a database has them in."""
    compared = Compared()
    for table in tables_in_order():
        here, there = content(source, table), content(target, table)
        said = None
        if here != there:
            what = "rows differ" if here.rows == there.rows else f"{here.rows} rows, {there.rows} in the target"
            said = f"table {table.name}: {what}"
        compared.met(here.rows, said)
    return compared


def evidence(source: SeriesStore, target: SeriesStore) -> Compared:
    """Instants, values and qualities of all registers. When it was received a store may keep once a packet."""
    compared = Compared()
    latest_ms = (source.latest_sample_ms(), target.latest_sample_ms())
    for meter, register in sorted({*source.registers_held(), *target.registers_held()}):
        until_ms = max(some.get(meter, 0) for some in latest_ms) + 1
        count, said = 0, None
        for window in _windows((source, target), meter, register, until_ms):
            here, there = (store.samples(meter, register, *window) for store in (source, target))
            count += len(here.at_ms)
            if said is None and not _same(here, there):
                said = f"{register} of {meter}: {_told(here)}, in the target {_told(there)}"
        compared.met(count, said)
    return compared


def figures(source: SeriesStore, target: SeriesStore) -> Compared:
    """All series of figures: starts and every field, unknown ones as unknown."""
    compared = Compared()
    by_key = {str(moved.figures_key(held)[:3]): held for held in [*source.figures_held(), *target.figures_held()]}
    for held in by_key.values():
        here, there = moved.figures_of(source, held), moved.figures_of(target, held)
        said = None if _same_figures(here, there) else _figures_told(held, here, there)
        compared.met(len(here), said)
    return compared


def points(source: SeriesStore, target: SeriesStore) -> Compared:
    """All series of points: starts and every field."""
    compared = Compared()
    by_key = {str(moved.points_key(held)): held for held in [*source.points_held(), *target.points_held()]}
    for held in by_key.values():
        here, there = (store.points(held.measurement, held.tags, *moved.EVER_S) for store in (source, target))
        same = _same_points(here, there)
        compared.met(len(here.start_s), None if same else _points_told(held, here, there))
    return compared


def _windows(stores: Sequence[SeriesStore], meter: str, register: str, until_ms: int) -> Iterator[Window]:
    first_ms, _ = moved.EVER_MS
    first = [store.samples_around(meter, register, first_ms, first_ms, 1).at_ms for store in stores]
    start_ms = min((int(at_ms[0]) for at_ms in first if len(at_ms)), default=until_ms)
    while start_ms < until_ms:
        yield start_ms, min(start_ms + YEAR_MS, until_ms)
        start_ms += YEAR_MS


def _same(here: Evidence, there: Evidence) -> bool:
    return all(np.array_equal(getattr(here, name), getattr(there, name)) for name in ("at_ms", "value", "quality"))


def _told(found: Evidence) -> str:
    return f"{len(found.at_ms)} values that sum to {fsum(found.value.tolist())!r}"


def _same_figures(here: Intervals, there: Intervals) -> bool:
    return np.array_equal(here.start_s, there.start_s) and all(
        np.array_equal(getattr(here, name), getattr(there, name), equal_nan=True) for name in INTERVAL_FIELDS
    )


def _figures_told(held: FiguresHeld, here: Intervals, there: Intervals) -> str:
    sums = [f"{len(some)} that sum to {fsum(some.amount[~np.isnan(some.amount)].tolist())!r}" for some in (here, there)]
    return f"{held.resolution.value} figures of {held.meter} ({held.flow}): {sums[0]}, in the target {sums[1]}"


def _same_points(here: Points, there: Points) -> bool:
    return np.array_equal(here.start_s, there.start_s) and all(
        np.array_equal(_column(here, name), _column(there, name), equal_nan=True)
        for name in {*here.fields, *there.fields}
    )


def _column(found: Points, name: str) -> Floats:
    return found.fields.get(name, np.full(len(found.start_s), np.nan))


def _points_told(held: PointsHeld, here: Points, there: Points) -> str:
    return (
        f"{held.measurement} {dict(held.tags)}: {len(here.start_s)} rows, in the target {len(there.start_s)}, or others"
    )
