"""One meter's flow told by several registers: a history in intervals, then an index; day and night, then a total.

Each group of registers tells the flow over the time of which it has evidence and no group before it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.ahead import Span
from collector.index_figures import EVER_MS
from plagewatch.metering.flows import flow_groups, is_index
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.local_time import day_starts_s
from plagewatch.metering.meters import Meter
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import HOUR_S, QUARTER_S
from plagewatch.store.series.protocol import SeriesStore

QUARTER_MS = QUARTER_S * 1000

# What is made of what. A day of the finest there is, not of hours: an hour need not lie within a local day.
Steps = Sequence[tuple[Resolution, Sequence[Resolution]]]
LAST_STEP = (Resolution.DAY, (Resolution.MONTH,))
STEPS: Mapping[Resolution, Steps] = {
    Resolution.QUARTER: ((Resolution.QUARTER, (Resolution.HOUR, Resolution.DAY)), LAST_STEP),
    Resolution.HOUR: ((Resolution.HOUR, (Resolution.DAY,)), LAST_STEP),
    Resolution.DAY: (LAST_STEP,),
}
# Where one group tells quarters and another hours, only hours are there of both.
STEPS_OF_SEVERAL: Mapping[Resolution, Steps] = {
    **STEPS,
    Resolution.QUARTER: ((Resolution.QUARTER, (Resolution.HOUR,)), (Resolution.HOUR, (Resolution.DAY,)), LAST_STEP),
}


@dataclass(frozen=True, slots=True)
class FlowPart:
    """A group of registers that tells a flow. taken: stretches that groups before it tell [s since 1970 UTC].

    alone: no other group tells it.
    """

    flow: Flow
    registers: Sequence[str]
    taken: Sequence[Span] = ()
    steps: Mapping[Resolution, Steps] = field(default_factory=lambda: STEPS)
    alone: bool = False

    def untaken(self, fine: Intervals, resolution: Resolution, tz: str) -> Intervals:
        """The intervals that no group before tells a part of."""
        free = np.ones(len(fine), np.bool_)
        ends_s = fine.start_s + lengths_s(resolution, fine.start_s, tz) if self.taken and len(fine) else fine.start_s
        for start_s, end_s in self.taken:
            free &= (ends_s <= start_s) | (fine.start_s >= end_s)
        return fine if free.all() else fine.where(free)


def flow_parts(series: SeriesStore, meter: Meter, registers: Sequence[str], flow: Flow) -> Iterator[FlowPart]:
    """The groups that tell a flow of a meter, the first of them first. Raises SeriesError."""
    groups, taken = flow_groups(registers, meter.carrier, flow, meter.unit), tuple[Span, ...]()
    for place, group in enumerate(groups):
        yield FlowPart(flow, group, taken, STEPS_OF_SEVERAL if len(groups) > 1 else STEPS, len(groups) == 1)
        if place + 1 < len(groups) and is_index(group[0]):
            taken += tuple(told_s(series, meter.id, register) for register in group)


def told_s(series: SeriesStore, meter: str, register: str) -> Span:
    """The quarters that an index register's evidence touches, from the first instant to the last [s]."""
    first = series.samples_around(meter, register, EVER_MS[0], EVER_MS[0], 1).at_ms
    last = series.samples_around(meter, register, EVER_MS[1], EVER_MS[1], 1).at_ms
    return int(first[0]) // QUARTER_MS * QUARTER_S, -(-int(last[-1]) // QUARTER_MS) * QUARTER_S


def lengths_s(resolution: Resolution, start_s: Seconds, tz: str) -> Seconds | int:
    """How long intervals of a resolution are [s]: days by the clock of `tz`, one for each start."""
    if resolution is Resolution.DAY:
        bounds = day_starts_s(int(start_s[0]), int(start_s[-1]) + 1, tz)
        return np.diff(bounds)[np.searchsorted(bounds, start_s)]
    return QUARTER_S if resolution is Resolution.QUARTER else HOUR_S
