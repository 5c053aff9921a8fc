"""From a composed digest to a mail: HTML that old mail clients read, the same in text, one picture inside."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from babel.dates import format_interval
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from digest.compose import CARRIERS, Digest, TicketLine
from digest.facts import MeterWeek
from digest.phrases import Amount, Change, Euro, Fraction, Phrase, Value
from digest.rows import BuildingSection, Row
from digest.wording import date_text, euro_change_text, euro_text, sentence, value_text
from plagewatch.charts import ChartStyle, Expected, Size, amounts_chart
from plagewatch.mail import Mail
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import local_day, local_fields
from plagewatch.metering.meters import Carrier, Meter, Person
from plagewatch.number_words import held_text, locale
from plagewatch.tickets.states import State, Ticket
from plagewatch.tickets.texts import N_
from plagewatch.words import words

CHART = "chart"
WHOLE_DAY = 0.95


@dataclass(frozen=True, slots=True)
class TicketWords:
    """How a ticket is told: a title in a language, and a sentence with its numbers."""

    title: Callable[[Ticket, str], str]
    sentence: Callable[[Ticket, Meter, str], str]


STATES = {
    State.OPEN: N_("nobody has taken it yet"),
    State.ACKNOWLEDGED: N_("taken by the technicians"),
    State.IN_PROGRESS: N_("being worked on"),
    State.RESOLVED: N_("repaired; the meter has still to confirm it"),
}


@dataclass(frozen=True, slots=True)
class RowText:
    """One row of a building's table, ready to print. trend: `more`, `less` or `same`, which colours it."""

    carrier: str
    amount: str
    known: str
    change: str
    trend: str
    cost: str
    cost_change: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildingText:
    """A building's table."""

    name: str
    url: str
    rows: tuple[RowText, ...]


@dataclass(frozen=True, slots=True)
class TicketText:
    """One notice."""

    title: str
    sentence: str
    where: str
    since: str
    state: str
    money: str
    url: str


def render(digest: Digest, person: Person, base_url: str, ticket_words: TicketWords) -> Mail:
    """The mail of a person. base_url: where the links lead."""
    language, base_url = digest.language, base_url.rstrip("/")
    year, week, _ = digest.first_on.isocalendar()
    extra: dict[str, Value] = {"week": week}

    def said(phrases: tuple[Phrase, ...]) -> list[str]:
        return [sentence(phrase, language, extra) for phrase in phrases]

    subject = sentence(digest.subject, language, extra)
    values = {
        "language": language,
        "subject": subject,
        "person": person.name,
        "period": format_interval(digest.first_on, digest.last_on, "yMMMMd", locale=locale(language)),
        "week": week,
        "year": year,
        "opening": said(digest.opening),
        "buildings": [_building(section, language, base_url) for section in digest.buildings],
        "tickets": [_ticket(line, language, base_url, ticket_words) for line in digest.tickets],
        "ticket_counts": said(digest.ticket_counts),
        "to_do": said(digest.to_do),
        "plage": said(digest.plage),
        "health": said(digest.health),
        "prices": said(digest.prices),
        "chart": _chart_text(digest) if digest.chart else "",
        "base_url": base_url,
    }
    images = {CHART: _chart(digest.chart, digest)} if digest.chart else {}
    html = _environment(language).get_template("digest.html").render(values)
    text = _environment(language).get_template("digest.txt").render(values)
    return Mail(to=person.email, subject=subject, text=text, html=html, images=images)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("digest"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["held"] = held_text
    environment.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


def _building(section: BuildingSection, language: str, base_url: str) -> BuildingText:
    rows = tuple(_row(row, language) for row in section.rows)
    return BuildingText(section.name, f"{base_url}/buildings/{section.id}", rows)


def _row(row: Row, language: str) -> RowText:
    say, c = words(language).gettext, row.comparison
    known = say("{part} known").format(part=value_text(Fraction(c.coverage), language)) if c.known else say("no data")
    priced = not np.isnan(row.cost_eur)
    return RowText(
        carrier=say(CARRIERS[row.carrier]),
        amount=value_text(Amount(c.amount, row.unit), language),
        known=known,
        change=value_text(Change(c.change), language),
        trend=_trend(row),
        cost=value_text(Euro(row.cost_eur), language) if priced else "",
        cost_change=euro_change_text(row.cost_change_eur, language) if not np.isnan(row.cost_change_eur) else "",
        notes=tuple(sentence(note, language) for note in row.notes),
    )


def _trend(row: Row) -> str:
    if not row.notable or row.by_weather or row.carrier is Carrier.SOLAR:
        return "same"
    return "more" if row.cost_change_eur > 0 else "less"


def _ticket(line: TicketLine, language: str, base_url: str, ticket_words: TicketWords) -> TicketText:
    say, facts, ticket = words(language).gettext, line.facts, line.facts.ticket
    since = date_text(local_day(ticket.first_abnormal_s, facts.tz), language)
    money = say("about {money} a year if it is left as it is").format(money=euro_text(line.eur_per_year, language))
    return TicketText(
        title=ticket_words.title(ticket, language),
        sentence=ticket_words.sentence(ticket, facts.meter, language),
        where=facts.building.name,
        since=say("since {moment}").format(moment=since),
        state=say(STATES[ticket.state]),
        money="" if np.isnan(line.eur_per_year) else money,
        url=f"{base_url}/tickets/{ticket.id}",
    )


def _chart_text(digest: Digest) -> str:
    assert digest.chart is not None
    say = words(digest.language).gettext
    carrier = say(CARRIERS[digest.chart.meter.carrier]).lower()
    return say("{building}: {carrier}, last four weeks by day").format(building=digest.chart_building, carrier=carrier)


def _chart(meter: MeterWeek, digest: Digest) -> bytes:
    style = ChartStyle(
        title=words(digest.language).gettext(CARRIERS[meter.meter.carrier]),
        resolution=Resolution.DAY,
        carrier=meter.meter.carrier,
        window_s=meter.window_s,
        expected=usual_week(meter),
        size=Size.PHONE,
        form="png",
    )
    days = _served(meter.days, meter.share)
    return amounts_chart(days, meter.meter.unit, meter.tz, digest.language, style=style)


def usual_week(meter: MeterWeek) -> Expected:
    """For each day of the last week drawn, the mean of its weekday in the weeks before; NaN where none is known."""
    days = meter.days
    fields = local_fields(days.start_s, meter.tz)
    last = fields.day > local_day(meter.window_s[1] - 1, meter.tz).toordinal() - 7
    whole = ~last & days.known & (days.coverage > WHOLE_DAY)
    usual = np.full(int(last.sum()), np.nan)
    for place, weekday in enumerate(fields.weekday[last]):
        same = days.amount[whole & (fields.weekday == weekday)]
        if len(same):
            usual[place] = same.mean() * meter.share
    return Expected(days.start_s[last], usual)


def _served(days: Intervals, share: float) -> Intervals:
    return replace(
        days,
        amount=days.amount * share,
        interpolated=days.interpolated * share,
        spread=days.spread * share,
        estimated=days.estimated * share,
        manual=days.manual * share,
    )
