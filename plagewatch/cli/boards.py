"""`dashboards`: the Grafana boards as files, or pushed."""

from pathlib import Path
from typing import Annotated

import typer

from plagewatch.cli import later
from plagewatch.cli.opening import read_settings, refuse, show

dashboards = typer.Typer(no_args_is_help=True, help="The Grafana boards.")
later.promise(dashboards, "check", later.BOARDS, "Run each panel's query against the store")


@dashboards.command("build")
def dashboards_build(out: Annotated[Path, typer.Option(help="Folder for the boards' JSON.")]) -> None:
    """Write the Grafana boards as JSON."""
    from dashboards import provision

    try:
        for path in provision.build(out):
            show(str(path))
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")


@dashboards.command("push")
def dashboards_push() -> None:
    """Put data source and boards into the Grafana of the settings; the data source is made where it is missing."""
    from dashboards import provision

    settings = read_settings(None)
    if settings.grafana_url is None:
        refuse("No Grafana is named: set PLAGEWATCH_GRAFANA_URL and PLAGEWATCH_GRAFANA_TOKEN.")
    source = None
    if settings.influx_url is not None:
        source = provision.InfluxSource(settings.influx_url, settings.influx_token.get_secret_value())
    try:
        for line in provision.push(settings.grafana_url, settings.grafana_token.get_secret_value(), source):
            show(line)
    except provision.GrafanaRefused as error:
        refuse(str(error))
