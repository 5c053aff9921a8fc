"""Days and opening hours as people write them, and what the audit's lines about them say."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from babel.dates import format_date, get_day_names

from api.days import WEEKDAYS
from api.entries import FIRST_DAY
from api.pages.day_labels import MARKS, SCHOOLS
from plagewatch.metering.calendars.clock import clock_text
from plagewatch.metering.calendars.schools import Community
from plagewatch.number_words import locale
from plagewatch.words import words

Row = Mapping[str, Any]
Hours = tuple[int, float, float]
"""A weekday from 0 = Monday on, and its local hours; the same hour twice = closed."""


def weekdays(language: str) -> list[str]:
    """From Monday to Sunday."""
    names = get_day_names("wide", "stand-alone", locale=locale(language))
    return [names[day] for day in range(WEEKDAYS)]


def week_lines(hours: Sequence[Hours], language: str) -> list[str]:
    """Weekdays in a row with the same hours on one line.

    >>> week_lines([(0, 8.5, 17.0), (1, 8.5, 17.0), (2, 0.0, 0.0)], "fr")
    ['lundi – mardi\\xa0: 8:30 – 17:00', 'mercredi\\xa0: fermé']
    """
    say, names, lines = words(language).gettext, weekdays(language), []
    for (open_h, close_h), group in groupby(hours, lambda one: one[1:]):
        days = [one[0] for one in group]
        whole = names[days[0]] if len(days) == 1 else f"{names[days[0]]} – {names[days[-1]]}"
        told = say("closed") if open_h == close_h else f"{clock_text(open_h)} – {clock_text(close_h)}"
        lines.append(say("%(what)s: %(said)s") % {"what": whole, "said": told})
    return lines


def span_text(first: date, last: date, language: str) -> str:
    """Days as people write them, the year where the span ends.

    >>> span_text(date(2026, 12, 21), date(2027, 1, 3), "en"), span_text(date(2026, 11, 11), date(2026, 11, 11), "nl")
    ('Mon 21 Dec – Sun 3 Jan 2027', 'wo 11 nov 2026')
    """
    end = format_date(last, "EEE d MMM y", locale=locale(language))
    return end if first == last else f"{format_date(first, 'EEE d MMM', locale=locale(language))} – {end}"


def changed_texts(before: Any, after: Any, language: str) -> list[tuple[str, bool]]:
    """What a line of the audit says of opening hours, marked days or school holidays; True = it holds no more.

    >>> was = [{"day": "2026-12-24", "kind": "closed"}, {"day": "2026-12-25", "kind": "closed"}]
    >>> changed_texts(was, None, "en")
    [('Thu 24 Dec – Fri 25 Dec 2026 · Closed', True)]
    """
    return [(text, gone) for side, gone in ((before, True), (after, False)) for text in _texts(_rows(side), language)]


def _rows(side: Any) -> list[Row]:
    return [one for one in (side if isinstance(side, list) else [side]) if isinstance(one, dict)]


def _texts(rows: list[Row], language: str) -> Iterator[str]:
    say = words(language).gettext
    since = itemgetter("valid_from")
    for valid_from, group in groupby(sorted((row for row in rows if "weekday" in row), key=since), since):
        hours = sorted((row["weekday"], row["open_h"], row["close_h"]) for row in group)
        yield " · ".join([_since(valid_from, language, say), *week_lines(hours, language)])
    marked = [row for row in rows if "day" in row]
    for kind in dict.fromkeys(row["kind"] for row in marked):
        for first, last in _runs(date.fromisoformat(row["day"]) for row in marked if row["kind"] == kind):
            yield f"{span_text(first, last, language)} · {say(MARKS.get(kind, kind))}"
    for row in rows:
        if "community" in row or ("valid_from" in row and "weekday" not in row):
            named = SCHOOLS[Community(row["community"]) if row.get("community") else None]
            yield f"{_since(row['valid_from'], language, say)} · {say(named)}"


def _since(valid_from: str, language: str, say: Callable[[str], str]) -> str:
    if valid_from == FIRST_DAY.isoformat():
        return say("since ever")
    return say("from %(time)s") % {
        "time": format_date(date.fromisoformat(valid_from), "d MMM y", locale=locale(language))
    }


def _runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """First and last of days in a row."""
    for _, group in groupby(enumerate(sorted(days)), lambda pair: pair[1] - timedelta(days=pair[0])):
        run = [day for _, day in group]
        yield run[0], run[-1]
