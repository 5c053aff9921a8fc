"""Belgian holidays against the list of the law: ten days, and the two Sundays they hang on."""

from datetime import date

from plagewatch.metering.calendars import public_holidays


def test_the_ten_legal_holidays_of_2026():
    legal = {(1, 1), (4, 6), (5, 1), (5, 14), (5, 25), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
    found = public_holidays(date(2026, 1, 1), date(2026, 12, 31))
    assert {date(2026, month, day) for month, day in legal} <= found
    assert found - {date(2026, month, day) for month, day in legal} == {date(2026, 4, 5), date(2026, 5, 24)}


def test_only_the_days_asked_for():
    assert public_holidays(date(2025, 12, 25), date(2026, 1, 1)) == {date(2025, 12, 25), date(2026, 1, 1)}
    assert public_holidays(date(2026, 1, 2), date(2026, 4, 4)) == frozenset()
