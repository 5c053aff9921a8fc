"""`bench chaos`: nothing acknowledged is lost, whoever is killed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from plagewatch.cli.opening import refuse, say, show

if TYPE_CHECKING:
    from plagewatch.bench.chaos import Outcome, Plan


def chaos(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long faults are made.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same faults in the same order.")] = 1,
    collectors: Annotated[int, typer.Option(min=1, help="More than one share a subscription.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run the rules.")] = 3,
    meters: Annotated[int, typer.Option(min=1, help="Meters that bring load.")] = 100,
    rate: Annotated[float, typer.Option(min=1, help="Messages a second.")] = 150.0,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds from one fault to the next, on average.")] = 4.0,
    forgetful: Annotated[
        bool, typer.Option("--forgetful", help="Loggers do not say again what a killed broker may have forgotten.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Kill, cut and set clocks while loggers publish, then hold the stores against what was said (exit 1: broken)."""
    from plagewatch.bench.chaos import Plan
    from plagewatch.bench.chaos_publisher import REMEMBERED_S

    plan = Plan(
        seconds=minutes * 60,
        seed=seed,
        collectors=collectors,
        workers=workers,
        plain=meters,
        per_s=rate,
        fault_every_s=every,
        remembered_s=0.0 if forgetful else REMEMBERED_S,
    )
    folder = Path(mkdtemp(prefix="plagewatch-chaos-"))
    folder.chmod(0o755)  # PostgreSQL does not run as root, and must get to its folder
    outcome = _run(folder, plan, say if as_json else show)
    _show(outcome, as_json)
    if not outcome.kept:
        say(f"logs and data are in {folder}")
        raise typer.Exit(1)
    shutil.rmtree(folder)


def _run(folder: Path, plan: "Plan", tell: Callable[[str], None]) -> "Outcome":
    from plagewatch.bench.chaos import run
    from plagewatch.bench.services import NoService

    try:
        return run(folder, plan, tell)
    except NoService as missing:
        shutil.rmtree(folder)
        refuse(str(missing))
    except Exception:
        say(f"broken off; logs and data are in {folder}")
        raise


def _show(outcome: "Outcome", as_json: bool) -> None:
    if as_json:
        show(json.dumps({**asdict(outcome), "kept": outcome.kept}, indent=1))
        return
    for one in outcome.checked:
        show(one.line())
    kept = sum(not one.faults for one in outcome.checked)
    show(f"verdict: {kept} of {len(outcome.checked)} promises kept, {outcome.line()}")
