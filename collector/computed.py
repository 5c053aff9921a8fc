"""Figures that no register tells: virtual meters computed from others, fuel burnt between deliveries."""

from collections.abc import Sequence

import numpy as np

from collector.subjects import Subject
from plagewatch.metering.deliveries import burnt_by_day
from plagewatch.metering.formula import Source, computed
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.meters import Delivery, Kind, Meter
from plagewatch.metering.rollups import bounds_s
from plagewatch.metering.virtual import ORDER, VirtualMeters
from plagewatch.store.series.protocol import SeriesStore


def of_formulas(
    series: SeriesStore, meter: str, virtual: VirtualMeters, span_s: tuple[int, int], tz: str
) -> tuple[Resolution, Intervals]:
    """Amounts of a virtual meter in the intervals that [span_s[0], span_s[1]) touches. Raises SeriesError.

    What stands there by a formula that is gone is among them as not known.
    """
    resolution = virtual.resolution.get(meter, Resolution.QUARTER)
    bounds = bounds_s(resolution, *span_s, tz)
    made = [Intervals.empty()]
    for dated in virtual.formulas.get(meter, ()):
        first_s, after_s = max(int(bounds[0]), dated.start_s), min(int(bounds[-1]), dated.end_s)
        if first_s < after_s:
            parts = {source: _read(series, resolution, source, first_s, after_s) for source in dated.formula.factors}
            made.append(computed(dated.formula, parts))
    fine = _joined(made)
    gone = _gone(series, meter, resolution, span_s, tz, fine.start_s)
    return resolution, _joined([fine, Intervals.measured(gone, np.full(len(gone), np.nan))])


def _gone(
    series: SeriesStore, meter: str, resolution: Resolution, span_s: tuple[int, int], tz: str, made_s: Seconds
) -> Seconds:
    """Starts of fine intervals to be unsaid, so that nothing known stands in the span that was not made."""
    gone = np.zeros(0, np.int64)
    first_s = int(bounds_s(resolution, *span_s, tz)[0])
    for stands_at in ORDER[ORDER.index(resolution) : ORDER.index(Resolution.MONTH)]:
        bounds = bounds_s(stands_at, *span_s, tz)
        rows = series.intervals(stands_at, meter, int(bounds[0]), int(bounds[-1]))
        start_s = rows.start_s[rows.known]
        end_s = bounds[np.searchsorted(bounds, start_s, side="right")]
        told = np.union1d(made_s, gone)
        untold = np.searchsorted(told, start_s) == np.searchsorted(told, end_s)
        # What is coarser is rolled up anew from one interval within it.
        gone = np.union1d(gone, np.maximum(start_s[untold], first_s))
    return gone


_FIELDS = tuple(Intervals.__dataclass_fields__)


def _joined(parts: Sequence[Intervals]) -> Intervals:
    order = np.argsort(np.concatenate([part.start_s for part in parts]))
    return Intervals(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in _FIELDS))


def _read(series: SeriesStore, resolution: Resolution, source: Source, start_s: int, end_s: int) -> Intervals:
    return series.intervals(resolution, source[0], start_s, end_s, source[1])


def of_deliveries(meter: Meter, deliveries: Sequence[Delivery], tz: str, span_s: tuple[int, int]) -> Intervals:
    """Fuel burnt on each local day that the span touches [kWh]; a day that is not between two deliveries is unknown.

    A delivery that was taken back leaves days behind: they are written again as not known.
    """
    burnt = burnt_by_day(meter.carrier, deliveries, tz)
    days = bounds_s(Resolution.DAY, *span_s, tz)[:-1]
    others = days[~np.isin(days, burnt.start_s)]
    unknown = Intervals.measured(others, np.full(len(others), np.nan))
    return _joined([burnt.where(np.isin(burnt.start_s, days)), unknown])


def computed_figures(series: SeriesStore, subject: Subject, span_s: tuple[int, int]) -> tuple[Resolution, Intervals]:
    """Figures of a virtual meter or of deliveries in the intervals that a span touches. Raises SeriesError."""
    meter = subject.meter
    if meter.kind is Kind.DELIVERY:
        return Resolution.DAY, of_deliveries(meter, subject.deliveries, subject.timezone, span_s)
    return of_formulas(series, meter.id, subject.virtual, span_s, subject.timezone)
