"""Which hours of weather to ask for now. Pure.

Settled days, which no source changes any more, are asked for once. Recent days are asked for together, and again from
time to time until they are settled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.weather.source import DAY_S, HOUR_S, Request, Target
from plagewatch.metering.intervals import Seconds
from plagewatch.store.records.weather_sources import Fetch

SETTLED_AFTER_S = 8 * DAY_S
"""ERA5 comes five days late, and its last day in parts; by then the archive is what it stays."""

LONGEST_S = 366 * DAY_S
LATE_S = 3 * HOUR_S
"""So old the newest hour may get before it is asked for: one request for every three hours, not for each."""

AGAIN_S = 6 * HOUR_S
"""So often recent days are asked for once more: the models run four times a day."""

GAPS_AGAIN_S = DAY_S
GAPS_FINAL_AFTER_S = 30 * DAY_S
"""An hour that a source does not know a month later it is not expected to know ever."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hours in [start_s, end_s) that a target shall have."""

    target: Target
    start_s: int
    end_s: int


def settled_until_s(now_s: int) -> int:
    """The UTC midnight before which days are settled.

    >>> settled_until_s(20 * 86_400 + 7) // 86_400
    12
    """
    return (now_s - SETTLED_AFTER_S) // DAY_S * DAY_S


def due(wanted: Wanted, have: Iterable[Fetch], now_s: int) -> list[Request]:
    """What to ask for one target, the newest first. have: what was fetched of it, of any place.

    >>> [(r.start_s // 86400, r.end_s // 86400, r.recent) for r in due(Wanted(Target("s"), 0, 30 * 86400), [], 2592000)]
    [(22, 30, True), (0, 22, False)]
    """
    start_s, end_s = wanted.start_s // DAY_S * DAY_S, min(wanted.end_s, now_s) // HOUR_S * HOUR_S
    settled_s = settled_until_s(now_s)
    there = [one for one in have if one.place == wanted.target.place]
    requests = []
    if _recent_is_due((max(start_s, settled_s), end_s), there, now_s):
        requests.append(Request((wanted.target,), max(start_s, settled_s), end_s, recent=True))
    enough = [
        (one.start_s, one.end_s)
        for one in there
        if not one.provisional or (one.end_s <= settled_s and _age_s(one, now_s) < GAPS_AGAIN_S and _settled(one))
    ]
    for first_s, last_s in reversed(without((start_s, min(end_s, settled_s)), enough)):
        # Whole days: the source is asked by dates.
        first_s, piece_end_s = first_s // DAY_S * DAY_S, last_s
        while piece_end_s > first_s:
            piece_s = max(first_s, piece_end_s - LONGEST_S)
            requests.append(Request((wanted.target,), piece_s, piece_end_s, recent=False))
            piece_end_s = piece_s
    return requests


def _settled(one: Fetch) -> bool:
    """Whether its days were settled when it was fetched: what it does not know then is asked for once a day only."""
    return one.end_s <= settled_until_s(one.fetched_ms // 1000)


def _recent_is_due(span: Span, there: Sequence[Fetch], now_s: int) -> bool:
    if span[0] >= span[1]:
        return False
    late = without((span[0], max(span[0], span[1] - LATE_S)), [(one.start_s, one.end_s) for one in there])
    stale = [
        one
        for one in there
        if one.provisional and one.end_s > span[0] and one.start_s < span[1] and _age_s(one, now_s) >= AGAIN_S
    ]
    nothing = not any(one.end_s > span[0] for one in there)
    return bool(late or stale or nothing)


def _age_s(one: Fetch, now_s: int) -> float:
    return now_s - one.fetched_ms / 1000


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span.

    >>> without((0, 10), [(2, 4), (3, 5), (9, 20)])
    [(0, 2), (5, 9)]
    """
    left, at_s = [], span[0]
    for start_s, end_s in sorted(taken):
        if start_s > at_s:
            left.append((at_s, min(start_s, span[1])))
        at_s = max(at_s, end_s)
        if at_s >= span[1]:
            return left
    return [*left, (at_s, span[1])] if at_s < span[1] else left


def together(requests: Iterable[Request], at_once: int) -> list[Request]:
    """Requests for the same hours made one, of at most at_once targets each; their order stays.

    >>> a, b = (Request((Target(site),), 0, 86400, False) for site in "ab")
    >>> [[target.site for target in request.targets] for request in together([a, b, a], 2)]
    [['a', 'b'], ['a']]
    """
    by_span: dict[tuple[int, int, bool], list[Target]] = {}
    for request in requests:
        by_span.setdefault((request.start_s, request.end_s, request.recent), []).extend(request.targets)
    return [
        Request(tuple(targets[place : place + at_once]), start_s, end_s, recent)
        for (start_s, end_s, recent), targets in by_span.items()
        for place in range(0, len(targets), at_once)
    ]


def final_until_s(request: Request, unknown_s: Seconds, now_s: int) -> int:
    """Up to where an answer stays as it is: recent hours, and days from one with an unknown hour on, are asked again.

    >>> import numpy as np
    >>> final_until_s(Request((), 0, 86400, False), np.zeros(0, np.int64), 40 * 86400) // 3600
    24
    >>> final_until_s(Request((), 0, 30 * 86400, False), np.array([7200, 20 * 86400 + 3600]), 40 * 86400) // 86400
    20
    """
    if request.recent:
        return request.start_s
    hoped_for = unknown_s[unknown_s >= now_s - GAPS_FINAL_AFTER_S]
    return int(hoped_for[0]) // DAY_S * DAY_S if len(hoped_for) else request.end_s
