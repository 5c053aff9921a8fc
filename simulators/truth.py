"""What really was wrong in a sample centre, as rows that scoring reads and the product never sees."""

from collections.abc import Iterator

from simulators.faults import Fault, FaultKind
from simulators.world import World

COLUMNS = ("meter", "start", "end", "kind", "size")


def rows(world: World, until_s: int) -> Iterator[tuple[str, int, int, str, float]]:
    """meter, first and end instant [seconds since 1970 UTC], kind and size [m3/h or kW] of each fault up to until_s.

    A silent device is a row for each of its meters. Only what lies between the world's start and until_s is told.
    """
    for fault in world.faults:
        start_s = max(fault.start_s, world.start_s)
        end_s = until_s if fault.end_s is None else min(fault.end_s, until_s)
        if start_s < end_s:
            for meter in _meters(world, fault):
                yield meter, start_s, end_s, fault.kind.value, fault.size_per_h


def _meters(world: World, fault: Fault) -> list[str]:
    if fault.kind is FaultKind.SILENT:
        return list(dict.fromkeys(r.meter for d in world.devices if d.id == fault.target for r in d.registers))
    return [fault.target] if any(register.meter == fault.target for register in world.registers()) else []
