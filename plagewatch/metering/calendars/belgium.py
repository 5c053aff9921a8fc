"""Days on which Belgium does not work as on others."""

from datetime import date, timedelta

import holidays

SATURDAY = 5
_DAY = timedelta(days=1)


def public_holidays(first: date, last: date) -> frozenset[date]:
    """The public holidays of Belgium from `first` to `last`, both included, Sundays among them (Easter, Pentecost).

    >>> sorted(day.isoformat() for day in public_holidays(date(2026, 4, 1), date(2026, 5, 14)))
    ['2026-04-05', '2026-04-06', '2026-05-01', '2026-05-14']
    """
    known = holidays.country_holidays("BE", years=range(first.year, last.year + 1))
    return frozenset(day for day in known if first <= day <= last)


def holiday_names(first: date, last: date, language: str) -> dict[date, str]:
    """What the public holidays from `first` to `last`, both included, are called in `nl`, `fr` or else English.

    >>> holiday_names(date(2026, 12, 25), date(2026, 12, 25), "nl")
    {datetime.date(2026, 12, 25): 'Kerstmis'}
    """
    spoken = language if language in ("nl", "fr") else "en_US"
    known = holidays.country_holidays("BE", years=range(first.year, last.year + 1), language=spoken)
    return {day: known[day].replace("'", "’") for day in sorted(known) if first <= day <= last}


def bridge_days(first: date, last: date) -> frozenset[date]:
    """Working days from `first` to `last`, both included, that stand alone between a public holiday and a weekend.

    The law makes them no holidays; many offices close on them.

    >>> [day.isoformat() for day in sorted(bridge_days(date(2026, 5, 1), date(2026, 12, 31)))]
    ['2026-05-15', '2026-07-20']
    """
    free = public_holidays(first - _DAY, last + _DAY)

    def rests(day: date) -> bool:
        return day.weekday() >= SATURDAY or day in free

    between = (first + index * _DAY for index in range((last - first).days + 1))
    return frozenset(
        day
        for day in between
        if not rests(day) and rests(day - _DAY) and rests(day + _DAY) and ((day - _DAY) in free or (day + _DAY) in free)
    )
