"""The ledger: from the readings of one cumulative register to quarter-hours in which every unit is accounted for.

Conservation, whatever came, in whatever order and however often: booked + quarantined = last index - first index +
declared steps. What is done with noise, drops, jumps, rollovers and exchanged meters is told in course.py; the rules
are those of docs/ledger.md.

Known limits. A change of the multiplier takes effect with the first pair of samples that begins after it. A declared
swap before the first or after the last sample is left out until there are samples on both sides. A rollover inside a
gap so long that the register could have turned twice is taken as one turn. Of samples that begin with an excursion the
true course is not known yet: the excursion is taken for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.course import Course, Found, Note, Stretch, course
from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.pairs import Pairs, quarters

Instants = NDArray[np.int64]

MS_PER_H = 3_600_000
SHORTEST_GAP_S = 3600
GAP_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of a register besides its samples.

    usual_s: the usual distance of its samples [s]. unit: that of the amounts; a greatest power counts for kWh only.
    """

    usual_s: float
    unit: str
    facts: Sequence[MeterFacts] = ()
    swaps: Sequence[Swap] = ()


@dataclass(frozen=True, slots=True)
class Booking:
    """What became of the samples. Figures without `amount` in their name are in units of the index.

    quarters: amounts [unit of the terms] of the quarters asked for that lie between first and last sample; NaN and
    coverage 0 where nothing is known. The other figures are of all samples handed in: booked + quarantined =
    last_index - first_index + declared_steps.
    """

    quarters: Intervals
    first_index: float
    last_index: float
    declared_steps: float
    booked: float
    quarantined: float
    found: Sequence[Found]


def book(at_ms: Instants, value: Floats, terms: Terms, start_s: int, end_s: int) -> Booking:
    """Book the samples of one register, sorted by instant and value, into the quarters that touch [start_s, end_s).

    at_ms: [ms since 1970 UTC]; one instant may stand there with several values. value: the index as displayed.

    >>> at_ms, index = np.array([0, 900_000, 1_800_000]), np.array([10.0, 10.5, 12.0])
    >>> book(at_ms, index, Terms(900, "kWh"), 0, 3600).quarters.amount
    array([0.5, 1.5])
    """
    if len(at_ms) == 0:
        return Booking(Intervals.empty(), np.nan, np.nan, 0.0, 0.0, 0.0, [])
    span_ms = int(at_ms[0]), int(at_ms[-1])
    facts = _FactsAt(terms)
    at_ms, value, found = _one_per_instant(at_ms, value, facts)
    pieces: list[tuple[Stretch, Course]] = []
    for stretch in _stretches(at_ms, value, terms, facts):
        pieces.append((stretch, course(stretch)))
        found += pieces[-1][1].found
    if not pieces:
        return Booking(quarters(Pairs.none(), span_ms, start_s, end_s), np.nan, np.nan, 0.0, 0.0, 0.0, found)
    pairs, declared, swaps = _joined(pieces, terms, facts)
    in_index = np.nan_to_num(pairs.movement)
    return Booking(
        quarters(pairs, span_ms, start_s, end_s),
        float(pieces[0][1].level[0]),
        float(pieces[-1][1].level[-1]),
        declared,
        float(in_index[~pairs.impossible].sum()),
        float(in_index[pairs.impossible].sum()),
        sorted(found + swaps, key=lambda one: one.from_ms),
    )


class _FactsAt:
    """The dated facts, as arrays at instants."""

    def __init__(self, terms: Terms) -> None:
        known = sorted(terms.facts, key=lambda one: one.valid_from_ms)
        before = MeterFacts(meter="", valid_from_ms=np.iinfo(np.int64).min)
        self._from_ms = np.array([before.valid_from_ms, *(one.valid_from_ms for one in known)], np.int64)
        self._all = [before, *known]
        self._powers_count = terms.unit == "kWh"

    def multiplier(self, at_ms: Instants) -> Floats:
        return self._column([one.multiplier for one in self._all], at_ms)

    def rate(self, at_ms: Instants) -> Floats:
        """The most the index can rise [index units per ms]; inf where not known."""
        powers = [one.max_power_kw if self._powers_count and one.max_power_kw else np.inf for one in self._all]
        return self._column(
            [power / one.multiplier / MS_PER_H for power, one in zip(powers, self._all, strict=True)], at_ms
        )

    def resolution(self, at_ms: Instants) -> Floats:
        return self._column([0.0 if one.decimals is None else 10.0**-one.decimals for one in self._all], at_ms)

    def full_scale(self, at_ms: Instants) -> Floats:
        return self._column([np.inf if one.digits is None else 10.0**one.digits for one in self._all], at_ms)

    def _column(self, values: list[float], at_ms: Instants) -> Floats:
        return np.array(values, np.float64)[np.searchsorted(self._from_ms, at_ms, side="right") - 1]


