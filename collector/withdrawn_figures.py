"""What is left of figures where evidence was withdrawn: what nothing tells any more becomes unknown."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from collector.flow_parts import lengths_s
from collector.index_figures import Span
from collector.subjects import Subject
from plagewatch.metering.flows import is_index
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import bounds_s
from plagewatch.store.series.counted import CountedSeries
from plagewatch.store.series.protocol import SeriesStore

FINEST_FIRST = (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)


def registers_passed_over(series: SeriesStore, meter: str) -> Collection[str]:
    """Registers of a meter of which something is withdrawn."""
    return series.passed_over(meter) if isinstance(series, CountedSeries) else ()


def widened(series: SeriesStore, meter: str, registers: Collection[str], span_ms: Span) -> Span:
    """The span of a change, from the last index on that still stands before it: what came after hung on it too."""
    firsts = [span_ms[0]]
    for register in registers:
        if is_index(register):
            earlier = series.samples_around(meter, register, span_ms[0], span_ms[0], 1).at_ms
            firsts += earlier[earlier < span_ms[0]].tolist()[:1]
    return min(firsts), span_ms[1]


def untold(
    series: SeriesStore, subject: Subject, flow: Flow, span_ms: Span, made: Mapping[Resolution, Sequence[Intervals]]
) -> Iterator[tuple[Resolution, Intervals]]:
    """Figures that stand in a span and that no evidence tells now, as unknown ones; the finest first.

    made: what was just made of the evidence there. The caller has written that, and writes each of these before it
    asks for the next. Raises SeriesError.
    """
    meter, finer_s = subject.meter.id, np.zeros(0, np.int64)
    for resolution in FINEST_FIRST:
        bounds = bounds_s(resolution, span_ms[0] // 1000, span_ms[1] // 1000 + 1, subject.timezone)
        stored = series.intervals(resolution, meter, int(bounds[0]), int(bounds[-1]), flow)
        known = stored.where(stored.known)
        told = np.isin(known.start_s, [start for fine in made.get(resolution, ()) for start in fine.start_s.tolist()])
        if len(known):
            told |= _holds(known.start_s, lengths_s(resolution, known.start_s, subject.timezone), finer_s)
        if not told.all():
            yield resolution, Intervals.measured(known.start_s[~told], np.full(int((~told).sum()), np.nan))
        finer_s = np.union1d(finer_s, known.start_s[told])


def _holds(start_s: Seconds, length_s: Seconds | int, finer_s: Seconds) -> NDArray[np.bool_]:
    """Intervals within which finer ones lie."""
    return np.asarray(np.searchsorted(finer_s, start_s) < np.searchsorted(finer_s, start_s + length_s), np.bool_)
