"""What a ticket tells people: its title, the sentence with its numbers, and what to check first, in their language."""

from babel.numbers import format_decimal

from plagewatch.metering.meters import Meter
from plagewatch.number_words import age_text, locale, unit_text
from plagewatch.tickets.modes import RuleNumber, RuleWords
from plagewatch.tickets.states import Ticket
from plagewatch.tickets.texts import N_
from plagewatch.words import words
from rules import catalogue
from rules.catalogue import Rule, Says
from rules.catalogue.words import words_of
from rules.in_force import numbers_of
from rules.storms import ALL_SILENT, DAY_OFF, FEED_SILENT, SITE_SILENT

STORM_TITLES = {
    SITE_SILENT: N_("Nothing comes in from this site: many devices are silent"),
    ALL_SILENT: N_("Nothing comes in from several sites: broker, network or collector?"),
    FEED_SILENT: N_("The network operator's readings have stopped coming in"),
    DAY_OFF: N_("Many buildings use little on the same day: a day off that nobody entered?"),
}
_STORMS = {
    SITE_SILENT: Says(
        N_("{devices} devices of this site fell silent within the same hour. One cause: start at the gateway."),
        {"devices": "devices|0"},
    ),
    ALL_SILENT: Says(
        N_(
            "{devices} devices at {sites} sites fell silent within the same hour. One cause: start at the broker and "
            "the collector, not at the meters."
        ),
        {"devices": "devices|0", "sites": "sites|0"},
    ),
    FEED_SILENT: Says(
        N_(
            "{meters} meters that no device of ours reads got nothing new from the same hour on. One cause: start at "
            "the operator's files."
        ),
        {"meters": "meters|0"},
    ),
    DAY_OFF: Says(
        N_(
            "{buildings} buildings use less than usual on the same day. If it is a holiday or a strike, enter the day "
            "in the calendar; if not, look at what they have in common."
        ),
        {"buildings": "buildings|0"},
    ),
}
_STORM_CHECKS = {
    SITE_SILENT: (
        N_("Has the gateway of the site power and a network? Look at its lamps."),
        N_("Was there a power cut or work on the network in the building?"),
    ),
    ALL_SILENT: (
        N_("Do the pages under Data say that the connection to the meters is down?"),
        N_("Has a certificate or password of the devices run out?"),
    ),
    FEED_SILENT: (
        N_("Did the operator deliver its file or message today? Ask for what is missing."),
        N_("Was the import of the file refused? The reason stands under Data."),
    ),
    DAY_OFF: (
        N_("Was it a holiday, a bridge day or a strike? Enter it, so that the next one makes no ticket."),
        N_("Was there a power cut in the street?"),
    ),
}


def title(ticket: Ticket, language: str) -> str:
    """A few words that name the cause.

    >>> from plagewatch.tickets.states import State
    >>> title(Ticket(1, "m", "no_data", "no_data", State.OPEN, "soon", "metering", 0, 0, 0, 1.0), "en")
    'No readings'
    """
    if ticket.cause == catalogue.DEVICE_SILENT:
        return words(language).gettext(catalogue.DEVICE_SILENT_TITLE)
    if ticket.cause in STORM_TITLES:
        return words(language).gettext(STORM_TITLES[ticket.cause])
    return words(language).gettext(catalogue.rule(ticket.rule).title)


def rules_told(language: str) -> list[RuleWords]:
    """All rules of the catalogue."""
    say = words(language).gettext
    return [
        RuleWords(rule.id, say(rule.title), _numbers_told(rule, language), rule.carriers) for rule in catalogue.RULES
    ]


def _numbers_told(rule: Rule, language: str) -> list[RuleNumber]:
    say, told = words(language).gettext, words_of(rule)
    return [
        RuleNumber(
            name=name,
            title=say(told[name].title),
            means=say(told[name].means),
            unit=say(told[name].unit) if told[name].unit else "",
            usual=value,
            least=told[name].least,
            most=told[name].most,
            scale=told[name].scale,
            moves=told[name].moves,
        )
        for name, value in numbers_of(rule).items()
    ]


def first_checks(ticket: Ticket, language: str) -> list[str]:
    """What to look at first, most frequent cause first."""
    checks = _STORM_CHECKS.get(ticket.cause) or catalogue.rule(ticket.rule).first_checks
    return [words(language).gettext(check) for check in checks]


def sentence(ticket: Ticket, meter: Meter, language: str) -> str:
    """Why this ticket exists, with the numbers of its worst moment. Amounts are in the meter's unit.

    A number that an older ticket does not carry is shown as a dash.
    """
    says = _says(ticket)
    unit = meter.unit.lower()
    known = {**ticket.numbers, **says.also}
    values = {}
    for name, where in says.shows.items():
        number, _, form = where.format(unit=unit).partition("|")
        values[name] = _shown(known.get(number), form or "#,##0.##", language)
    return words(language).gettext(says.template).format(**values, unit=unit_text(meter.unit))


def _says(ticket: Ticket) -> Says:
    if ticket.cause in _STORMS:
        return _STORMS[ticket.cause]
    if ticket.cause == catalogue.DEVICE_SILENT:
        return catalogue.DEVICE_SILENT_SAYS
    return catalogue.rule(ticket.rule).says(ticket.numbers)


def _shown(value: float | None, form: str, language: str) -> str:
    if form == "hours":
        return age_text(None if value is None else value * 3600, language)
    return "–" if value is None else format_decimal(value, format=form, locale=locale(language))
