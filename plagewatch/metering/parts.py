"""Which meters of a building count what other meters of it count already: a total is never added to its parts."""

from collections.abc import Iterable, Mapping
from datetime import date

from plagewatch.metering.meters import SubMeter
from plagewatch.metering.virtual import VirtualMeters, needs_itself, sources_of


def counted_already(
    served: Iterable[str], links: Iterable[SubMeter], virtual: VirtualMeters, day: date
) -> frozenset[str]:
    """Of the meters that serve a building, those whose amounts are within those of others of them on a local day.

    A meter behind one of them, through whatever others; and a computed one to which one of them adds something.

    >>> links = [SubMeter("head", "floor"), SubMeter("floor", "kitchen")]
    >>> sorted(counted_already(["head", "kitchen"], links, VirtualMeters(), date(2026, 1, 1)))
    ['kitchen']
    >>> sorted(counted_already(["kitchen"], links, VirtualMeters(), date(2026, 1, 1)))
    []
    """
    there = frozenset(served)
    above: dict[str, frozenset[str]] = {}
    for link in links:
        if link.valid_from <= day and (link.valid_to is None or day < link.valid_to):
            above[link.sub] = above.get(link.sub, frozenset()) | {link.head}
    for meter, added in _added(virtual).items():
        above[meter] = above.get(meter, frozenset()) | added
    # Of two that stand behind each other in some odd way both would go: what is in a circle stays.
    return frozenset(
        meter for meter in there if not needs_itself(above, meter) and (sources_of(above, meter) - {meter}) & there
    )


def _added(virtual: VirtualMeters) -> Mapping[str, frozenset[str]]:
    """The meters that each virtual meter adds up; those that it subtracts are not within it."""
    return {
        meter: frozenset(
            source
            for one in dated
            for (source, flow), factor in one.formula.factors.items()
            if factor > 0 and flow == "main"
        )
        for meter, dated in virtual.formulas.items()
    }
