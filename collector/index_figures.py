"""Quarter-hours of a flow's index registers: which evidence a change concerns, and what the ledger makes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.ahead import Ahead, Span
from collector.subjects import Subject
from plagewatch.metering.affected import ENOUGH, Affected, Known, affected
from plagewatch.metering.course import Found
from plagewatch.metering.flows import added
from plagewatch.metering.intervals import Intervals, Seconds
from plagewatch.metering.registers import Terms, book
from plagewatch.metering.rollups import QUARTER_S
from plagewatch.metering.terms import STANDING, unbookable
from plagewatch.store.engine import Engine
from plagewatch.store.records import learnt
from plagewatch.store.series.protocol import Evidence, SeriesStore

# Older and newer than any instant that the door lets in.
EVER_MS: Span = (-(10**14), 10**14)


@dataclass(frozen=True, slots=True)
class Usual:
    """How far apart the samples of registers usually are [s], by register.

    anew: registers of which that is learnt and has changed so much that every figure may hang on it.
    whole_ms: the time of all their evidence. counted: by register, how many distances there are and on how many of them
    figures hang as on the usual one; none where it was entered.
    """

    usual_s: Mapping[str, float]
    anew: Sequence[str]
    whole_ms: Span
    counted: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def learnt_anew(self) -> dict[str, float]:
        """What is to be remembered once the figures are made anew."""
        return {register: self.usual_s[register] for register in self.anew}


def usual_of(
    engine: Engine, series: SeriesStore, subject: Subject, registers: Sequence[str], hangs_on: Callable[[float], float]
) -> Usual:
    """The usual distance: as it was entered with the meter, else the median over all samples of a register.

    hangs_on: what of a usual distance the figures depend on, rising with it. While that is the same, none need be made
    again.
    """
    meter = subject.meter
    if meter.interval_s is not None:
        return Usual(dict.fromkeys(registers, float(meter.interval_s)), (), EVER_MS)
    instants = {register: series.instants_ms(meter.id, register) for register in registers}
    now = {register: usual_distance_s(at_ms) for register, at_ms in instants.items()}
    then = learnt.usual_s(engine, meter.id)
    anew = [one for one, usual_s in now.items() if one not in then or hangs_on(then[one]) != hangs_on(usual_s)]
    first_ms = min(int(at_ms[0]) for at_ms in instants.values())
    whole_ms = first_ms, max(int(at_ms[-1]) for at_ms in instants.values())
    counted = {register: alike(at_ms, hangs_on, now[register]) for register, at_ms in instants.items()}
    return Usual(now, anew, whole_ms, counted)


def usual_still(
    ahead: Ahead, subject: Subject, registers: Sequence[str], hangs_on: Callable[[float], float], span_ms: Span
) -> Usual | None:
    """The usual distance without looking at all samples; None where that does not tell it.

    While figures hang alike on more than half of the distances, they hang so on the median too.
    """
    if subject.meter.interval_s is not None:
        return Usual(dict.fromkeys(registers, float(subject.meter.interval_s)), (), EVER_MS)
    usual_s, counted = {}, {}
    for register in registers:
        tail = ahead.tail.registers[register]
        at_ms = np.unique(ahead.evidence[register].at_ms)
        later = at_ms[at_ms >= tail.last_ms]
        if span_ms[0] <= tail.last_ms or not len(later) or later[0] != tail.last_ms:
            return None
        more, like = alike(later, hangs_on, tail.usual_s)
        total, same = tail.distances + more, tail.alike + like
        if 2 * same <= total:
            return None
        usual_s[register], counted[register] = tail.usual_s, (total, same)
    return Usual(usual_s, (), EVER_MS, counted)


def alike(instants_ms: Seconds, hangs_on: Callable[[float], float], usual_s: float) -> tuple[int, int]:
    """How many distances lie between instants, and on how many of them figures hang as on the usual one.

    >>> alike(np.array([0, 60_000, 120_000, 900_000]), round, 60.0)
    (3, 2)
    """
    distances, counts = np.unique(np.diff(instants_ms), return_counts=True)
    same = [hangs_on(distance / 1000) == hangs_on(usual_s) for distance in distances.tolist()]
    return int(counts.sum()), int(counts[same].sum())


def usual_distance_s(instants_ms: Seconds) -> float:
    """The usual distance of samples [s]: the median; a quarter where there are fewer than two.

    >>> usual_distance_s(np.array([0, 60_000, 120_000, 900_000]))
    60.0
    """
    return float(np.median(np.diff(instants_ms))) / 1000 if len(instants_ms) > 1 else float(QUARTER_S)


@dataclass(frozen=True, slots=True)
class Anchor:
    """`Affected.anchor_ms` of a register, its newest sample, and whether the anchor is its first."""

    at_ms: int
    last_ms: int
    begins: bool


@dataclass(frozen=True, slots=True)
class Remade:
    """What a change comes to: the quarters that it can have touched, in `span_ms`, and what was found there.

    anchors: by register, where the next change at the end can begin; without those of which that is not known.
    """

    quarters: Intervals
    span_ms: Span
    found: Mapping[str, Sequence[Found]]
    anchors: Mapping[str, Anchor]


def from_indexes(
    series: SeriesStore, subject: Subject, usual_s: Mapping[str, float], span_ms: Span, ahead: Ahead | None = None
) -> Remade:
    """The flow's quarters that samples in [span_ms[0], span_ms[1]] touch. usual_s: of each of its registers.

    ahead: what was read ahead, where the change is one at the end.
    """

    def part_of(register: str, around_ms: Span) -> _Part:
        terms = subject.terms(register, usual_s[register])
        known = None if ahead is None else _continued(ahead, terms, around_ms)
        return known or _part(series, subject, register, terms, around_ms)

    parts = {register: part_of(register, span_ms) for register in usual_s}
    whole_ms = _whole_ms(parts)
    if len(parts) > 1:
        # All parts of a sum must be made for the same stretch; where one of them begins, its want before counts too.
        begins = any(part.evidence.at_ms[0] >= span_ms[0] for part in parts.values())
        around_ms = EVER_MS if begins else whole_ms
        parts = {register: part_of(register, around_ms) for register in usual_s}
        whole_ms = _whole_ms(parts) if begins else whole_ms
    start_s, end_s = whole_ms[0] // 1000, -(-whole_ms[1] // 1000)
    booked, found = [], {}
    for register, part in parts.items():
        evidence = part.evidence
        booking = book(evidence.at_ms, evidence.value, part.terms, start_s, end_s, evidence.quality)
        booked.append(booking.quarters)
        here = (one for one in booking.found if one.note not in STANDING and _within(one, whole_ms))
        found[register] = [*here, *_standing(series, subject.meter.id, register, part.terms)]
    anchors = {
        register: Anchor(part.anchor_ms, int(part.evidence.at_ms[-1]), part.anchor_ms == part.first_ms)
        for register, part in parts.items()
        if part.anchor_ms is not None
    }
    return Remade(added(booked), whole_ms, found, anchors)


@dataclass(frozen=True, slots=True)
class _Part:
    """The samples to book after a change, on which terms, and the span whose quarters change."""

    evidence: Evidence
    terms: Terms
    span_ms: Span
    anchor_ms: int | None = None  # as `Affected.anchor_ms`
    first_ms: int | None = None  # the first sample of all, where it is among these


def _whole_ms(parts: Mapping[str, _Part]) -> Span:
    return min(part.span_ms[0] for part in parts.values()), max(part.span_ms[1] for part in parts.values())


def _part(series: SeriesStore, subject: Subject, register: str, terms: Terms, span_ms: Span) -> _Part:
    beyond = ENOUGH
    while True:
        evidence = series.samples_around(subject.meter.id, register, span_ms[0], span_ms[1] + 1, beyond)
        older = len(np.unique(evidence.at_ms[evidence.at_ms < span_ms[0]]))
        newer = len(np.unique(evidence.at_ms[evidence.at_ms > span_ms[1]]))
        # With all that was told of an instant, also what gives way to something better: it stood there before.
        known = Known(evidence.at_ms, evidence.value, older < beyond, newer < beyond)
        found = affected(known, terms, *span_ms)
        if found is not None:
            return _booked_of(evidence, terms, found, known.from_start)
        beyond *= 8


def _continued(ahead: Ahead, terms: Terms, span_ms: Span) -> _Part | None:
    """The same of a change at the end, from the evidence since its anchor; None where it may hang on older."""
    tail, evidence = ahead.tail.registers[terms.register], ahead.evidence[terms.register]
    if span_ms[0] <= tail.anchor_ms:
        return None
    evidence = evidence.where(evidence.at_ms >= tail.anchor_ms)
    if not len(evidence.at_ms) or evidence.at_ms[0] != tail.anchor_ms:
        return None
    begins = tail.begins
    known = Known(evidence.at_ms, evidence.value, from_start=begins, to_end=True, calm_before=not begins)
    found = affected(known, terms, *span_ms)
    return None if found is None else _booked_of(evidence, terms, found, begins)


def _booked_of(evidence: Evidence, terms: Terms, found: Affected, from_start: bool) -> _Part:
    inside = (evidence.at_ms >= found.book_from_ms) & (evidence.at_ms <= found.book_to_ms)
    booked = evidence if inside.all() else evidence.where(inside)
    first_ms = int(evidence.at_ms[0]) if from_start else None
    return _Part(booked, terms, (found.start_ms, found.end_ms), found.anchor_ms, first_ms)


def _within(found: Found, span_ms: Span) -> bool:
    return span_ms[0] <= found.from_ms <= span_ms[1]


def _standing(series: SeriesStore, meter: str, register: str, terms: Terms) -> list[Found]:
    """What is true of all samples, told of all of them and not of those that were just booked."""
    if not unbookable(terms, *EVER_MS):
        return []
    first = series.samples_around(meter, register, EVER_MS[0], EVER_MS[0], 1).at_ms
    last = series.samples_around(meter, register, EVER_MS[1], EVER_MS[1], 1).at_ms
    return unbookable(terms, int(first[0]), int(last[0])) if len(first) and len(last) else []
