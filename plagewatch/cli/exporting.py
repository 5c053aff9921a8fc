"""`export`: intervals of a meter as a file."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from plagewatch.cli.export_files import EXCEL_ROWS, WRITERS, Export, write_excel
from plagewatch.cli.opening import DataDir, read_settings, refuse, show, stores
from plagewatch.metering import local_time
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import bounds_s
from plagewatch.store.records import registry


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(export)


class Grain(StrEnum):
    """What `export` writes a row for."""

    QUARTERS = "quarters"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"


class Counted(StrEnum):
    """Which of a meter's two flows `export` writes."""

    TOTAL = "total"
    EXPORT = "export"


RESOLUTION = {
    Grain.QUARTERS: Resolution.QUARTER,
    Grain.HOURS: Resolution.HOUR,
    Grain.DAYS: Resolution.DAY,
    Grain.MONTHS: Resolution.MONTH,
}


def export(
    what: Annotated[Grain, typer.Argument()],
    meter: Annotated[str, typer.Option(help="The meter's id.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv, .xlsx or .parquet.")],
    first: Annotated[str | None, typer.Option("--from", help="First local day, e.g. 2026-01-01.")] = None,
    to: Annotated[str | None, typer.Option(help="Local day after the last.")] = None,
    register: Annotated[Counted, typer.Option(help="What the meter is for, or what was fed back.")] = Counted.TOTAL,
    detail: Annotated[
        bool, typer.Option("--detail", help="In .csv also how much was interpolated, spread, estimated, typed in.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Intervals of one meter with coverage and provenance, as a file."""
    write = WRITERS.get(out.suffix.lower())
    if write is None:
        refuse(f"{out.name} has none of the endings {', '.join(WRITERS)}, which say what is written.")
    flow: Flow = "export" if register is Counted.EXPORT else "main"
    with stores(read_settings(data)) as opened:
        known = registry.meter(opened.engine, meter)
        if known is None:
            refuse(f"There is no meter {meter!r}.")
        timezone = next(site.timezone for site in registry.sites(opened.engine) if site.id == known.site)
        from_s, to_s = _bound(first, timezone, 0), _bound(to, timezone, 2**33)
        if from_s >= to_s:
            refuse(f"No day lies between --from {first} and --to {to}: --to is the day after the last.")
        rows = without_holes(
            opened.series.intervals(RESOLUTION[what], meter, from_s, to_s, flow), RESOLUTION[what], timezone
        )
    if write is write_excel and len(rows) > EXCEL_ROWS:
        refuse(
            f"{len(rows)} rows are more than a sheet of Excel holds; write .csv or .parquet, or take a shorter time."
        )
    try:
        write(Export(rows, meter, register.value, known.unit, timezone, detail), out)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    show(f"{out}: {len(rows)} {what.value} of {meter}")


def without_holes(rows: Intervals, resolution: Resolution, timezone: str) -> Intervals:
    """The rows, and an unknown one for each interval between the first and the last that has none.

    >>> told = Intervals.measured(np.array([0, 2700]), np.array([1.0, 2.0]))
    >>> without_holes(told, Resolution.QUARTER, "Europe/Brussels").amount
    array([ 1., nan, nan,  2.])
    """
    if len(rows) == 0:
        return rows
    every = bounds_s(resolution, int(rows.start_s[0]), int(rows.start_s[-1]) + 1, timezone)[:-1]
    absent = ~np.isin(every, rows.start_s)
    holes = Intervals.measured(every[absent], np.full(int(absent.sum()), np.nan))
    order = np.argsort(np.concatenate([rows.start_s, holes.start_s]), kind="stable")
    names = Intervals.__dataclass_fields__
    return Intervals(*(np.concatenate([getattr(rows, name), getattr(holes, name)])[order] for name in names))


def _bound(text: str | None, timezone: str, otherwise_s: int) -> int:
    if text is None:
        return otherwise_s
    try:
        return local_time.day_start_s(date.fromisoformat(text), timezone)
    except ValueError:
        refuse(f"{text!r} is no day; write it as 2026-01-01.")
