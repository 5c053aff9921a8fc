"""The page of a building's days, made of what is entered and of what follows from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.context import AppContext
from api.days import WEEKDAYS, Place, place_of
from api.days_text import Hours, changed_texts, span_text, week_lines, weekdays
from api.entries import FIRST_DAY, Typed, form_values
from api.language import language_of
from api.pages import audit_words, page
from api.pages.day_labels import BREAKS, MARKS, REASONS, SCHOOLS
from plagewatch.metering.calendars.belgium import holiday_names
from plagewatch.metering.calendars.building_days import Stretch, Why, not_as_others
from plagewatch.metering.calendars.clock import clock_text
from plagewatch.metering.calendars.entered import MarkedDay, OpeningHours
from plagewatch.metering.calendars.schools import Community, unknown_days
from plagewatch.store.records import audit
from plagewatch.store.records.life_cycle import What
from plagewatch.words import words

YEAR_DAYS = 365
AUDIT_SHOWN = 15
WHOLE = "site"
OF_DAYS = {
    What.OPENING_HOURS_SET,
    What.OPENING_HOURS_REMOVED,
    What.DAY_MARKED,
    What.DAY_UNMARKED,
    What.SCHOOL_YEARS_SET,
    What.SCHOOL_YEARS_REMOVED,
}


@dataclass(frozen=True, slots=True)
class Marked:
    """Consecutive days with the same mark. said: who marked them, from where, for which building."""

    first: date
    last: date
    said: MarkedDay


def place_path(building_id: str) -> str:
    """Where the page stands."""
    return f"/buildings/{quote(building_id, safe='')}/days"


def days_page(request: Request, context: AppContext, building_id: str, typed: Typed, done: str = "") -> HTMLResponse:
    """The page; typed: what a form brought that was refused."""
    place, language = place_of(context, building_id), language_of(request)
    say = words(language).gettext
    last = place.today + timedelta(days=YEAR_DAYS)
    forms = form_values(request, context, typed, done)
    names = {person.id: person.name for person in forms["people"]}
    follows = _follows(place)
    values = forms | {
        "building": place.building,
        "site": place.site,
        "tz": place.site.timezone,
        "here": place_path(building_id),
        "today": place.today,
        "first_day": FIRST_DAY,
        "weekdays": weekdays(language),
        "opening": _opening(place, language),
        "week": _week(place, typed),
        "marked": _marked(place),
        "marks": MARKS,
        "following": sorted(place.entered.schools, key=lambda one: one.valid_from, reverse=True),
        "schools": SCHOOLS,
        "follows": follows,
        "stretches": _stretches(place, last, language, say),
        "unknown": min(unknown_days(follows, place.today, last), default=None) if follows else None,
        "name": lambda who: names.get(who, who),
        "lines": _lines(context, place, language, say),
    }
    return page(request, "days.html", values, 422 if typed.refusal else 200)


def _follows(place: Place) -> Community | None:
    come = [one for one in place.entered.schools if one.valid_from <= place.today]
    newest = max(come, key=lambda one: (one.building != "", one.valid_from), default=None)
    return None if newest is None else newest.community


def _opening(place: Place, language: str) -> list[tuple[date, str, str, list[str]]]:
    """Each entry of opening hours, the newest first: from when on, for which building, by whom, its lines."""
    entries = groupby(sorted(place.entered.opening, key=_since_and_whose, reverse=True), _since_and_whose)
    return [
        (valid_from, building, hours[0].who, week_lines([_hours(one) for one in hours], language))
        for (valid_from, building), group in entries
        if (hours := sorted(group, key=lambda one: one.weekday))
    ]


def _hours(one: OpeningHours) -> Hours:
    return one.weekday, one.open_h, one.close_h


def _since_and_whose(hours: OpeningHours) -> tuple[date, str]:
    return hours.valid_from, hours.building


def _said(day: MarkedDay) -> tuple[str, str, str, str]:
    return day.building, day.kind, day.source, day.who


def _week(place: Place, typed: Typed) -> list[tuple[str, str]]:
    """What the form of a week begins with: what was typed, else the hours in force."""
    if typed.form == "opening":
        return [(typed[f"open-{day}"], typed[f"close-{day}"]) for day in range(WEEKDAYS)]
    by_rank = sorted(place.entered.opening, key=lambda one: (one.building != "", one.valid_from))
    in_force = {one.weekday: one for one in by_rank if one.valid_from <= place.today}
    found = [in_force.get(day) for day in range(WEEKDAYS)]
    return [
        ("", "") if one is None or one.open_h == one.close_h else (clock_text(one.open_h), clock_text(one.close_h))
        for one in found
    ]


def _marked(place: Place) -> list[Marked]:
    """Marks of yesterday and later, those of days in a row together."""
    coming = [one for one in place.entered.marked if one.day >= place.today - timedelta(days=1)]
    found = []
    for _, group in groupby(sorted(coming, key=lambda one: (*_said(one), one.day)), _said):
        for _, run in groupby(enumerate(group), lambda pair: pair[1].day.toordinal() - pair[0]):
            members = [one for _, one in run]
            found.append(Marked(members[0].day, members[-1].day, members[0]))
    return sorted(found, key=lambda one: one.first)


def _stretches(place: Place, last: date, language: str, say: Callable[[str], str]) -> list[tuple[Stretch, str, str]]:
    """Days that are not as others: the stretch, its days as text, and what it is called."""
    names = holiday_names(place.today, last, language)
    sources = {one.day: one.source for one in place.entered.marked if one.source}
    found = []
    for one in not_as_others(place.days(place.today, last)):
        called = say(BREAKS[one.school] if one.school else REASONS[one.why])
        if one.why is Why.PUBLIC_HOLIDAY:
            called = ", ".join(dict.fromkeys(names[day] for day in names if one.first <= day <= one.last)) or called
        elif one.why is Why.OWN and sources.get(one.first):
            called = say("%(what)s: %(said)s") % {"what": called, "said": sources[one.first]}
        found.append((one, span_text(one.first, one.last, language), called))
    return found


def _lines(context: AppContext, place: Place, language: str, say: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "at_s": line.at_ms // 1000,
            "who": line.who,
            "done": say(audit_words.done(line.what)),
            "told": changed_texts(line.before, line.after, language),
        }
        for line in _of_days(audit.lines(context.engine, subject) for subject in (place.building.id, place.site.id))
    ]


def _of_days(lines: Iterable[Sequence[audit.AuditLine]]) -> list[audit.AuditLine]:
    found = {line.id: line for some in lines for line in some if line.what in OF_DAYS}
    return [found[key] for key in sorted(found, reverse=True)][:AUDIT_SHOWN]
