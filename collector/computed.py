"""Figures that no register tells: virtual meters computed from others, fuel burnt between deliveries."""

from collections.abc import Sequence

import numpy as np

from collector.subjects import Subject
from collector.virtual import VirtualMeters
from plagewatch.metering.deliveries import burnt_by_day
from plagewatch.metering.formula import Source, computed
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Delivery, Kind, Meter
from plagewatch.metering.rollups import bounds_s
from plagewatch.store.series.protocol import SeriesStore


def of_formulas(
    series: SeriesStore, meter: str, virtual: VirtualMeters, span_s: tuple[int, int], tz: str
) -> tuple[Resolution, Intervals]:
    """Amounts of a virtual meter in the intervals that [span_s[0], span_s[1]) touches. Raises SeriesError."""
    resolution = virtual.resolution[meter]
    start_s = int(bounds_s(resolution, span_s[0], span_s[0] + 1, tz)[0])
    end_s = int(bounds_s(resolution, span_s[1] - 1, span_s[1], tz)[-1])
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


def computed_figures(series: SeriesStore, subject: Subject, span_s: tuple[int, int]) -> tuple[Resolution, Intervals]:
    """Figures of a virtual meter or of deliveries in the intervals that a span touches. Raises SeriesError."""
    meter = subject.meter
    if meter.kind is Kind.DELIVERY:
        return Resolution.DAY, of_deliveries(meter, subject.deliveries, subject.timezone, span_s)
    if meter.id not in subject.virtual.formulas:
        return Resolution.DAY, Intervals.empty()
    return of_formulas(series, meter.id, subject.virtual, span_s, subject.timezone)
