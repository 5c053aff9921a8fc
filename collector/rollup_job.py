"""Makes figures of evidence: dirty windows become quarters, hours, local days and months, and hours of weather.

A window is forgotten after its figures are written, so a kill anywhere only makes the same figures once more. The
figures of a meter are read, made and written by one process at a time: else one that stood still in between would
write what it made of old evidence over what another made of newer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.computed import computed_figures
from collector.index_figures import EVER_MS, Span, from_indexes, usual_of
from collector.rollup_weather import make_weather
from collector.subjects import Subject, subjects
from plagewatch.metering.flows import added, flow_registers, is_index
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Carrier, Kind
from plagewatch.metering.readings import Flow
from plagewatch.metering.registers import best_of_each_instant
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s, coarser, finest, roll_up
from plagewatch.metering.terms import gap_ms
from plagewatch.store.engine import Engine
from plagewatch.store.records import findings, learnt, work
from plagewatch.store.records.turns import turn
from plagewatch.store.series.protocol import SeriesStore

EVER_S = (EVER_MS[0] // 1000, EVER_MS[1] // 1000)

JOB = "rollup"
FLOWS: tuple[Flow, ...] = ("main", "export")

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
        stores = Stores(engine, series)
        known = subjects(engine)
        for last, (ids, windows) in waiting.items():
            with turn(engine, JOB):
                # Another process may have done some of them. What was marked since waits for newer facts than `known`.
                there = work.still_waiting(engine, ids)
                spans_ms = [(w.from_ms, w.to_ms) for place, w in zip(ids, windows, strict=True) if place in there]
                for span_ms in coalesced(spans_ms):
                    make_all(stores, known, last, span_ms)
                work.done(engine, there)
            done += len(there)
    work.set_mark(engine, JOB, now_s)
    return done


@dataclass(frozen=True, slots=True)
class Stores:
    """Where evidence is read and figures are written, and where what is known besides is kept."""

    engine: Engine
    series: SeriesStore


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
    if len(made):
        touched_ms = int(made.start_s[0]) * 1000, int(made.start_s[-1]) * 1000
        for computed in known[meter].virtual.beyond(meter):
            make_all(stores, known, computed, touched_ms)


def make_figures(stores: Stores, subject: Subject, span_ms: Span) -> Intervals:
    """Make all figures of a meter that samples in [span_ms[0], span_ms[1]] touch; the finest of them, of both flows."""
    meter = subject.meter
    if meter.carrier is Carrier.WEATHER:
        make_weather(stores.series, meter.site, subject.stations, span_ms)
        return Intervals.empty()
    if meter.kind is Kind.GAUGE:
        return Intervals.empty()  # a state of a room: its samples are its figures
    if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):
        span_s = span_ms[0] // 1000, span_ms[1] // 1000 + 1
        resolution, fine = computed_figures(stores.series, subject, span_s)
        write_all(stores.series, subject, "main", resolution, fine)
        return fine
    registers = stores.series.registers(meter.id)
    made = [Intervals.empty()]
    for flow in FLOWS:
        chosen = flow_registers(registers, meter.carrier, flow, meter.unit)
        if chosen:
            make = _make_from_indexes if is_index(chosen[0]) else _make_from_intervals
            made.append(make(stores, subject, flow, chosen, span_ms))
    return added(made)


def _make_from_indexes(
    stores: Stores, subject: Subject, flow: Flow, registers: Sequence[str], span_ms: Span
) -> Intervals:
    meter = subject.meter.id
    usual = usual_of(stores.engine, stores.series, subject, registers, gap_ms)
    if usual.anew:
        span_ms = usual.whole_ms
        learnt.forget(stores.engine, meter, usual.anew)
    made = from_indexes(stores.series, subject, usual.usual_s, span_ms)
    write_all(stores.series, subject, flow, Resolution.QUARTER, made.quarters)
    for register, found in made.found.items():
        findings.replace(stores.engine, meter, register, made.span_ms, found)
    learnt.set_usual_s(stores.engine, meter, {register: usual.usual_s[register] for register in usual.anew})
    return made.quarters


def _make_from_intervals(
    stores: Stores, subject: Subject, flow: Flow, registers: Sequence[str], span_ms: Span
) -> Intervals:
    meter, first = subject.meter, registers[:1]
    usual = usual_of(stores.engine, stores.series, subject, first, round)
    length_s = round(usual.usual_s[first[0]])
    if usual.anew:
        span_ms = min(span_ms[0], usual.whole_ms[0]), max(span_ms[1], usual.whole_ms[1])
        learnt.forget(stores.engine, meter.id, usual.anew)
        _unsay_finer(stores.series, subject, flow, finest(length_s))
    fine = _from_intervals(stores.series, subject, registers, span_ms, length_s)
    write_all(stores.series, subject, flow, finest(length_s), fine)
    learnt.set_usual_s(stores.engine, meter.id, {register: usual.usual_s[register] for register in usual.anew})
    return fine


def _unsay_finer(series: SeriesStore, subject: Subject, flow: Flow, resolution: Resolution) -> None:
    """Make unknown what was written finer than a meter turns out to tell."""
    meter = subject.meter
    for finer in Resolution:
        if finer is resolution:
            return
        stands = series.intervals(finer, meter.id, *EVER_S, flow)
        if stands.known.any():
            unknown = Intervals.measured(stands.start_s, np.full(len(stands), np.nan))
            series.write_intervals(finer, meter.id, meter.carrier, unknown, flow)


def write_all(series: SeriesStore, subject: Subject, flow: Flow, resolution: Resolution, fine: Intervals) -> None:
    """Write figures at their own resolution and at all coarser ones that they touch."""
    if len(fine) == 0:
        return
    meter, base = subject.meter, resolution
    figures = {resolution: fine}
    for above in coarser(resolution):
        bounds = bounds_s(above, int(fine.start_s[0]), int(fine.start_s[-1]) + 1, subject.timezone)
        whole = _completed(series, meter.id, flow, base, fine, bounds)
        figures[above] = roll_up(whole, _lengths_s(base, whole.start_s, subject.timezone), bounds)
        if above is Resolution.DAY:
            base, fine = above, figures[above]
    series.write_figures(meter.id, meter.carrier, figures, flow)


def _completed(
    series: SeriesStore, meter: str, flow: Flow, resolution: Resolution, fine: Intervals, bounds: Seconds
) -> Intervals:
    """Figures just made, with those that stand before and after them within the bounds."""
    before = series.intervals(resolution, meter, int(bounds[0]), int(fine.start_s[0]), flow)
    after = series.intervals(resolution, meter, int(fine.start_s[-1]) + 1, int(bounds[-1]), flow)
    parts = [part for part in (before, fine, after) if len(part)]
    if len(parts) == 1:
        return fine
    names = Intervals.__dataclass_fields__
    return Intervals(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _lengths_s(resolution: Resolution, start_s: Seconds, tz: str) -> Seconds | int:
    if resolution is Resolution.DAY:
        bounds = day_starts_s(int(start_s[0]), int(start_s[-1]) + 1, tz)
        return np.diff(bounds)[np.searchsorted(bounds, start_s)]
    return QUARTER_S if resolution is Resolution.QUARTER else HOUR_S


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
