"""`backtest`, `plage`, `savings`: what the figures say.

Rooms are loaded by the command that needs them: together they take seconds, which `--help` should not.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from collector.imports.importing import Order
from plagewatch.cli import later
from plagewatch.cli.importing import import_into
from plagewatch.cli.opening import (
    DataDir,
    known_language,
    now_s,
    read_portfolio,
    read_settings,
    refuse,
    say,
    show,
    stores,
)

plage = typer.Typer(no_args_is_help=True, help="The PLAGE: target, progress, forecast.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backtest)
    app.add_typer(plage, name="plage")
    later.promise(app, "savings", later.SAVINGS, "Verify the saving of one meter against its weather-aware baseline")
    later.promise(plage, "dossier", later.SAVINGS, "The dossier for the reviser")


def backtest(
    folder: Annotated[Path, typer.Argument(help="A canonical folder.")],
    out: Annotated[Path, typer.Option(help="Folder for tickets.csv and scores.csv.gz.")],
) -> None:
    """Replay a folder through the store and let the live rules look at it in order of time, backwards only."""
    from rules import backtest as backtesting

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    room = Path(tempfile.mkdtemp(prefix="plagewatch-backtest-"))
    try:
        # An own embedded store: the past of a folder never mixes with the live one.
        embedded = {"data_dir": room, "influx_url": None, "records_url": None}
        with stores(read_settings(None).model_copy(update=embedded)) as opened:
            report = import_into(opened, Order(folder, "canonical"))
            result = backtesting.backtest(opened.engine, opened.series, progress=say)
            backtesting.write(result, out)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    for reason, count in sorted(report.left_out.items()):
        say(f"left out: {count} rows: {reason}")
    show(f"{len(result.tickets)} tickets on {report.meters} meters in {out}")


@plage.command("status")
def plage_status(
    data: DataDir = None,
    sample: Annotated[bool, typer.Option("--sample", help="The sample portfolio.")] = False,
    language: Annotated[str, typer.Option(help="nl, fr or en.")] = "nl",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Target, result so far, forecast, excess and fine, with every parameter's source."""
    from plagewatch import plage_progress

    settings = read_settings(data)
    if sample:
        settings = settings.model_copy(update={"plage_portfolio": None})
    portfolio = read_portfolio(settings)
    with stores(settings) as opened:
        assessment = plage_progress.assess(opened.engine, opened.series, portfolio, now_s())
    if as_json:
        show(json.dumps(plage_progress.as_json(assessment), indent=1, ensure_ascii=False))
        return
    for line in plage_progress.status_lines(assessment, known_language(language)):
        show(line)
