"""Times of the day as people write them."""

import re

_TIME = re.compile(r"(\d{1,2})(?:\s*[:.hu]\s*(\d{2})?)?")


def hours_of(text: str) -> float:
    """Local hours with parts of a time of the day; `24:00` is the end of the day. Raises ValueError.

    >>> hours_of("8:30"), hours_of("18h"), hours_of("7u15"), hours_of("24:00")
    (8.5, 18.0, 7.25, 24.0)
    """
    found = _TIME.fullmatch(text.strip().lower())
    hour, minute = (int(part or 0) for part in found.groups()) if found else (24, 60)
    if minute >= 60 or hour + minute / 60 > 24:
        raise ValueError(f"{text[:40]!r} is no time like 08:30")
    return hour + minute / 60


def clock_text(hours: float) -> str:
    """Local hours as a clock shows them.

    >>> clock_text(8.5), clock_text(24.0)
    ('8:30', '24:00')
    """
    minutes = round(hours * 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
