"""Makes figures of evidence: dirty windows become quarters, hours, local days and months, and hours of weather.

A window is forgotten after its figures are written, so a kill anywhere only makes the same figures once more. The
figures of a meter are read, made and written by one process at a time: else one that stood still in between would
write what it made of old evidence over what another made of newer.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from collector.computed import computed_figures
from collector.flow_parts import STEPS_OF_SEVERAL, FlowPart, flow_parts, lengths_s
from collector.index_figures import EVER_MS, Span, from_indexes, usual_of
from collector.rollup_weather import make_weather
from collector.subjects import Subject, subjects
from collector.unwritten import Unwritten
from collector.withdrawn_figures import registers_passed_over, unsaid, widened
from plagewatch.metering.flows import added, is_index
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind
from plagewatch.metering.readings import Flow
from plagewatch.metering.registers import best_of_each_instant
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s, finest, roll_up
from plagewatch.metering.terms import gap_ms
from plagewatch.store.engine import Engine
from plagewatch.store.records import findings, learnt, work
from plagewatch.store.records.turns import turn
from plagewatch.store.records.withdrawals import counting
from plagewatch.store.series.protocol import Figures, SeriesStore

EVER_S = (EVER_MS[0] // 1000, EVER_MS[1] // 1000)

JOB = "rollup"
FLOWS: tuple[Flow, ...] = ("main", "export")

# Further apart than this, intervals have something between them.
LONGEST_S = {Resolution.QUARTER: QUARTER_S, Resolution.HOUR: HOUR_S, Resolution.DAY: 25 * HOUR_S}

# So many meters' windows are forgotten at once: each forgetting makes the disk wait.
TOGETHER = 20

# Windows closer to each other than this are made as one.
NEAR_MS = 7 * 86_400_000


def run(engine: Engine, series: SeriesStore, now_s: int) -> int:
    """Make the figures of all windows that wait now, and tell how many windows were done.

    The moment of the last run stands in the records as progress mark `rollup`. Raises SeriesError where the series
    store fails; the windows not yet done wait for the next run.
    """
    done, last = 0, ""
    # From meter to meter, each once: what is marked again behind the cursor waits for the next run.
    while waiting := work.dirty_windows(engine, after=last):
        # Read after the windows: a fact entered before its window was marked is then always in it.
        known, meters, standing = subjects(engine), list(waiting), counting(engine, series)
        for first in range(0, len(meters), TOGETHER):
            some = {meter: waiting[meter] for meter in meters[first : first + TOGETHER]}
            done += _make_some(engine, standing, known, some)
        last = meters[-1]
    work.set_mark(engine, JOB, now_s)
    return done


def _make_some(engine: Engine, series: SeriesStore, known: Mapping[str, Subject], waiting: work.Waiting) -> int:
    """Make the figures of a few meters while no other process does, and forget their windows; how many."""
    with turn(engine, JOB):
        # Another process may have done some of them. What was marked since waits for newer facts than those known.
        there = work.still_waiting(engine, [number for ids, _ in waiting.values() for number in ids])
        stores = Stores(engine, series, Unwritten(series), findings.registers(engine, waiting))
        made: set[int] = set()
        try:
            for meter, (ids, windows) in waiting.items():
                left = [(w.from_ms, w.to_ms) for number, w in zip(ids, windows, strict=True) if number in there]
                for span_ms in coalesced(left):
                    make_all(stores, known, meter, span_ms)
                made |= there.intersection(ids)
        finally:
            stores.unwritten.write()
            work.done(engine, made)
    return len(made)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where evidence is read, where figures wait to be written, and where what is known besides is kept.

    told: (meter, register) of which findings stand in the records; all others have none to be taken back.
    """

    engine: Engine
    series: SeriesStore
    unwritten: Unwritten
    told: Collection[tuple[str, str]]


def coalesced(spans_ms: Iterable[Span]) -> list[Span]:
    """Spans, overlapping and near ones made one, by time.

    >>> coalesced([(10**9, 2 * 10**9), (0, 5), (5, 9)])
    [(0, 9), (1000000000, 2000000000)]
    """
    merged: list[Span] = []
    for first_ms, last_ms in sorted(spans_ms):
        if merged and first_ms - merged[-1][1] <= NEAR_MS:
            merged[-1] = merged[-1][0], max(merged[-1][1], last_ms)
        else:
            merged.append((first_ms, last_ms))
    return merged


