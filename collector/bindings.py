"""Which meter a device's register feeds at a moment. Pure: the table is made from the registry's bindings."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from plagewatch.metering.meters import Binding

Run = tuple[Binding | None, int, int]


class BindingTable:
    """All bindings, ready to be asked by device, register and moment."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        # Nearly every logger has one register and one meter for all time: 250 bytes of memory each, not 700.
        self._only: dict[str, Binding] = {}
        self._bound: dict[tuple[str, str], tuple[list[int], list[Binding | None]]] = {}
        self._devices: set[str] = set()
        several: dict[str, list[Binding]] = {}
        for binding in sorted(bindings, key=lambda b: b.from_ms):
            if binding.device in several:
                several[binding.device].append(binding)
            elif (before := self._only.pop(binding.device, None)) is not None or binding.to_ms is not None:
                several[binding.device] = [binding] if before is None else [before, binding]
            else:
                self._only[binding.device] = binding
        for device, some in several.items():
            self._devices.add(device)
            for binding in some:
                self._bind(binding)
        for starts, bound in self._bound.values():
            last = bound[-1]
            if last is not None and last.to_ms is not None:
                starts.append(max(last.to_ms, last.from_ms))
                bound.append(None)

    def _bind(self, binding: Binding) -> None:
        starts, bound = self._bound.setdefault((binding.device, binding.register), ([], []))
        last = bound[-1] if bound else None
        if last is not None and last.to_ms is not None and last.to_ms < binding.from_ms:
            starts.append(last.to_ms)
            bound.append(None)
        starts.append(binding.from_ms)
        bound.append(binding)

    def knows(self, device: str) -> bool:
        """Whether any register of the device is bound, at any time."""
        return device in self._only or device in self._devices

    def binds(self, device: str, register: str) -> bool:
        """Whether the register of the device is bound, at any time."""
        only = self._only.get(device)
        return (device, register) in self._bound if only is None else only.register == register

    def runs(self, device: str, register: str, at_ms: Sequence[int]) -> Sequence[Run]:
        """Stretches [first, end) of consecutive instants with one binding; None = bound to no meter at that time.

        >>> table = BindingTable([Binding("d", "gas_volume", "old"), Binding("d", "gas_volume", "new", 50, to_ms=60)])
        >>> [(b and b.meter, first, end) for b, first, end in table.runs("d", "gas_volume", [10, 49, 50, 60])]
        [('old', 0, 2), ('new', 2, 3), (None, 3, 4)]
        """
        only = self._only.get(device)
        starts: list[int] = []
        bound: list[Binding | None] = []
        if only is not None and only.register == register:
            starts, bound = [only.from_ms], [only]
        elif (device, register) in self._bound:
            starts, bound = self._bound[device, register]
        if len(starts) == 1 and at_ms and starts[0] <= (at_ms[0] if len(at_ms) == 1 else min(at_ms)):
            return ((bound[0], 0, len(at_ms)),)  # nearly always: one meter for all time
        runs: list[Run] = []
        first, current = 0, -2
        for place, moment_ms in enumerate(at_ms):
            found = bisect_right(starts, moment_ms) - 1
            if found != current and place:
                runs.append(((bound[current] if current >= 0 else None), first, place))
                first = place
            current = found
        if at_ms:
            runs.append(((bound[current] if current >= 0 else None), first, len(at_ms)))
        return runs
