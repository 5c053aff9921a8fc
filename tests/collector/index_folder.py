"""A folder of index evidence through the collector's normal door, and what comes out at the other end."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from collector import ledger_check, rollup_job
from collector.imports import importing
from collector.imports.importing import ImportReport, Order
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.store.engine import open_records
from plagewatch.store.records import findings
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries

COLUMNS = ["meter", "site", "carrier", "kind", "unit", "interval_s", "timezone"]
COLUMNS += ["digits", "decimals", "multiplier", "max_power_kw"]
METER = {
    "meter": "m",
    "site": "s",
    "carrier": "electricity",
    "kind": "index",
    "unit": "kWh",
    "interval_s": 900,
    "timezone": "Europe/Brussels",
    "decimals": 1,
}
NOW_MS = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True)
class Row:
    """One row of meters.csv, told by what differs from an ordinary electricity meter."""

    told: Mapping[str, object] = field(default_factory=dict)

    def cells(self) -> list[object]:
        return [{**METER, **self.told}.get(column, "") for column in COLUMNS]


def utc(text: str) -> int:
    """Milliseconds of `2026-03-02 00:15`, UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Sample = tuple[int, float, str]
"""Instant [ms], index, register as the folder names it."""


Exchanged = tuple[int, float, float, int | None]
"""Instant [ms], last index, first index, digits of the new device."""


@dataclass
class Door:
    """The product on its own stores, used as a person uses it: import, roll up, export, check."""

    engine: Engine
    series: SeriesStore

    def take(
        self,
        samples: Iterable[Sample] = (),
        swaps: Iterable[Exchanged] = (),
        told: Mapping[str, object] | None = None,
    ) -> ImportReport:
        """Import a folder of one meter and make its figures."""
        row = Row(told or {})
        meter = str(row.cells()[0])
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write(folder / "meters.csv", COLUMNS, [row.cells()])
            rows = [[meter, register, iso(at_ms), value] for at_ms, value, register in samples]
            _write(folder / "samples.csv", ["meter", "register", "at", "value"], rows)
            header = ["meter", "register", "at", "last_index", "first_index", "serial", "digits"]
            exchanged = [[meter, "total", iso(at_ms), last, first, "", digits] for at_ms, last, first, digits in swaps]
            _write(folder / "swaps.csv", header, exchanged)
            report = importing.run(Order(folder), self.engine, self.series, NOW_MS)
        rollup_job.run(self.engine, self.series, NOW_MS // 1000)
        return report

    def figures(self, resolution: Resolution = Resolution.QUARTER, flow: Flow = "main", meter: str = "m") -> Intervals:
        """What `export` writes."""
        return self.series.intervals(resolution, meter, 0, 2**33, flow)

    def amounts(self, resolution: Resolution = Resolution.QUARTER, flow: Flow = "main") -> list[float | None]:
        """Amounts as `export` writes them, to six decimals; None where the cell is blank."""
        return [
            None if amount != amount else round(amount, 6) for amount in self.figures(resolution, flow).amount.tolist()
        ]

    def coverage(self, resolution: Resolution = Resolution.QUARTER) -> list[float]:
        return [round(covered, 6) for covered in self.figures(resolution).coverage.tolist()]

    def accounts(self, meter: str = "m") -> dict[str, dict[str, float]]:
        """What `ledger check` prints, by register."""
        balances = [balance.as_json() for balance in ledger_check.check(self.engine, self.series, meter)]
        return {str(one["register"]): {k: v for k, v in one.items() if isinstance(v, int | float)} for one in balances}

    def account(self) -> tuple[float, float, float]:
        """Booked, quarantined and declared steps of the only register, once it is sure that it balances."""
        (one,) = self.accounts().values()
        assert one["balanced"]
        assert (
            abs(one["booked"] + one["quarantined"] - one["last_index"] + one["first_index"] - one["declared_steps"])
            < 1e-6
        )
        return round(one["booked"], 6), round(one["quarantined"], 6), round(one["declared_steps"], 6)

    def notes(self) -> list[str]:
        """What was found in the evidence, by time."""
        return [one.found.note.value for one in reversed(findings.newest(self.engine, 100))]


@contextmanager
def opened_door() -> Iterator[Door]:
    """An empty product on embedded stores."""
    with tempfile.TemporaryDirectory() as name:
        engine, series = open_records(f"sqlite:///{name}/records.db"), SqliteSeries(Path(name) / "series.db")
        yield Door(engine, series)
        series.close()
        engine.dispose()


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
