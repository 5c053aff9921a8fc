"""Fine figures and all coarser ones that they touch, of these and of what stands around them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collector.flow_parts import FlowPart, lengths_s
from collector.making import Making, Stores
from collector.subjects import Subject
from plagewatch.metering.intervals import Intervals, Resolution, Seconds
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, bounds_s, roll_up
from plagewatch.metering.tails import carried, place_of
from plagewatch.store.series.protocol import Figures

# Further apart than this, intervals have something between them.
LONGEST_S = {Resolution.QUARTER: QUARTER_S, Resolution.HOUR: HOUR_S, Resolution.DAY: 25 * HOUR_S}


@dataclass(frozen=True, slots=True)
class Fine:
    """The finest figures of a flow that were made, at their resolution.

    settled_s: nothing before this instant changes with the next sample at the end [s]; None where these are not at the
    end.
    """

    resolution: Resolution
    intervals: Intervals
    settled_s: int | None = None


def write_all(stores: Stores, making: Making, subject: Subject, part: FlowPart, fine: Fine) -> None:
    """Have figures written, at their own resolution and at all coarser ones that they touch."""
    if len(fine.intervals) == 0:
        return
    stores.unwritten.write_flow(subject.meter.id, part.flow)
    figures = {fine.resolution: fine.intervals}
    for base, above in part.steps[fine.resolution]:
        rolling = _Rolling(stores, making, subject, part.flow, base)
        figures |= rolling.up(Fine(base, figures[base], fine.settled_s), above)
    stores.unwritten.add(Figures(subject.meter.id, subject.meter.carrier, part.flow, figures))


@dataclass(frozen=True, slots=True)
class _Rolling:
    stores: Stores
    making: Making
    subject: Subject
    flow: Flow
    base: Resolution

    def up(self, fine: Fine, above: Sequence[Resolution]) -> dict[Resolution, Intervals]:
        """The coarser intervals that figures just made touch, of these and of what stands around them."""
        first_s, last_s = int(fine.intervals.start_s[0]), int(fine.intervals.start_s[-1])
        bounds = {one: bounds_s(one, first_s, last_s + 1, self.subject.timezone) for one in above}
        wholes = self._with_what_is_carried(fine, bounds) or self._with_what_stands(fine, bounds)
        made = {}
        for one, (whole, length_s) in wholes.items():
            made[one] = roll_up(whole, length_s, bounds[one])
            if fine.settled_s is not None:
                self._carry(one, whole, length_s, fine)
        return made

    def _with_what_is_carried(
        self, fine: Fine, bounds: dict[Resolution, Seconds]
    ) -> dict[Resolution, tuple[Intervals, Seconds]]:
        """By coarser resolution the intervals to be rolled up and their lengths; empty where not all are known."""
        found = {}
        for one in bounds:
            carry = self.making.carry(self.flow, one)
            place_s = int(bounds[one][0]), int(fine.intervals.start_s[0])
            if carry is None or (carry.start_s, carry.upto_s) != place_s:
                return {}
            lengths = lengths_s(self.base, fine.intervals.start_s, self.subject.timezone)
            found[one] = carry.with_finer(fine.intervals, lengths)
        return found

    def _with_what_stands(
        self, fine: Fine, bounds: dict[Resolution, Seconds]
    ) -> dict[Resolution, tuple[Intervals, Seconds]]:
        start_s = fine.intervals.start_s
        first_s, last_s = int(start_s[0]), int(start_s[-1])
        outer_s = min(int(b[0]) for b in bounds.values()), max(int(b[-1]) for b in bounds.values())
        # What lies around them, and between them where another register tells that stretch.
        gaps_s = [(outer_s[0], first_s), (last_s + 1, outer_s[1])]
        if len(start_s) > 1 and int(np.diff(start_s).max()) > LONGEST_S[self.base]:
            gaps_s = [outer_s]
        meter, series = self.subject.meter.id, self.stores.series
        stored = [series.intervals(self.base, meter, *gap_s, self.flow) for gap_s in gaps_s if gap_s[0] < gap_s[1]]
        whole = _over(fine.intervals, stored)
        lengths = lengths_s(self.base, whole.start_s, self.subject.timezone)
        every = np.full(len(whole), lengths) if isinstance(lengths, int) else lengths
        return dict.fromkeys(bounds, (whole, every))

    def _carry(self, one: Resolution, whole: Intervals, length_s: Seconds, fine: Fine) -> None:
        assert fine.settled_s is not None
        place_s = place_of(one, self.base, fine.settled_s, self.subject.timezone)
        known_s = whole.start_s[whole.known]
        if len(known_s) and known_s[-1] > fine.intervals.start_s[-1]:
            return  # something stands behind these, and the next ones must find it
        self.making.carries[self.flow, one] = carried(whole, length_s, place_s)


def _over(fine: Intervals, stored: Sequence[Intervals]) -> Intervals:
    """Figures just made in place of what stands there, with the others that stand, by time."""
    parts = [fine, *(part.where(~np.isin(part.start_s, fine.start_s)) for part in stored)]
    order = np.argsort(np.concatenate([part.start_s for part in parts]), kind="stable")
    names = Intervals.__dataclass_fields__
    return Intervals(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in names))
