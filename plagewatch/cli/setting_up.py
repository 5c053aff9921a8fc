"""`store init`: makes what the stores need."""

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plagewatch.cli.opening import DataDir, read_settings, refuse, say, show, stores
from plagewatch.settings import Settings
from plagewatch.store.names import ENERGY_BUCKET, EVIDENCE_BUCKET

if TYPE_CHECKING:
    from plagewatch.store.series.influx_setup import Keeping, Token

FOR_EVER = "for ever where not given: they are the proof of a saving"


def store_init(
    evidence_days: Annotated[
        int | None, typer.Option(min=1, help=f"Days that InfluxDB keeps what devices said; {FOR_EVER}.")
    ] = None,
    energy_days: Annotated[
        int | None, typer.Option(min=1, help="Days that InfluxDB keeps figures; for ever where not given.")
    ] = None,
    shard_days: Annotated[int, typer.Option(min=1, max=3650, help="Days in one file of a new bucket.")] = 28,
    fix: Annotated[
        bool, typer.Option("--fix", help="Change a bucket that keeps things for another time than asked for here.")
    ] = False,
    tokens: Annotated[
        Path | None,
        typer.Option(
            help="Make a token for each room and Grafana that may do what it needs and no more, and write them to this "
            "file (- prints them). The token of the settings must be allowed to: an all-access or operator token."
        ),
    ] = None,
    data: DataDir = None,
) -> None:
    """Make what the stores of the settings need: InfluxDB's buckets and tokens, the records' schema. Again is safe."""
    settings = read_settings(data)
    if settings.influx_url is not None:
        from plagewatch.store.series.influx_setup import Keeping

        keeping = Keeping({EVIDENCE_BUCKET: evidence_days, ENERGY_BUCKET: energy_days}, shard_days)
        _set_up(settings, settings.influx_url, keeping, fix, tokens)
    elif tokens is not None:
        refuse("The embedded store has no tokens; PLAGEWATCH_INFLUX_URL names an InfluxDB.")
    with stores(settings):
        show("the stores are ready")


def _set_up(settings: Settings, url: str, keeping: "Keeping", fix: bool, tokens: Path | None) -> None:
    # Half a second of imports that an embedded installation need not wait for.
    from plagewatch.store.series.influx import InfluxSeries
    from plagewatch.store.series.protocol import SeriesError

    try:
        token = settings.influx_token.get_secret_value()
        with closing(InfluxSeries(url, token, settings.influx_org, settings.influx_timeout_s)) as influx:
            for sentence in influx.set_up(keeping, fix):
                say(sentence)
            if tokens is not None:
                _hand_out(influx.tokens(), tokens)
    except SeriesError as error:
        refuse(str(error))


def _hand_out(tokens: Sequence["Token"], file: Path) -> None:
    lines = [f"{token.room}={token.text}" for token in tokens if token.text]
    hidden = [token.room for token in tokens if not token.text]
    if str(file) == "-":
        show("\n".join(lines))
    else:
        head = "# InfluxDB tokens of plagewatch: each room is given its own as PLAGEWATCH_INFLUX_TOKEN"
        _write_secret(file, "\n".join([head, *lines]) + "\n")
        say(f"tokens of {', '.join(token.room for token in tokens if token.text)} are in {file}; only you may read it")
    if hidden:
        say(
            f"InfluxDB does not tell the tokens of {', '.join(hidden)} again. If they are lost, delete them there "
            "(`plagewatch <room>` is their description) and ask once more."
        )


def _write_secret(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        fresh.replace(file)
    except OSError as error:
        refuse(f"{file} cannot be written ({error.strerror}); the tokens are made, ask for them once more.")
