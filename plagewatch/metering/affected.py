"""How far new samples change what the ledger made of their neighbours, so that only that is made again.

Booking a part of the evidence must give what booking all of it gives. A part may begin at an *anchor*: a sample that
rises by more than noise after a calm of `REACH` samples. Whatever came before, the register's level there is its value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.course import REACH
from plagewatch.metering.intervals import Floats
from plagewatch.metering.registers import Terms, stretch_of
from plagewatch.metering.stretch import is_break, noise, telling

QUARTER_MS = 900_000

FAR = REACH + 4
"""How many telling samples a decision can lie from a change: the change itself makes a few around it tell or not."""

ENOUGH = 2 * FAR + 4
"""With so many instants on both sides, ordinary evidence holds its anchors."""


@dataclass(frozen=True, slots=True)
class Affected:
    """The evidence to book, [book_from_ms, book_to_ms], and the span whose quarters change, [start_ms, end_ms].

    anchor_ms: an anchor from which on all is calm, and before it for FAR telling samples: whoever looks at a change
    after it needs nothing older (`Known.calm_before`). None where there is none.
    """

    book_from_ms: int
    book_to_ms: int
    start_ms: int
    end_ms: int
    anchor_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Samples around a change, sorted by instant and value; `from_start`: none is older; `to_end`: none is newer.

    calm_before: there are older ones, and the first of these is an anchor that `Affected.anchor_ms` told; the change
    lies after it.
    """

    at_ms: NDArray[np.int64]
    value: Floats
    from_start: bool
    to_end: bool
    calm_before: bool = False


def affected(known: Known, terms: Terms, from_ms: int, to_ms: int) -> Affected | None:
    """What a change of the samples in [from_ms, to_ms] affects; None = more samples are needed to tell.

    >>> at_ms = np.arange(1000) * 900_000
    >>> found = affected(Known(at_ms, at_ms / 1e6, True, True), Terms(900, "kWh"), 450_000_000, 450_000_000)
    >>> found.start_ms, found.end_ms
    (449100000, 450900000)
    """
    near = _looked_at(known, terms)
    instants, final = near.instants, len(near.instants) - 1
    if known.calm_before and (near.trouble.any() or instants[0] != known.at_ms[0]):
        return None  # it may hang on what lies before
    low = int(np.searchsorted(instants, from_ms))
    high = int(np.searchsorted(instants, to_ms, side="right")) - 1
    opening, closing = _opening(instants, low - 1), _closing(instants, high + 1)
    calm, anchors = _anchors(near, known.from_start or known.calm_before)
    if near.trouble[near.back(opening, FAR) : near.onward(closing, FAR) + 1].any():
        # A break looks REACH ahead, so it may be decided anew that far before the change; a fall that far back may then
        # end a jump that began as far before it again. Near the beginning of a part such a jump is out of sight, which
        # changes samples before the fall only: the part begins that much earlier than what is made of it.
        first, begin = near.back(low, 2 * FAR), near.back(_opening(instants, near.back(low, 2 * FAR)), FAR)
        after = anchors[(anchors >= near.onward(high, FAR)) & calm[near.reached(anchors)]]
        last = int(after[0]) if len(after) else final
    else:
        first, last = max(low - 1, 0), min(high + 1, final)
        begin = _opening(instants, first)
    if known.calm_before and instants[begin] > int(instants[first]) // QUARTER_MS * QUARTER_MS:
        return None
    before = anchors[anchors <= begin]
    closing = near.onward(_closing(instants, last), FAR)
    if not len(before) or (not known.to_end and (last == final or closing > final)):
        return None
    starts, ends = instants.copy(), instants.copy()
    # What stands at the very ends may have no value of its own, yet the rows go from there to there.
    starts[0] = known.at_ms[0] if known.from_start else starts[0]
    ends[-1] = known.at_ms[-1] if known.to_end else ends[-1]
    return Affected(
        int(starts[before[-1]]),
        int(ends[min(closing, final)]),
        int(starts[first]),
        int(ends[last]),
        _anchor_ms(near, known, anchors),
    )


