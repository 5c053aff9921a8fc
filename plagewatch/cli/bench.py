"""`bench`: figures of speed, side by side in one run."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from plagewatch.cli import later
from plagewatch.cli.opening import show

bench = typer.Typer(no_args_is_help=True, help="Figures of speed, side by side in one run.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(bench, name="bench")
    for name, issue in {
        "ingest": later.SERVICES,
        "chaos": later.SERVICES,
        "rules": later.RULES,
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
    from plagewatch.cli import bench_ledger

    measured = []
    for figure in bench_ledger.measure(meters, runs):
        measured.append(figure)
        if not as_json:
            show(figure.line())
    broken = [figure for figure in measured if not figure.kept]
    if as_json:
        show(json.dumps([{**asdict(figure), "kept": figure.kept} for figure in measured], indent=1))
    else:
        promised = sum(figure.promised is not None for figure in measured)
        show(f"verdict: {promised - len(broken)} of {promised} promises kept")
    if broken:
        raise typer.Exit(1)
