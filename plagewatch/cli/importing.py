"""`import`: files and folders into the stores, or only what they would change."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from collector import rollup_job
from collector.imports import importing
from collector.imports.formats import FORMATS
from collector.imports.importing import ImportRefused, ImportReport, Order
from plagewatch.cli.mappings import Wanted, with_mapping
from plagewatch.cli.opening import DataDir, Refused, Stores, now_s, read_settings, refuse, say, show, stores
from plagewatch.store.records.withdrawals import counting


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("import")(import_path)


def import_path(
    path: Annotated[Path, typer.Argument(help="A file, or a canonical folder.")],
    format: Annotated[str | None, typer.Option(help=f"{', '.join(FORMATS)}; by the content where not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    mapping: Annotated[
        str | None, typer.Option(help="What a table's columns are: the name of a kept mapping, or a JSON file.")
    ] = None,
    accept_mapping: Annotated[
        str | None, typer.Option(help="Keep the mapping that is given or proposed under this name, and import with it.")
    ] = None,
    meter: Annotated[
        list[str] | None, typer.Option(help="Only this meter; NAME=METER says what the file calls it. Repeatable.")
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="Site of a weather file; STATION=SITE where it has several. Repeatable.")
    ] = None,
    data: DataDir = None,
) -> None:
    """Take readings from files into the store; what is not understood is kept with its line and reason (exit 1)."""
    order = ordered(path, format, meter or [], site or [])
    with stores(read_settings(data)) as opened:
        order = with_mapping(opened, order, Wanted(mapping, accept_mapping, only_looking=dry_run))
        say(f"format: {order.format}{'' if format else ', by the content'}")
        report = (_rehearse if dry_run else import_into)(opened, order)
    tell(report, dry_run)
    if report.left_out:
        raise typer.Exit(1)


def ordered(path: Path, format: str | None, meters: list[str], sites: list[str]) -> Order:
    """What the options ask for. Raises Refused."""
    if format is not None and format not in FORMATS:
        refuse(f"There is no format {format!r}; there are {', '.join(FORMATS)}.")
    if not path.exists():
        refuse(f"{path} is not there: give a file or a folder.")
    names = dict(_named(text) for text in meters)
    return Order(
        path,
        format,
        only=tuple(names.values()),
        names={name: meter for name, meter in names.items() if name != meter},
        sites={"" if name == site else name: site for name, site in map(_named, sites)},
    )


def import_into(opened: Stores, order: Order) -> ImportReport:
    """A file or folder into open stores, figures made. Raises Refused where it cannot be read."""
    say(f"reading {order.path} ...")
    # A reading that is withdrawn is none: told by the file it counts again.
    try:
        report = importing.run(
            order, opened.engine, counting(opened.engine, opened.series), now_s() * 1000, progress=say
        )
    except ImportRefused as error:
        raise Refused(str(error)) from error
    say("making quarter-hours, hours and days ...")
    try:
        rollup_job.run(opened.engine, opened.series, now_s())
    except rollup_job.FiguresFailed as error:
        raise Refused(f"The readings are kept, but {error}") from error
    return report


def tell(report: ImportReport, dry_run: bool) -> None:
    """Print what an import did, or would do."""
    for example in report.examples:
        say(example)
    for note in report.notes:
        say(note)
    if dry_run:
        _show_changes(report)
    else:
        _show_beside(report)
    for why, count in sorted(report.passed.items()):
        show(f"passed over: {_counted(count, 'row')}: {why}")
    for reason, count in sorted(report.left_out.items()):
        show(f"left out: {_counted(count, 'row')}: {reason}")
    if dry_run:
        show("dry run: nothing was written")
    else:
        for table, (number, new) in report.tables.items():
            show(f"{table.replace('_', ' ')}: {number}, {new} of them new or changed")
        told_of = f"{_counted(report.samples, 'reading')} of {_counted(report.meters, 'meter')}"
        show(f"imported {told_of}, {report.new_samples} of them new")


def _rehearse(opened: Stores, order: Order) -> ImportReport:
    say(f"reading {order.path}, nothing is written ...")
    try:
        return importing.dry_run(
            order, opened.engine, counting(opened.engine, opened.series), now_s() * 1000, progress=say
        )
    except ImportRefused as error:
        raise Refused(str(error)) from error


def _show_changes(report: ImportReport) -> None:
    if report.new_meters:
        show(f"new meters: {', '.join(report.new_meters)}")
    for (meter, register), account in sorted(report.accounts.items()):
        contradicting = f", {account.contradicting} beside another value" if account.contradicting else ""
        period = f"{_instant(account.first_ms)} to {_instant(account.last_ms)}"
        show(f"{meter} {register}: {account.new} new, {account.known} already there{contradicting}; {period}")
    _show_beside(report)


def _show_beside(report: ImportReport) -> None:
    """What an import takes beside readings."""
    for what, number, new in (
        ("hours of weather", report.weather_hours, report.new_weather_hours),
        ("meter exchanges", report.swaps, report.new_swaps),
        ("marked days", report.calendar_days, report.new_calendar_days),
    ):
        if number:
            show(f"{what}: {new} new, {number - new} already there")
    for table, (number, new) in report.tables.items():
        show(f"{table.replace('_', ' ')}: {new} new or changed, {number - new} already there")
    if report.new_facts:
        show(f"facts of meters that change: {report.new_facts}")


def _instant(at_ms: int | None) -> str:
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(text: str) -> tuple[str, str]:
    name, _, meant = text.rpartition("=")
    return (name, meant) if name else (text, text)


def _counted(number: int, what: str) -> str:
    """A number of things.

    >>> _counted(1, "row"), _counted(0, "row")
    ('1 row', '0 rows')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
