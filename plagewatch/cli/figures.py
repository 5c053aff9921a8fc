"""`backtest`, `plage`, `digest`, `dashboards`, `savings`, `bench`: what the figures say."""

import base64
import json
import re
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dashboards import provision
from digest import compose, gather, render, schedule
from plagewatch import mail, plage_progress
from plagewatch.cli import later
from plagewatch.cli.data import import_into
from plagewatch.cli.opening import DataDir, now_s, read_portfolio, read_settings, refuse, say, show, stores
from plagewatch.cli.wiring import renderers, smtp_of
from plagewatch.store.records import registry
from plagewatch.words import LANGUAGES
from rules import backtest as backtesting
from rules import explain

plage = typer.Typer(no_args_is_help=True, help="The PLAGE: target, progress, forecast.")
digest = typer.Typer(invoke_without_command=True, help="The weekly mail of the facility managers.")
dashboards = typer.Typer(no_args_is_help=True, help="The Grafana boards.")
bench = typer.Typer(no_args_is_help=True, help="Figures of speed, side by side in one run.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backtest)
    app.add_typer(plage, name="plage")
    app.add_typer(digest, name="digest")
    app.add_typer(dashboards, name="dashboards")
    app.add_typer(bench, name="bench")
    later.promise(app, "savings", later.SAVINGS, "Verify the saving of one meter against its weather-aware baseline")
    later.promise(plage, "dossier", later.SAVINGS, "The dossier for the reviser")
    later.promise(dashboards, "check", later.BOARDS, "Run each panel's query against the store")
    for name, issue in {
        "ingest": later.SERVICES,
        "chaos": later.SERVICES,
        "rules": later.RULES,
        "ledger": later.LEDGER,
        "web": later.OPERATIONS,
        "boards": later.BOARDS,
        "digest": later.OPERATIONS,
    }.items():
        later.promise(bench, name, issue, f"Measure: {name}")


def backtest(
    folder: Annotated[Path, typer.Argument(help="A canonical folder.")],
    out: Annotated[Path, typer.Option(help="Folder for tickets.csv and scores.csv.gz.")],
) -> None:
    """Replay a folder through the store and let the live rules look at it in order of time, backwards only."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    room = Path(tempfile.mkdtemp(prefix="plagewatch-backtest-"))
    try:
        # An own embedded store: the past of a folder never mixes with the live one.
        embedded = {"data_dir": room, "influx_url": None, "records_url": None}
        with stores(read_settings(None).model_copy(update=embedded)) as opened:
            report = import_into(opened, folder)
            result = backtesting.backtest(opened.engine, opened.series, progress=say)
            backtesting.write(result, out)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    for reason, count in sorted(report.left_out.items()):
        say(f"left out: {count} rows: {reason}")
    show(f"{len(result.tickets)} tickets on {report.meters} meters in {out}")


@plage.command("status")
def plage_status(
    data: DataDir = None,
    sample: Annotated[bool, typer.Option("--sample", help="The sample portfolio.")] = False,
    language: Annotated[str, typer.Option(help="nl, fr or en.")] = "nl",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Target, result so far, forecast, excess and fine, with every parameter's source."""
    settings = read_settings(data)
    if sample:
        settings = settings.model_copy(update={"plage_portfolio": None})
    portfolio = read_portfolio(settings)
    with stores(settings) as opened:
        assessment = plage_progress.assess(opened.engine, opened.series, portfolio, now_s())
    if as_json:
        show(json.dumps(plage_progress.as_json(assessment), indent=1, ensure_ascii=False))
        return
    for line in plage_progress.status_lines(assessment, _language(language)):
        show(line)


@digest.callback()
def digest_write(
    context: typer.Context,
    week: Annotated[str | None, typer.Option(help="ISO week, e.g. 2026-W46; the last whole one by default.")] = None,
    person: Annotated[str | None, typer.Option(help="Only this person's mail.")] = None,
    language: Annotated[str | None, typer.Option(help="nl, fr or en; the person's own by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write the mails to.")] = None,
    data: DataDir = None,
) -> None:
    """Write the weekly mails as files (.eml, .html, .txt); nothing is sent."""
    if context.invoked_subcommand is not None:
        return
    if out is None:
        refuse("Say where the mails go: --out DIR; or `plagewatch digest send`.")
    settings = read_settings(data)
    portfolio = read_portfolio(settings)
    with stores(settings) as opened:
        people = [
            p for p in registry.persons(opened.engine) if p.id == person or (person is None and schedule.receives(p))
        ]
        if not people:
            refuse(f"There is no person {person!r}." if person else "There is no facility manager in the registry.")
        first_on = _week(week) if week else schedule.last_whole_week(now_s())
        assessment = plage_progress.assess(opened.engine, opened.series, portfolio, now_s())
        out.mkdir(parents=True, exist_ok=True)
        for one in people:
            facts = gather.gather(opened.engine, opened.series, one, first_on, assessment)
            written = compose.compose(facts, _language(language or one.language))
            made = render.render(written, one, settings.base_url, render.TicketWords(explain.title, explain.sentence))
            for path in _write_mail(made, settings.mail_from, out / f"{schedule.week_name(first_on)}-{one.id}"):
                show(str(path))


@digest.command("send")
def digest_send(data: DataDir = None) -> None:
    """Send the digests that are due, and every other mail that waits."""
    settings = read_settings(data)
    server = smtp_of(settings)
    if server is None:
        refuse("No mail server is named: set PLAGEWATCH_SMTP_HOST.")
    with stores(settings) as opened:
        schedule.enqueue_due(opened.engine, now_s())
        report = mail.send_due(opened.engine, renderers(opened, read_portfolio(settings)), server, now_s())
    for item, why in report.errors.items():
        say(f"item {item} of the outbox: {why}")
    show(f"{report.sent} sent, {report.waiting} wait for another try, {report.given_up} given up")
    if report.errors:
        raise typer.Exit(1)


@dashboards.command("build")
def dashboards_build(out: Annotated[Path, typer.Option(help="Folder for the boards' JSON.")]) -> None:
    """Write the Grafana boards as JSON."""
    try:
        for path in provision.build(out):
            show(str(path))
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")


@dashboards.command("push")
def dashboards_push() -> None:
    """Put data source and boards into the Grafana of the settings."""
    settings = read_settings(None)
    if settings.grafana_url is None:
        refuse("No Grafana is named: set PLAGEWATCH_GRAFANA_URL and PLAGEWATCH_GRAFANA_TOKEN.")
    try:
        for line in provision.push(settings.grafana_url, settings.grafana_token.get_secret_value()):
            show(line)
    except provision.GrafanaRefused as error:
        refuse(str(error))


def _write_mail(made: mail.Mail, sender: str, stem: Path) -> list[Path]:
    """A mail as a mail program opens it, as its text, and as a page with its pictures in it."""
    page = made.html
    for name, png in made.images.items():
        page = page.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(png).decode()}")
    contents = {
        ".eml": mail.message_of(made, sender).as_bytes(),
        ".txt": made.text.encode(),
        ".html": page.encode(),
    }
    paths = [stem.with_name(stem.name + ending) for ending in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return paths


def _language(language: str) -> str:
    if language not in LANGUAGES:
        refuse(f"{language!r} is no language we speak: {', '.join(LANGUAGES)}.")
    return language


def _week(text: str) -> date:
    match = re.fullmatch(r"(\d{4})-W(\d{2})", text)
    try:
        if match is None:
            raise ValueError(text)
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        refuse(f"{text!r} is no week; write it as 2026-W46.")
