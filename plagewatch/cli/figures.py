"""`plage`, `savings`: what the figures say.

Rooms are loaded by the command that needs them: together they take seconds, which `--help` should not.
"""

import json
from typing import Annotated

import typer

from plagewatch.cli import later
from plagewatch.cli.opening import (
    DataDir,
    known_language,
    now_s,
    read_portfolio,
    read_settings,
    show,
    stores,
)

plage = typer.Typer(no_args_is_help=True, help="The PLAGE: target, progress, forecast.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(plage, name="plage")
    later.promise(app, "savings", later.SAVINGS, "Verify the saving of one meter against its weather-aware baseline")
    later.promise(plage, "dossier", later.SAVINGS, "The dossier for the reviser")


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
