"""Which virtual meters there are, what they need, and in which order figures go from meter to meter. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import structlog

from plagewatch.metering.formula import Formula, FormulaError, parse
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Kind, Meter, VirtualFormula
from plagewatch.metering.rollups import finest

log = structlog.get_logger()

ORDER = tuple(Resolution)


@dataclass(frozen=True, slots=True)
class Dated:
    """A formula in force over [start_s, end_s)."""

    start_s: int
    end_s: int
    formula: Formula


@dataclass(frozen=True, slots=True)
class VirtualMeters:
    """All formulas that can be computed, by meter, and which meters each meter's figures go into.

    resolution: the finest one at which all sources of a virtual meter say something.
    """

    formulas: Mapping[str, Sequence[Dated]] = field(default_factory=dict)
    dependents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    resolution: Mapping[str, Resolution] = field(default_factory=dict)

    def beyond(self, meter: str) -> list[str]:
        """The virtual meters whose figures change with those of a meter, directly."""
        return list(self.dependents.get(meter, ()))


def virtual_meters(meters: Iterable[Meter], formulas: Iterable[VirtualFormula]) -> VirtualMeters:
    """Parse formulas; a virtual meter that needs itself, through whatever others, is left out."""
    known = {meter.id: meter for meter in meters}
    units = {meter.id: meter.unit for meter in known.values() if meter.kind is not Kind.GAUGE}
    by_meter: dict[str, list[tuple[int, Formula]]] = {}
    for dated in sorted(formulas, key=lambda one: one.valid_from_ms):
        try:
            parsed = parse(dated.formula, known[dated.meter].unit, units)
        except FormulaError as error:
            log.error("formula cannot be computed", meter=dated.meter, formula=dated.formula, error=str(error))
            continue
        by_meter.setdefault(dated.meter, []).append((dated.valid_from_ms // 1000, parsed))
    needs = {meter: frozenset().union(*(one.meters for _, one in dated)) for meter, dated in by_meter.items()}
    for meter in [meter for meter in needs if _needs(needs, meter, meter)]:
        log.error("a virtual meter needs itself", meter=meter)
        del by_meter[meter]
    return VirtualMeters(
        {meter: _spans(dated) for meter, dated in by_meter.items()},
        _turned({meter: needs[meter] for meter in by_meter}),
        {meter: _resolution(known, needs, meter) for meter in by_meter},
    )


def _needs(needs: Mapping[str, frozenset[str]], meter: str, wanted: str) -> bool:
    seen: set[str] = set()
    waiting = list(needs.get(meter, ()))
    while waiting:
        here = waiting.pop()
        if here == wanted:
            return True
        if here not in seen:
            seen.add(here)
            waiting += needs.get(here, ())
    return False


def _spans(dated: Sequence[tuple[int, Formula]]) -> list[Dated]:
    bounds = [*(start_s for start_s, _ in dated), 2**40]
    return [Dated(a, b, formula) for (a, b), (_, formula) in zip(pairwise(bounds), dated, strict=True)]


def _turned(needs: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meter, sources in sorted(needs.items()):
        for source in sources:
            found.setdefault(source, []).append(meter)
    return found


def _resolution(known: Mapping[str, Meter], needs: Mapping[str, frozenset[str]], meter: str) -> Resolution:
    if meter in needs:
        if _needs(needs, meter, meter):
            return Resolution.DAY
        return max((_resolution(known, needs, source) for source in needs[meter]), key=ORDER.index)
    if known[meter].kind is Kind.DELIVERY:
        return Resolution.DAY
    return finest(known[meter].interval_s) if known[meter].kind is Kind.INTERVAL else Resolution.QUARTER
