"""`import`, `decode`, `export`, `ledger`: evidence in, figures out, and whether they add up."""

import csv
import json
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from collector import inspect, ledger_check, rollup_job
from collector.imports import canonical
from plagewatch.cli import later
from plagewatch.cli.opening import DataDir, Refused, Stores, now_s, read_settings, refuse, say, show, stores
from plagewatch.metering import local_time
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow, Packet
from plagewatch.store.records import registry

ledger = typer.Typer(no_args_is_help=True, help="The ledger: do all totals add up?")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("import")(import_path)
    app.command()(decode)
    app.add_typer(ledger, name="ledger")
    app.command()(export)
    later.promise(app, "validate", later.RULES, "The validation dossier")


def import_path(
    path: Annotated[Path, typer.Argument(help="A canonical folder.")],
    format: Annotated[str, typer.Option(help="The file's format; only `canonical` is built.")] = "canonical",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    data: DataDir = None,
) -> None:
    """Take readings from files into the store; what is not understood is kept with its line and reason (exit 1)."""
    if format != "canonical" or dry_run:
        refuse(
            f"import with {'--dry-run' if dry_run else '--format ' + format}: not built yet: issue “{later.LEDGER}”."
        )
    with stores(read_settings(data)) as opened:
        report = import_into(opened, path)
        for reason, count in sorted(report.left_out.items()):
            show(f"left out: {count} rows: {reason}")
        for example in report.examples:
            say(example)
        show(f"imported {report.samples} readings of {report.meters} meters")
    if report.left_out:
        raise typer.Exit(1)


def import_into(opened: Stores, path: Path) -> canonical.ImportReport:
    """A canonical folder into open stores, figures made. Raises Refused where it cannot be read."""
    say(f"reading {path} ...")
    try:
        report = canonical.import_folder(path, opened.engine, opened.series, now_s() * 1000, progress=say)
    except canonical.ImportRefused as error:
        raise Refused(str(error)) from error
    say("making quarter-hours, hours and days ...")
    rollup_job.run(opened.engine, opened.series, now_s())
    return report


def decode(
    file: Annotated[Path | None, typer.Argument(help="A payload; standard input where none is given.")] = None,
    topic: Annotated[str, typer.Option(help="The topic it came on.")] = "",
    family: Annotated[str | None, typer.Option(help="The decoder family; guessed from topic and payload.")] = None,
) -> None:
    """Show what is made of one payload, as JSON."""
    try:
        payload = file.read_bytes() if file is not None else sys.stdin.buffer.read()
    except OSError as error:
        refuse(f"{file} cannot be read ({error.strerror}).")
    try:
        made = inspect.inspect(Packet(topic, payload, now_s() * 1000), family)
    except inspect.UnknownFamily as error:
        refuse(str(error))
    show(json.dumps(made, indent=1, ensure_ascii=False))
    if not made["samples"]:
        raise typer.Exit(1)


@ledger.command("check")
def check(
    meter: Annotated[str | None, typer.Option(help="Only this meter.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
    data: DataDir = None,
) -> None:
    """Verify that booked amounts and quarantined steps equal each index's movement (exit 1 where not)."""
    with stores(read_settings(data)) as opened:
        if meter is not None and registry.meter(opened.engine, meter) is None:
            refuse(f"There is no meter {meter!r}; the pages and GET /api/v1/meters list them.")
        # Evidence whose figures are not made yet is no error of the ledger: make them first.
        rollup_job.run(opened.engine, opened.series, now_s())
        balances = ledger_check.check(opened.engine, opened.series, meter)
    wrong = [balance for balance in balances if not balance.balanced]
    if as_json:
        show(json.dumps([balance.as_json() for balance in balances], indent=1))
    else:
        for balance in wrong:
            show(f"{balance.meter} {balance.register}: {balance.explain()}")
    if not balances:
        refuse(f"There is nothing to check in {opened.settings.data_dir}: no register has a reading there.")
    say(f"{len(balances) - len(wrong)} of {len(balances)} registers add up")
    if wrong:
        raise typer.Exit(1)


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
