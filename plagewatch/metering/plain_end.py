"""The ledger at the end of a register that did nothing remarkable, by plain numbers. Pure.

Almost every packet adds one reading that is a little higher than the one before. Arrays of two or three values cost a
hundred times what is reckoned with them, so these are reckoned one by one, to the same bits as `book` and `roll_up`
make: a test compares them. Whatever is remarkable is left to those: here it only has no answer.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isnan, nan, ulp

from plagewatch.metering.intervals import Resolution, Row
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s
from plagewatch.metering.tails import STEPS, Carry, nothing_before, settled_s
from plagewatch.metering.terms import FactsAt, Terms, gap_ms

QUARTER_MS = QUARTER_S * 1000
QUARTER, HOUR = Resolution.QUARTER, Resolution.HOUR  # asked for by name, a member takes longer than a sum


@dataclass(frozen=True, slots=True)
class PlainTerms:
    """What holds of all samples from an instant on: rate [index units per ms], step and factor of the index."""

    rate: float
    step: float
    factor: float
    gap_ms: float


@dataclass(frozen=True, slots=True)
class PlainEnd:
    """Quarters that a change at the end touches, in span_ms, and where the register stands (`Affected.anchor_ms`)."""

    rows: Sequence[Row]
    span_ms: tuple[int, int]
    anchor_ms: int
    last_ms: int


def plain_terms(terms: Terms, since_ms: int, to_ms: int) -> PlainTerms | None:
    """The terms of samples in [since_ms, to_ms]; None where they change within, or do not make amounts at all times."""
    if any(swap.at_ms >= since_ms for swap in terms.swaps):
        return None
    if any(since_ms < one.valid_from_ms <= to_ms for one in terms.facts):
        return None
    facts = FactsAt(terms)
    if any(isnan(facts.factor_of(one)) for one in facts.all):
        return None
    one = facts.all[bisect_right(facts.all, since_ms, key=lambda fact: fact.valid_from_ms) - 1]
    step = 0.0 if one.decimals is None else 10.0**-one.decimals
    return PlainTerms(facts.rate_of(one), step, facts.factor_of(one), gap_ms(terms.usual_s))


def plain_end(
    at_ms: Sequence[int], value: Sequence[float], terms: PlainTerms, span_ms: tuple[int, int], begins: bool = False
) -> PlainEnd | None:
    """What a change at the end of samples comes to, the first of which is an anchor with calm before it.

    at_ms: rising; value: measured ones. span_ms: of the change, both ends in it. begins: no sample is older. None where
    something is remarkable, or hangs on what is older.

    >>> terms = PlainTerms(inf, 0.1, 1.0, 3.6e6)
    >>> end = plain_end([0, 900_000, 1_800_000], [5.0, 6.0, 8.0], terms, (1_800_000, 1_800_000))
    >>> end.rows, end.anchor_ms
    ([(900, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0)], 900000)
    """
    final = len(at_ms) - 1
    low = bisect_left(at_ms, span_ms[0])
    if final < 0 or (low < 1 and not begins) or bisect_right(at_ms, span_ms[1]) - 1 < final - 1:
        return None
    for place in range(final):
        length_ms, move = at_ms[place + 1] - at_ms[place], value[place + 1] - value[place]
        if length_ms <= 0 or move < 0.0:
            return None
        if terms.rate != inf and move > (terms.rate * length_ms + terms.step) * (1 + 1e-9):
            return None
    first = max(low - 1, 0)
    if at_ms[0] > at_ms[first] // QUARTER_MS * QUARTER_MS and not begins:
        return None
    rows = _quarters(at_ms, value, terms, (at_ms[first] // 1000, -(-at_ms[final] // 1000)))
    return PlainEnd(rows, (at_ms[first], at_ms[final]), _anchor_ms(at_ms, value, terms), at_ms[final])


def _opening(at_ms: Sequence[int], place: int) -> int:
    begin_ms = at_ms[max(place, 0)] // QUARTER_MS * QUARTER_MS
    return max(bisect_right(at_ms, begin_ms) - 1, 0)


def _anchor_ms(at_ms: Sequence[int], value: Sequence[float], terms: PlainTerms) -> int:
    place = _opening(at_ms, _opening(at_ms, len(at_ms) - 1) - 1)
    while place > 0:
        before = value[place - 1]
        noise = (terms.step or _last_place(before)) * (1 + 1e-6) + 4 * ulp(abs(before))
        if value[place] - before > noise:
            break
        place -= 1
    return at_ms[place]


def _last_place(value: float) -> float:
    """The last decimal place that a displayed value uses, at most the sixth."""
    for places in range(6):
        if abs(value - round(value, places)) < 1e-9:
            return 10.0**-places
    return 1e-6


def _quarters(at_ms: Sequence[int], value: Sequence[float], terms: PlainTerms, span_s: tuple[int, int]) -> list[Row]:
    first_s = span_s[0] // QUARTER_S * QUARTER_S
    after_s = -(-min(span_s[1] * 1000, at_ms[-1]) // QUARTER_MS) * QUARTER_S
    count = (after_s - first_s) // QUARTER_S
    booked, amount, close, crossing, spread = ([0.0] * count for _ in range(5))
    for place in range(max(bisect_right(at_ms, first_s * 1000) - 1, 0), len(at_ms) - 1):
        start_ms, end_ms = at_ms[place], at_ms[place + 1]
        length_ms, went = end_ms - start_ms, (value[place + 1] - value[place]) * terms.factor
        gap = length_ms > terms.gap_ms
        crosses = start_ms // QUARTER_MS != (end_ms - 1) // QUARTER_MS
        begin = max(start_ms // QUARTER_MS, first_s // QUARTER_S)
        for quarter in range(begin, -(-end_ms // QUARTER_MS)):
            here = quarter - first_s // QUARTER_S
            if here >= count:
                break
            part = (min(end_ms, (quarter + 1) * QUARTER_MS) - max(start_ms, quarter * QUARTER_MS)) / length_ms
            booked[here] += length_ms * part
            amount[here] += went * part
            if gap:
                spread[here] += went * part
            else:
                close[here] += length_ms * part
                crossing[here] += went * part if crosses else 0.0
    return [
        (
            first_s + here * QUARTER_S,
            amount[here] if booked[here] > 0.5 else nan,
            min(float(round(close[here] / QUARTER_MS * 1e9)) / 1e9, 1.0),
            crossing[here],
            spread[here],
            0.0,
            0.0,
        )
        for here in range(count)
    ]


def rolled_up(
    rows: Sequence[Row], carries: Mapping[tuple[Flow, Resolution], Carry], flow: Flow, last_ms: int, tz: str
) -> tuple[dict[Resolution, Sequence[Row]], dict[tuple[Flow, Resolution], Carry]] | None:
    """Quarters with the hours, days and months that they touch, and what is carried into these from now on.

    None where what was carried so far does not join on to these quarters.
    """
    if not rows:
        return {}, nothing_before(flow, last_ms, tz)  # the first sample of all, at the end of a quarter
    made: dict[Resolution, Sequence[Row]] = {Resolution.QUARTER: rows}
    onward: dict[tuple[Flow, Resolution], Carry] = {}
    settled = settled_s(last_ms)
    for base, coarse in STEPS:
        carry, fine = carries.get((flow, coarse)), made[base]
        first_s = fine[0][0]
        if carry is None or carry.upto_s != first_s or carry.start_s != _span_of(coarse, first_s, tz)[0]:
            return None
        made[coarse] = _summed(carry, fine, base, coarse, tz)
        place_s = _span_of(coarse, settled, tz)[0], _span_of(base, settled, tz)[0]
        onward[flow, coarse] = _carried(carry, fine, base, place_s, tz)
    return made, onward


def _summed(carry: Carry, fine: Sequence[Row], base: Resolution, coarse: Resolution, tz: str) -> list[Row]:
    made: list[Row] = []
    sums, known, span_s = _taken(carry), carry.known, _span_of(coarse, fine[0][0], tz)
    for row in fine:
        if row[0] >= span_s[1]:
            made.append(_coarse(span_s, sums, known))
            sums, known, span_s = [0.0] * 6, False, _span_of(coarse, row[0], tz)
        known = _add(sums, row, _length_s(base, row[0], tz)) or known
    made.append(_coarse(span_s, sums, known))
    return made


def _coarse(span_s: tuple[int, int], sums: Sequence[float], known: bool) -> Row:
    coverage = min(sums[1] / (span_s[1] - span_s[0]), 1.0)
    return (span_s[0], sums[0] if known else nan, coverage, sums[2], sums[3], sums[4], sums[5])


def _carried(carry: Carry, fine: Sequence[Row], base: Resolution, place_s: tuple[int, int], tz: str) -> Carry:
    goes_on = carry.start_s == place_s[0]
    sums, known = (_taken(carry), carry.known) if goes_on else ([0.0] * 6, False)
    for row in fine:
        if place_s[0] <= row[0] < place_s[1]:
            known = _add(sums, row, _length_s(base, row[0], tz)) or known
    return Carry(*place_s, known, *sums)


def _taken(carry: Carry) -> list[float]:
    return [carry.amount, carry.covered_s, carry.interpolated, carry.spread, carry.estimated, carry.manual]


def _add(sums: list[float], row: Row, length_s: int) -> bool:
    """Add an interval to sums that coverage enters in seconds; whether its amount is known."""
    _, amount, coverage, interpolated, spread, estimated, manual = row
    if amount != amount:
        return False
    sums[0] += amount
    sums[1] += coverage * length_s
    sums[2] += interpolated
    sums[3] += spread
    sums[4] += estimated
    sums[5] += manual
    return True


def _length_s(base: Resolution, start_s: int, tz: str) -> int:
    if base is QUARTER:
        return QUARTER_S
    start_s, end_s = _span_of(base, start_s, tz)
    return end_s - start_s


def _span_of(resolution: Resolution, at_s: int, tz: str) -> tuple[int, int]:
    """The interval of a resolution that an instant lies in [s since 1970 UTC]."""
    if resolution is QUARTER:
        return at_s // QUARTER_S * QUARTER_S, at_s // QUARTER_S * QUARTER_S + QUARTER_S
    if resolution is HOUR:
        return at_s // HOUR_S * HOUR_S, at_s // HOUR_S * HOUR_S + HOUR_S
    return _local_span(resolution, at_s // QUARTER_S * QUARTER_S, tz)


@lru_cache(4096)  # all meters are asked about the same few quarters
def _local_span(resolution: Resolution, at_s: int, tz: str) -> tuple[int, int]:
    bounds = bounds_s(resolution, at_s, at_s + 1, tz)
    return int(bounds[0]), int(bounds[1])
