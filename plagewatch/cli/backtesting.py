"""`backtest`: the live rules over a stored past, of a folder or of the installation itself."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.imports.importing import ImportReport, Order
from plagewatch.cli.importing import import_into
from plagewatch.cli.opening import DataDir, Stores, read_settings, refuse, say, show, stores
from plagewatch.metering.local_time import day_start_s
from plagewatch.store.records import registry
from plagewatch.store.records import tickets as ticket_records

if TYPE_CHECKING:
    from rules.backtest import BacktestResult
    from rules.catalogue import Rule

UNKNOWN_ZONE = "UTC"


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(backtest)


def backtest(
    out: Annotated[Path, typer.Option(help="Folder for tickets.csv and scores.csv.gz.")],
    folder: Annotated[Path | None, typer.Argument(help="A canonical folder.")] = None,
    store: Annotated[bool, typer.Option("--store", help="The past of this installation, not a folder.")] = False,
    rules: Annotated[
        list[str] | None,
        typer.Option(help="Only this rule; unusual_load:deviations=7,lasts_h=24 with other numbers. Repeatable."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First local day, e.g. 2026-01-01.")] = None,
    to: Annotated[str | None, typer.Option(help="Local day after the last.")] = None,
    data: DataDir = None,
) -> None:
    """Let the live rules look at a stored past in order of time, backwards only; nothing is written to the store."""
    from rules.choosing import NoSuchRule, chosen

    if (folder is None) != store:
        refuse("Give a folder, or --store for the past of this installation: one of the two.")
    days = _day(first), _day(to)
    try:
        wanted = chosen(rules or [])
    except NoSuchRule as error:
        refuse(str(error))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    if folder is None:
        with stores(read_settings(data)) as opened:
            result = _replay(opened, wanted, days, out)
            _tell(result, out)
            _tell_of_past(opened, result, wanted)
        return
    with folder_in_store(folder) as (opened, report):
        result = _replay(opened, wanted, days, out)
    for reason, count in sorted(report.left_out.items()):
        say(f"left out: {count} rows: {reason}")
    _tell(result, out, report.meters)


@contextmanager
def folder_in_store(folder: Path) -> Iterator[tuple[Stores, ImportReport]]:
    """A canonical folder through the normal import into embedded stores of its own, which are gone afterwards.

    Raises Refused where it cannot be read.
    """
    room = Path(tempfile.mkdtemp(prefix="plagewatch-backtest-"))
    try:
        # The past of a folder never mixes with the live one.
        embedded = {"data_dir": room, "influx_url": None, "records_url": None}
        with stores(read_settings(None).model_copy(update=embedded)) as opened:
            yield opened, import_into(opened, Order(folder, "canonical"))
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _replay(
    opened: Stores, wanted: Sequence["Rule"], days: tuple[date | None, date | None], out: Path
) -> "BacktestResult":
    from rules import backtest as backtesting

    zones = sorted({site.timezone for site in registry.sites(opened.engine)}) or [UNKNOWN_ZONE]
    if len(zones) > 1 and any(days):
        say(f"sites lie in {len(zones)} time zones: days begin as in {zones[0]}")
    from_s, to_s = (None if day is None else day_start_s(day, zones[0]) for day in days)
    if from_s is not None and to_s is not None and from_s >= to_s:
        refuse(f"No day lies between --from {days[0]} and --to {days[1]}: --to is the day after the last.")
    result = backtesting.backtest(opened.engine, opened.series, from_s, to_s, say, rules=wanted)
    try:
        backtesting.write(result, out)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    return result


def _tell(result: "BacktestResult", out: Path, meters: int | None = None) -> None:
    for count in result.counts:
        show(count.line())
    on = len({ticket.meter for ticket in result.tickets}) if meters is None else meters
    show(f"{len(result.tickets)} tickets on {on} meters in {out}")


def _tell_of_past(opened: Stores, result: "BacktestResult", wanted: Sequence["Rule"]) -> None:
    """Which tickets of the same time, as they really were, these rules tell again."""
    from rules.rule_counts import told_again

    ids = {rule.id for rule in wanted}
    from_s, to_s = result.span_s
    past = [t for t in ticket_records.tickets(opened.engine) if from_s < t.opened_s <= to_s and t.rule in ids]
    again = told_again(past, result.tickets)
    show(f"of {len(past)} tickets that were really opened then, {len(again)} again")
    for ticket in past:
        if ticket not in again:
            show(f"  not again: ticket {ticket.id}, {ticket.rule} on {ticket.meter}")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no day; write it as 2026-01-01.")
