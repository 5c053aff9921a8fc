"""Commands whose names are promised and whose work is not built: each says so and ends with exit code 2."""

from collections.abc import Callable
from typing import Annotated

import typer

from plagewatch.cli.opening import refuse

RULES = "Rules that find what matters"
SAVINGS = "Savings and PLAGE dossier"
BOARDS = "Grafana boards"
OPERATIONS = "Operations and rights"

Anything = Annotated[list[str] | None, typer.Argument(hidden=True)]
TAKES_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def promise(app: typer.Typer, name: str, issue: str, what: str) -> None:
    """Add a command that is not built yet."""
    app.command(name, context_settings=TAKES_ANYTHING, help=f"{what} (not built yet)")(_refusal(name, issue))


def _refusal(name: str, issue: str) -> Callable[[Anything], None]:
    def command(anything: Anything = None) -> None:
        del anything
        refuse(f"{name}: not built yet: issue “{issue}”.")

    return command
