"""On which terms a register is booked: its dated facts, what turns its index into an amount, what a gap is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.course import Found, Note
from plagewatch.metering.intervals import Floats
from plagewatch.metering.meters import MeterFacts, Swap
from plagewatch.metering.units import UNITS, to_canonical

Instants = NDArray[np.int64]

MS_PER_H = 3_600_000
SHORTEST_GAP_S = 3600
GAP_FACTOR = 3
PULSES = "pulse_count"

BEFORE_ALL = MeterFacts(meter="", valid_from_ms=-(2**63))
"""What holds of a meter before anything was entered of it."""

STANDING = (Note.NO_PULSE_WEIGHT, Note.UNIT_UNKNOWN)
"""Notes that are true of all samples while a fact is missing, not of some of them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of a register besides its samples.

    usual_s: the usual distance of its samples [s]. unit: that of the amounts; a greatest power counts for kWh only, a
    greatest flow for m3 only. register: its name, channel included; one that counts pulses needs their weight.
    """

    usual_s: float
    unit: str
    facts: Sequence[MeterFacts] = ()
    swaps: Sequence[Swap] = ()
    register: str = ""


def gap_ms(usual_s: float) -> float:
    """The longest distance of two samples that is no gap [ms], of a register of this usual distance [s].

    >>> gap_ms(900.0), gap_ms(1800.0)
    (3600000, 5400000.0)
    """
    return 1000 * max(SHORTEST_GAP_S, GAP_FACTOR * usual_s)


def factors(terms: Terms, at_ms: Instants) -> Floats:
    """What a movement of the index that begins at an instant is multiplied with to be an amount; NaN = not known.

    >>> facts = [MeterFacts("m", pulse_weight=0.5, valid_from_ms=1000, multiplier=2.0)]
    >>> factors(Terms(900, "m3", facts, register="pulse_count.2"), np.array([999, 1000]))
    array([nan,  1.])
    """
    return FactsAt(terms).factor(at_ms)


def unbookable(terms: Terms, first_ms: int, last_ms: int) -> list[Found]:
    """The stretches of [first_ms, last_ms] in which no factor turns the index into an amount, and why not.

    >>> [(one.note.value, one.to_ms) for one in unbookable(Terms(900, "m3", register="pulse_count"), 0, 5)]
    [('no_pulse_weight', 5)]
    """
    facts = FactsAt(terms)
    ends_ms = [*facts.from_ms[1:].tolist(), last_ms]
    found = []
    for one, from_ms, end_ms in zip(facts.all, facts.from_ms.tolist(), ends_ms, strict=True):
        span_ms = max(from_ms, first_ms), min(end_ms, last_ms)
        if np.isnan(facts.factor_of(one)) and span_ms[0] < span_ms[1]:
            unweighed = facts.counts_pulses and not one.pulse_weight
            found.append(Found(Note.NO_PULSE_WEIGHT if unweighed else Note.UNIT_UNKNOWN, *span_ms, 0.0))
    return found


class FactsAt:
    """The dated facts, as arrays at instants."""

    def __init__(self, terms: Terms) -> None:
        self.all = [BEFORE_ALL, *sorted(terms.facts, key=lambda one: one.valid_from_ms)]
        self.counts_pulses = terms.register.partition(".")[0] == PULSES
        self._unit = terms.unit

    @cached_property
    def from_ms(self) -> Instants:
        """The first instant of each."""
        return np.array([one.valid_from_ms for one in self.all], np.int64)

    def factor(self, at_ms: Instants) -> Floats:
        """Index units to amount; NaN where not known: a guess never books energy."""
        return self._column([self.factor_of(one) for one in self.all], at_ms)

    def factor_of(self, one: MeterFacts) -> float:
        weight = 1.0 if not self.counts_pulses else one.pulse_weight or np.nan
        if one.unit is None:
            return one.multiplier * weight
        times, canonical = to_canonical(1.0, one.unit) if one.unit in UNITS else (np.nan, self._unit)
        return one.multiplier * weight * (times if canonical in (self._unit, "1") else np.nan)

    def rate(self, at_ms: Instants) -> Floats:
        """The most the index can rise [index units per ms]; inf where not known."""
        return self._column([self.rate_of(one) for one in self.all], at_ms)

    def rate_of(self, one: MeterFacts) -> float:
        most_per_h = {"kWh": one.max_power_kw, "m3": one.max_flow_m3h}.get(self._unit)
        factor = self.factor_of(one)
        return most_per_h / factor / MS_PER_H if most_per_h and factor > 0 else np.inf

    def resolution(self, at_ms: Instants) -> Floats:
        return self._column([0.0 if one.decimals is None else 10.0**-one.decimals for one in self.all], at_ms)

    def full_scale(self, at_ms: Instants) -> Floats:
        return self._column([np.inf if one.digits is None else 10.0**one.digits for one in self.all], at_ms)

    def _column(self, values: list[float], at_ms: Instants) -> Floats:
        return np.array(values, np.float64)[np.searchsorted(self.from_ms, at_ms, side="right") - 1]
