"""Who is told about a new ticket, and the mail that tells it."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from plagewatch.charts import Size
from plagewatch.mail import Mail, MailError
from plagewatch.metering.meters import Meter, Person, Site
from plagewatch.number_words import time_text
from plagewatch.store.engine import Engine
from plagewatch.store.records import outbox, registry, tickets
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.ticket_chart import ticket_chart
from plagewatch.tickets.routing import recipients
from plagewatch.tickets.states import State, Ticket
from plagewatch.words import words
from rules import explain

KIND = "ticket"


def enqueue(engine: Engine, now_s: int) -> int:
    """Put a mail in the outbox for each ticket nobody has taken yet, once per person and opening; how many are new."""
    waiting = [ticket for ticket in tickets.tickets(engine, living_only=True) if ticket.state is State.OPEN]
    if not waiting:
        return 0
    openings = tickets.openings(engine)
    persons = registry.persons(engine)
    zones = {site.id: site.zone for site in registry.sites(engine)}
    site_of = {meter.id: meter.site for meter in registry.meters(engine)}
    served: dict[str, list[str]] = {}
    for share in registry.shares(engine):
        served.setdefault(share.meter, []).append(share.building)
    new = 0
    for ticket in waiting:
        zone = zones[site_of[ticket.meter]]
        told = recipients(persons, zone, served.get(ticket.meter, ()), ticket.skill)
        new += outbox.enqueue(
            engine, KIND, _subject_key(ticket, openings.get(ticket.id, 1)), [person.id for person in told], now_s
        )
    return new


def ticket_mail(engine: Engine, series: SeriesStore, base_url: str, item: OutboxItem) -> Mail:
    """The mail of an outbox row, in its person's language, with the hours around the moment drawn.

    Raises MailError where the ticket or the person is gone, SeriesError where the series store does not answer.
    """
    ticket = tickets.ticket(engine, int(item.subject_key.split(":")[1]))
    person = next((each for each in registry.persons(engine) if each.id == item.person), None)
    meter = registry.meter(engine, ticket.meter) if ticket is not None else None
    if ticket is None or meter is None or person is None:
        raise MailError(f"{item.subject_key} to {item.person}: the ticket or the person is gone", retryable=False)
    site = next(each for each in registry.sites(engine) if each.id == meter.site)
    values = _values(ticket, meter, site, person, base_url.rstrip("/"))
    environment = _environment(person.language)
    until_s = max(item.due_s, ticket.last_abnormal_s + 3600)
    chart = ticket_chart(
        series, ticket, meter, site.timezone, person.language, size=Size.MAIL, form="png", now_s=until_s
    )
    return Mail(
        to=person.email,
        subject=f"{values['title']} – {site.name}",
        text=environment.get_template("ticket.txt").render(values),
        html=environment.get_template("ticket.html").render(values),
        images={"chart": chart},
    )


def _subject_key(ticket: Ticket, openings: int) -> str:
    # A ticket that the meter reopened is told again.
    return f"ticket:{ticket.id}" if openings <= 1 else f"ticket:{ticket.id}:{openings}"


def _values(ticket: Ticket, meter: Meter, site: Site, person: Person, base_url: str) -> dict[str, object]:
    language = person.language
    return {
        "language": language,
        "title": explain.title(ticket, language),
        "place": site.name,
        "meter": meter.name,
        "sentence": explain.sentence(ticket, meter, language),
        "since": time_text(ticket.first_abnormal_s, site.timezone, language),
        "checks": explain.first_checks(ticket, language),
        "url": f"{base_url}/tickets/{ticket.id}",
    }


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("rules"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = words(language).gettext
    return environment
