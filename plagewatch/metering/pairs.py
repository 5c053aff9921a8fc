"""From pairs of samples to quarter-hours: what went through between two readings, laid out over the clock."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.readings import Quality
from plagewatch.metering.rollups import QUARTER_S

QUARTER_MS = QUARTER_S * 1000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two kept samples that follow each other, by time, not overlapping; arrays of one length.

    start_ms, end_ms: their instants. movement: rise of the index between them, NaN where not known.
    factor: index units to amount, NaN where not known. gap: too far apart to say when it went through.
    impossible: not to be booked. quality: the worse `Quality` of the two samples.
    """

    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]
    movement: Floats
    factor: Floats
    gap: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    quality: NDArray[np.int8]

    @classmethod
    def none(cls) -> Self:
        """No pair at all."""
        nothing, no = np.zeros(0), np.zeros(0, np.bool_)
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), nothing, nothing, no, no, np.zeros(0, np.int8))

    @property
    def booked(self) -> NDArray[np.bool_]:
        """Pairs that make an amount."""
        return ~(np.isnan(self.movement) | np.isnan(self.factor) | self.impossible)

    def where(self, keep: NDArray[np.bool_]) -> Self:
        """The pairs that a mask of the same length keeps."""
        return type(self)(*(getattr(self, field.name)[keep] for field in fields(self)))


def quarters(pairs: Pairs, span_ms: tuple[int, int], start_s: int, end_s: int) -> Intervals:
    """The quarters that touch both [start_s, end_s) and the span of the samples; sums are those of the pairs exactly.

    A close pair of samples that were read is laid out evenly with coverage 1, a gap and a pair with an estimate evenly
    with coverage 0. What is neither known nor possible has coverage 0, and no amount where it fills the quarter.

    A pair has one origin, the first of these that is true of it: spread (a gap), estimated, manual (either sample is),
    interpolated (over the edge of a quarter), measured.

    >>> at, no = np.array([450_000, 900_000]), np.array([False, False])
    >>> two = Pairs(at, np.array([900_000, 2_700_000]), np.array([1.0, 4.0]), np.ones(2), no, no, np.zeros(2, np.int8))
    >>> [(float(a), float(c)) for a, c in zip(*(getattr(quarters(two, (450_000, 2_700_000), 0, 3600), n)
    ...                                        for n in ("amount", "coverage")))]
    [(1.0, 0.5), (2.0, 1.0), (2.0, 1.0)]
    """
    first_s = max(start_s, span_ms[0] // 1000) // QUARTER_S * QUARTER_S
    after_s = -(-min(end_s * 1000, span_ms[1]) // QUARTER_MS) * QUARTER_S
    if after_s <= first_s:
        return Intervals.empty()
    bounds_ms = np.arange(first_s, after_s + QUARTER_S, QUARTER_S, dtype=np.int64) * 1000
    some = pairs.where(
        (pairs.end_ms > bounds_ms[0]) & (pairs.start_ms < bounds_ms[-1]) & (pairs.end_ms > pairs.start_ms)
    )
    booked = some.booked
    amount = np.where(booked, some.movement * some.factor, 0.0)
    length_ms = (some.end_ms - some.start_ms).astype(np.float64)
    pair, quarter, part = _pieces(bounds_ms, some.start_ms, some.end_ms)

    def laid_out(per_pair: Floats, where: NDArray[np.bool_]) -> Floats:
        if not where.any():
            return np.zeros(len(bounds_ms) - 1)
        pieces = np.where(where, per_pair, 0.0)[pair] * part
        return np.bincount(quarter, pieces, len(bounds_ms) - 1).astype(np.float64, copy=False)

    estimated = ~some.gap & (some.quality == Quality.ESTIMATED)
    manual = ~some.gap & (some.quality == Quality.MANUAL)
    crosses = some.start_ms // QUARTER_MS != (some.end_ms - 1) // QUARTER_MS
    return Intervals(
        bounds_ms[:-1] // 1000,
        np.where(laid_out(length_ms, booked) > 0.5, laid_out(amount, booked), np.nan),
        np.clip(np.round(laid_out(length_ms, booked & ~some.gap & ~estimated) / QUARTER_MS, 9), 0.0, 1.0),
        laid_out(amount, crosses & ~some.gap & ~estimated & ~manual),
        laid_out(amount, some.gap),
        laid_out(amount, estimated),
        laid_out(amount, manual),
    )


def _pieces(
    bounds_ms: NDArray[np.int64], start_ms: NDArray[np.int64], end_ms: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Each pair cut at the bounds: of each piece its pair, its quarter, and which part of the pair's time it is.

    Piece by piece, a quarter's figure depends on the pairs in it alone; differences of a running sum would carry the
    rounding of all that went through before.
    """
    first = np.maximum(start_ms - bounds_ms[0], 0) // QUARTER_MS
    after = np.minimum(-(-(end_ms - bounds_ms[0]) // QUARTER_MS), len(bounds_ms) - 1)
    count = after - first
    pair = np.repeat(np.arange(len(start_ms)), count)
    quarter = np.arange(len(pair)) + np.repeat(first - np.cumsum(count) + count, count)
    within_ms = np.minimum(end_ms[pair], bounds_ms[quarter + 1]) - np.maximum(start_ms[pair], bounds_ms[quarter])
    return pair, quarter, within_ms / (end_ms - start_ms)[pair]
