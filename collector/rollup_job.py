"""Makes figures of evidence: dirty windows become quarters, hours, local days and months, and hours of weather.

A window is forgotten after its figures are written, so a kill anywhere only makes the same figures once more.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from collector.rollup_weather import make_weather
from collector.subjects import Subject, subjects
from plagewatch.metering.affected import ENOUGH, Known, affected
from plagewatch.metering.flows import added, flow_registers, is_index
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Carrier, Kind
from plagewatch.metering.readings import Flow
from plagewatch.metering.registers import Terms, book
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s, coarser, finest, roll_up
from plagewatch.store.engine import Engine
from plagewatch.store.records import work
from plagewatch.store.series.protocol import Evidence, SeriesStore

JOB = "rollup"
FLOWS: tuple[Flow, ...] = ("main", "export")

# Older and newer than any instant that the door lets in.
EVER_MS = (-(10**14), 10**14)

# Windows closer to each other than this are made as one.
NEAR_MS = 7 * 86_400_000

Span = tuple[int, int]


def run(engine: Engine, series: SeriesStore, now_s: int) -> int:
    """Make the figures of all windows that wait now, and tell how many windows were done.

    The moment of the last run stands in the records as progress mark `rollup`. Raises SeriesError where the series
    store fails; the windows not yet done wait for the next run.
    """
    done, last = 0, ""
    # From meter to meter, each once: what is marked again behind the cursor waits for the next run.
    while waiting := work.dirty_windows(engine, after=last):
        # Read after the windows: a fact entered before its window was marked is then always in it.
        known = subjects(engine)
        for last, (ids, windows) in waiting.items():
            for span_ms in coalesced((window.from_ms, window.to_ms) for window in windows):
                make_figures(series, known[last], span_ms)
            work.done(engine, ids)
            done += len(ids)
    work.set_mark(engine, JOB, now_s)
    return done


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


def make_figures(series: SeriesStore, subject: Subject, span_ms: Span) -> None:
    """Make all figures of a meter that samples in [span_ms[0], span_ms[1]] touch."""
    meter = subject.meter
    if meter.carrier is Carrier.WEATHER:
        make_weather(series, meter.site, subject.stations, span_ms)
        return
    if meter.kind is Kind.GAUGE:
        return  # a state of a room: its samples are its figures
    registers = series.registers(meter.id)
    for flow in FLOWS:
        chosen = flow_registers(registers, meter.carrier, flow)
        if chosen and is_index(chosen[0]):
            write_all(series, subject, flow, Resolution.QUARTER, _from_indexes(series, subject, chosen, span_ms))
        elif chosen:
            length_s = meter.interval_s or _usual_s(series, meter.id, chosen[0], span_ms)
            fine = _from_intervals(series, subject, chosen, span_ms, length_s)
            write_all(series, subject, flow, finest(length_s), fine)


def write_all(series: SeriesStore, subject: Subject, flow: Flow, resolution: Resolution, fine: Intervals) -> None:
    """Write figures at their own resolution and at all coarser ones that they touch."""
    if len(fine) == 0:
        return
    meter, base = subject.meter, resolution
    series.write_intervals(resolution, meter.id, meter.carrier, fine, flow)
    for above in coarser(resolution):
        bounds = bounds_s(above, int(fine.start_s[0]), int(fine.start_s[-1]) + 1, subject.timezone)
        whole = _completed(series, meter.id, flow, base, fine, bounds)
        rolled = roll_up(whole, _lengths_s(base, whole.start_s, subject.timezone), bounds)
        series.write_intervals(above, meter.id, meter.carrier, rolled, flow)
        if above is Resolution.DAY:
            base, fine = above, rolled


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


def _from_indexes(series: SeriesStore, subject: Subject, registers: Sequence[str], span_ms: Span) -> Intervals:
    parts = [_evidence(series, subject, register, span_ms) for register in registers]
    start_ms = min(part[2][0] for part in parts)
    end_ms = max(part[2][1] for part in parts)
    if len(parts) > 1:
        # All parts of a sum must be made for the same stretch.
        parts = [_evidence(series, subject, register, (start_ms, end_ms)) for register in registers]
    booked = [
        book(evidence.at_ms, evidence.value, terms, start_ms // 1000, -(-end_ms // 1000)).quarters
        for evidence, terms, _ in parts
    ]
    return added(booked)


def _evidence(series: SeriesStore, subject: Subject, register: str, span_ms: Span) -> tuple[Evidence, Terms, Span]:
    """The samples to book after a change in a span, on which terms, and the span whose quarters change."""
    meter, usual_s = subject.meter.id, subject.meter.interval_s
    if usual_s is None:
        # The usual distance is that of all samples, and what is a gap hangs on it everywhere.
        evidence = series.samples(meter, register, *EVER_MS)
        terms = subject.terms(register, usual_distance_s(evidence))
        return evidence, terms, (int(evidence.at_ms[0]), int(evidence.at_ms[-1]))
    terms, beyond = subject.terms(register, usual_s), ENOUGH
    while True:
        evidence = series.samples_around(meter, register, span_ms[0], span_ms[1] + 1, beyond)
        older = len(np.unique(evidence.at_ms[evidence.at_ms < span_ms[0]]))
        newer = len(np.unique(evidence.at_ms[evidence.at_ms > span_ms[1]]))
        known = Known(evidence.at_ms, evidence.value, older < beyond, newer < beyond)
        found = affected(known, terms, *span_ms)
        if found is not None:
            inside = (evidence.at_ms >= found.book_from_ms) & (evidence.at_ms <= found.book_to_ms)
            part = Evidence(evidence.at_ms[inside], evidence.value[inside], evidence.received_ms[inside])
            return part, terms, (found.start_ms, found.end_ms)
        beyond *= 8


def usual_distance_s(evidence: Evidence) -> float:
    """The usual distance of samples [s]: the median; a quarter where there are fewer than two."""
    instants = np.unique(evidence.at_ms)
    return float(np.median(np.diff(instants))) / 1000 if len(instants) > 1 else float(QUARTER_S)


def _usual_s(series: SeriesStore, meter: str, register: str, span_ms: Span) -> int:
    return round(usual_distance_s(series.samples_around(meter, register, *span_ms, ENOUGH)))


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
        instants, first, counts = np.unique(evidence.at_ms, return_index=True, return_counts=True)
        # Two amounts for one interval: neither is believed.
        amount = np.where(counts > 1, np.nan, evidence.value[first])
        parts.append(roll_up(Intervals.measured((instants + half_ms) // 1000, amount), length_s, bounds))
    return added(parts)
