"""Days on which Belgium does not work as on others."""

from datetime import date

import holidays


def public_holidays(first: date, last: date) -> frozenset[date]:
    """The public holidays of Belgium from `first` to `last`, both included, Sundays among them (Easter, Pentecost).

    >>> sorted(day.isoformat() for day in public_holidays(date(2026, 4, 1), date(2026, 5, 14)))
    ['2026-04-05', '2026-04-06', '2026-05-01', '2026-05-14']
    """
    known = holidays.country_holidays("BE", years=range(first.year, last.year + 1))
    return frozenset(day for day in known if first <= day <= last)
