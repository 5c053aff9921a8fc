"""`broker config`: configuration, access list, passwords and certificates of a Mosquitto for loggers of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plagewatch.cli.broker.loggers import Logger, LoggersUnusable, checked, from_csv, of_devices, together
from plagewatch.cli.broker.mosquitto import Choices
from plagewatch.cli.opening import DataDir, now_s, read_settings, refuse, say, show
from plagewatch.settings import Settings
from plagewatch.store.engine import RecordsUnreachable, open_records
from plagewatch.store.records import registry

if TYPE_CHECKING:
    from plagewatch.cli.broker import folder

COLLECTOR = Settings.model_fields["mqtt_client_id"].default
DEBIAN = "/var/lib/mosquitto"

broker = typer.Typer(no_args_is_help=True, help="The broker's configuration.")


@broker.callback()
def _group() -> None:
    # Else typer would leave out the name of an only command.
    pass


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says on the command line; None = as in the run before."""

    out: Path
    given: Path | None
    revoke: tuple[str, ...]
    certificates: bool
    choices: Mapping[str, str | tuple[str, ...] | None]


@broker.command("config")
def config(
    out: Annotated[Path, typer.Option(help="Folder to write; a next run adds to it, and needs only what changes.")],
    loggers: Annotated[
        Path | None, typer.Option(help="CSV: logger, family, topics; besides the bound devices.")
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help="Name or address of the broker; again for more.")] = None,
    certificates: Annotated[bool, typer.Option("--certificates", help="Make an authority and certificates.")] = False,
    revoke: Annotated[list[str] | None, typer.Option(help="Logger that is let in no more; again for more.")] = None,
    collector: Annotated[list[str] | None, typer.Option(help=f"Collector's client id and user ({COLLECTOR}).")] = None,
    at: Annotated[str | None, typer.Option(help="Where the broker finds the files (OUT/broker).")] = None,
    persistence: Annotated[str | None, typer.Option(help=f"The broker's data folder ({DEBIAN}).")] = None,
    plain: Annotated[str | None, typer.Option(help="Address of the unencrypted port, or none (127.0.0.1).")] = None,
    data: DataDir = None,
) -> None:
    """Write a Mosquitto configuration where each logger publishes under its own name only."""
    for path in (at, persistence, plain):
        if path is not None and (not path.isprintable() or path != path.strip()):
            refuse(f"{path!r} cannot stand in Mosquitto's configuration.")
    choices = {
        "at": at,
        "persistence": persistence,
        "plain": "" if plain == "none" else plain,
        "hosts": tuple(host) if host else None,
        "collectors": tuple(collector) if collector else None,
    }
    try:
        _write(Asked(out, loggers, tuple(revoke or ()), certificates, choices), read_settings(data))
    except OSError as error:
        refuse(f"{error.filename or out} cannot be used ({error.strerror or error}).")


def _write(asked: Asked, settings: Settings) -> None:
    from plagewatch.cli.broker import folder  # it loads the library of certificates

    try:
        state = folder.known(asked.out)
        choices = _chosen(asked, state.choices)
        named = _named(asked, choices, settings, state.loggers)
        for name in asked.revoke:
            if name not in named:
                refuse(f"There is no logger {name!r} to revoke; {asked.out / folder.STATE} lists them.")
        wanted = folder.Wanted(choices, named, asked.revoke)
        made = folder.write(asked.out, wanted, state, datetime.fromtimestamp(now_s(), UTC))
    except LoggersUnusable as error:
        refuse(f"Nothing was written: {error}.")
    except (ValueError, KeyError, TypeError) as error:
        refuse(f"{asked.out} cannot be added to ({error}); put it aside or choose another folder.")
    _report(asked.out, choices, made, len(named) - len(state.revoked.union(asked.revoke)))


def _chosen(asked: Asked, before: Choices | None) -> Choices:
    """What was chosen now, else in the run before, else what suits a Mosquitto of Debian on this machine."""
    made = before or Choices(str((asked.out / "broker").absolute()), DEBIAN, "127.0.0.1", (), (COLLECTOR,))
    said: dict[str, Any] = {name: one for name, one in asked.choices.items() if one is not None}
    if not made.hosts and not asked.certificates:
        said.pop("hosts", None)
    made = replace(made, **said)
    if asked.certificates and not made.hosts:
        refuse("Certificates need the broker's names: --host broker.example.org, and again for each other name.")
    return made


def _named(asked: Asked, choices: Choices, settings: Settings, before: Mapping[str, Logger]) -> dict[str, Logger]:
    """All loggers: those of former runs, of the records, and of the file, which knows best. Raises LoggersUnusable."""
    bound, left = of_devices(_bound_devices(settings))
    for why in left:
        say(f"left out, a device of the records: {why}")
    given = [] if asked.given is None else _given(asked.given)
    named = {**together(bound), **before, **together(given)}
    for name in choices.collectors:
        if checked(name) in named:
            raise LoggersUnusable(f"{name!r} is a collector and a logger: choose another name with --collector")
        if "/" in name:
            raise LoggersUnusable(f"{name!r} cannot be a collector's name: it is one level of a topic, without /")
    return together(named.values())


def _given(path: Path) -> list[Logger]:
    try:
        return from_csv(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LoggersUnusable(f"{path} is not UTF-8") from error
    except LoggersUnusable as error:
        raise LoggersUnusable(f"{path}: {error}") from error


def _bound_devices(settings: Settings) -> list[str]:
    """Devices that feed a meter now; none where there are no records yet."""
    if settings.records_url is None and not (settings.data_dir / "records.db").exists():
        return []
    try:
        engine = open_records(settings.records_at())
    except RecordsUnreachable as error:
        refuse(f"The records cannot be opened ({error}); see PLAGEWATCH_RECORDS_URL and --data.")
    try:
        now_ms = now_s() * 1000
        bound = registry.bindings(engine)
        return list(dict.fromkeys(one.device for one in bound if one.to_ms is None or one.to_ms > now_ms))
    finally:
        engine.dispose()


def _report(out: Path, choices: Choices, made: "folder.Made", count: int) -> None:
    from plagewatch.cli.broker.folder import SECRETS

    for name in made.new:
        show(f"new: {name}, its password stands in {out / SECRETS}")
    for name in made.certificates:
        show(f"certificate made: {name}")
    for name in made.revoked:
        show(f"revoked: {name}")
    if not choices.hosts:
        say(f"put ca.crt, server.crt and server.key of the broker into {choices.at}/certs before it starts")
    say("the broker's user must be able to read the files (chown -R mosquitto:); start it anew after a change")
    show(f"{out}: {count} loggers, {len(made.new)} new users")
