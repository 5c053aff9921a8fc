"""Who is told about a new ticket, and the mail that tells it."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from plagewatch.charts import Size
from plagewatch.comfort_words import warmth_owed
from plagewatch.mail import Mail, MailError
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Meter, Person, Site, Use
from plagewatch.metering.prices import ASSUMED_PRICES
from plagewatch.number_words import held_text, time_text
from plagewatch.store.engine import Engine
from plagewatch.store.records import evaluations, held_notices, outbox, registry, tickets
from plagewatch.store.records.held_notices import HeldNotice
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.ticket_chart import ticket_chart
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.routing import recipients
from plagewatch.tickets.states import State, Ticket
from plagewatch.tickets.worth import rank_of, worth_of
from plagewatch.words import words
from plagewatch.worth_words import price_text, worth_lines
from rules import explain
from rules.storm_watch import watch_storms
from rules.storms import muted, waits
from rules.telling import DAY_S, Cap, Waiting, choose, cools

KIND = "ticket"
CAP = Cap()


def enqueue(engine: Engine, now_s: int, cap: Cap = CAP) -> int:
    """Put a mail in the outbox for each ticket nobody has taken yet, once per person and opening; how many are new.

    What many tickets have in common becomes one first. Beyond a person's daily number tickets are held and told later.
    """
    watch_storms(engine, now_s)
    living = tickets.tickets(engine, now_s, living_only=True)
    silenced = muted(living, held_notices.wholes(engine))
    looked_s = evaluations.looked_upto_s(engine)
    work = [t for t in living if t.state is State.OPEN and t.skill is not Skill.DATA]  # the energy cell has a page
    open_now = [t for t in work if t.id not in silenced and not waits(t, looked_s, now_s)]
    waiting = _waiting(engine, open_now, now_s) if open_now else {}
    chosen = choose(waiting, _told(engine, now_s) if waiting else (), cap)
    new = sum(outbox.enqueue(engine, KIND, waiting[one], [one.person], now_s) for one in chosen.tell)
    kept = [HeldNotice(one.ticket, one.person, why.value, now_s) for one, why in chosen.hold.items()]
    held_notices.keep(engine, kept)
    return new


def _waiting(engine: Engine, waiting: list[Ticket], now_s: int) -> dict[Waiting, str]:
    """Notices that nobody has put in the outbox yet, and their subject keys there."""
    openings = tickets.openings(engine)
    keys = {ticket.id: _subject_key(ticket, openings.get(ticket.id, 1)) for ticket in waiting}
    put = outbox.queued(engine, KIND, keys.values())
    persons = registry.persons(engine)
    sites = {site.id: site for site in registry.sites(engine)}
    meters = {meter.id: meter for meter in registry.meters(engine)}
    served: dict[str, list[str]] = {}
    for share in registry.shares(engine):
        served.setdefault(share.meter, []).append(share.building)
    found: dict[Waiting, str] = {}
    for ticket in waiting:
        meter = meters[ticket.meter]
        site = sites[meter.site]
        told = recipients(persons, site.zone, served.get(ticket.meter, ()), ticket.skill)
        missing = [person.id for person in told if (keys[ticket.id], person.id) not in put]
        if not missing:
            continue
        cooling = cools(ticket, tickets.of_meters(engine, [ticket.meter]), now_s)
        worth = worth_of(ticket, meter, ASSUMED_PRICES, local_day(now_s, site.timezone), None)
        for person in missing:
            one = Waiting(ticket.id, person, ticket.urgency, rank_of(ticket, worth), ticket.opened_s, cooling)
            found[one] = keys[ticket.id]
    return found


def _told(engine: Engine, now_s: int) -> list[tuple[str, Urgency]]:
    items = outbox.queued_since(engine, KIND, now_s - DAY_S + 1)
    numbers = {int(item.subject_key.split(":")[1]) for item in items}
    urgency = {ticket.id: ticket.urgency for ticket in tickets.numbered(engine, numbers)}
    told = [(item.person, int(item.subject_key.split(":")[1])) for item in items]
    return [(person, urgency[number]) for person, number in told if number in urgency]


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
    worth = worth_of(ticket, meter, ASSUMED_PRICES, local_day(item.due_s, site.timezone), None)
    values = {
        **_values(ticket, meter, site, person, base_url.rstrip("/")),
        "owed": warmth_owed(ticket.skill, _uses(engine, meter.id), person.language),
        "worth": worth_lines(worth, person.language) if worth else [],
        "price": price_text(worth, person.language) if worth else "",
        "held": _held_titles(engine, person, base_url.rstrip("/")),
    }
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


def _uses(engine: Engine, meter: str) -> list[Use]:
    served = {share.building for share in registry.shares(engine) if share.meter == meter}
    return [building.use for building in registry.buildings(engine) if building.id in served]


def _held_titles(engine: Engine, person: Person, base_url: str) -> list[tuple[str, str]]:
    """Titles and addresses of what this person was not mailed yet."""
    numbers = [notice.ticket for notice in held_notices.held(engine, person.id)]
    found = {ticket.id: ticket for ticket in tickets.numbered(engine, numbers)}
    living = [found[number] for number in numbers if found[number].state is State.OPEN]
    return [(explain.title(ticket, person.language), f"{base_url}/tickets/{ticket.id}") for ticket in living]


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
    environment.filters["held"] = held_text
    environment.globals["_"] = words(language).gettext
    return environment
