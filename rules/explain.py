"""What a ticket tells people: its title, the sentence with its numbers, and what to check first, in their language."""

from babel.numbers import format_decimal

from plagewatch.metering.meters import Meter
from plagewatch.number_words import age_text, locale, unit_text
from plagewatch.tickets.modes import RuleWords
from plagewatch.tickets.states import Ticket
from plagewatch.tickets.texts import N_
from plagewatch.words import words
from rules import catalogue
from rules.in_force import numbers_of
from rules.storms import ALL_SILENT, DAY_OFF, FEED_SILENT, SITE_SILENT

STORM_TITLES = {
    SITE_SILENT: N_("Nothing comes in from this site: many devices are silent"),
    ALL_SILENT: N_("Nothing comes in from several sites: broker, network or collector?"),
    FEED_SILENT: N_("The network operator's readings have stopped coming in"),
    DAY_OFF: N_("Many buildings use little on the same day: a day off that nobody entered?"),
}
_STORMS = {
    SITE_SILENT: N_(
        "{devices} devices of this site fell silent within the same hour. One cause: start at the gateway."
    ),
    ALL_SILENT: N_(
        "{devices} devices at {sites} sites fell silent within the same hour. One cause: start at the broker and the "
        "collector, not at the meters."
    ),
    FEED_SILENT: N_(
        "{meters} meters that no device of ours reads got nothing new from the same hour on. One cause: start at the "
        "operator's files."
    ),
    DAY_OFF: N_(
        "{buildings} buildings use less than usual on the same day. If it is a holiday or a strike, enter the day in "
        "the calendar; if not, look at what they have in common."
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
_SILENT = N_("Nothing has been read for {silent}; for this meter {limit} is already unusual.")
_DEVICE_SILENT = N_(
    "None of the {meters} meters of this device has been read for {silent}. One cause: start at the device."
)
_WATER = N_(
    "More water than usual has run for {nights} nights: in the last of them never less than {night} l/h, "
    "where {usual} l/h is usual. Left as it is, that makes {year} m³ a year."
)
_HIGH = N_("{used} {unit} in one hour where {usual} {unit} is usual at that hour of such a day: {extra} {unit} more.")
_LOW = N_("{used} {unit} in one hour where {usual} {unit} is usual at that hour of such a day: {extra} {unit} less.")
_FLAT = N_("The meter gave exactly {used} {unit} for {hours} hours on end; its values do not repeat like that.")
_BELOW = N_(
    "{used} {unit} in one hour: on nearly every day of the last eight weeks even the lowest hour had {lowest} {unit}."
)
_OUTSIDE = N_(
    "On {days} of the last 14 days it drew {used} {unit} an hour while the building was closed, for {hours} hours in "
    "all; at rest {rest} {unit} are usual, while open {open} {unit}. Left as it is, that makes {year} {unit} a year."
)
_BASE = N_(
    "At night or on days of rest it hardly draws less than {now} {unit} an hour any more; in the months before {usual} "
    "{unit} were usual. Left as it is, that makes {year} {unit} a year."
)
_HEAT = N_(
    "{used} {unit} on one day where {usual} {unit} is usual for {outdoor} °C outside: "
    "{extra} {unit} more. For {days} days now, {so_far} {unit} too much in all."
)
_HEAT_NIGHT = N_(
    "{used} {unit} from midnight to four where {usual} {unit} is usual for {outdoor} °C outside: "
    "{extra} {unit} more. For {days} nights now, {so_far} {unit} too much in all."
)
_HEAT_WARM = N_(
    "{used} {unit} on a day with {outdoor} °C outside; from {base} °C on this building needs no heating and usually "
    "takes {usual} {unit}. {so_far} {unit} too much in all."
)
_YEAR = N_(
    "{used} {unit} in the last twelve months. In this weather the building would have taken {usual} {unit} the year "
    "before: {extra} {unit} or {share} % more."
)
_BY_HEATING_RULE = {
    catalogue.HEAT_SIGNATURE.id: _HEAT,
    catalogue.HEAT_AT_NIGHT.id: _HEAT_NIGHT,
    catalogue.HEAT_WHEN_WARM.id: _HEAT_WARM,
    catalogue.YEAR_ON_YEAR.id: _YEAR,
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
    return [RuleWords(rule.id, say(rule.title), numbers_of(rule)) for rule in catalogue.RULES]


def first_checks(ticket: Ticket, language: str) -> list[str]:
    """What to look at first, most frequent cause first."""
    checks = _STORM_CHECKS.get(ticket.cause) or catalogue.rule(ticket.rule).first_checks
    return [words(language).gettext(check) for check in checks]


def sentence(ticket: Ticket, meter: Meter, language: str) -> str:
    """Why this ticket exists, with the numbers of its worst moment. Amounts are in the meter's unit.

    A number that an older ticket does not carry is shown as a dash.
    """
    if ticket.rule in _BY_HEATING_RULE:
        template, values = _BY_HEATING_RULE[ticket.rule], _heating(ticket, meter, language)
    else:
        template, values = _facts(ticket, language)
    return words(language).gettext(template).format(**values, unit=unit_text(meter.unit))


def _facts(ticket: Ticket, language: str) -> tuple[str, dict[str, str]]:
    numbers = ticket.numbers

    def text(name: str, pattern: str = "#,##0.##") -> str:
        return _number(numbers.get(name), pattern, language)

    if ticket.cause in _STORMS:
        names = ("devices", "sites", "buildings", "meters")
        return _STORMS[ticket.cause], {name: text(name, "0") for name in names}
    if ticket.rule == catalogue.NO_DATA.id:
        silent, limit = (_duration(numbers.get(name), language) for name in ("silent_h", "limit_h"))
        template = _DEVICE_SILENT if ticket.cause == catalogue.DEVICE_SILENT else _SILENT
        return template, {"silent": silent, "limit": limit, "meters": text("meters", "0")}
    if ticket.rule == catalogue.NIGHT_WATER.id:
        return _WATER, {
            "nights": text("nights", "0"),
            "night": text("night_l_per_h", "#,##0.#"),
            "usual": text("usual_l_per_h", "#,##0.#"),
            "year": text("extra_m3_per_year", "#,##0"),
        }
    if ticket.rule == catalogue.OUTSIDE_HOURS.id:
        return _OUTSIDE, {
            "days": text("days", "0"),
            "hours": text("closed_hours_in_use_h", "0"),
            "used": text("used_kwh"),
            "rest": text("rest_kwh"),
            "open": text("open_kwh"),
            "year": text("extra_kwh_per_year", "#,##0"),
        }
    if ticket.rule == catalogue.BASE_LOAD.id:
        return _BASE, {
            "now": text("base_now_kwh"),
            "usual": text("base_usual_kwh"),
            "year": text("extra_kwh_per_year", "#,##0"),
        }
    used, usual = numbers.get("used_kwh"), numbers.get("usual_kwh")
    extra = None if used is None or usual is None else abs(used - usual)
    return _symptom(ticket), {
        "used": text("used_kwh"),
        "usual": text("usual_kwh"),
        "extra": _number(extra, "#,##0.##", language),
        "hours": _number(numbers.get("unchanged_h", 0.0) + 1, "0", language),
        "lowest": text("lowest_usual_kwh"),
    }


def _heating(ticket: Ticket, meter: Meter, language: str) -> dict[str, str]:
    unit = meter.unit.lower()
    patterns = {
        "used": (f"used_{unit}", "#,##0"),
        "usual": (f"usual_{unit}", "#,##0"),
        "extra": (f"extra_{unit}", "#,##0"),
        "so_far": (f"extra_so_far_{unit}", "#,##0"),
        "outdoor": ("outdoor_c", "0.#"),
        "base": ("base_c", "0.#"),
        "days": ("days", "0"),
        "share": ("more_pct", "0"),
    }
    if ticket.rule == catalogue.YEAR_ON_YEAR.id:
        year = {name: (f"{name}_year_{unit}", "#,##0") for name in ("usual", "extra")}
        patterns = {**patterns, **year, "used": (f"year_{unit}", "#,##0")}
    return {name: _number(ticket.numbers.get(key), pattern, language) for name, (key, pattern) in patterns.items()}


def _symptom(ticket: Ticket) -> str:
    """The strongest of the three symptoms of unusual load; a deviation says more to a person than a low hour."""
    numbers = ticket.numbers
    deviation, flat, below = (numbers.get(f"part_{name}", 0.0) for name in ("deviation", "flat", "below"))
    if flat > max(deviation, below):
        return _FLAT
    if below > deviation:
        return _BELOW
    return _HIGH if numbers.get("used_kwh", 0.0) >= numbers.get("usual_kwh", 0.0) else _LOW


def _number(value: float | None, pattern: str, language: str) -> str:
    return "–" if value is None else format_decimal(value, format=pattern, locale=locale(language))


def _duration(hours: float | None, language: str) -> str:
    return age_text(None if hours is None else hours * 3600, language)
