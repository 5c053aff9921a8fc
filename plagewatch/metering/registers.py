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

from plagewatch.metering.course import Course, Found, Note, course
from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.pairs import Pairs, quarters
from plagewatch.metering.readings import Quality
from plagewatch.metering.stretch import Stretch, is_turn, most_rise
from plagewatch.metering.terms import FactsAt, Instants, Terms, gap_ms, unbookable

__all__ = ["Booking", "Terms", "best_of_each_instant", "book", "stretch_of"]

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
    pieces, found = [], []
    for several, digits in _devices(samples.where(best_of_each_instant(at_ms, samples.quality)), terms):
        part, contradictions = _one_per_instant(several, _stretch(several.at_ms, several.value, facts, digits))
        found += contradictions
        if len(part.at_ms):
            pieces.append(_Piece(part, course(_stretch(part.at_ms, part.value, facts, digits))))
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


def best_of_each_instant(at_ms: Instants, quality: Qualities) -> NDArray[np.bool_]:
    """Which samples, sorted by instant, are of the best quality told there: an estimate contradicts no measurement.

    >>> best_of_each_instant(np.array([5, 5, 6]), np.array([2, 0, 2], np.int8))
    array([False,  True,  True])
    """
    if not quality.any():
        return np.ones(len(at_ms), np.bool_)
    starts = np.flatnonzero(np.diff(at_ms, prepend=at_ms[0] - 1))
    best = np.minimum.reduceat(quality, starts)
    return np.asarray(quality == np.repeat(best, np.diff(starts, append=len(at_ms))), np.bool_)


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


def _one_per_instant(samples: _Samples, as_said: Stretch) -> tuple[_Samples, list[Found]]:
    """One value for each instant: where several stand, the one that alone fits its neighbours, else none."""
    instants, first, counts = np.unique(samples.at_ms, return_index=True, return_counts=True)
    if len(instants) == len(samples.at_ms):
        return samples, []
    single, several = first[counts == 1], np.flatnonzero(counts > 1)
    said = np.flatnonzero(np.repeat(counts > 1, counts))
    here = np.searchsorted(single, said)
    fits = np.ones(len(said), np.bool_)
    before, after = here > 0, here < len(single)
    fits[before] &= _can_follow(as_said, single[here[before] - 1], said[before])
    fits[after] &= _can_follow(as_said, said[after], single[here[after]])
    starts = np.concatenate([[0], np.cumsum(counts[several])[:-1]])
    alone = np.add.reduceat(fits.astype(np.int64), starts) == 1
    chosen = samples.value[first]
    chosen[several] = np.where(alone, np.add.reduceat(np.where(fits, samples.value[said], 0.0), starts), np.nan)
    steps = samples.value[first[several] + counts[several] - 1] - samples.value[first[several]]
    found = [
        Found(Note.CONTRADICTION, at, at, step)
        for at, step in zip(instants[several].tolist(), steps.tolist(), strict=True)
    ]
    return _Samples(instants, chosen, samples.quality[first]).where(~np.isnan(chosen)), found


def _can_follow(stretch: Stretch, earlier: Instants, later: Instants) -> NDArray[np.bool_]:
    """Whether the register can have come from samples to later ones, by their places."""
    move = stretch.value[later] - stretch.value[earlier]
    rises = (move >= 0) & (move <= most_rise(stretch, earlier, later))
    return np.asarray(rises | is_turn(stretch, earlier, later, move), np.bool_)


def _devices(samples: _Samples, terms: Terms) -> Iterator[tuple[_Samples, int | None]]:
    """The samples of each device that stood behind the register, the indexes read at its exchange among them.

    With each its digits, where a swap tells them.
    """
    at_ms, begin, opening, digits = samples.at_ms, 0, _none(), None
    for swap in sorted({swap.at_ms: swap for swap in terms.swaps}.values(), key=lambda swap: swap.at_ms):
        if swap.at_ms > at_ms[-1]:
            break
        told = swap.digits if swap.digits is not None else digits
        begins = np.isin(swap.first_index, samples.value[at_ms == at_ms[0]]) if swap.at_ms == at_ms[0] else False
        if swap.at_ms >= at_ms[0] and not begins:
            end = int(np.searchsorted(at_ms, swap.at_ms))
            closing = _read_by_hand(swap.at_ms, swap.last_index)
            yield _chained(opening, samples.where(slice(begin, end)), closing), digits
            opening = _read_by_hand(swap.at_ms, swap.first_index)
            # What was read at the very instant is left out: the swap itself says both indexes.
            begin = int(np.searchsorted(at_ms, swap.at_ms, side="right"))
        digits = told
    yield _chained(opening, samples.where(slice(begin, None))), digits


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
