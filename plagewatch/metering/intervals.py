"""Amounts over time with what is known about them: the shape in which every figure travels."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.readings import Quality

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]

Row = tuple[int, float, float, float, float, float, float]
"""Start [s], amount, coverage, interpolated, spread, estimated, manual: one interval as `Intervals` has it."""


class Resolution(StrEnum):
    """Lengths of an interval. Day and month are local: 92, 96 or 100 quarters make a day."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Intervals:
    """Amounts of consecutive or scattered intervals of one meter and one flow, all arrays of one length.

    start_s: first instant of each interval, seconds since 1970 UTC, strictly rising.
    amount: what went through [kWh or m3, the meter's unit]; NaN = not known, never 0.
    coverage: share of the interval that was measured, 0...1; 0 for a spread gap, of which only the total is known, and
        for an estimate, which counts in every total and was not measured.
    interpolated, spread, estimated, manual: how much of the amount is of that origin [unit of amount]; the rest was
        measured. No part of an amount has two origins. Interpolated: between two samples close to each other. Spread:
        over a gap. Estimated: by the network operator or a model. Manual: typed in by a person.
    """

    start_s: Seconds
    amount: Floats
    coverage: Floats
    interpolated: Floats
    spread: Floats
    estimated: Floats
    manual: Floats

    @classmethod
    def measured(cls, start_s: Seconds, amount: Floats) -> Self:
        """Intervals a device reported as such: fully covered where there is an amount."""
        nothing = np.zeros(len(start_s))
        coverage = np.where(np.isnan(amount), 0.0, 1.0)
        return cls(start_s, amount, coverage, nothing, nothing, nothing, nothing)

    @classmethod
    def reported(cls, start_s: Seconds, amount: Floats, quality: NDArray[np.int8]) -> Self:
        """Intervals told as such, each with a number of `Quality`.

        >>> told = Intervals.reported(np.array([0, 900]), np.array([1.5, 2.0]), np.array([0, 2], np.int8))
        >>> told.amount, told.coverage, told.estimated
        (array([1.5, 2. ]), array([1., 0.]), array([0., 2.]))
        """
        nothing, known = np.zeros(len(start_s)), ~np.isnan(amount)
        estimated = np.where(known & (quality == Quality.ESTIMATED), amount, 0.0)
        manual = np.where(known & (quality == Quality.MANUAL), amount, 0.0)
        coverage = np.where(known & (quality != Quality.ESTIMATED), 1.0, 0.0)
        return cls(start_s, amount, coverage, nothing, nothing, estimated, manual)

    @classmethod
    def empty(cls) -> Self:
        """No interval at all."""
        return cls.measured(np.zeros(0, np.int64), np.zeros(0))

    def __len__(self) -> int:
        return len(self.start_s)

    def rows(self) -> Iterator[Row]:
        """The intervals one by one."""
        columns = (getattr(self, field.name).tolist() for field in fields(self))
        return cast(Iterator[Row], zip(*columns, strict=True))

    def where(self, keep: NDArray[np.bool_]) -> Self:
        """The intervals that a mask of the same length keeps."""
        return type(self)(*(getattr(self, field.name)[keep] for field in fields(self)))

    def between(self, start_s: int, end_s: int) -> Self:
        """The intervals that start in [start_s, end_s)."""
        return self.where((self.start_s >= start_s) & (self.start_s < end_s))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where the amount is known."""
        return ~np.isnan(self.amount)
