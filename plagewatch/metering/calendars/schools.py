"""When schools are closed, by community, and of which days that is known."""

from datetime import date, timedelta

from plagewatch.metering.calendars.break_words import Break, Community
from plagewatch.metering.calendars.school_days import BREAKS, KNOWN

__all__ = ["Break", "Community", "school_breaks", "unknown_days"]


def school_breaks(community: Community, first: date, last: date) -> dict[date, Break]:
    """Days without school from `first` to `last`, both included; public holidays of a school week are not among them.

    Of days that `unknown_days` names nothing is told here: they may be holidays or not.

    >>> brussels = date(2026, 10, 26)  # a Monday: French-speaking schools are closed, Flemish ones are not
    >>> [school_breaks(community, brussels, brussels) for community in (Community.FLEMISH, Community.FRENCH)]
    [{}, {datetime.date(2026, 10, 26): <Break.AUTUMN: 'autumn'>}]
    """
    found: dict[date, Break] = {}
    for begin, end, kind in BREAKS[community]:
        day, until = max(date.fromisoformat(begin), first), min(date.fromisoformat(end), last)
        while day <= until:
            found[day] = kind
            day += timedelta(days=1)
    return found


def unknown_days(community: Community, first: date, last: date) -> frozenset[date]:
    """Days from `first` to `last`, both included, of which nothing was published when this was written.

    >>> sorted(unknown_days(Community.FLEMISH, date(2028, 8, 30), date(2028, 9, 1)))
    [datetime.date(2028, 9, 1)]
    """
    known_first, known_last = map(date.fromisoformat, KNOWN[community])
    span = (first + timedelta(days=index) for index in range((last - first).days + 1))
    return frozenset(day for day in span if not known_first <= day <= known_last)
