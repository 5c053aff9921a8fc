"""What routes that write to the registry have in common: who writes, what was typed, and how a refusal is told."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any
from unicodedata import category
from urllib.parse import quote

from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse

from api.context import AppContext
from api.language import language_of
from api.pages.labels import label
from api.pages.people import remember, remembered, who_may_act
from api.problems import Problem, ProblemAnswer
from api.registry import Registry
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.metering.refused import EditRefused, Refusal, Value
from plagewatch.number_words import locale
from plagewatch.store.records import registry
from plagewatch.store.records.life_cycle import By
from plagewatch.tickets.texts import N_
from plagewatch.words import words

FIRST_DAY = date(1970, 1, 1)
"""From this day on means: since ever."""

LAST_DAY = date(2100, 1, 1)

Short = Annotated[str, Form(max_length=500)]
Long = Annotated[str, Form(max_length=4000)]
Who = Annotated[str, Query(max_length=100, description="Id of the person who does it", examples=["cell"])]

REFUSALS: dict[int | str, dict[str, Any]] = {404: {"model": ProblemAnswer}, 422: {"model": ProblemAnswer}}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought that was refused, to be shown again with the reason. form: which one of a page."""

    form: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


def by(context: AppContext, who: str) -> By:
    """Who edits, now. Raises EditRefused where nobody of that id is in the registry."""
    if not who.strip():
        raise EditRefused(Refusal.WHO, N_("Say who you are."))
    if all(person.id != who for person in registry.persons(context.engine)):
        raise EditRefused(Refusal.WHO, N_("There is no person “%(who)s”."), who=who[:80])
    return By(who, context.now_s() * 1000)


@contextmanager
def told_as_problem(where: str = "body") -> Iterator[None]:
    """A refusal as programs are told one (422)."""
    try:
        yield
    except EditRefused as refused:
        advice = "Nothing was changed. Correct it and send it again."
        raise Problem(422, str(refused), f"{where} ({refused.refusal})", advice) from refused


def told(request: Request, refused: EditRefused) -> str:
    """A refusal in the person's language, its numbers and days as the person writes them."""
    language = language_of(request)
    say = words(language).gettext

    def shown(value: Value) -> str:
        if isinstance(value, Carrier):
            return say(label(value)).lower()
        if isinstance(value, date):
            return format_date(value, "d MMMM y", locale=locale(language))
        return format_decimal(value, "#,##0.####", locale(language)) if isinstance(value, float) else value

    text = say(refused.text)
    return text % {name: shown(value) for name, value in refused.values.items()} if refused.values else text


def form_values(request: Request, context: AppContext, typed: Typed, done: str = "") -> dict[str, Any]:
    """What every page with forms shows: who may act, what was typed, and days and numbers in the page's language."""
    spoken = locale(language_of(request))
    return {
        "typed": typed,
        "done": done,
        "people": who_may_act(context),
        "chosen": typed["who"] or remembered(request),
        "date": lambda day, pattern="d MMM y": format_date(day, pattern, locale=spoken),
        "number": lambda value: format_decimal(value, "#,##0.######", spoken),
    }


def meter_values(registry: Registry, meter: Meter) -> dict[str, Any]:
    """What the pages of a meter's entries show of it."""
    return {
        "meter": meter,
        "buildings": registry.buildings_of(meter.id),
        "here": f"/meters/{quote(meter.id, safe='')}",
        "names": {one.id: registry.full_name(one) for one in registry.meters.values()},
    }


def grouped(registry: Registry, meter: Meter, some: Iterable[Meter]) -> dict[str, list[Meter]]:
    """Meters to choose from, by the name of their site, those of a meter's own site first."""
    groups: dict[str, list[Meter]] = {}
    for one in sorted(some, key=lambda one: (one.site != meter.site, registry.site_of(one).name, one.name)):
        groups.setdefault(registry.site_of(one).name, []).append(one)
    return groups


def back(place: str, who: str) -> RedirectResponse:
    """To the page that shows what was entered; the browser keeps who did it."""
    response = RedirectResponse(place, 303)
    remember(response, who)
    return response


def tidy(text: str) -> str:
    """What was typed without blanks around it and without characters that are no text.

    >>> tidy(" seal\\x00 broken\\n")
    'seal broken'
    """
    return "".join(letter for letter in text if letter in "\n\t" or category(letter) not in ("Cc", "Cs")).strip()


def day_typed(text: str, otherwise: date | None = None) -> date:
    """A day of a form's date field; `otherwise` where it is empty. Raises EditRefused."""
    if not text.strip() and otherwise is not None:
        return otherwise
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise EditRefused(Refusal.DAY, N_("“%(typed)s” is no day."), typed=text[:40]) from None
    if not FIRST_DAY <= day < LAST_DAY:
        text = N_("%(day)s is too far away: give a day from %(first)s to %(last)s.")
        raise EditRefused(Refusal.DAY, text, day=day, first=FIRST_DAY, last=LAST_DAY)
    return day


_PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"-?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+|(?:\.\d{3}){2,}|(?:,\d{3}){2,})")
_EITHER = re.compile(r"(-?[1-9]\d{0,2})[.,](\d{3})")


def number_typed(text: str, *, below_thousand: bool = False) -> float:
    """A number with a comma or a point before its decimals, blanks between thousands. Raises EditRefused.

    A single sign with three digits behind it may mean either, and is not guessed: below_thousand says that it cannot.

    >>> number_typed("3 000,5"), number_typed("11.52"), number_typed("3.000,50"), number_typed("1.000.000")
    (3000.5, 11.52, 3000.5, 1000000.0)
    >>> number_typed("11,332", below_thousand=True)
    11.332
    >>> number_typed("3.000")
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: “3.000” may be two numbers: write 3000 or 3.0
    """
    plain = "".join(text.split()).replace("’", "").replace("'", "").replace("−", "-")[:40]
    either = _EITHER.fullmatch(plain)
    if either is not None and not below_thousand:
        sentence = N_("“%(typed)s” may be two numbers: write %(whole)s or %(decimals)s")
        sign, decimals = plain[len(either[1])], either[2].rstrip("0") or "0"
        shorter = f"{either[1]}{sign}{decimals if len(decimals) < 3 else decimals + '0'}"
        raise EditRefused(Refusal.QUANTITY, sentence, typed=plain, whole=either[1] + either[2], decimals=shorter)
    if _GROUPED.fullmatch(plain):
        grouping = plain[min(plain.find(sign) for sign in ".," if sign in plain)]
        plain = plain.replace(grouping, "")
    elif not _PLAIN.fullmatch(plain):
        raise EditRefused(Refusal.QUANTITY, N_("“%(typed)s” is no number."), typed=text[:40])
    return float(plain.replace(",", "."))
