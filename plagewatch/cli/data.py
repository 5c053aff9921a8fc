"""`decode`, `ledger`: what is made of a payload, and whether all totals add up."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from collector import inspect, ledger_check
from plagewatch.cli.opening import DataDir, now_s, read_settings, refuse, say, show, stores
from plagewatch.metering.meters import Kind
from plagewatch.metering.readings import Packet
from plagewatch.store.records import registry

ledger = typer.Typer(no_args_is_help=True, help="The ledger: do all totals add up?")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(decode)
    app.add_typer(ledger, name="ledger")


def decode(
    file: Annotated[Path | None, typer.Argument(help="A payload; standard input where none is given.")] = None,
    topic: Annotated[str, typer.Option(help="The topic it came on.")] = "",
    family: Annotated[str | None, typer.Option(help="The decoder family; guessed from topic and payload.")] = None,
) -> None:
    """Show what is made of one payload, as JSON."""
    try:
        payload = file.read_bytes() if file is not None else sys.stdin.buffer.read()
    except OSError as error:
        refuse(f"{file} cannot be read ({error.strerror}).")
    try:
        made = inspect.inspect(Packet(topic, payload, now_s() * 1000), family)
    except inspect.UnknownFamily as error:
        refuse(str(error))
    show(json.dumps(made, indent=1, ensure_ascii=False))
    if not made["samples"]:
        raise typer.Exit(1)


_TELLS = {
    Kind.INTERVAL: "amounts of intervals",
    Kind.VIRTUAL: "what its formula makes of other meters, which are checked themselves",
    Kind.DELIVERY: "what deliveries brought",
    Kind.GAUGE: "a state",
}


@ledger.command("check")
def check(
    meter: Annotated[str | None, typer.Option(help="Only this meter.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list on standard output.")] = False,
    data: DataDir = None,
) -> None:
    """Verify that booked amounts and quarantined steps equal each index's movement (exit 1 where not)."""
    with stores(read_settings(data)) as opened:
        known = None if meter is None else registry.meter(opened.engine, meter)
        if meter is not None and known is None:
            refuse(f"There is no meter {meter!r}; the pages and GET /api/v1/meters list them.")
        # Evidence whose figures are not made yet is no error of the ledger: they are made first.
        balances = ledger_check.settled(opened.engine, opened.series, meter, now_s())
    wrong = [balance for balance in balances if not balance.balanced]
    if as_json:
        show(json.dumps([balance.as_json() for balance in balances], indent=1))
    else:
        for balance in wrong:
            show(f"{balance.meter} {balance.register}: {balance.explain()}")
    if not balances and known is not None and known.kind is not Kind.INDEX:
        refuse(f"{meter} has no index to check: it tells {_TELLS[known.kind]}.")
    if not balances:
        refuse(f"There is nothing to check in {opened.settings.data_dir}: no register has a reading there.")
    say(f"{len(balances) - len(wrong)} of {len(balances)} registers add up")
    if wrong:
        raise typer.Exit(1)
