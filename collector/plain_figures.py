"""Figures of a meter whose registers did nothing remarkable at their ends, from what was read ahead alone."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from collector.ahead import Ahead, Span, one_of_each_flow
from collector.index_figures import Usual, usual_still
from collector.making import Making, Stores
from collector.subjects import Subject
from plagewatch.metering.intervals import Resolution, Row
from plagewatch.metering.plain_end import PlainEnd, plain_end, plain_terms, rolled_up
from plagewatch.metering.readings import Flow
from plagewatch.metering.tails import Carry, RegisterTail
from plagewatch.metering.terms import gap_ms
from plagewatch.store.records import findings
from plagewatch.store.series.protocol import Figures


@dataclass(frozen=True, slots=True)
class PlainFlow:
    """What is made of one flow: its figures, where its register stands, what is carried on."""

    flow: Flow
    register: str
    end: PlainEnd
    usual: Usual
    begins: bool
    rows: dict[Resolution, Sequence[Row]]
    carries: dict[tuple[Flow, Resolution], Carry]


def make_plain(stores: Stores, making: Making, subject: Subject, span_ms: Span) -> list[Span] | None:
    """Make all figures of a meter; the spans of those of each flow, by their starts [s]. None: nothing was made."""
    ahead = making.ahead
    registers = None if ahead is None else one_of_each_flow(subject, ahead.evidence)
    if ahead is None or registers is None:
        return None
    flows = []
    for flow, register in registers:
        at_ms = ahead.evidence[register].at_ms
        # Of a young meter all is made: nothing of it needs to be read.
        whole_ms = (int(at_ms[0]), int(at_ms[-1])) if ahead.young else span_ms
        made = _plain_flow(ahead, subject, flow, register, whole_ms)
        if made is None:
            return None
        flows.append(made)
    meter = subject.meter
    for one in flows:
        counted = one.usual.counted.get(one.register, (0, 0))
        making.registers[one.register] = RegisterTail(
            one.end.anchor_ms, one.end.last_ms, one.usual.usual_s[one.register], *counted, one.begins
        )
        making.carries |= one.carries
        stores.unwritten.add(Figures(meter.id, meter.carrier, one.flow, one.rows))
        if (meter.id, one.register) in stores.told:
            stores.unwritten.then(partial(findings.replace, stores.engine, meter.id, one.register, one.end.span_ms, ()))
    making.registers_told = [register for _, register in registers]
    return [(one.end.rows[0][0], one.end.rows[-1][0]) for one in flows if one.end.rows]


def _plain_flow(ahead: Ahead, subject: Subject, flow: Flow, register: str, span_ms: Span) -> PlainFlow | None:
    tail, evidence = ahead.tail.registers[register], ahead.evidence[register]
    at_ms = evidence.at_ms.tolist()
    begin = bisect_left(at_ms, tail.anchor_ms)  # others were read with it, from where they needed it
    if (
        at_ms[begin : begin + 1] != [tail.anchor_ms]
        or not (ahead.young or span_ms[0] > tail.anchor_ms)
        or any(evidence.quality.tolist())
    ):
        return None
    usual = usual_still(ahead, subject, (register,), gap_ms, span_ms)
    at_ms, value = at_ms[begin:], evidence.value.tolist()[begin:]
    terms = (
        None if usual is None else plain_terms(subject.terms(register, usual.usual_s[register]), at_ms[0], at_ms[-1])
    )
    if usual is None or terms is None:
        return None
    end = plain_end(at_ms, value, terms, span_ms, tail.begins)
    if end is None:
        return None
    begins = tail.begins and end.anchor_ms == tail.anchor_ms
    rolled = rolled_up(end.rows, ahead.tail.carries, flow, end.last_ms, subject.timezone)
    return None if rolled is None else PlainFlow(flow, register, end, usual, begins, *rolled)
