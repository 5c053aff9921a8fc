"""`digest`: the weekly mails, as files or sent.

Rooms are loaded by the command that needs them: together they take seconds, which `--help` should not.
"""

import base64
import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from plagewatch import mail
from plagewatch.cli.opening import (
    DataDir,
    known_language,
    now_s,
    read_portfolio,
    read_settings,
    refuse,
    say,
    show,
    stores,
)
from plagewatch.store.records import registry

digest = typer.Typer(invoke_without_command=True, help="The weekly mail of the facility managers.")


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
    from digest import compose, gather, render, schedule
    from plagewatch import plage_progress
    from rules import explain

    if out is None:
        refuse("Say where the mails go: --out DIR; or `plagewatch digest send`.")
    first_on = _week(week) if week else schedule.last_whole_week(now_s())
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{out} cannot be written ({error.strerror}).")
    settings = read_settings(data)
    portfolio = read_portfolio(settings)
    with stores(settings) as opened:
        people = [
            p for p in registry.persons(opened.engine) if p.id == person or (person is None and schedule.receives(p))
        ]
        if not people:
            refuse(f"There is no person {person!r}." if person else "There is no facility manager in the registry.")
        assessment = plage_progress.assess(opened.engine, opened.series, portfolio, now_s())
        for one in people:
            facts = gather.gather(opened.engine, opened.series, one, first_on, assessment)
            written = compose.compose(facts, known_language(language or one.language))
            made = render.render(written, one, settings.base_url, render.TicketWords(explain.title, explain.sentence))
            for path in _write_mail(made, settings.mail_from, out / f"{schedule.week_name(first_on)}-{one.id}"):
                show(str(path))


@digest.command("send")
def digest_send(data: DataDir = None) -> None:
    """Send the digests that are due, and every other mail that waits."""
    from digest import schedule
    from plagewatch.cli.mailing import renderers, smtp_of

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


def _week(text: str) -> date:
    match = re.fullmatch(r"(\d{4})-W(\d{2})", text)
    try:
        if match is None:
            raise ValueError(text)
        first_on = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        if not 2000 <= first_on.year <= 2100:
            raise ValueError(text)
        return first_on
    except ValueError:
        refuse(f"{text!r} is no week; write it as 2026-W46.")
