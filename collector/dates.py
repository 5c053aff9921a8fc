"""Which dates of a live packet are believed. A wrong clock would make years of empty quarters, or hide a silence."""

HOUR_MS = 3_600_000

AHEAD_MS = 3 * HOUR_MS
"""Local summer time sent as if it were UTC is two hours ahead; an hour more for a clock that drifts."""

BACK_MS = 400 * 24 * HOUR_MS
"""How far back a device's own memory reaches: loggers keep some months, billing histories thirteen."""


def believable(at_ms: int, received_ms: int, history_from_ms: int = 0) -> bool:
    """Whether a live packet's instant is taken: from 400 days before its receipt up to 3 hours after it.

    history_from_ms: for one of several instants of a packet (a history), the `from` that somebody entered with the
    binding: it may reach further back than the 400 days, up to there. 0 = nobody entered one.

    >>> received_ms = 1_795_169_700_000
    >>> [believable(received_ms + hours * HOUR_MS, received_ms) for hours in (-24 * 400, -24 * 400 - 1, 3, 4)]
    [True, False, True, False]
    >>> believable(received_ms - 800 * 24 * HOUR_MS, received_ms, received_ms - 1000 * 24 * HOUR_MS)
    True
    """
    oldest_ms = received_ms - BACK_MS
    if 0 < history_from_ms < oldest_ms:
        oldest_ms = history_from_ms
    return oldest_ms <= at_ms <= received_ms + AHEAD_MS
