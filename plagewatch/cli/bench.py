"""`bench`: figures of speed, side by side in one run."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from plagewatch.cli import later
from plagewatch.cli.bench_chaos import chaos
from plagewatch.cli.opening import refuse, show

if TYPE_CHECKING:
    from plagewatch.bench.figures import Figure

bench = typer.Typer(no_args_is_help=True, help="Figures of speed, side by side in one run.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(bench, name="bench")
    bench.command()(chaos)
    for name, issue in {
        "web": later.OPERATIONS,
        "boards": later.BOARDS,
        "digest": later.OPERATIONS,
    }.items():
        later.promise(bench, name, issue, f"Measure: {name}")


@bench.command()
def ledger(
    meters: Annotated[int, typer.Option(min=1, help="How many meters the import has.")] = 100,
    runs: Annotated[int, typer.Option(min=1, help="Of so many runs the median is told.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
) -> None:
    """Samples to figures, late packets, an import, beside plain writes of the same rows (exit 1: a promise broken)."""
    from plagewatch.bench import figures
    from plagewatch.cli import bench_ledger

    measured = figures.told(bench_ledger.measure(meters, runs), (lambda _: None) if as_json else show)
    _end_with(measured, as_json)


@bench.command()
def lag(
    meters: Annotated[int, typer.Option(min=1, help="Quarter-hourly meters.")] = 20_000,
    speed: Annotated[float, typer.Option(min=1.0, help="So much faster than the clock.")] = 50.0,
    minutes: Annotated[float, typer.Option(min=0.05, help="How long, by the clock of the wall.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """From publish to the roll-up that shows it, of meters that go on and on (exit 1: the promise broken)."""
    from plagewatch.bench import lag as bench_lag
    from plagewatch.bench.services import NoService

    try:
        measured = bench_lag.measure(meters, speed, minutes * 60)
    except NoService as error:
        refuse(str(error))
    if as_json:
        show(json.dumps({**asdict(measured), "kept": measured.kept}, indent=1))
    else:
        show("\n".join(measured.lines()))
    if not measured.kept:
        raise typer.Exit(1)


@bench.command()
def rules(
    meters: Annotated[str, typer.Option(help="Numbers of meters, separated by a comma.")] = "1000,5000,20000",
    history_days: Annotated[int, typer.Option(min=1, help="How many days of hours every meter has.")] = 70,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
) -> None:
    """One look of all rules at many meters of a real InfluxDB, after a night of learning (exit 1: a promise broken)."""
    from plagewatch.bench import rules as bench_rules
    from plagewatch.bench.services import NoService

    try:
        counts = [int(each) for each in meters.split(",")]
    except ValueError:
        refuse(f"{meters!r} is no list of numbers, as in 1000,5000,20000.")
    try:
        measured = bench_rules.measure(counts, history_days, (lambda _: None) if as_json else show)
    except NoService as missing:
        refuse(str(missing))
    if as_json:
        show(json.dumps([{**asdict(one), "kept": one.kept} for one in measured], indent=1))
    if not all(one.kept for one in measured):
        raise typer.Exit(1)


@bench.command()
def urgent(
    each: Annotated[int, typer.Option(min=1, max=100, help="So many meters for each of these rules.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
) -> None:
    """From the packet that shows a burst, an impossible step or dead panels to the ticket, through the whole product.

    And from the end of the hour with which a meter is silent for too long (exit 1: the promise of five seconds broken).
    """
    from plagewatch.bench import urgent as bench_urgent
    from plagewatch.bench.services import NoService

    try:
        measured = bench_urgent.measure(each)
    except NoService as missing:
        refuse(str(missing))
    if as_json:
        show(json.dumps([{**asdict(one), "kept": one.kept} for one in measured], indent=1))
    else:
        show("\n".join(one.line() for one in measured))
    if not all(one.kept for one in measured):
        raise typer.Exit(1)


@bench.command()
def ingest(
    peer: Annotated[str | None, typer.Option(help="The same loads through `telegraf` too.")] = None,
    telegraf: Annotated[str | None, typer.Option(metavar="PATH", help="Its binary, where it is on no path.")] = None,
    singles: Annotated[int, typer.Option(min=10, help="Messages of one reading.")] = 200_000,
    frames: Annotated[int, typer.Option(min=10, help="Messages of 100 readings.")] = 10_000,
    known: Annotated[int, typer.Option(min=10, help="Known meters of the row about many.")] = 100_000,
    devices: Annotated[int, typer.Option(min=1, help="Loggers that send the other rows.")] = 1_000,
    rows: Annotated[str, typer.Option(help="Only these rows, separated by a comma.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
) -> None:
    """From publish at QoS 1 to visible in InfluxDB: rates, CPU, memory, kills (exit 1: a promise broken)."""
    from plagewatch.bench import figures
    from plagewatch.bench import ingest as bench_ingest
    from plagewatch.bench.ingest_telegraf import peer_binary
    from plagewatch.bench.services import NoService

    if peer not in (None, "telegraf"):
        refuse(f"{peer!r} is no peer of this bench; there is telegraf.")
    wanted = rows.split(",") if rows else bench_ingest.ROWS
    if unknown := set(wanted) - set(bench_ingest.ROWS):
        refuse(f"There is no row {sorted(unknown)[0]!r}; there are {', '.join(bench_ingest.ROWS)}.")
    sizes = bench_ingest.Sizes(singles, frames, known, devices)
    try:
        program = peer_binary(telegraf) if peer else None
        with TemporaryDirectory(prefix="plagewatch-bench-") as folder:
            measured = figures.told(
                bench_ingest.measure(Path(folder), sizes, wanted, program), (lambda _: None) if as_json else show
            )
    except NoService as missing:
        refuse(str(missing))
    _end_with(measured, as_json)


def _end_with(measured: Sequence["Figure"], as_json: bool) -> None:
    from plagewatch.bench import figures

    show(json.dumps(figures.as_rows(measured), indent=1) if as_json else figures.verdict(measured))
    if not all(figure.kept for figure in measured):
        raise typer.Exit(1)
