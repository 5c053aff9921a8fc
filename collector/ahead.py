"""Reads ahead for many meters at once what changes at their ends need: a question a meter costs more than it tells."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collector.subjects import Subject
from plagewatch.metering.flows import flow_groups, is_index
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Swap
from plagewatch.metering.readings import FLOWS, Flow
from plagewatch.metering.tails import Carry, RegisterTail, Tail, nothing_before
from plagewatch.store.series.counted import CountedSeries
from plagewatch.store.series.protocol import Evidence, SeriesStore

Span = tuple[int, int]
FlowGroups = Sequence[tuple[Flow, Sequence[Sequence[str]]]]

END_MS = 10**14

# Meters whose ends lie further apart are asked for apart: all are read from the first of these ends on.
TOGETHER_MS = 2 * 3_600_000

# Of a meter with no more evidence than of so long all of it is read.
YOUNG_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where a meter stood before a change at its end, and the evidence since then, by register.

    young: it stood nowhere, and this is all the evidence there is.
    """

    tail: Tail
    evidence: Mapping[str, Evidence]
    young: bool = False


def read_ahead(
    series: SeriesStore, tails: Mapping[str, Tail], known: Mapping[str, Subject], spans_ms: Mapping[str, Sequence[Span]]
) -> dict[str, Ahead]:
    """What was read for those meters of which it tells all that their changes need. Raises SeriesError."""
    at_the_end = [
        meter
        for meter, spans in spans_ms.items()
        # Of what is withdrawn, more hangs on a change than what comes after it.
        if _can_go_on(tails.get(meter), spans, known[meter].swaps)
        and not (isinstance(series, CountedSeries) and series.withdraws(meter))
    ]
    found: dict[str, Ahead] = {}
    for meters in _near_each_other(at_the_end, tails):
        since_ms = min(tails[meter].anchor_ms for meter in meters)
        evidence = _by_meter(series, meters, since_ms)
        for meter in meters:
            there_of = evidence.get(meter, {})
            # A register that tells a flow since lately has no place in what was known.
            if set(registers_of_flows(known[meter], there_of)) == tails[meter].registers.keys():
                found[meter] = Ahead(tails[meter], there_of)
    unknown = [meter for meter, spans in spans_ms.items() if meter not in tails and len(spans) == 1]
    return found | _young(series, known, unknown)


def _young(series: SeriesStore, known: Mapping[str, Subject], names: Sequence[str]) -> dict[str, Ahead]:
    """Meters of which there is so little evidence that all of it is read: when thousands begin, they begin at once."""
    meters = [
        meter
        for meter in names
        if known[meter].meter.kind is Kind.INDEX
        and known[meter].meter.interval_s is not None
        and not (isinstance(series, CountedSeries) and series.withdraws(meter))
    ]
    ends_ms = series.evidence_ends_ms(meters) if meters else {}
    young = [meter for meter, (first_ms, last_ms) in ends_ms.items() if last_ms - first_ms <= YOUNG_MS]
    if not young:
        return {}
    evidence = _by_meter(series, young, min(ends_ms[one][0] for one in young))
    return {meter: _beginning(known[meter], there) for meter, there in evidence.items()}


def _beginning(subject: Subject, evidence: Mapping[str, Evidence]) -> Ahead:
    registers, carries = dict[str, RegisterTail](), dict[tuple[Flow, Resolution], Carry]()
    for flow in FLOWS:
        for group in flow_groups(evidence, subject.meter.carrier, flow, subject.meter.unit):
            for register in group:
                at_ms = int(evidence[register].at_ms[0])
                registers[register] = RegisterTail(at_ms, at_ms, 0.0, begins=True)
                carries |= nothing_before(flow, at_ms, subject.timezone)
    return Ahead(Tail(registers, carries), evidence, young=True)


def _by_meter(series: SeriesStore, meters: Collection[str], since_ms: int) -> dict[str, dict[str, Evidence]]:
    evidence: dict[str, dict[str, Evidence]] = {}
    for (meter, register), there in series.samples_of(meters, since_ms, END_MS).items():
        evidence.setdefault(meter, {})[register] = there
    return evidence


def registers_of_flows(subject: Subject, registers: Iterable[str]) -> tuple[str, ...]:
    """Those of a meter's registers that make a flow, where each flow is made by one group of them."""
    groups = [group for _, of_flow in groups_of_flows(subject, registers) for group in of_flow]
    return tuple(register for group in groups for register in group)


def one_of_each_flow(subject: Subject, registers: Iterable[str]) -> list[tuple[Flow, str]] | None:
    """The index register of each flow; None where one is told by several registers, or by amounts."""
    found: list[tuple[Flow, str]] = []
    for flow, groups in groups_of_flows(subject, registers):
        if len(groups) > 1 or any(len(group) > 1 or not is_index(group[0]) for group in groups):
            return None
        found += [(flow, group[0]) for group in groups]
    return found


def groups_of_flows(subject: Subject, registers: Iterable[str]) -> FlowGroups:
    """`flow_groups` of each flow of a meter; none where it has no index."""
    meter = subject.meter
    return _groups(tuple(registers), meter.carrier, meter.unit) if meter.kind is Kind.INDEX else ()


@lru_cache(4096)  # the registers of many meters are the same few words
def _groups(registers: tuple[str, ...], carrier: Carrier, unit: str) -> FlowGroups:
    return tuple((flow, flow_groups(registers, carrier, flow, unit)) for flow in FLOWS)


def _can_go_on(tail: Tail | None, spans: Sequence[Span], swaps: Sequence[Swap]) -> bool:
    if tail is None or len(spans) != 1 or spans[0][0] <= tail.newest_anchor_ms:
        return False
    # What an exchange ended and began stands in the figures before an anchor that lies behind it.
    return all(swap.at_ms < tail.anchor_ms for swap in swaps)


def _near_each_other(meters: Sequence[str], tails: Mapping[str, Tail]) -> Iterator[list[str]]:
    near: list[str] = []
    for meter in sorted(meters, key=lambda one: tails[one].anchor_ms):
        if near and tails[meter].anchor_ms - tails[near[0]].anchor_ms > TOGETHER_MS:
            yield near
            near = []
        near.append(meter)
    if near:
        yield near
