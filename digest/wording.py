"""From a phrase to a sentence in a language: the translation, and the numbers as that language writes them."""

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from digest.phrases import Amount, Change, Degrees, Euro, Fraction, Instant, Phrase, UnitPrice, Value
from plagewatch.number_words import UNKNOWN, amount_text, change_text, locale, percent_text, time_text
from plagewatch.plage.parameters import Refusal
from plagewatch.plage_words import refusal_text
from plagewatch.words import words

_EURO = {"nl": "¤ #,##0", "fr": "#,##0 ¤"}
_EURO_CENT = {"nl": "¤ #,##0.00", "fr": "#,##0.00 ¤"}


def sentence(phrase: Phrase, language: str, extra: Mapping[str, Value] | None = None) -> str:
    """The phrase as people of a language read it. extra: values that every phrase may use.

    >>> sentence(Phrase("{n} notice", {"n": 2}, "{n} notices", 2), "en")
    '2 notices'
    """
    say = words(language)
    text = say.ngettext(phrase.text, phrase.plural, phrase.n) if phrase.plural else say.gettext(phrase.text)
    values = {**(extra or {}), **phrase.values}
    return text.format(**{name: value_text(value, language) for name, value in values.items()})


def value_text(value: Value, language: str) -> str:
    r"""One value with its unit; a dash where it is not known.

    >>> value_text(Amount(1234.5, "m3"), "nl"), value_text(Euro(1234.5), "nl"), value_text(Euro(float("nan")), "fr")
    ('1.235\xa0m³', '€\xa01.234', '–')
    """
    match value:
        case Amount(number, unit):
            return _with_unit(amount_text(number, language), unit)
        case Euro(number):
            return euro_text(number, language)
        case UnitPrice(number, unit):
            return f"{_money(number, _EURO_CENT, language)}/{_unit(unit)}"
        case Fraction(number):
            return percent_text(number, language)
        case Change(number):
            return change_text(number, language)
        case Degrees(number):
            return _with_unit(format_decimal(number, format="#,##0.0", locale=locale(language)), "°C")
        case Instant(at_s, tz):
            return time_text(at_s, tz, language)
        case Phrase():
            return sentence(value, language)
        case Refusal():
            return refusal_text(value, language)
        case date():
            return date_text(value, language)
        case _:
            return str(value)


def date_text(day: date, language: str) -> str:
    """A date in full.

    >>> date_text(date(2026, 11, 1), "nl"), date_text(date(2026, 11, 1), "fr")
    ('1 november 2026', '1er novembre 2026')
    """
    pattern = "d'er' MMMM y" if language == "fr" and day.day == 1 else "d MMMM y"
    return format_date(day, pattern, locale=locale(language))


def euro_text(value: float, language: str) -> str:
    """Money to the euro, to the cent below one euro: a small amount is not nothing."""
    if value != value:
        return UNKNOWN
    return _money(value, _EURO if round(abs(value)) >= 1 or value == 0 else _EURO_CENT, language)


def euro_change_text(value: float, language: str) -> str:
    r"""A difference in money with its sign.

    >>> euro_change_text(12.3, "en"), euro_change_text(-12.3, "fr")
    ('+€12', '−12\xa0€')
    """
    if value != value:
        return UNKNOWN
    return ("+" if value > 0 else "−" if value < 0 else "±") + euro_text(abs(value), language)


def _money(value: float, patterns: Mapping[str, str], language: str) -> str:
    english = "¤#,##0" if patterns is _EURO else "¤#,##0.00"
    pattern = patterns.get(language, english).replace(" ", "\N{NO-BREAK SPACE}")
    return format_currency(value, "EUR", pattern, locale=locale(language), currency_digits=False)


def _with_unit(number: str, unit: str) -> str:
    return number if number == UNKNOWN else f"{number}\N{NO-BREAK SPACE}{_unit(unit)}"


def _unit(unit: str) -> str:
    return {"m3": "m³"}.get(unit, unit)
