"""What a rule has learnt of a meter for the hours to come, so that a look at the newest ones need not read its past."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from rules.detectors.case import Case, Facts, FineSteps
from rules.detectors.verdicts import HOUR_S, Flags, MeterHours

QUARTER_S = 900
REACH_H = 84
"""Hours before the newest one that a look sees: late readings of two days, and what the rules weigh before them."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Arrays over the unbroken hours in [start_s, until_s), seconds since 1970 UTC; NaN = not known."""

    start_s: int
    until_s: int
    arrays: Mapping[str, Floats] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)

    def at(self, name: str, start_s: Seconds) -> Floats:
        """An array at other unbroken hours; NaN where nothing was learnt.

        >>> Learnt(3600, 10800, {"usual": np.array([5.0, 6.0])}).at("usual", np.array([0, 3600]))
        array([nan,  5.])
        """
        found, learnt = np.full(len(start_s), np.nan), self.arrays[name]
        first = (int(start_s[0]) - self.start_s) // HOUR_S if len(start_s) else 0
        there = slice(max(first, 0), min(first + len(start_s), len(learnt)))
        if there.start < there.stop:
            found[there.start - first : there.stop - first] = learnt[there]
        return found


@dataclass(frozen=True, slots=True)
class Newest:
    """What a look sees: a meter's newest hours, which of them it has not seen before, its newest quarters, facts."""

    hours: MeterHours
    new: Flags
    fine: FineSteps | None = None
    facts: Facts = field(default_factory=Facts)

    def without_fine(self, before_h: int = 0) -> Flags:
        """New hours of which a look sees no quarters, nor of so many before each, though the meter may have them."""
        if (self.hours.interval_s or 0) > QUARTER_S:
            return np.zeros(len(self.hours), np.bool_)
        from_s = np.inf if self.fine is None else float(self.fine.start_s[0]) + before_h * HOUR_S
        return np.asarray(self.new & self.hours.seen & (self.hours.start_s < from_s))


@dataclass(frozen=True, slots=True)
class Warm:
    """How a rule looks at the newest hours only.

    learn: what is usual, for hours up to the end of the case, whose last ones may be still to come; None = nothing can
    be said. calm: whether the rule certainly says of no new hour that it is abnormal. reach_h: hours before the newest
    that it has to see.
    """

    learn: Callable[[Case, Any], Learnt | None]
    calm: Callable[[Learnt, Newest, Any], bool]
    reach_h: int = REACH_H


AT_EVERY_LOOK = Warm(lambda case, _: learnt_of(case.hours, {}) if len(case.hours) else None, lambda *_: False)
"""Judged with its past at every look: few meters have such a rule."""


def learnt_of(hours: MeterHours, arrays: Mapping[str, Floats], **numbers: float) -> Learnt:
    """What was learnt at a meter's hours, of those that a look may see: from REACH_H before the newest known one on."""
    first = window(hours)
    kept = {name: value[first:] for name, value in arrays.items()}
    return Learnt(int(hours.start_s[first]), int(hours.start_s[-1]) + HOUR_S, kept, numbers)


def window(hours: MeterHours) -> int:
    """Place of the first hour that a look may see."""
    seen = np.flatnonzero(hours.seen)
    return max(int(seen[-1]) - REACH_H + 1, 0) if len(seen) else 0


def ahead(hours: MeterHours, until_s: int) -> MeterHours:
    """The same meter with the hours up to an instant that are still to come: nothing is known of them.

    >>> from plagewatch.metering.intervals import Intervals
    >>> meter = MeterHours.on_grid(Intervals.measured(np.array([0]), np.array([2.0])), 3600, "UTC", "kWh")
    >>> ahead(meter, 3 * 3600).amount
    array([ 2., nan, nan])
    """
    more = (until_s - int(hours.start_s[-1])) // HOUR_S - 1 if len(hours) else 0
    if more <= 0:
        return hours
    start_s = hours.start_s[-1] + HOUR_S * np.arange(1, more + 1, dtype=np.int64)
    return replace(
        hours,
        start_s=np.concatenate([hours.start_s, start_s]),
        amount=np.concatenate([hours.amount, np.full(more, np.nan)]),
        seen=np.concatenate([hours.seen, np.zeros(more, np.bool_)]),
    )