def _anchor_ms(near: "_Near", known: Known, anchors: NDArray[np.int64]) -> int | None:
    """The anchor that the next change at the end can begin with, and one that comes a little late too."""
    if not known.to_end or known.at_ms[-1] != near.instants[-1]:
        return None
    # One sample and its quarter before the last: packets that change places by one are no reason to read it all.
    opening = _opening(near.instants, _opening(near.instants, len(near.instants) - 1) - 1)
    before = anchors[anchors <= opening]
    if not len(before):
        return None
    anchor = int(before[-1])
    in_sight = known.from_start or known.calm_before or near.told[anchor] > FAR
    if near.trouble[near.back(anchor, FAR) :].any() or not in_sight:
        return None
    return int(near.instants[anchor])


@dataclass(frozen=True, slots=True)
class _Near:
    """Instants with one value, by time; what is remarkable of them; and the number of telling samples up to each."""

    instants: NDArray[np.int64]
    trouble: NDArray[np.bool_]  # at a break, a contradiction or a declared swap
    rise: NDArray[np.bool_]  # surely higher than the level before
    told: NDArray[np.int64]

    def back(self, place: int, count: int) -> int:
        """The place so many telling samples before another, or the first."""
        return int(np.searchsorted(self.told, self.told[min(place, len(self.told) - 1)] - count))

    def onward(self, place: int, count: int) -> int:
        """The place so many telling samples after another; beyond the last where there are not so many."""
        beyond = len(self.told)
        wanted = self.told[place] + count if place < beyond else self.told[-1] + count + 1
        return int(np.searchsorted(self.told, wanted, side="right")) - 1 if wanted <= self.told[-1] else beyond

    def reached(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places up to which a decision at each of these can look, at most the last."""
        ahead = np.searchsorted(self.told, self.told[places] + REACH, side="right") - 1
        return np.asarray(ahead, np.int64)


def _opening(instants: NDArray[np.int64], place: int) -> int:
    """Where the quarter of a place begins. Whole quarters are written: all that lies in them must be booked too."""
    begin_ms = int(instants[max(place, 0)]) // QUARTER_MS * QUARTER_MS
    return max(int(np.searchsorted(instants, begin_ms, side="right")) - 1, 0)


def _closing(instants: NDArray[np.int64], place: int) -> int:
    end_ms = -(-int(instants[min(place, len(instants) - 1)]) // QUARTER_MS) * QUARTER_MS
    return int(np.searchsorted(instants, end_ms))


def _looked_at(known: Known, terms: Terms) -> _Near:
    """An instant with several values may count or not, by its neighbours: as it may not, no reach is measured by it."""
    every, first, counts = np.unique(known.at_ms, return_index=True, return_counts=True)
    single = counts == 1
    if not single.any():
        return _Near(every, np.ones(len(every), np.bool_), np.zeros(len(every), np.bool_), np.arange(len(every)))
    instants, value = every[single], known.value[first[single]]
    stretch = stretch_of(instants, value, terms)
    trouble = np.zeros(len(instants), np.bool_)
    breaks = is_break(stretch)
    trouble[1:] |= breaks
    trouble[:-1] |= breaks
    # Of a swap before a calm beginning it is known that it does not stand beside it.
    swaps = (swap.at_ms for swap in terms.swaps if not known.calm_before or swap.at_ms > every[0])
    special = [*every[~single], *swaps]
    for beside in (np.searchsorted(instants, special), np.searchsorted(instants, special, side="right") - 1):
        trouble[beside[(beside >= 0) & (beside < len(instants))]] = True
    rise = np.zeros(len(instants), np.bool_)
    # A level that is held above a value is so by no more than the noise of this value's own display.
    rise[1:] = np.diff(value) > noise(stretch, value, np.arange(len(value)))[:-1]
    return _Near(instants, trouble, rise, np.cumsum(telling(value)))


def _anchors(near: _Near, from_start: bool) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Instants that no trouble comes up to within REACH, and the places of those that are anchors."""
    troubles = np.concatenate([[0], np.cumsum(near.trouble)])
    places = np.arange(len(near.trouble))
    calm = troubles[places + 1] == troubles[np.searchsorted(near.told, near.told - REACH)]
    anchors = calm & near.rise & ((near.told > REACH) | from_start)
    if from_start and len(anchors):
        anchors[0] = True
    return calm, np.flatnonzero(anchors)
