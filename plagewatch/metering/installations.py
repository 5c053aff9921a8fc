"""Which device stood behind a register when: told by the declared swaps and the serial numbers in telegrams."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from plagewatch.metering.meters import Swap


@dataclass(frozen=True, slots=True)
class Installation:
    """A device behind a register from one swap to the next; None = from ever, to now, or not known.

    by: the swap that brought it. first_index, last_index: as read at the swaps.
    """

    register: str
    serial: str
    from_ms: int | None
    to_ms: int | None
    first_index: float | None
    last_index: float | None
    by: Swap | None


def installations(swaps: Iterable[Swap], seen: Iterable[tuple[str, int, str]]) -> list[Installation]:
    """The devices of each register, the newest first.

    swaps: of one meter. seen: (register, instant [ms since 1970 UTC], serial number) as telegrams told; they name a
    device where its swap does not.

    >>> swap = Swap("m", "gas_volume", 5000, 812.0, 0.0)
    >>> [(one.serial, one.from_ms, one.to_ms, one.last_index) for one in
    ...  installations([swap], [("gas_volume", 10, "old"), ("gas_volume", 5060, "new")])]
    [('new', 5000, None, None), ('old', None, 5000, 812.0)]
    """
    told = list(seen)
    by_register: dict[str, list[Swap]] = {register: [] for register, _, _ in told}
    for swap in sorted(swaps, key=lambda swap: swap.at_ms):
        by_register.setdefault(swap.register, []).append(swap)
    found: list[Installation] = []
    for register in sorted(by_register):
        numbers = [(at_ms, serial) for name, at_ms, serial in told if name == register]
        pairs = pairwise([None, *by_register[register], None])
        found += reversed([_between(register, old, new, numbers) for old, new in pairs])
    return found


def _between(register: str, old: Swap | None, new: Swap | None, numbers: list[tuple[int, str]]) -> Installation:
    from_ms, to_ms = old.at_ms if old else None, new.at_ms if new else None
    here = [serial for at_ms, serial in sorted(numbers) if (from_ms or 0) <= at_ms and (to_ms is None or at_ms < to_ms)]
    return Installation(
        register=register,
        serial=old.serial if old and old.serial else here[0] if here else "",
        from_ms=from_ms,
        to_ms=to_ms,
        first_index=old.first_index if old else None,
        last_index=new.last_index if new else None,
        by=old,
    )
