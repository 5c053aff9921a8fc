"""Words of the pages of rules: their numbers as people read and type them, and why a rule says nothing of a meter."""

from collections.abc import Iterable, Mapping

from babel.numbers import format_decimal

from api.entries import number_typed
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.number_words import locale
from plagewatch.tickets.modes import RuleNumber
from plagewatch.tickets.texts import N_

NOT_JUDGED: Mapping[str, str] = {
    "too_coarse": N_("it is read less than once an hour"),
    "no_readings": N_("there are no readings"),
    "too_short": N_("its readings do not reach back far enough to know what is usual"),
    "never_moves": N_("its readings never change"),
    "little_use": N_("so little usually passes that it may stand still"),
    "negative": N_("it has negative amounts"),
    "unit_unknown": N_("its unit does not fit"),
    "no_power": N_("its unit does not fit"),
    "no_room": N_("its unit does not fit"),
    "no_weather": N_("the weather of its site is not known"),
    "not_heated": N_("it heats too little"),
    "no_contract": N_("no contracted power is entered"),
    "facts_unlike": N_("what is entered of it does not fit"),
    "no_opening_hours": N_("no opening hours are entered"),
    "no_hours": N_("no hour in which warmth is owed was measured"),
    "no_neighbours": N_("there are no meters of its kind beside it"),
    "no_night": N_("its nights are not dark"),
    "no_pair": N_("there is no meter of cooling beside that of heating"),
    "no_parts": N_("there are no meters behind it"),
    "parts_unlike": N_("the meters behind it count something else"),
    "no_works": N_("no works are entered"),
    "no_care": N_("nobody is cared for there"),
    "care": N_("people are cared for there, and another rule looks"),
}
"""By the code of the refusal; one that has no words is shown as it is."""


def typed_number(value: float, number: RuleNumber, language: str) -> str:
    """A number as a person would type it.

    >>> share = RuleNumber("share", "Share", "", "%", 0.022, 0.01, 0.5, 100.0)
    >>> typed_number(0.022, share, "nl"), typed_number(0.0225, share, "en")
    ('2,2', '2.25')
    """
    return format_decimal(round(value * number.scale, 9), "0.######", locale(language))


def numbers_typed(numbers: Iterable[RuleNumber], fields: Mapping[str, str]) -> dict[str, float]:
    """What a person typed of a rule's numbers; a field that is absent or empty is not among them. Raises EditRefused.

    >>> share = RuleNumber("share", "Share", "", "%", 0.022, 0.01, 0.5, 100.0)
    >>> numbers_typed([share], {"share": "2,2"}), numbers_typed([share], {"share": " "})
    ({'share': 0.022}, {})
    """
    found = {}
    for number in numbers:
        text = fields.get(number.name, "")
        if not number.moves or not text.strip():
            continue
        try:
            value = number_typed(text, below_thousand=number.most * number.scale < 1000)
        except EditRefused:
            text = N_("“%(title)s” is a number from %(least)s to %(most)s.")
            least, most = (round(end * number.scale, 9) for end in (number.least, number.most))
            raise EditRefused(Refusal.QUANTITY, text, title=number.title, least=least, most=most) from None
        found[number.name] = round(value / number.scale, 12)
    return found


def as_one_field(numbers: Mapping[str, float]) -> str:
    """Numbers in one hidden field of a form.

    >>> as_one_field({"nights": 4, "share": 0.25}), from_one_field("nights=4,share=0.25")
    ('nights=4,share=0.25', {'nights': 4.0, 'share': 0.25})
    """
    return ",".join(f"{name}={value!r}" for name, value in numbers.items())


def from_one_field(text: str) -> dict[str, float]:
    """The same back. Raises EditRefused."""
    named = [part.partition("=") for part in text.split(",") if part]
    try:
        return {name: float(value) for name, _, value in named}
    except ValueError:
        raise EditRefused(Refusal.QUANTITY, N_("“%(typed)s” is no number."), typed=text[:40]) from None
