"""Which stretches of a meter's figures an edit of its dated facts or of its swaps can change."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from plagewatch.metering.meters import MeterFacts, Swap, VirtualFormula

EVER_MS = (-(10**14), 10**14)
"""Older and newer than any instant that the door lets in."""

Span = tuple[int, int]
"""Instants [first, after) in ms since 1970 UTC."""

_Dated = TypeVar("_Dated")


def facts_stretches(before: Sequence[MeterFacts], after: Sequence[MeterFacts]) -> list[Span]:
    """Where the facts in force differ in something that the ledger counts with; a source or a tank alone does not.

    >>> old, new = MeterFacts("m", 0, multiplier=2.0), MeterFacts("m", 0, multiplier=3.0)
    >>> facts_stretches([old, MeterFacts("m", 5000)], [new, MeterFacts("m", 5000)])
    [(0, 5000)]
    """
    return _differing(before, after, lambda one: one.valid_from_ms, _counted)


def swap_stretches(before: Iterable[Swap], after: Iterable[Swap]) -> list[Span]:
    """The instants of swaps that came, went or changed; and where another number of digits is in force by them.

    Who replaced the device, its serial number and its photo change no figure.

    >>> swap_stretches([], [Swap("m", "gas_volume", 5000, 812.0, 0.0, "new")])
    [(5000, 5001)]
    """
    before, after = list(before), list(after)
    spans: list[Span] = []
    for register in sorted({swap.register for swap in [*before, *after]}):
        old, new = ([swap for swap in some if swap.register == register] for some in (before, after))
        was, will_be = ({swap.at_ms: (swap.last_index, swap.first_index) for swap in some} for some in (old, new))
        instants = was.keys() | will_be.keys()
        spans += [(at_ms, at_ms + 1) for at_ms in instants if was.get(at_ms) != will_be.get(at_ms)]
        old, new = ([swap for swap in some if swap.digits is not None] for some in (old, new))
        spans += _differing(old, new, lambda swap: swap.at_ms, lambda swap: swap and swap.digits)
    return united(spans)


def formula_stretches(before: Sequence[VirtualFormula], after: Sequence[VirtualFormula]) -> list[Span]:
    """Where another formula of a virtual meter is in force, or none any more.

    >>> first, second = VirtualFormula("v", "[a]", 0), VirtualFormula("v", "[b]", 9)
    >>> formula_stretches([first], [first, second])
    [(9, 100000000000000)]
    """
    return _differing(before, after, lambda one: one.valid_from_ms, lambda one: one and one.formula)


def united(spans: Iterable[Span]) -> list[Span]:
    """Spans by time, those that touch or overlap made one.

    >>> united([(5, 9), (0, 5), (20, 21)])
    [(0, 9), (20, 21)]
    """
    merged: list[Span] = []
    for first, after in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], after)
        else:
            merged.append((first, after))
    return merged


def _counted(facts: MeterFacts | None) -> object:
    facts = facts or MeterFacts("")
    powers = facts.max_power_kw, facts.max_flow_m3h
    return facts.digits, facts.decimals, facts.multiplier, facts.pulse_weight, facts.unit, *powers


def _differing(
    before: Sequence[_Dated],
    after: Sequence[_Dated],
    start_ms: Callable[[_Dated], int],
    counted: Callable[[_Dated | None], object],
) -> list[Span]:
    """Between which instants what is in force differs: each entry holds from its start to the next one's."""
    by_start = [{start_ms(one): one for one in some} for some in (before, after)]
    edges = [*sorted(by_start[0].keys() | by_start[1].keys()), EVER_MS[1]]
    in_force: list[_Dated | None] = [None, None]
    spans = []
    for first, following in pairwise(edges):
        in_force = [some.get(first, there) for some, there in zip(by_start, in_force, strict=True)]
        if counted(in_force[0]) != counted(in_force[1]):
            spans.append((first, following))
    return united(spans)
