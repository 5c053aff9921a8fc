"""Two weeks side by side, only over what both of them know."""

from dataclasses import dataclass

import numpy as np

from digest.facts import MeterWeek
from plagewatch.metering.comparison import in_common, whole
from plagewatch.metering.intervals import Floats

ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a week used, and how it compares with the week before; amounts in the meter's unit.

    amount: over the `known` intervals of the week; NaN where none is known.
    common, common_before: over the `compared` intervals that both weeks know, at the same weekday and hour.
    known, compared, expected: how many intervals; expected = all of the week.
    guessed: part of `amount` that was spread over a gap, estimated or typed in.
    """

    amount: float
    common: float
    common_before: float
    known: int
    compared: int
    expected: int
    guessed: float

    @property
    def coverage(self) -> float:
        """Known share of the week, 0...1."""
        return self.known / self.expected if self.expected else 0.0

    @property
    def comparable(self) -> bool:
        """Whether both weeks know at least half of the intervals in common."""
        return self.compared > 0 and self.compared >= ENOUGH * self.expected

    @property
    def change(self) -> float:
        """(week - week before) / week before over the common intervals; NaN where too few are common, or it was 0.

        >>> Comparison(110.0, 110.0, 100.0, 168, 168, 168, 0.0).change
        0.1
        >>> Comparison(50.0, 50.0, 40.0, 84, 20, 168, 0.0).change
        nan
        """
        if not self.comparable or self.common_before <= 0:
            return float("nan")
        return (self.common - self.common_before) / self.common_before


def compare(meter: MeterWeek) -> Comparison:
    """One meter's week beside the week before, in the part that serves the building.

    Intervals are matched by weekday and hour on the wall, so the hour that a change-over day lacks is left out.
    """
    now, share = whole(meter.this_week), meter.share
    common = in_common(meter.this_week, meter.week_before, meter.resolution, meter.tz)
    return Comparison(
        amount=_total(now.amount) * share,
        common=common.now * share,
        common_before=common.before * share,
        known=len(now),
        compared=common.compared,
        expected=meter.expected,
        guessed=float(np.sum(now.spread + now.estimated + now.manual)) * share,
    )


def together(parts: list[Comparison]) -> Comparison:
    """Several meters of one carrier as one. A meter without any amount adds none and lowers the coverage.

    >>> one = Comparison(10.0, 10.0, 8.0, 168, 168, 168, 0.0)
    >>> both = together([one, Comparison(float("nan"), float("nan"), float("nan"), 0, 0, 168, 0.0)])
    >>> both.amount, both.coverage
    (10.0, 0.5)
    """

    def total(values: list[float]) -> float:
        return _total(np.array([value for value in values if not np.isnan(value)]))

    return Comparison(
        amount=total([part.amount for part in parts]),
        common=total([part.common for part in parts]),
        common_before=total([part.common_before for part in parts]),
        known=sum(part.known for part in parts),
        compared=sum(part.compared for part in parts),
        expected=sum(part.expected for part in parts),
        guessed=sum(part.guessed for part in parts),
    )


def _total(amounts: Floats) -> float:
    return float(amounts.sum()) if len(amounts) else float("nan")
