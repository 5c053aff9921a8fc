"""What becomes of figures where evidence was withdrawn: unknown, before what still tells their time is made again."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from collector.ahead import Span
from collector.flow_parts import lengths_s
from collector.subjects import Subject
from plagewatch.metering.flows import is_index
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import bounds_s
from plagewatch.store.series.counted import CountedSeries
from plagewatch.store.series.protocol import SeriesStore

FINEST_FIRST = (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)


def registers_passed_over(series: SeriesStore, meter: str, span_ms: Span) -> Sequence[str]:
    """Registers of a meter of which readings in a span are withdrawn."""
    return series.passed_over(meter, span_ms[0], span_ms[1] + 1) if isinstance(series, CountedSeries) else ()


def widened(series: SeriesStore, meter: str, registers: Sequence[str], span_ms: Span) -> Span:
    """The span of a change, from the last index on that still stands before it: what came after hung on it too."""
    firsts = [span_ms[0]]
    for register in registers:
        if is_index(register):
            earlier = series.samples_around(meter, register, span_ms[0], span_ms[0], 1).at_ms
            firsts += earlier[earlier < span_ms[0]].tolist()[:1]
    return min(firsts), span_ms[1]


def unsaid(series: SeriesStore, subject: Subject, flow: Flow, span_ms: Span) -> Iterator[tuple[Resolution, Intervals]]:
    """All figures that stand in a span, as unknown ones, the finest first; what is made of finer ones follows them.

    The caller writes each with what is rolled up of it before it asks for the next, then makes again what is still
    told. Raises SeriesError.
    """
    meter, tz = subject.meter.id, subject.timezone
    start_s, end_s = span_ms[0] // 1000, span_ms[1] // 1000 + 1
    days = bounds_s(Resolution.DAY, start_s, end_s, tz)
    finer_s = np.zeros(0, np.int64)
    for resolution in FINEST_FIRST:
        bounds = bounds_s(resolution, start_s, end_s, tz)
        # Of whole days: a day stands on hours that lie beside the span too.
        stored = series.intervals(resolution, meter, int(days[0]), int(days[-1]), flow)
        known = stored.where(stored.known)
        gone = (known.start_s >= bounds[0]) & (known.start_s < bounds[-1])
        if len(known):
            gone &= ~_holds(known.start_s, lengths_s(resolution, known.start_s, tz), finer_s)
        if gone.any():
            yield resolution, Intervals.measured(known.start_s[gone], np.full(int(gone.sum()), np.nan))
        finer_s = np.union1d(finer_s, known.start_s[~gone])


def _holds(start_s: Seconds, length_s: Seconds | int, finer_s: Seconds) -> NDArray[np.bool_]:
    """Intervals within which finer ones lie."""
    return np.asarray(np.searchsorted(finer_s, start_s) < np.searchsorted(finer_s, start_s + length_s), np.bool_)
