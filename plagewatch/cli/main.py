"""The commands by the names that people and scripts call them; docs/command-line.md describes them."""

import sys

import typer

from plagewatch.cli import backtesting, bench, boards, data, exporting, figures, importing, mails, running, weather
from plagewatch.cli.dossier import command as dossier
from plagewatch.cli.logs import configure
from plagewatch.cli.opening import Refused, say, show
from plagewatch.settings import markdown_table

INTERRUPTED = 130  # how typer ends on Ctrl-C

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From a meter's packet to a technician's ticket, a verified saving and the PLAGE target.",
)
running.add_to(app)
importing.add_to(app)
data.add_to(app)
exporting.add_to(app)
backtesting.add_to(app)
dossier.add_to(app)
figures.add_to(app)
bench.add_to(app)
app.add_typer(mails.digest, name="digest")
app.add_typer(boards.dashboards, name="dashboards")
app.add_typer(weather.weather, name="weather")


def run() -> None:
    """Carry out the command of this process and end it with its exit code."""
    configure()
    try:
        app()
    except Refused as refusal:
        say(str(refusal))
        sys.exit(2)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            say("stopped")
        raise


@app.command()
def settings() -> None:
    """Print all settings with their defaults."""
    show(markdown_table())
