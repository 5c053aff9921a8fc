"""What a ticket is worth, in sentences that people of a language read."""

from babel.dates import format_date
from babel.numbers import format_currency

from plagewatch.number_words import amount_text, locale, percent_text, unit_text
from plagewatch.tickets.texts import N_
from plagewatch.tickets.worth import Confidence, Worth
from plagewatch.words import words

_EURO = {"nl": "¤\u00a0#,##0", "fr": "#,##0\u00a0¤"}
_EURO_CENT = {"nl": "¤\u00a0#,##0.00", "fr": "#,##0.00\u00a0¤"}
_SEEN = {
    Confidence.LOW: N_("seen for less than two days: as if it came back every week"),
    Confidence.FAIR: N_("seen for a few days: as if it came back every week"),
    Confidence.GOOD: N_("it goes on day after day"),
}
_MORE_THAN_ALL = N_("As much as the whole gap to the PLAGE target, or more.")
_SHARE = N_("That is {share} of the gap to the PLAGE target.")


def euro_text(value: float, language: str) -> str:
    r"""Money to the euro, to the cent below one euro; a dash where it is not known.

    >>> euro_text(18340.4, "nl"), euro_text(0.5, "fr"), euro_text(float("nan"), "en")
    ('€\xa018.340', '0,50\xa0€', '–')
    """
    if value != value:
        return "–"
    patterns, english = (_EURO, "¤#,##0") if round(abs(value)) >= 1 else (_EURO_CENT, "¤#,##0.00")
    return format_currency(
        value, "EUR", patterns.get(language, english), locale=locale(language), currency_digits=False
    )


def year_text(worth: Worth, language: str) -> str:
    """A year of it in a few words, for a list: money where it is known, else the amount."""
    say = words(language).gettext
    money = worth.eur_per_year == worth.eur_per_year
    a_year = _about(worth.eur_per_year if money else worth.per_year)
    what = euro_text(a_year, language) if money else _amount(a_year, worth, language)
    return say("about {what} a year").format(what=what)


def worth_lines(worth: Worth, language: str) -> list[str]:
    """So far, a year of it and how sure that is, its part in the gap to the target, and by which price."""
    say = words(language).gettext
    lines = []
    if worth.so_far > 0:
        text = (
            say("Lost so far: about {amount}{money}.")
            if worth.lost
            else say("Above the usual so far: about {amount}{money}.")
        )
        lines.append(_with_money(text, worth.so_far, worth.eur_so_far, worth, language))
    year = say("Left as it is: about {amount}{money} a year ({seen}).")
    lines.append(_with_money(year, _about(worth.per_year), _about(worth.eur_per_year), worth, language))
    if worth.share_of_gap == worth.share_of_gap:
        whole = worth.share_of_gap >= 1
        share = percent_text(worth.share_of_gap, language)
        lines.append(say(_MORE_THAN_ALL) if whole else say(_SHARE).format(share=share))
    return lines


def price_text(worth: Worth, language: str) -> str:
    """The price behind the money and where it is from; empty where none is known."""
    if worth.price is None:
        return ""
    say = words(language).gettext
    patterns = _EURO_CENT.get(language, "¤#,##0.00")
    per_unit = format_currency(
        worth.price.eur_per_unit, "EUR", patterns, locale=locale(language), currency_digits=False
    )
    since = format_date(worth.price.valid_from, "d MMMM y", locale=locale(language))
    return say("Counted at {price} per {unit}, since {day}: {source}.").format(
        price=per_unit, unit=unit_text(worth.unit), day=since, source=say(worth.price.source)
    )


def _with_money(text: str, amount: float, eur: float, worth: Worth, language: str) -> str:
    money = f", {euro_text(eur, language)}" if eur == eur else ""
    seen = words(language).gettext(_SEEN[worth.confidence])
    return text.format(amount=_amount(amount, worth, language), money=money, seen=seen)


def _about(value: float) -> float:
    """A figure of a year as far as it can be known: three digits.

    >>> _about(203_357.1), _about(912.5), _about(float("nan"))
    (203000.0, 912.0, nan)
    """
    return float(f"{value:.3g}")


def _amount(value: float, worth: Worth, language: str) -> str:
    return f"{amount_text(value, language)}\u00a0{unit_text(worth.unit)}"
