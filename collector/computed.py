"""Figures that no register tells: virtual meters computed from others, fuel burnt between deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import structlog

from plagewatch.metering.deliveries import burnt_by_day
from plagewatch.metering.formula import Formula, FormulaError, Source, computed, parse
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Delivery, Kind, Meter, VirtualFormula
from plagewatch.metering.rollups import bounds_s, finest
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import SeriesStore

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

    formulas: Mapping[str, Sequence[Dated]]
    dependents: Mapping[str, Sequence[str]]
    resolution: Mapping[str, Resolution]

    @classmethod
    def read(cls, engine: Engine) -> "VirtualMeters":
        """From the records. A formula that cannot be computed is told in the log and makes no figures."""
        return virtual_meters(registry.meters(engine), registry.virtual_formulas(engine))

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


def of_formulas(
    series: SeriesStore, meter: str, virtual: VirtualMeters, span_s: tuple[int, int], tz: str
) -> tuple[Resolution, Intervals]:
    """Amounts of a virtual meter in the intervals that [span_s[0], span_s[1]) touches. Raises SeriesError."""
    resolution = virtual.resolution[meter]
    bounds = bounds_s(resolution, *span_s, tz)
    start_s, end_s = int(bounds[0]), int(bounds[-1])
    made = []
    for dated in virtual.formulas[meter]:
        first_s, after_s = max(start_s, dated.start_s), min(end_s, dated.end_s)
        if first_s < after_s:
            parts = {source: _read(series, resolution, source, first_s, after_s) for source in dated.formula.factors}
            made.append(computed(dated.formula, parts))
    if not made:
        return resolution, Intervals.empty()
    return resolution, Intervals(*(np.concatenate([getattr(one, n) for one in made]) for n in _FIELDS))


_FIELDS = tuple(Intervals.__dataclass_fields__)


def _read(series: SeriesStore, resolution: Resolution, source: Source, start_s: int, end_s: int) -> Intervals:
    return series.intervals(resolution, source[0], start_s, end_s, source[1])


def of_deliveries(meter: Meter, deliveries: Sequence[Delivery], tz: str, span_s: tuple[int, int]) -> Intervals:
    """Days of fuel burnt between deliveries [kWh], and as unknown every other day that the span touches.

    A delivery that was taken back leaves days behind: they are written again as not known.
    """
    burnt = burnt_by_day(meter.carrier, deliveries, tz)
    days = bounds_s(Resolution.DAY, *span_s, tz)[:-1]
    others = days[~np.isin(days, burnt.start_s)]
    unknown = Intervals.measured(others, np.full(len(others), np.nan))
    order = np.argsort(np.concatenate([burnt.start_s, others]))
    return Intervals(*(np.concatenate([getattr(burnt, n), getattr(unknown, n)])[order] for n in _FIELDS))
