"""`demo`, `serve`, `simulate`, `store`, `broker`, `collector`, `backup`: what runs, and what it runs on.

Rooms are loaded by the command that needs them: together they take seconds, which `--help` should not.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from plagewatch.cli import later, moving, setting_up
from plagewatch.cli.broker.command import broker
from plagewatch.cli.opening import (
    DataDir,
    now_s,
    read_portfolio,
    read_settings,
    refuse,
    say,
    show,
    stores_later,
)
from plagewatch.cli.spools import collector

store = typer.Typer(no_args_is_help=True, help="The stores: set up, move.")
simulate = typer.Typer(no_args_is_help=True, help="A made-up centre: live packets, or history as a folder.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail.")

OPENING_S = 3.0  # that long the first sentence waits for the stores; packets are taken meanwhile


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(demo)
    app.command()(serve)
    store.command("init")(setting_up.store_init)
    store.command("move")(moving.move)
    app.add_typer(store, name="store")
    app.add_typer(simulate, name="simulate")
    app.add_typer(collector, name="collector")
    app.add_typer(broker, name="broker")
    app.add_typer(audit, name="audit")
    later.promise(audit, "verify", later.OPERATIONS, "Verify that nobody changed the audit trail")
    later.promise(app, "backup", later.OPERATIONS, "Back up records, series and spool")
    later.promise(app, "restore", later.OPERATIONS, "Restore a backup")


def demo(
    port: Annotated[int, typer.Option(help="Port of the pages.", min=1, max=65535)] = 8000,
    data: DataDir = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again with an empty folder.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    started: Annotated[float | None, typer.Option(hidden=True)] = None,
) -> None:
    """A dozen buildings with 13 months of history, live meters and running incidents, in this one process."""
    from plagewatch.demo import DemoOptions, run

    options = DemoOptions(port, fresh, not no_browser, started if started is not None else time.time())
    run(read_settings(data), options)


def serve(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[ROOM]...", help="collector figures rules api digest")
    ] = None,
    data: DataDir = None,
) -> None:
    """Run rooms on the stores of the settings, all of them where none is named, until Ctrl-C."""
    from plagewatch.cli.health_port import HealthPort
    from plagewatch.cli.rooms import Pages
    from plagewatch.cli.wiring import ROOMS, pages_of, rooms

    names = wanted or list(ROOMS)
    unknown = [name for name in names if name not in ROOMS]
    if unknown:
        refuse(f"There is no room {unknown[0]!r}; there are {', '.join(ROOMS)}.")
    settings = read_settings(data)
    portfolio = read_portfolio(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    with stores_later(settings, names) as opened:
        wired = rooms(opened, portfolio, names)
        running, pages, port = wired.running, None, None
        if settings.health_port is not None:
            port = HealthPort(settings.health_host, settings.health_port, running.health, wired.metrics)
            port.start()
        if "api" in names:
            pages = Pages(pages_of(opened, portfolio, wired), settings.http_host, settings.http_port)
            pages.start()
        running.start()
        for away in running.wait(OPENING_S):
            say(f"{away}; it is tried again and again meanwhile")
        say(f"serving {', '.join(names)}" + (f" on http://{settings.http_host}:{settings.http_port}" if pages else ""))
        try:
            stop.wait()
        finally:
            for shown in (pages, port):
                if shown is not None:
                    shown.stop()
            left = running.stop()
            if left:
                # What hangs is left where it is: everything is written so that it may be cut off at any point.
                say(f"stopped without waiting for {', '.join(left)}")
                sys.stdout.flush()
                os._exit(0)
    show("stopped")


@simulate.command("live")
def simulate_live(
    broker: Annotated[str, typer.Option(help="MQTT broker, e.g. mqtt://127.0.0.1:1883.")],
    speed: Annotated[float, typer.Option(help="How many times faster than real time.", min=0.1, max=10_000)] = 1.0,
    data: DataDir = None,
) -> None:
    """Publish what the meters of the made-up centre say, until Ctrl-C."""
    from simulators.live import LiveFeed
    from simulators.world import World

    try:
        address = urlsplit(broker)
        port = address.port or 1883
    except ValueError:
        refuse(f"{broker!r} is no broker's address; write it as mqtt://HOST:PORT.")
    if address.scheme != "mqtt" or not address.hostname:
        refuse(f"{broker!r} is no broker's address; write it as mqtt://HOST:PORT.")
    settings = read_settings(data)
    world = World.load_or_make(settings.data_dir, now_s())
    feed = LiveFeed(world, address.hostname, port, speed=speed)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    feed.start()
    say(f"publishing to {broker}; Ctrl-C stops")
    stop.wait()
    feed.stop()
    show("stopped")


@simulate.command("history")
def simulate_history(
    out: Annotated[Path, typer.Option(help="Folder to write, in the canonical format.")],
    months: Annotated[int, typer.Option(min=1, max=36)] = 13,
    buildings: Annotated[int, typer.Option(min=1, max=12)] = 12,
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """Write a made-up centre's past as a folder that `import` and `backtest` read, with the truth beside it."""
    from simulators import folder
    from simulators.world import World

    world = World.make(now_s(), months=months, seed=seed, buildings=buildings)
    try:
        folder.write(world, out)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    show(f"{out}: {months} months of {buildings} buildings, seed {seed}")