def make_all(stores: Stores, known: Mapping[str, Subject], meter: str, span_ms: Span) -> None:
    """Make all figures that samples of a meter in [span_ms[0], span_ms[1]] touch, also of meters computed from it."""
    made = make_figures(stores, known[meter], span_ms)
    for computed in known[meter].virtual.beyond(meter):
        for fine in made:
            make_all(stores, known, computed, (int(fine.start_s[0]) * 1000, int(fine.start_s[-1]) * 1000))


def make_figures(stores: Stores, subject: Subject, span_ms: Span) -> list[Intervals]:
    """Make all figures of a meter that samples in [span_ms[0], span_ms[1]] touch; the finest of each flow, if any."""
    meter = subject.meter
    if meter.carrier is Carrier.WEATHER:
        make_weather(stores.series, meter.site, subject.stations, span_ms)
        return []
    if meter.kind is Kind.GAUGE:
        return []  # a state of a room: its samples are its figures
    if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):
        stores.unwritten.write()  # it is computed from what stands in the store
        span_s = span_ms[0] // 1000, span_ms[1] // 1000 + 1
        resolution, fine = computed_figures(stores.series, subject, span_s)
        whole = bounds_s(resolution, *span_s, subject.timezone)
        alone = FlowPart("main", ())
        _unsay_finer(stores, subject, alone, resolution, (int(whole[0]), int(whole[-1])))
        write_all(stores, subject, alone, resolution, fine)
        return [fine] if len(fine) else []
    registers, made = stores.series.registers(meter.id), list[Intervals]()
    if passed_over := registers_passed_over(stores.series, meter.id, span_ms):
        span_ms = widened(stores.series, meter.id, passed_over, span_ms)
        made += _unsay(stores, subject, span_ms)
        for register in passed_over:
            findings.replace(stores.engine, meter.id, register, span_ms, ())
    for flow in FLOWS:
        for part in flow_parts(stores.series, meter, registers, flow):
            make = _make_from_indexes if is_index(part.registers[0]) else _make_from_intervals
            made.append(make(stores, subject, part, span_ms))
    return [fine for fine in made if len(fine)]


def _unsay(stores: Stores, subject: Subject, span_ms: Span) -> Iterator[Intervals]:
    """Make unknown what stands in a span of which evidence was withdrawn: what is still told is made after it."""
    for flow in FLOWS:
        stores.unwritten.write_flow(subject.meter.id, flow)
        for resolution, unknown in unsaid(stores.series, subject, flow, span_ms):
            write_all(stores, subject, FlowPart(flow, (), steps=STEPS_OF_SEVERAL), resolution, unknown)
            stores.unwritten.write()
            yield unknown


def _make_from_indexes(stores: Stores, subject: Subject, part: FlowPart, span_ms: Span) -> Intervals:
    meter = subject.meter.id
    usual = usual_of(stores.engine, stores.series, subject, part.registers, gap_ms)
    if usual.anew:
        span_ms = usual.whole_ms
        learnt.forget(stores.engine, meter, usual.anew)
    made = from_indexes(stores.series, subject, usual.usual_s, span_ms)
    fine = part.untaken(made.quarters, Resolution.QUARTER, subject.timezone)
    write_all(stores, subject, part, Resolution.QUARTER, fine)
    for register, found in made.found.items():
        if found or (meter, register) in stores.told:
            stores.unwritten.then(partial(findings.replace, stores.engine, meter, register, made.span_ms, found))
    stores.unwritten.then(partial(learnt.set_usual_s, stores.engine, meter, usual.learnt_anew))
    return fine


def _make_from_intervals(stores: Stores, subject: Subject, part: FlowPart, span_ms: Span) -> Intervals:
    meter, first = subject.meter, part.registers[:1]
    usual = usual_of(stores.engine, stores.series, subject, first, round)
    length_s = round(usual.usual_s[first[0]])
    if usual.anew:
        span_ms = min(span_ms[0], usual.whole_ms[0]), max(span_ms[1], usual.whole_ms[1])
        learnt.forget(stores.engine, meter.id, usual.anew)
        _unsay_finer(stores, subject, part, finest(length_s))
    told = _from_intervals(stores.series, subject, part.registers, span_ms, length_s)
    fine = part.untaken(told, finest(length_s), subject.timezone)
    write_all(stores, subject, part, finest(length_s), fine)
    stores.unwritten.then(partial(learnt.set_usual_s, stores.engine, meter.id, usual.learnt_anew))
    return fine


