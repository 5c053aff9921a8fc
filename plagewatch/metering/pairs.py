"""From pairs of samples to quarter-hours: what went through between two readings, laid out over the clock."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.rollups import QUARTER_S

QUARTER_MS = QUARTER_S * 1000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two kept samples that follow each other, by time, not overlapping; arrays of one length.

    start_ms, end_ms: their instants. movement: rise of the index between them, NaN where not known.
    multiplier: index units to amount. gap: too far apart to say when it went through. impossible: not to be booked.
    """

    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]
    movement: Floats
    multiplier: Floats
    gap: NDArray[np.bool_]
    impossible: NDArray[np.bool_]

    @classmethod
    def none(cls) -> Self:
        """No pair at all."""
        nothing, no = np.zeros(0), np.zeros(0, np.bool_)
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), nothing, nothing, no, no)


def quarters(pairs: Pairs, span_ms: tuple[int, int], start_s: int, end_s: int) -> Intervals:
    """The quarters that touch both [start_s, end_s) and the span of the samples; sums are those of the pairs exactly.

    A close pair is laid out evenly with coverage 1, a gap evenly with coverage 0. What is neither known nor possible
    has coverage 0, and no amount where it fills the quarter.

    >>> at, no = np.array([450_000, 900_000]), np.array([False, False])
    >>> two = Pairs(at, np.array([900_000, 2_700_000]), np.array([1.0, 4.0]), np.ones(2), no, no)
    >>> [(float(a), float(c)) for a, c in zip(*(getattr(quarters(two, (450_000, 2_700_000), 0, 3600), n)
    ...                                        for n in ("amount", "coverage")))]
    [(1.0, 0.5), (2.0, 1.0), (2.0, 1.0)]
    """
    first_s = max(start_s, span_ms[0] // 1000) // QUARTER_S * QUARTER_S
    after_s = -(-min(end_s * 1000, span_ms[1]) // QUARTER_MS) * QUARTER_S
    if after_s <= first_s:
        return Intervals.empty()
    bounds_ms = np.arange(first_s, after_s + QUARTER_S, QUARTER_S, dtype=np.int64) * 1000
    inside = (pairs.end_ms > bounds_ms[0]) & (pairs.start_ms < bounds_ms[-1]) & (pairs.end_ms > pairs.start_ms)
    start_ms, end_ms = pairs.start_ms[inside], pairs.end_ms[inside]
    booked = ~(np.isnan(pairs.movement) | pairs.impossible)[inside]
    amount = np.where(booked, pairs.movement[inside] * pairs.multiplier[inside], 0.0)
    gap = pairs.gap[inside]
    crosses = start_ms // QUARTER_MS != (end_ms - 1) // QUARTER_MS
    length_ms = (end_ms - start_ms).astype(np.float64)

    def laid_out(per_pair: Floats) -> Floats:
        return _over(bounds_ms, start_ms, end_ms, per_pair)

    known_ms = laid_out(np.where(booked, length_ms, 0.0))
    zero = np.zeros(len(bounds_ms) - 1)
    return Intervals(
        bounds_ms[:-1] // 1000,
        np.where(known_ms > 0.5, laid_out(amount), np.nan),
        np.clip(np.round(laid_out(np.where(booked & ~gap, length_ms, 0.0)) / QUARTER_MS, 9), 0.0, 1.0),
        laid_out(np.where(crosses & ~gap, amount, 0.0)),
        laid_out(np.where(gap, amount, 0.0)),
        zero,
        zero,
    )


def _over(
    bounds_ms: NDArray[np.int64], start_ms: NDArray[np.int64], end_ms: NDArray[np.int64], per_pair: Floats
) -> Floats:
    """How much of each pair's quantity, laid out evenly over its time, lies between neighbouring bounds."""
    if len(per_pair) == 0:
        return np.zeros(len(bounds_ms) - 1)
    running = np.concatenate([[0.0], np.cumsum(per_pair)])
    corners_ms = np.column_stack([start_ms, end_ms]).ravel()
    heights = np.column_stack([running[:-1], running[1:]]).ravel()
    return np.diff(np.interp(bounds_ms, corners_ms, heights))
