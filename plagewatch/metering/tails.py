"""Where a meter's ledger stands: what the next change at its end needs to know of all that came before. Pure.

Almost every packet adds the next reading to a register that only rises. What that changes hangs on a few samples at the
end and on sums of what stands before, not on the hundreds of samples and figures that tell the same again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.readings import Flow
from plagewatch.metering.rollups import bounds_s

COVERED_S = 1
"""How long a carried interval counts as [s]: its coverage is in seconds."""


# Named tuples: with each packet half a dozen of these are made anew, and a frozen dataclass takes four times as long.
class RegisterTail(NamedTuple):
    """Where a register stands.

    anchor_ms: as `Affected.anchor_ms`. last_ms: its newest sample. usual_s: the usual distance of samples [s] with
    which its figures were made. distances: how many lie between its samples, up to the newest; alike: on how many of
    them figures hang as on the usual one. Both 0 where the distance was entered. begins: the anchor is the first
    sample of all.
    """

    anchor_ms: int
    last_ms: int
    usual_s: float
    distances: int = 0
    alike: int = 0
    begins: bool = False


class Carry(NamedTuple):
    """The sums of the fine intervals in [start_s, upto_s), of which a coarser interval begins at start_s.

    known: whether any amount among them is. covered_s: how much of it was measured [s]; the rest as in `Intervals`.
    """

    start_s: int
    upto_s: int
    known: bool
    amount: float
    covered_s: float
    interpolated: float
    spread: float
    estimated: float
    manual: float

    def with_finer(self, fine: Intervals, length_s: Seconds | int) -> tuple[Intervals, Seconds]:
        """What is carried as one interval, then the fine ones; and how long each is [s].

        Rolled up, they make the figures bit by bit that all fine ones make: sums go from the first to the last.
        """
        lengths = np.full(len(fine), length_s) if isinstance(length_s, int) else length_s
        if not self.known:
            return fine, lengths
        carried = (self.amount, self.covered_s, self.interpolated, self.spread, self.estimated, self.manual)
        names = tuple(Intervals.__dataclass_fields__)[1:]
        columns = [np.append(one, getattr(fine, name)) for one, name in zip(carried, names, strict=True)]
        return Intervals(np.append(self.start_s, fine.start_s), *columns), np.append(COVERED_S, lengths)


# What is made of quarters, and of what is made.
STEPS = (
    (Resolution.QUARTER, Resolution.HOUR),
    (Resolution.QUARTER, Resolution.DAY),
    (Resolution.DAY, Resolution.MONTH),
)

Carries = Mapping[tuple[Flow, Resolution], Carry]


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a meter stands: all its registers that can make a flow, and what is carried into coarser intervals."""

    registers: Mapping[str, RegisterTail]
    carries: Carries = field(default_factory=dict)

    @property
    def anchor_ms(self) -> int:
        """From where on evidence is needed; a change after it is one at the end."""
        return min(one.anchor_ms for one in self.registers.values())

    @property
    def newest_anchor_ms(self) -> int:
        """A change must lie after it."""
        return max(one.anchor_ms for one in self.registers.values())


def nothing_before(flow: Flow, first_ms: int, tz: str) -> dict[tuple[Flow, Resolution], Carry]:
    """What is carried where the first sample of all comes: nothing."""
    found: dict[tuple[Flow, Resolution], Carry] = {}
    for base, coarse in STEPS:
        place_s = place_of(coarse, base, settled_s(first_ms), tz)
        found[flow, coarse] = Carry(*place_s, False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return found


def settled_s(last_ms: int) -> int:
    """Where the quarter begins that holds the newest sample: nothing before it changes with the next one [s].

    >>> settled_s(1_800_000), settled_s(1_799_999)
    (1800, 900)
    """
    return last_ms // 900_000 * 900


def place_of(coarse: Resolution, base: Resolution, at_s: int, tz: str) -> tuple[int, int]:
    """Where the coarse and the fine interval begin in which an instant lies [s since 1970 UTC].

    >>> place_of(Resolution.HOUR, Resolution.QUARTER, 5_000, "UTC")
    (3600, 4500)
    """
    return int(bounds_s(coarse, at_s, at_s + 1, tz)[0]), int(bounds_s(base, at_s, at_s + 1, tz)[0])


def carried(whole: Intervals, length_s: Seconds, place_s: tuple[int, int]) -> Carry:
    """The sums of the intervals that start in [place_s[0], place_s[1]), one after the other from the first.

    >>> quarters = Intervals.measured(np.array([0, 900, 1800]), np.array([1.0, np.nan, 4.0]))
    >>> made = carried(quarters, np.full(3, 900), (0, 2700))
    >>> made.amount, made.covered_s
    (5.0, 1800.0)
    """
    first, after = np.searchsorted(whole.start_s, place_s).tolist()
    known = False
    sums = [0.0] * 6
    amounts: Floats = whole.amount
    for row in range(first, after):
        amount = float(amounts[row])
        if amount != amount:  # not known: it counts in no sum
            continue
        known = True
        parts = (
            amount,
            float(whole.coverage[row]) * float(length_s[row]),
            float(whole.interpolated[row]),
            float(whole.spread[row]),
            float(whole.estimated[row]),
            float(whole.manual[row]),
        )
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
    return Carry(*place_s, known, *sums)
