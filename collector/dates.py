"""Which dates of a live packet are believed. A wrong clock would make years of empty quarters, or hide a silence."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

AHEAD_MS = 3 * HOUR_MS
"""Local summer time sent as if it were UTC is two hours ahead; an hour more for a clock that drifts."""

BACK_MS = 15 * 366 * DAY_MS
"""For a device of which nobody said from when on it counts: what is older is a clock that was never set."""

RECENT_MS = 400 * DAY_MS
"""How old a reading at most is that a device sends of itself: loggers keep months, billing histories thirteen."""


def believable(at_ms: int, received_ms: int, from_ms: int) -> bool:
    """Whether a live packet's instant is taken: not more than 3 hours after its receipt, and not too long before.

    from_ms: from when on its binding holds: as far back as somebody said. 0 = nobody said: 15 years.

    >>> received_ms, year_ms = 1_795_169_700_000, 366 * DAY_MS
    >>> [believable(received_ms + hours * HOUR_MS, received_ms, 0) for hours in (3, 4)]
    [True, False]
    >>> [believable(received_ms - years * year_ms, received_ms, 0) for years in (15, 16)]
    [True, False]
    >>> believable(received_ms - 20 * year_ms, received_ms, received_ms - 21 * year_ms)
    True
    """
    return (from_ms or received_ms - BACK_MS) <= at_ms <= received_ms + AHEAD_MS
