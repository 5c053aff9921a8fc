"""Figures of one meter: which of its registers and sources a change concerns, and what is made of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from collector.ahead import Span, registers_of_flows
from collector.computed import computed_figures
from collector.flow_parts import STEPS_OF_SEVERAL, FlowPart, flow_parts
from collector.index_figures import EVER_MS, Anchor, Usual, from_indexes, usual_of, usual_still
from collector.making import Making, Stores
from collector.rolled import Fine, write_all
from collector.rollup_weather import make_weather
from collector.subjects import Subject
from collector.withdrawn_figures import registers_passed_over, unsaid, widened
from plagewatch.metering.flows import added, is_index
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind
from plagewatch.metering.readings import FLOWS
from plagewatch.metering.registers import best_of_each_instant
from plagewatch.metering.rollups import bounds_s, finest, roll_up
from plagewatch.metering.tails import RegisterTail, settled_s
from plagewatch.metering.terms import gap_ms
from plagewatch.store.records import findings, learnt
from plagewatch.store.series.protocol import Figures, SeriesStore

EVER_S = (EVER_MS[0] // 1000, EVER_MS[1] // 1000)


def make_figures(stores: Stores, making: Making, subject: Subject, span_ms: Span) -> list[Intervals]:
    """Make all figures of a meter that samples in [span_ms[0], span_ms[1]] touch; the finest of each flow, if any."""
    meter = subject.meter
    if meter.carrier is Carrier.WEATHER:
        make_weather(stores.series, meter.site, subject.stations, span_ms)
        return []
    if meter.kind is Kind.GAUGE:
        return []  # a state of a room: its samples are its figures
    if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):
        return _make_computed(stores, making, subject, span_ms)
    if making.ahead is not None:
        registers, made = list(making.ahead.tail.registers), list[Intervals]()
    else:
        registers, made = stores.series.registers(meter.id), []
        if passed_over := registers_passed_over(stores.series, meter.id, span_ms):
            span_ms = widened(stores.series, meter.id, passed_over, span_ms)
            made += _unsay(stores, making, subject, span_ms)
            for register in passed_over:
                findings.replace(stores.engine, meter.id, register, span_ms, ())
    making.registers_told = registers_of_flows(subject, registers)
    for flow in FLOWS:
        for part in flow_parts(stores.series, meter, registers, flow):
            make = _make_from_indexes if is_index(part.registers[0]) else _make_from_intervals
            made.append(make(stores, making, subject, part, span_ms))
    return [fine for fine in made if len(fine)]


def _make_computed(stores: Stores, making: Making, subject: Subject, span_ms: Span) -> list[Intervals]:
    span_s = span_ms[0] // 1000, span_ms[1] // 1000 + 1
    resolution, fine = computed_figures(stores.series, subject, span_s)
    whole = bounds_s(resolution, *span_s, subject.timezone)
    alone = FlowPart("main", ())
    _unsay_finer(stores, subject, alone, resolution, (int(whole[0]), int(whole[-1])))
    write_all(stores, making, subject, alone, Fine(resolution, fine))
    return [fine] if len(fine) else []


def _unsay(stores: Stores, making: Making, subject: Subject, span_ms: Span) -> Iterator[Intervals]:
    """Make unknown what stands in a span of which evidence was withdrawn: what is still told is made after it."""
    for flow in FLOWS:
        stores.unwritten.write_flow(subject.meter.id, flow)
        for resolution, unknown in unsaid(stores.series, subject, flow, span_ms):
            part = FlowPart(flow, (), steps=STEPS_OF_SEVERAL)
            write_all(stores, making, subject, part, Fine(resolution, unknown))
            stores.unwritten.write()
            yield unknown


def _make_from_indexes(stores: Stores, making: Making, subject: Subject, part: FlowPart, span_ms: Span) -> Intervals:
    meter, ahead = subject.meter.id, making.ahead
    usual = None if ahead is None else usual_still(ahead, subject, part.registers, gap_ms, span_ms)
    usual = usual or usual_of(stores.engine, stores.series, subject, part.registers, gap_ms)
    if usual.anew:
        span_ms, ahead = usual.whole_ms, None
        learnt.forget(stores.engine, meter, usual.anew)
    made = from_indexes(stores.series, subject, usual.usual_s, span_ms, ahead)
    fine = part.untaken(made.quarters, Resolution.QUARTER, subject.timezone)
    settled = None
    if part.alone and made.anchors.keys() == set(part.registers):
        settled = min(settled_s(anchor.last_ms) for anchor in made.anchors.values())
        _stand(making, made.anchors, usual)
    write_all(stores, making, subject, part, Fine(Resolution.QUARTER, fine, settled))
    for register, found in made.found.items():
        if found or (meter, register) in stores.told:
            stores.unwritten.then(partial(findings.replace, stores.engine, meter, register, made.span_ms, found))
    if usual.anew:
        stores.unwritten.then(partial(learnt.set_usual_s, stores.engine, meter, usual.learnt_anew))
    return fine


def _stand(making: Making, anchors: Mapping[str, Anchor], usual: Usual) -> None:
    for register, anchor in anchors.items():
        counted = usual.counted.get(register, (0, 0))
        stands = RegisterTail(anchor.at_ms, anchor.last_ms, usual.usual_s[register], *counted, anchor.begins)
        making.registers[register] = stands


def _make_from_intervals(stores: Stores, making: Making, subject: Subject, part: FlowPart, span_ms: Span) -> Intervals:
    meter, first = subject.meter, part.registers[:1]
    usual = usual_of(stores.engine, stores.series, subject, first, round)
    length_s = round(usual.usual_s[first[0]])
    if usual.anew:
        span_ms = min(span_ms[0], usual.whole_ms[0]), max(span_ms[1], usual.whole_ms[1])
        learnt.forget(stores.engine, meter.id, usual.anew)
        _unsay_finer(stores, subject, part, finest(length_s))
    told = _from_intervals(stores.series, subject, part.registers, span_ms, length_s)
    fine = part.untaken(told, finest(length_s), subject.timezone)
    write_all(stores, making, subject, part, Fine(finest(length_s), fine))
    if usual.anew:
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