def _one_per_instant(at_ms: Instants, value: Floats, facts: _FactsAt) -> tuple[Instants, Floats, list[Found]]:
    """One value for each instant: where several stand, the one that alone fits its neighbours, else none."""
    instants, first, counts = np.unique(at_ms, return_index=True, return_counts=True)
    if len(instants) == len(at_ms):
        return at_ms, value, []
    chosen, found = value[first], []
    single = np.flatnonzero(counts == 1)
    for place in np.flatnonzero(counts > 1):
        said = value[first[place] : first[place] + counts[place]]
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
    usable = ~np.isnan(chosen)
    return instants[usable], chosen[usable], found


def _stretches(at_ms: Instants, value: Floats, terms: Terms, facts: _FactsAt) -> list[Stretch]:
    """The samples of each device that stood behind the register, the indexes read at its exchange among them."""
    swaps = [s for s in sorted(terms.swaps, key=lambda s: s.at_ms) if len(at_ms) and at_ms[0] < s.at_ms <= at_ms[-1]]
    stretches, begin, digits = [], 0, None
    opening: tuple[int, float] | None = None
    for swap in [*swaps, None]:
        end = len(at_ms) if swap is None else int(np.searchsorted(at_ms, swap.at_ms))
        stop = end
        if swap is not None and end < len(at_ms) and at_ms[end] == swap.at_ms:
            stop = end + 1  # read at the very instant: the swap itself says both indexes
        head = ([opening[0]], [opening[1]]) if opening else ([], [])
        tail = ([swap.at_ms], [swap.last_index]) if swap else ([], [])
        instants = np.concatenate([head[0], at_ms[begin:end], tail[0]]).astype(np.int64)
        indexes = np.concatenate([head[1], value[begin:end], tail[1]]).astype(np.float64)
        if len(instants):
            stretches.append(_stretch(instants, indexes, facts, digits))
        if swap is not None:
            begin, opening = stop, (swap.at_ms, swap.first_index)
            digits = swap.digits if swap.digits is not None else digits
    return stretches


def stretch_of(at_ms: Instants, value: Floats, terms: Terms) -> Stretch:
    """Samples as the ledger looks at them, declared swaps left aside."""
    return _stretch(at_ms, value, _FactsAt(terms), None)


def _stretch(at_ms: Instants, value: Floats, facts: _FactsAt, digits: int | None) -> Stretch:
    full_scale = facts.full_scale(at_ms) if digits is None else np.full(len(at_ms), 10.0**digits)
    return Stretch(at_ms, value, facts.rate(at_ms), facts.resolution(at_ms), full_scale)


def _joined(pieces: list[tuple[Stretch, Course]], terms: Terms, facts: _FactsAt) -> tuple[Pairs, float, list[Found]]:
    """All pairs, the declared steps in index units, and the swaps between the pieces."""
    gap_ms = 1000 * max(SHORTEST_GAP_S, GAP_FACTOR * terms.usual_s)
    starts, ends, movements, impossibles = [], [], [], []
    declared, swaps = 0.0, []
    for number, (stretch, found) in enumerate(pieces):
        at_ms = stretch.at_ms[found.kept]
        starts.append(at_ms[:-1])
        ends.append(at_ms[1:])
        movements.append(found.movement)
        impossibles.append(found.impossible)
        declared += found.declared
        if number:
            left = pieces[number - 1]
            step = float(left[1].level[-1] - found.level[0])
            declared += step
            swaps.append(Found(Note.SWAP, int(left[0].at_ms[left[1].kept[-1]]), int(at_ms[0]), step))
    start_ms, end_ms = np.concatenate(starts), np.concatenate(ends)
    pairs = Pairs(
        start_ms,
        end_ms,
        np.concatenate(movements),
        facts.multiplier(start_ms),
        end_ms - start_ms > gap_ms,
        np.concatenate(impossibles),
    )
    return pairs, declared, swaps
