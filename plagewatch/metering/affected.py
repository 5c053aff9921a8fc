"""How far new samples change what the ledger made of their neighbours, so that only that is made again.

Booking a part of the evidence must give what booking all of it gives. A part may begin at an *anchor*: a sample that
rises by more than noise after a calm of `REACH` samples. Whatever came before, the register's level there is its value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.course import REACH, is_break, last_places
from plagewatch.metering.intervals import Floats
from plagewatch.metering.registers import Terms, stretch_of

QUARTER_MS = 900_000

ENOUGH = 2 * REACH + 4
"""With so many instants on both sides, ordinary evidence holds its anchors."""


@dataclass(frozen=True, slots=True)
class Affected:
    """The evidence to book, [book_from_ms, book_to_ms], and the span whose quarters change, [start_ms, end_ms]."""

    book_from_ms: int
    book_to_ms: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """Samples around a change, sorted by instant and value; `from_start`: none is older; `to_end`: none is newer."""

    at_ms: NDArray[np.int64]
    value: Floats
    from_start: bool
    to_end: bool


def affected(known: Known, terms: Terms, from_ms: int, to_ms: int) -> Affected | None:
    """What a change of the samples in [from_ms, to_ms] affects; None = more samples are needed to tell.

    >>> at_ms = np.arange(1000) * 900_000
    >>> found = affected(Known(at_ms, at_ms / 1e6, True, True), Terms(900, "kWh"), 450_000_000, 450_000_000)
    >>> found.start_ms, found.end_ms
    (449100000, 450900000)
    """
    instants, trouble, rise = _looked_at(known, terms)
    final = len(instants) - 1
    low = int(np.searchsorted(instants, from_ms))
    high = int(np.searchsorted(instants, to_ms, side="right")) - 1
    opening, closing = _opening(instants, low - 1), _closing(instants, high + 1)
    back, onward, lead_in = _reaches(bool(trouble[max(opening - REACH - 1, 0) : closing + REACH + 2].any()))
    calm, anchors = _anchors(trouble, rise, known.from_start)
    before = anchors[anchors <= max(_opening(instants, low - back) - lead_in, 0)]
    after = anchors[(anchors >= high + onward) & calm[np.minimum(anchors + REACH, final)]]
    reaches_end = high + onward >= final or not len(after)
    last = final if reaches_end else high + 1 if onward == 1 else int(after[0])
    closing = _closing(instants, last) + REACH + 1
    if not len(before) or (not known.to_end and (reaches_end or closing > final)):
        return None
    ends = instants.copy()
    if known.to_end:
        ends[-1] = known.at_ms[-1]  # what stands there may have no value of its own, yet the rows go on to it
    if known.from_start:
        instants[0] = known.at_ms[0]
    return Affected(
        int(instants[before[-1]]), int(ends[min(closing, final)]), int(instants[max(low - back, 0)]), int(ends[last])
    )


def _opening(instants: NDArray[np.int64], place: int) -> int:
    """Where the quarter of a place begins. Whole quarters are written: all that lies in them must be booked too."""
    begin_ms = int(instants[max(place, 0)]) // QUARTER_MS * QUARTER_MS
    return max(int(np.searchsorted(instants, begin_ms, side="right")) - 1, 0)


def _closing(instants: NDArray[np.int64], place: int) -> int:
    end_ms = -(-int(instants[min(place, len(instants) - 1)]) // QUARTER_MS) * QUARTER_MS
    return int(np.searchsorted(instants, end_ms))


def _reaches(trouble_near: bool) -> tuple[int, int, int]:
    """How many samples before and after a change can depend on it; and how much earlier a part of them must begin."""
    if not trouble_near:
        return 1, 1, 0
    # A break looks REACH ahead, so it may be decided anew that far before the change; a fall that far back may then end
    # a jump that began as far before it again. Near the beginning of a part such a jump is out of sight, which changes
    # samples before the fall only: the part begins that much earlier than what is made of it.
    return 2 * (REACH + 1), REACH + 1, REACH + 1


def _looked_at(known: Known, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Instants with one value; those of them at a break, a contradiction or a declared swap; those that surely rise.

    An instant with several values may count or not, by its neighbours: as it may not, no reach is measured by it.
    """
    every, first, counts = np.unique(known.at_ms, return_index=True, return_counts=True)
    single = counts == 1
    if not single.any():
        return every, np.ones(len(every), np.bool_), np.zeros(len(every), np.bool_)
    instants, value = every[single], known.value[first[single]]
    stretch = stretch_of(instants, value, terms)
    trouble = np.zeros(len(instants), np.bool_)
    breaks = is_break(stretch)
    trouble[1:] |= breaks
    trouble[:-1] |= breaks
    special = [*every[~single], *(swap.at_ms for swap in terms.swaps)]
    for beside in (np.searchsorted(instants, special), np.searchsorted(instants, special, side="right") - 1):
        trouble[beside[(beside >= 0) & (beside < len(instants))]] = True
    rise = np.zeros(len(instants), np.bool_)
    # A level that is held above a value is so by no more than this value's own last place.
    step = np.where(stretch.resolution[:-1] > 0.0, stretch.resolution[:-1], last_places(value[:-1]))
    rise[1:] = np.diff(value) > step * (1 + 1e-6)
    return instants, trouble, rise


def _anchors(
    trouble: NDArray[np.bool_], rise: NDArray[np.bool_], from_start: bool
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Instants that no trouble comes up to within REACH, and the places of those that are anchors."""
    troubles = np.concatenate([[0], np.cumsum(trouble)])
    places = np.arange(len(trouble))
    calm = troubles[places + 1] == troubles[np.maximum(places - REACH, 0)]
    anchors = calm & rise & ((places >= REACH) | from_start)
    if from_start and len(anchors):
        anchors[0] = True
    return calm, np.flatnonzero(anchors)
