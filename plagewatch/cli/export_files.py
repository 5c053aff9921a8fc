"""Intervals of one meter as CSV, Excel or Parquet."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from plagewatch.metering.intervals import Intervals

PARTS = ("interpolated", "spread", "estimated", "manual")
EXCEL_ROWS = 1_048_575  # and the headings
CONTRACT = ("start", "amount", "coverage", "provenance")


@dataclass(frozen=True, slots=True)
class Export:
    """What a file shall hold. unit: of all amounts; detail: a CSV file with the parts of each amount too."""

    rows: Intervals
    meter: str
    flow: str
    unit: str
    timezone: str
    detail: bool = False


def write_csv(export: Export, out: Path) -> None:
    """start, amount, coverage, provenance: these four are a contract; the parts behind them where asked for."""
    rows, parts = export.rows, PARTS if export.detail else ()
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*CONTRACT, *parts])
        for n, start in enumerate(_starts(rows)):
            known = not np.isnan(rows.amount[n])
            amounts = [f"{getattr(rows, part)[n]:.6f}" if known else "" for part in parts]
            amount = f"{rows.amount[n]:.6f}" if known else ""
            stamp = start.strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow([stamp, amount, f"{rows.coverage[n]:.6f}", provenance(rows, n), *amounts])


def write_excel(export: Export, out: Path) -> None:
    """A sheet with the unit in its headings, and the start in UTC and by the site's clock."""
    import openpyxl

    rows, zone = export.rows, ZoneInfo(export.timezone)
    in_unit = [f"{name} [{export.unit}]" for name in ("amount", *PARTS)]
    # A file that cannot be written must fail before openpyxl begins one of its own.
    with out.open("wb") as file:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet(export.flow)
        sheet.freeze_panes = "A2"
        sheet.append(["start (UTC)", f"start ({export.timezone})", in_unit[0], "coverage", "provenance", *in_unit[1:]])
        for n, start in enumerate(_starts(rows)):
            known = not np.isnan(rows.amount[n])
            amounts = [float(getattr(rows, name)[n]) if known else None for name in ("amount", *PARTS)]
            # Cells of Excel have no zone.
            stamps = [start.replace(tzinfo=None), start.astimezone(zone).replace(tzinfo=None)]
            sheet.append([*stamps, amounts[0], float(rows.coverage[n]), provenance(rows, n), *amounts[1:]])
        book.save(file)


def write_parquet(export: Export, out: Path) -> None:
    """Typed columns; meter, flow and unit stand in the metadata of the file and of each column."""
    import pyarrow
    import pyarrow.parquet

    rows, unit = export.rows, {b"unit": export.unit.encode()}
    known = ~np.isnan(rows.amount)
    columns = [pyarrow.array(rows.start_s * 1000, pyarrow.timestamp("ms", "UTC"))]
    fields = [pyarrow.field("start", pyarrow.timestamp("ms", "UTC"), nullable=False)]
    for name in ("amount", *PARTS):
        columns.append(pyarrow.array(getattr(rows, name), pyarrow.float64(), mask=~known))
        fields.append(pyarrow.field(name, pyarrow.float64(), metadata=unit))
    columns.append(pyarrow.array(rows.coverage, pyarrow.float64()))
    fields.append(pyarrow.field("coverage", pyarrow.float64(), metadata={b"unit": b"1"}))
    columns.append(pyarrow.array([provenance(rows, n) for n in range(len(rows))], pyarrow.string()))
    fields.append(pyarrow.field("provenance", pyarrow.string()))
    about = {"meter": export.meter, "flow": export.flow, "unit": export.unit, "timezone": export.timezone}
    schema = pyarrow.schema(fields, metadata={key.encode(): text.encode() for key, text in about.items()})
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), out)


WRITERS: Mapping[str, Callable[[Export, Path], None]] = {
    ".csv": write_csv,
    ".xlsx": write_excel,
    ".parquet": write_parquet,
}


def provenance(rows: Intervals, n: int) -> str:
    """The origins that have a part in an amount, the largest first, joined by `+`; `missing` where it is not known.

    >>> rows = Intervals.measured(np.array([0, 900]), np.array([1.5, np.nan]))
    >>> provenance(rows, 0), provenance(rows, 1)
    ('measured', 'missing')
    """
    if np.isnan(rows.amount[n]):
        return "missing"
    parts = {name: abs(float(getattr(rows, name)[n])) for name in PARTS}
    parts["measured"] = abs(float(rows.amount[n])) - sum(parts.values())
    present = sorted((name for name, part in parts.items() if part > 1e-9), key=lambda name: -parts[name])
    return "+".join(present) or "measured"


def _starts(rows: Intervals) -> Iterator[datetime]:
    for start_s in rows.start_s.tolist():
        yield datetime.fromtimestamp(start_s, UTC)