def _unsay_finer(
    stores: Stores, subject: Subject, part: FlowPart, resolution: Resolution, span_s: Span = EVER_S
) -> None:
    """Make unknown what was written finer than a meter turns out to tell."""
    meter = subject.meter
    for finer in Resolution:
        if finer is resolution:
            return
        written = stores.series.intervals(finer, meter.id, *span_s, part.flow)
        stands = part.untaken(written, finer, subject.timezone)
        if stands.known.any():
            unknown = Intervals.measured(stands.start_s, np.full(len(stands), np.nan))
            stores.unwritten.add(Figures(meter.id, meter.carrier, part.flow, {finer: unknown}))


def write_all(stores: Stores, subject: Subject, part: FlowPart, resolution: Resolution, fine: Intervals) -> None:
    """Have figures written, at their own resolution and at all coarser ones that they touch."""
    if len(fine) == 0:
        return
    stores.unwritten.write_flow(subject.meter.id, part.flow)
    figures = {resolution: fine}
    for base, above in part.steps[resolution]:
        figures |= _rolled_up(stores.series, subject, part.flow, base, figures[base], above)
    stores.unwritten.add(Figures(subject.meter.id, subject.meter.carrier, part.flow, figures))


def _rolled_up(
    series: SeriesStore, subject: Subject, flow: Flow, base: Resolution, fine: Intervals, above: Sequence[Resolution]
) -> dict[Resolution, Intervals]:
    """The coarser intervals that figures just made touch, of these and of what stands around them."""
    first_s, last_s = int(fine.start_s[0]), int(fine.start_s[-1])
    bounds = {one: bounds_s(one, first_s, last_s + 1, subject.timezone) for one in above}
    outer_s = min(int(b[0]) for b in bounds.values()), max(int(b[-1]) for b in bounds.values())
    # What lies around them, and between them where another register tells that stretch.
    gaps_s = [(outer_s[0], first_s), (last_s + 1, outer_s[1])]
    if len(fine) > 1 and int(np.diff(fine.start_s).max()) > LONGEST_S[base]:
        gaps_s = [outer_s]
    stored = [series.intervals(base, subject.meter.id, *gap_s, flow) for gap_s in gaps_s if gap_s[0] < gap_s[1]]
    whole = _over(fine, stored)
    length_s = lengths_s(base, whole.start_s, subject.timezone)
    return {one: roll_up(whole, length_s, bounds[one]) for one in above}


def _over(fine: Intervals, stored: Sequence[Intervals]) -> Intervals:
    """Figures just made in place of what stands there, with the others that stand, by time."""
    parts = [fine, *(part.where(~np.isin(part.start_s, fine.start_s)) for part in stored)]
    order = np.argsort(np.concatenate([part.start_s for part in parts]), kind="stable")
    names = Intervals.__dataclass_fields__
    return Intervals(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in names))


def _from_intervals(
    series: SeriesStore, subject: Subject, registers: Sequence[str], span_ms: Span, length_s: int
) -> Intervals:
    """Amounts as the device reported them, at the finest resolution that is not finer than they are."""
    # By its middle an interval falls in the day it mostly lies in, even where the source's midnight is not ours.
    half_ms = length_s * 500
    first_s, last_s = (span_ms[0] + half_ms) // 1000, (span_ms[1] + half_ms) // 1000
    bounds = bounds_s(finest(length_s), first_s, last_s + 1, subject.timezone)
    parts = []
    for register in registers:
        start_ms, end_ms = int(bounds[0]) * 1000 - half_ms, int(bounds[-1]) * 1000 - half_ms
        evidence = series.samples(subject.meter.id, register, start_ms, end_ms)
        best = best_of_each_instant(evidence.at_ms, evidence.quality)
        instants, first, counts = np.unique(evidence.at_ms[best], return_index=True, return_counts=True)
        # Two amounts of one quality for one interval: neither is believed.
        amount = np.where(counts > 1, np.nan, evidence.value[best][first])
        quality = evidence.quality[best][first]
        parts.append(roll_up(Intervals.reported((instants + half_ms) // 1000, amount, quality), length_s, bounds))
    return added(parts)
