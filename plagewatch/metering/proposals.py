"""Exchanges of meters that nobody declared: proposed where a serial number changes, or where an index fell for good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from plagewatch.metering.meters import Swap

MINUTE_MS = 60_000


class Why(StrEnum):
    """What a proposal rests on. The words are stable."""

    SERIAL_CHANGED = "serial_changed"
    INDEX_FELL = "index_fell"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two readings beside each other [ms since 1970 UTC], between which a device seems to have been replaced.

    last_index, first_index: what they said [unit of the register]. Serial numbers are empty where no telegram told.
    """

    register: str
    from_ms: int
    to_ms: int
    last_index: float
    first_index: float
    why: Why
    old_serial: str = ""
    new_serial: str = ""

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies between the two readings, or at one of them."""
        return self.from_ms <= at_ms <= self.to_ms


@dataclass(frozen=True, slots=True)
class Proposal:
    """A swap that a person may declare. at_ms: an instant between the readings; the true one nobody measured."""

    meter: str
    seen: Exchange
    at_ms: int

    def as_swap(self) -> Swap:
        """The swap as it would be declared if nobody knew better."""
        seen = self.seen
        return Swap(self.meter, seen.register, self.at_ms, seen.last_index, seen.first_index, seen.new_serial)


def proposals(
    meter: str, seen: Iterable[Exchange], swaps: Iterable[Swap], dismissed: Iterable[tuple[str, int]]
) -> list[Proposal]:
    """What is still to be decided at a meter, by time.

    seen: as found in telegrams and by the ledger; two of one register that overlap are one, the serial number tells
    more than the fall. swaps: declared ones: one between the two readings, or one of the new serial number, settles
    it. dismissed: (register, instant) of what somebody said was none.

    >>> fall = Exchange("gas_volume", 0, 900_000, 812.0, 3.0, Why.INDEX_FELL)
    >>> [(one.at_ms, one.seen.last_index) for one in proposals("m", [fall], [], [])]
    [(420000, 812.0)]
    >>> proposals("m", [fall], [Swap("m", "gas_volume", 60_000, 812.0, 0.0)], [])
    []
    """
    declared, settled = list(swaps), list(dismissed)
    return [
        Proposal(meter, one, between(one.from_ms, one.to_ms))
        for one in _united(seen)
        if not _is_declared(one, declared)
        and not any(register == one.register and one.holds(at_ms) for register, at_ms in settled)
    ]


def between(from_ms: int, to_ms: int) -> int:
    """The middle of two instants, on a whole minute where one lies between them.

    >>> between(0, 900_000), between(1000, 3000)
    (420000, 2000)
    """
    middle_ms = (from_ms + to_ms) // 2
    minute_ms = middle_ms // MINUTE_MS * MINUTE_MS
    return minute_ms if minute_ms > from_ms else middle_ms


def _is_declared(seen: Exchange, swaps: Sequence[Swap]) -> bool:
    return any(
        swap.register == seen.register and (seen.holds(swap.at_ms) or swap.serial == seen.new_serial != "")
        for swap in swaps
    )


def _united(seen: Iterable[Exchange]) -> list[Exchange]:
    kept: list[Exchange] = []
    order = list(Why)
    for one in sorted(seen, key=lambda one: (one.register, order.index(one.why), one.from_ms)):
        same = [place for place, other in enumerate(kept) if _overlap(one, other)]
        if not same:
            kept.append(one)
        elif one.why is Why.INDEX_FELL and kept[same[0]].why is Why.SERIAL_CHANGED:
            # The ledger leaves out readings that cannot be: its two indexes are those that count.
            serial = kept[same[0]]
            kept[same[0]] = replace(
                one, why=Why.SERIAL_CHANGED, old_serial=serial.old_serial, new_serial=serial.new_serial
            )
    return sorted(kept, key=lambda one: (one.from_ms, one.register))


def _overlap(one: Exchange, other: Exchange) -> bool:
    return one.register == other.register and one.from_ms < other.to_ms and other.from_ms < one.to_ms
