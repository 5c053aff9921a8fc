"""The ledger: from the readings of one cumulative register to quarter-hours in which every unit is accounted for.

Conservation, whatever came, in whatever order and however often: booked + quarantined = last index - first index +
declared steps. What is done with noise, drops, jumps, rollovers and exchanged meters is told in course.py; the rules
are those of docs/ledger.md.

Known limits. A change of a dated fact takes effect with the first pair of samples that begins after it. A declared
swap before the first or after the last sample is left out until there are samples on both sides. A rollover inside a
gap so long that the register could have turned twice is taken as one turn. Of samples that begin with an excursion the
true course is not known yet: the excursion is taken for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.course import Course, Found, Note, Stretch, course
from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.pairs import Pairs, quarters
from plagewatch.metering.readings import Quality
from plagewatch.metering.terms import FactsAt, Instants, Terms, gap_ms, unbookable

__all__ = ["Booking", "Terms", "book", "stretch_of"]

Qualities = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Booking:
    """What became of the samples. Figures without `amount` in their name are in units of the index.

    quarters: amounts [unit of the terms] of the quarters asked for that lie between first and last sample; NaN and
    coverage 0 where nothing is known. The other figures are of all samples handed in: booked + quarantined =
    last_index - first_index + declared_steps. What no factor turns into an amount is quarantined too.
    """

    quarters: Intervals
    first_index: float
    last_index: float
    declared_steps: float
    booked: float
    quarantined: float
    found: Sequence[Found]


def book(
    at_ms: Instants, value: Floats, terms: Terms, start_s: int, end_s: int, quality: Qualities | None = None
) -> Booking:
    """Book the samples of one register, sorted by instant and value, into the quarters that touch [start_s, end_s).

    at_ms: [ms since 1970 UTC]; one instant may stand there with several values. value: the index as displayed.
    quality: numbers of `Quality`, one for each value; all measured where not given.

    >>> at_ms, index = np.array([0, 900_000, 1_800_000]), np.array([10.0, 10.5, 12.0])
    >>> book(at_ms, index, Terms(900, "kWh"), 0, 3600).quarters.amount
    array([0.5, 1.5])
    """
    if len(at_ms) == 0:
        return Booking(Intervals.empty(), np.nan, np.nan, 0.0, 0.0, 0.0, [])
    span_ms = int(at_ms[0]), int(at_ms[-1])
    facts = FactsAt(terms)
    samples = _Samples(at_ms, value, np.zeros(len(at_ms), np.int8) if quality is None else quality)
    samples, found = _one_per_instant(_best(samples), facts)
    pieces = []
    for part, stretch in _stretches(samples, terms, facts):
        pieces.append(_Piece(part, course(stretch)))
        found += pieces[-1].course.found
    if not pieces:
        return Booking(quarters(Pairs.none(), span_ms, start_s, end_s), np.nan, np.nan, 0.0, 0.0, 0.0, found)
    pairs, declared, swaps = _joined(pieces, terms, facts)
    in_index, booked = np.nan_to_num(pairs.movement), pairs.booked
    return Booking(
        quarters(pairs, span_ms, start_s, end_s),
        float(pieces[0].course.level[0]),
        float(pieces[-1].course.level[-1]),
        declared,
        float(in_index[booked].sum()),
        float(in_index[~booked].sum()),
        sorted([*found, *swaps, *unbookable(terms, *span_ms)], key=lambda one: one.from_ms),
    )


@dataclass(frozen=True, slots=True)
class _Samples:
    at_ms: Instants
    value: Floats
    quality: Qualities

    def where(self, keep: NDArray[np.bool_] | slice) -> "_Samples":
        return _Samples(self.at_ms[keep], self.value[keep], self.quality[keep])


@dataclass(frozen=True, slots=True)
class _Piece:
    """The samples of one device that stood behind the register, and their course."""

    samples: _Samples
    course: Course

    @property
    def kept(self) -> _Samples:
        return _Samples(self.samples.at_ms[self.course.kept], self.course.level, self.samples.quality[self.course.kept])


def _best(samples: _Samples) -> _Samples:
    """Without what was told with a worse quality of an instant: an estimate is no contradiction to a measurement."""
    if not samples.quality.any():
        return samples
    starts = np.flatnonzero(np.diff(samples.at_ms, prepend=samples.at_ms[0] - 1))
    best = np.minimum.reduceat(samples.quality, starts)
    return samples.where(samples.quality == np.repeat(best, np.diff(starts, append=len(samples.at_ms))))


def _one_per_instant(samples: _Samples, facts: FactsAt) -> tuple[_Samples, list[Found]]:
    """One value for each instant: where several stand, the one that alone fits its neighbours, else none."""
    instants, first, counts = np.unique(samples.at_ms, return_index=True, return_counts=True)
    if len(instants) == len(samples.at_ms):
        return samples, []
    chosen, found = samples.value[first], []
    single = np.flatnonzero(counts == 1)
    for place in np.flatnonzero(counts > 1):
        said = samples.value[first[place] : first[place] + counts[place]]
        here = np.searchsorted(single, place)
        fits = np.ones(len(said), np.bool_)
        if here > 0:
            before = single[here - 1]
            most = facts.rate(instants[before : before + 1])[0] * (instants[place] - instants[before])
            fits &= (said >= chosen[before]) & (said - chosen[before] <= most)
        if here < len(single):
            after = single[here]
            most = facts.rate(instants[place : place + 1])[0] * (instants[after] - instants[place])
            fits &= (said <= chosen[after]) & (chosen[after] - said <= most)
        chosen[place] = said[fits][0] if fits.sum() == 1 else np.nan
        at = int(instants[place])
        found.append(Found(Note.CONTRADICTION, at, at, float(said[-1] - said[0])))
    return _Samples(instants, chosen, samples.quality[first]).where(~np.isnan(chosen)), found


def _stretches(samples: _Samples, terms: Terms, facts: FactsAt) -> Iterator[tuple[_Samples, Stretch]]:
    """The samples of each device that stood behind the register, the indexes read at its exchange among them."""
    at_ms = samples.at_ms
    swaps = [s for s in sorted(terms.swaps, key=lambda s: s.at_ms) if len(at_ms) and at_ms[0] < s.at_ms <= at_ms[-1]]
    begin, digits = 0, None
    opening = _none()
    for swap in [*swaps, None]:
        end = len(at_ms) if swap is None else int(np.searchsorted(at_ms, swap.at_ms))
        closing = _none() if swap is None else _read_by_hand(swap.at_ms, swap.last_index)
        part = _chained(opening, samples.where(slice(begin, end)), closing)
        if len(part.at_ms):
            yield part, _stretch(part.at_ms, part.value, facts, digits)
        if swap is not None:
            opening = _read_by_hand(swap.at_ms, swap.first_index)
            digits = swap.digits if swap.digits is not None else digits
            # What was read at the very instant is left out: the swap itself says both indexes.
            begin = end + 1 if end < len(at_ms) and at_ms[end] == swap.at_ms else end


def _none() -> _Samples:
    return _Samples(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int8))


def _read_by_hand(at_ms: int, index: float) -> _Samples:
    return _Samples(np.array([at_ms]), np.array([index]), np.array([Quality.MANUAL], np.int8))


def _chained(*parts: _Samples) -> _Samples:
    return _Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Samples.__slots__))


def stretch_of(at_ms: Instants, value: Floats, terms: Terms) -> Stretch:
    """Samples as the ledger looks at them, declared swaps left aside."""
    return _stretch(at_ms, value, FactsAt(terms), None)


def _stretch(at_ms: Instants, value: Floats, facts: FactsAt, digits: int | None) -> Stretch:
    full_scale = facts.full_scale(at_ms) if digits is None else np.full(len(at_ms), 10.0**digits)
    return Stretch(at_ms, value, facts.rate(at_ms), facts.resolution(at_ms), full_scale)


def _joined(pieces: list[_Piece], terms: Terms, facts: FactsAt) -> tuple[Pairs, float, list[Found]]:
    """All pairs, the declared steps in index units, and the swaps between the pieces."""
    kept = [piece.kept for piece in pieces]
    declared, swaps = sum(piece.course.declared for piece in pieces), []
    for before, after in pairwise(kept):
        step = float(before.value[-1] - after.value[0])
        declared += step
        swaps.append(Found(Note.SWAP, int(before.at_ms[-1]), int(after.at_ms[0]), step))
    start_ms = np.concatenate([samples.at_ms[:-1] for samples in kept])
    end_ms = np.concatenate([samples.at_ms[1:] for samples in kept])
    pairs = Pairs(
        start_ms,
        end_ms,
        np.concatenate([piece.course.movement for piece in pieces]),
        facts.factor(start_ms),
        end_ms - start_ms > gap_ms(terms.usual_s),
        np.concatenate([piece.course.impossible for piece in pieces]),
        np.concatenate([np.maximum(samples.quality[:-1], samples.quality[1:]) for samples in kept]),
    )
    return pairs, declared, swaps
