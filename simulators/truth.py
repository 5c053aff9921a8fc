"""What really was wrong in a sample centre, as rows that scoring reads and the product never sees."""

from collections.abc import Iterator

from simulators.faults import FaultKind
from simulators.world import World

COLUMNS = ("meter", "start", "end", "kind", "size")


def rows(world: World, until_s: int) -> Iterator[tuple[str, int, int, str, float]]:
    """meter, first and end instant [seconds since 1970 UTC], kind and size [m3/h or kW] of each fault begun by until_s.

    A silent device is a row for each of its meters. A fault that lasts ends at until_s.
    """
    for fault in world.faults:
        if fault.start_s >= until_s:
            continue
        end_s = until_s if fault.end_s is None else min(fault.end_s, until_s)
        for meter in _meters(world, fault.kind, fault.target):
            yield meter, fault.start_s, end_s, fault.kind.value, fault.size_per_h


def _meters(world: World, kind: FaultKind, target: str) -> list[str]:
    if kind is FaultKind.SILENT:
        return [
            m
            for device in world.devices
            if device.id == target
            for m in dict.fromkeys(r.meter for r in device.registers)
        ]
    return [target] if any(register.meter == target for register in world.registers()) else []
