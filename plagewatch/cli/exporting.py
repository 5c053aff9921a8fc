"""`export`: intervals of a meter as a file."""

import csv
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from plagewatch.cli import later
from plagewatch.cli.opening import DataDir, read_settings, refuse, show, stores
from plagewatch.metering import local_time
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.store.records import registry


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(export)


class Grain(StrEnum):
    """What `export` writes a row for."""

    QUARTERS = "quarters"
    HOURS = "hours"
    DAYS = "days"


class Counted(StrEnum):
    """Which of a meter's two flows `export` writes."""

    TOTAL = "total"
    EXPORT = "export"


RESOLUTION = {Grain.QUARTERS: Resolution.QUARTER, Grain.HOURS: Resolution.HOUR, Grain.DAYS: Resolution.DAY}


def export(
    what: Annotated[Grain, typer.Argument()],
    meter: Annotated[str, typer.Option(help="The meter's id.")],
    out: Annotated[Path, typer.Option(help="File to write (.csv).")],
    first: Annotated[str | None, typer.Option("--from", help="First local day, e.g. 2026-01-01.")] = None,
    to: Annotated[str | None, typer.Option(help="Local day after the last.")] = None,
    register: Annotated[Counted, typer.Option(help="What the meter is for, or what was fed back.")] = Counted.TOTAL,
    data: DataDir = None,
) -> None:
    """Intervals of one meter with coverage and provenance, as a file."""
    if out.suffix != ".csv":
        refuse(f"export to {out.suffix or 'a file without ending'}: not built yet: issue “{later.LEDGER}”; write .csv.")
    flow: Flow = "export" if register is Counted.EXPORT else "main"
    with stores(read_settings(data)) as opened:
        known = registry.meter(opened.engine, meter)
        if known is None:
            refuse(f"There is no meter {meter!r}.")
        timezone = next(site.timezone for site in registry.sites(opened.engine) if site.id == known.site)
        from_s, to_s = _bound(first, timezone, 0), _bound(to, timezone, 2**33)
        if from_s >= to_s:
            refuse(f"No day lies between --from {first} and --to {to}: --to is the day after the last.")
        rows = opened.series.intervals(RESOLUTION[what], meter, from_s, to_s, flow)
    try:
        _write_csv(rows, out)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    show(f"{out}: {len(rows)} {what.value} of {meter}")


def _bound(text: str | None, timezone: str, otherwise_s: int) -> int:
    if text is None:
        return otherwise_s
    try:
        return local_time.day_start_s(date.fromisoformat(text), timezone)
    except ValueError:
        refuse(f"{text!r} is no day; write it as 2026-01-01.")


def _write_csv(rows: Intervals, out: Path) -> None:
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["start", "amount", "coverage", "provenance"])
        for n, start_s in enumerate(rows.start_s.tolist()):
            amount = "" if np.isnan(rows.amount[n]) else f"{rows.amount[n]:.6f}"
            start = datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow([start, amount, f"{rows.coverage[n]:.6f}", _provenance(rows, n)])


def _provenance(rows: Intervals, n: int) -> str:
    """The origins that have a part in an amount, the largest first."""
    if np.isnan(rows.amount[n]):
        return "missing"
    parts = {name: abs(float(getattr(rows, name)[n])) for name in ("interpolated", "spread", "estimated", "manual")}
    parts["measured"] = abs(float(rows.amount[n])) - sum(parts.values())
    present = sorted((name for name, part in parts.items() if part > 1e-9), key=lambda name: -parts[name])
    return "+".join(present) or "measured"
