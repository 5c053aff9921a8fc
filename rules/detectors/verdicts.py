"""What goes into a detector and what comes out: arrays over time, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals, Seconds

HOUR_S = 3600
WHOLE = 0.99
"""Least coverage of an hour that is judged: a part of an hour looks like a low one."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MeterHours:
    """The hours of one meter on an unbroken hourly grid, all arrays of one length.

    start_s: starts of the hours, seconds since 1970 UTC. amount: what went through [unit]; NaN = not wholly measured.
    seen: whether any part of the hour was measured. tz: the site's zone. interval_s: usual distance of the meter's
    readings [s]; None = not known. holidays: ordinals of local dates on which people rest as in the weekend.
    """

    start_s: Seconds
    amount: Floats
    seen: Flags
    tz: str
    unit: str
    interval_s: int | None = None
    holidays: frozenset[int] = frozenset()

    @classmethod
    def on_grid(cls, hours: Intervals, upto_s: int, tz: str, unit: str, interval_s: int | None = None) -> Self:
        """Hours as the store has them, from the first known one to upto_s; what is absent becomes NaN.

        >>> hours = Intervals.measured(np.array([0, 7200]), np.array([1.0, 2.0]))
        >>> MeterHours.on_grid(hours, 10800, "UTC", "kWh").amount
        array([ 1., nan,  2.])
        """
        hours = hours.where((hours.start_s + HOUR_S <= upto_s) & hours.known)
        if not len(hours):
            return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_), tz, unit, interval_s)
        start_s = np.arange(int(hours.start_s[0]), upto_s - upto_s % HOUR_S, HOUR_S, dtype=np.int64)
        place = (hours.start_s - start_s[0]) // HOUR_S
        amount, seen = np.full(len(start_s), np.nan), np.zeros(len(start_s), np.bool_)
        amount[place] = np.where(hours.coverage >= WHOLE, hours.amount, np.nan)
        seen[place] = hours.coverage > 0
        return cls(start_s, amount, seen, tz, unit, interval_s)

    def __len__(self) -> int:
        return len(self.start_s)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict for each judged interval, in order of time; all arrays of one length.

    A verdict is known when its interval of an hour is over, and nothing later was looked at.
    start_s: start of the judged interval, seconds since 1970 UTC. since_s: start of the abnormal stretch it belongs
        to; start_s itself where it is normal. score: how abnormal; 1 opens a ticket. abnormal: whether this interval
        carries a ticket on. expected: what was usual [unit of the meter]. numbers: what explains it, unit in each name.
        lasting: whether it is one of a change that has lasted so long that it is told already: a living ticket waits,
        as if nothing had been measured; None where a rule knows no such thing.
    """

    start_s: Seconds
    since_s: Seconds
    score: Floats
    abnormal: Flags
    expected: Floats
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    lasting: Flags | None = None

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def known_s(self) -> Seconds:
        """The moment each verdict is known."""
        return self.start_s + HOUR_S

    def where(self, keep: Flags) -> Self:
        """The verdicts that a mask of the same length keeps."""
        numbers = {name: values[keep] for name, values in self.numbers.items()}
        return type(self)(
            start_s=self.start_s[keep],
            since_s=self.since_s[keep],
            score=self.score[keep],
            abnormal=self.abnormal[keep],
            expected=self.expected[keep],
            numbers=numbers,
            lasting=None if self.lasting is None else self.lasting[keep],
        )


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Why a detector says nothing: a stable code, a sentence in English, and the numbers in it. Never a ticket."""

    code: str
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)


Judgement = Verdicts | NotJudged


def unfit(hours: MeterHours) -> NotJudged | None:
    """What keeps any hourly rule from judging these hours; None where nothing does."""
    if hours.interval_s is not None and hours.interval_s > HOUR_S:
        numbers = {"interval_h": hours.interval_s / HOUR_S}
        return NotJudged("too_coarse", "Read every {interval_h:g} h; rules by the hour need hours.", numbers)
    return unread(hours)


def unread(hours: MeterHours) -> NotJudged | None:
    """The same for a rule that does not go by the hour."""
    if hours.seen.any():
        return None
    return NotJudged("no_readings", "None of {hours:.0f} hours has a reading.", {"hours": float(len(hours))})


def judged(verdicts: Verdicts, hours: MeterHours) -> Judgement:
    """The verdicts, or why there is none."""
    return verdicts if len(verdicts) else unjudged(hours)


def unjudged(hours: MeterHours) -> NotJudged:
    """Why a rule that needs to know what is usual says nothing of hours that are read.

    >>> from plagewatch.metering.intervals import Intervals
    >>> backwards = Intervals.measured(3600 * np.arange(48), np.full(48, -2.0) - np.arange(48))
    >>> unjudged(MeterHours.on_grid(backwards, 48 * 3600, "UTC", "kWh")).code
    'negative'
    """
    known = hours.amount[np.isfinite(hours.amount)]
    days = len(known) / 24
    if days >= 1 and known.min() == known.max():
        numbers = {"days": days, "amount": float(known[0])}
        return NotJudged("never_moves", "All {days:.0f} days of readings are {amount:g}.", numbers)
    below = float((known < 0).sum())
    if below > len(known) / 2:
        numbers = {"below": below, "hours": float(len(known))}
        return NotJudged("negative", "{below:.0f} of {hours:.0f} hours are below 0: does it count backwards?", numbers)
    return NotJudged(
        "too_short", "{days:.1f} days of whole hours are not enough to know what is usual.", {"days": days}
    )
