"""What an index that a person read would mean, told before it is stored. Nothing is refused here: it is evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, nan

from plagewatch.metering.flows import flow_registers
from plagewatch.metering.meters import Carrier
from plagewatch.metering.readings import REGISTERS, Behaviour

DAY_MS = 86_400_000
FAR_ABOVE = 3.0
"""So many times the highest day of late is far above what is usual."""

MOST_OF_A_TURN = 0.1
SHORTEST_TOLD_MS = 6 * 3_600_000
"""Over less time an amount a day would be made of the last decimal."""


class Verdict(StrEnum):
    """What a person should look at again. The words are stable."""

    FIRST = "first"  # nothing was read before it
    USUAL = "usual"
    BELOW_LAST = "below_last"
    TURNED = "turned"  # below the last one, as after 99 999 comes 0
    ABOVE_NEXT = "above_next"
    FAR_ABOVE = "far_above"
    KNOWN = "known"  # the very same stands there
    OTHER_THEN = "other_then"  # another value stands there for the very same instant


@dataclass(frozen=True, slots=True)
class Read:
    """An index at an instant [ms since 1970 UTC]."""

    at_ms: int
    index: float


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a reading.

    last, following: the nearest readings before it, and after it. then: values that stand there for its very instant.
    factor: index units to amount, NaN = not known. full_scale: where the register turns over, inf = not known.
    highest_day: the highest amount of a day of late, NaN = not known.
    """

    last: Read | None = None
    following: Read | None = None
    then: Sequence[float] = ()
    factor: float = 1.0
    full_scale: float = inf
    highest_day: float = nan


@dataclass(frozen=True, slots=True)
class Meaning:
    """movement: since the last reading [index units]. amount, per_day: in the meter's unit; NaN = cannot be told."""

    verdict: Verdict
    movement: float = nan
    amount: float = nan
    per_day: float = nan


def meaning(read: Read, around: Around) -> Meaning:
    """What a reading would mean beside those around it.

    >>> meaning(Read(2 * DAY_MS, 130.0), Around(Read(0, 100.0), factor=2.0, highest_day=50.0))
    Meaning(verdict=<Verdict.USUAL: 'usual'>, movement=30.0, amount=60.0, per_day=30.0)
    >>> meaning(Read(2 * DAY_MS, 99.0), Around(Read(0, 100.0))).verdict.value
    'below_last'
    """
    last = around.last
    if last is None:
        return Meaning(_against_then(read, around) or _against_next(read, around) or Verdict.FIRST)
    movement = read.index - last.index
    turned = movement < 0 and movement + around.full_scale <= MOST_OF_A_TURN * around.full_scale < inf
    if turned:
        movement += around.full_scale
    amount, span_ms = movement * around.factor, read.at_ms - last.at_ms
    per_day = amount / span_ms * DAY_MS if span_ms >= SHORTEST_TOLD_MS else nan
    # A day at the least: nobody uses a steady part of a day in each quarter-hour.
    allowed = FAR_ABOVE * around.highest_day * max(span_ms / DAY_MS, 1.0)
    verdict = _against_then(read, around)
    if verdict is None and movement < 0:
        verdict = Verdict.BELOW_LAST
    elif verdict is None and turned:
        verdict = Verdict.TURNED
    verdict = verdict or _against_next(read, around) or (Verdict.FAR_ABOVE if amount > allowed else Verdict.USUAL)
    return Meaning(verdict, movement, amount, per_day)


def _against_then(read: Read, around: Around) -> Verdict | None:
    if not around.then:
        return None
    return Verdict.KNOWN if read.index in around.then else Verdict.OTHER_THEN


def _against_next(read: Read, around: Around) -> Verdict | None:
    return Verdict.ABOVE_NEXT if around.following and read.index > around.following.index else None


def readable(carrier: Carrier, unit: str, known: Sequence[str]) -> list[str]:
    """Registers that a person can read off a meter: those with evidence first, then the others of its carrier.

    >>> readable(Carrier.GAS, "m3", ["gas_volume", "pulse_count"])
    ['gas_volume']
    >>> readable(Carrier.WATER, "m3", [])
    ['water_volume']
    """
    words = [word for word, said in REGISTERS.items() if said.behaviour is Behaviour.INDEX and said.unit == unit]
    of_carrier = [
        word for word in words if any(flow_registers([word], carrier, flow, unit) for flow in ("main", "export"))
    ]
    first = [register for register in known if register.partition(".")[0] in of_carrier]
    return first + [word for word in of_carrier if word not in {register.partition(".")[0] for register in first}]
