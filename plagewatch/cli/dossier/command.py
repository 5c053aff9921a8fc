"""`validate`: everything that labelled data can say of the rules, measured and written in one go."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from plagewatch.cli.opening import now_s, refuse, say, show


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(validate)


def validate(
    folder: Annotated[Path, typer.Argument(help="A labelled set, or a folder of such sets.")],
    out: Annotated[Path, typer.Option(help="Folder for validation.html, validation.md and figures.json.")],
) -> None:
    """Measure the live rules on labelled data, beside other detectors, as one report (exit 1: a goal is missed)."""
    from plagewatch.cli.dossier import making
    from plagewatch.cli.dossier.labelled_sets import NoSet, sets_in
    from plagewatch.validation import document

    try:
        out.mkdir(parents=True, exist_ok=True)
        found = sets_in(folder)
        made = making.make(found, _facts(folder), say)
        (out / "validation.html").write_text(document.html(made.document), encoding="utf-8")
        (out / "validation.md").write_text(document.markdown(made.document), encoding="utf-8")
        for picture in document.pictures(made.document):
            (out / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
        told = [
            {"what": goal.what, "value": goal.value if isfinite(goal.value) else None, "verdict": goal.verdict}
            for goal in made.goals
        ]
        (out / "figures.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except NoSet as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or out} cannot be read or written ({error.strerror}).")
    for goal in made.goals:
        show(f"{goal.verdict:12} {goal.what}: {goal.value:.3f}")
    show(f"{len(found)} sets in {out / 'validation.html'}")
    if not all(goal.kept for goal in made.goals):
        raise typer.Exit(1)


def _facts(folder: Path) -> dict[str, str]:
    facts = {
        "Made": datetime.fromtimestamp(now_s(), UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Command": f"plagewatch validate {folder} --out OUT",
        "Python": platform.python_version(),
    }
    for package in ("plagewatch", "numpy", "camber-toolkit", "pyod"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    return facts
