"""`collector replay`, `collector salvage`: packets once more, and those of a spool that was set aside."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from plagewatch.cli.opening import DataDir, read_settings, refuse, say, show, stores

collector = typer.Typer(no_args_is_help=True, help="The collector's spool.")


@collector.command("replay")
def collector_replay(
    since: Annotated[str, typer.Option(help="Packets received from then on: 2026-11-01, or a time with its zone.")],
    until: Annotated[str | None, typer.Option(help="Only packets received before then.")] = None,
    device: Annotated[str, typer.Option(help="Only this device's packets, by its id as /data/devices shows it.")] = "",
    data: DataDir = None,
) -> None:
    """Send packets of the spool through the decoders once more; a running collector does it beside its live packets."""
    from plagewatch.cli.collecting import now_ms, replay_here
    from plagewatch.store.records import replays
    from plagewatch.store.records.replays import Asked
    from plagewatch.store.series.protocol import SeriesError

    since_ms, until_ms = _instant_ms(since), None if until is None else _instant_ms(until)
    if until_ms is not None and until_ms <= since_ms:
        refuse(f"--until {until} is not after --since {since}.")
    with stores(read_settings(data)) as opened:
        number = replays.ask_now(opened.engine, Asked("command line", now_ms(), since_ms, until_ms, device))
        try:
            elsewhere = replay_here(opened)
        except SeriesError as error:
            refuse(f"Replay {number} waits for the series store: {error}. The collector goes on with it when it runs.")
        done = replays.replay(opened.engine, number)
    if elsewhere or done is None:
        show(f"replay {number} is asked for; the running collector works it off, and /data/devices shows how far it is")
        return
    if done.done_ms is None:
        say(f"replay {number} waits for other collectors; /data/devices shows how far it is")
    show(f"replay {number}: {done.packets} packets, {done.samples} readings stored or there already")
    if done.trouble:
        show(done.trouble)
        raise typer.Exit(1)


def _instant_ms(text: str) -> int:
    from plagewatch.metering.local_time import day_start_s

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no moment; write it as 2026-11-01 or 2026-11-01T10:00:00Z.")
    if at.tzinfo is None:
        if len(text) != len("2026-11-01"):
            refuse(f"{text!r} has no zone; write it as 2026-11-01T10:00:00Z or 2026-11-01T11:00:00+01:00.")
        return day_start_s(at.date(), "Europe/Brussels") * 1000
    return round(at.timestamp() * 1000)


@collector.command("salvage")
def collector_salvage(
    file: Annotated[Path, typer.Argument(help="A spool that was set aside, or one left of another machine.")],
    data: DataDir = None,
) -> None:
    """Put what another spool file has and no store has yet into this collector's spool; it must not run meanwhile."""
    from collector.spool import Spool, SpoolError
    from collector.spool_salvage import salvage

    if not file.is_file():
        refuse(f"There is no file {file}.")
    try:
        with closing(Spool(read_settings(data).data_dir / "spool.db")) as spool:
            done = salvage(file, spool)
    except SpoolError as error:
        refuse(str(error))
    aside = file.rename(file.with_name(f"{file.name}.salvaged"))
    show(f"{done.saved} packets are in the spool; the collector stores them when it runs")
    if done.lost:
        show(f"{done.lost} packets could not be read; the file is {aside} now: keep it until nobody asks for them")
        raise typer.Exit(1)
