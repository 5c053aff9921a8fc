"""The usual simple rules against leaks, to have something beside ours: what they tell of hours of water."""

from collections.abc import Callable, Mapping

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from plagewatch.validation.scoring import DAY_S, HOUR_S, Flags, Told

NIGHTS = 3
HIGH_L = 10.0
SimpleRule = Callable[[Seconds, Floats, float, str], list[Told]]


def never_dry(start_s: Seconds, amount: Floats, litre: float, tz: str) -> list[Told]:
    """No hour without water in the last 24.

    >>> wet_from_two = np.where(np.arange(30) < 2, 0.0, 5.0)
    >>> (told,) = never_dry(HOUR_S * np.arange(30), wet_from_two, 1.0, "UTC")
    >>> told.opened_s // HOUR_S, told.cleared_s
    (26, None)
    """
    del litre, tz
    grid_s, value = _grid(start_s, amount)
    wet = np.concatenate([[0], np.cumsum(value > 0)])
    over = np.zeros(len(grid_s), np.bool_)
    over[23:] = wet[24:] - wet[:-24] == 24
    return _told("no dry hour in 24 h", grid_s + HOUR_S, over)


def never_dry_at_night(start_s: Seconds, amount: Floats, litre: float, tz: str) -> list[Told]:
    """No hour without water from 0 to 6, three nights in a row."""
    del litre
    return _of_nights(
        "no dry hour 0-6 h, 3 nights", start_s, amount, tz, (0, 6), lambda night: np.asarray((night > 0).all(axis=1))
    )


def much_at_night(start_s: Seconds, amount: Floats, litre: float, tz: str) -> list[Told]:
    """More than ten litres an hour on average from 2 to 5, three nights in a row."""
    limit = HIGH_L * litre
    return _of_nights(
        "mean 2-5 h over 10 l/h, 3 nights", start_s, amount, tz, (2, 5), lambda night: night.mean(axis=1) > limit
    )


RULES: Mapping[str, SimpleRule] = {
    "no dry hour in 24 h": never_dry,
    "no dry hour 0–6 h, 3 nights": never_dry_at_night,
    "mean 2–5 h over 10 l/h, 3 nights": much_at_night,
}


def _of_nights(
    name: str, start_s: Seconds, amount: Floats, tz: str, hours: tuple[int, int], high: Callable[[Floats], Flags]
) -> list[Told]:
    grid_s, value = _grid(start_s, amount)
    fields = local_fields(grid_s, tz)
    day = fields.day - fields.day[0]
    table = np.full((int(day[-1]) + 1, 24), np.nan)
    table[day, fields.hour] = value
    over = high(table[:, hours[0] : hours[1]])
    place = np.arange(1, len(over) + 1)
    run = place - np.maximum.accumulate(np.where(over, 0, place))
    ends_s = grid_s[0] + DAY_S * np.arange(len(over)) + HOUR_S * (hours[1] - int(fields.hour[0]))
    return _told(name, ends_s, run >= NIGHTS)


def _told(name: str, known_s: Seconds, over: Flags) -> list[Told]:
    """A ticket from each moment at which something became so until the one at which it no longer is."""
    change = np.diff(over.astype(np.int8), prepend=0)
    begins, ends = known_s[change == 1].tolist(), known_s[change == -1].tolist()
    return [
        Told(name, begin - HOUR_S, (end or int(known_s[-1])) - HOUR_S, begin, end)
        for begin, end in zip(begins, [*ends, *[None] * (len(begins) - len(ends))], strict=True)
    ]


def _grid(start_s: Seconds, amount: Floats) -> tuple[Seconds, Floats]:
    """Unbroken hours; what is not known is NaN, and neither wet nor much."""
    grid_s = np.arange(start_s[0], start_s[-1] + 1, HOUR_S)
    value = np.full(len(grid_s), np.nan)
    value[(start_s - start_s[0]) // HOUR_S] = amount
    return grid_s, value
