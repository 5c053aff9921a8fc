"""What the records say of devices, topics and memory, read again when it may have changed."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from collector.bindings import BindingTable
from collector.decoders import Route
from collector.planning import Known, Pair, Plan
from plagewatch.store.engine import Engine
from plagewatch.store.records import all_bindings
from plagewatch.store.records.device_memory import memory
from plagewatch.store.records.serials import SerialSeen
from plagewatch.store.records.topic_routes import TopicRoute, routes

log = structlog.get_logger()

STAYS_FRESH_MS = 5_000
HOMELESS_WAIT_MS = 2_000  # a device that nobody bound sends all the time
NAMELESS_WAIT_MS = 200  # its birth may have come to another collector with the packet before
# Reading a hundred thousand bindings takes 0.3 s: then both are longer, so that it stays a few percent of the time.

MOST_TOLD = 20_000
"""Pairs of a device and a register that are remembered as told: somebody may send under ever new names."""


class Records:
    """Bindings, routes and memory as the collector last read them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._state: tuple[int, Sequence[TopicRoute]] | None = None
        self._took_ms = 0.0
        self._read_ms: int | None = None
        self._memory: Mapping[str, str] | None = None
        self._recalled_ms: int | None = None
        self._shared = engine.dialect.name != "sqlite"  # embedded records have one collector
        self.known = Known(BindingTable(()))

    def fresh(self, now_ms: int) -> Known:
        """What is known, not older than a few seconds."""
        if self._read_ms is None or not 0 <= now_ms - self._read_ms < max(STAYS_FRESH_MS, 50 * self._took_ms):
            self.read(now_ms)
        return self.known

    def changed_meanwhile(self, now_ms: int) -> bool:
        """For something that has no place: whether somebody has bound it a moment ago."""
        wait_ms = max(HOMELESS_WAIT_MS, 20 * self._took_ms)
        young = self._read_ms is not None and 0 <= now_ms - self._read_ms < wait_ms
        return not young and self.read(now_ms)

    def remembered_meanwhile(self, now_ms: int) -> bool:
        """For names that nobody told here: whether another collector has heard them a moment ago."""
        if self._recalled_ms is not None and 0 <= now_ms - self._recalled_ms < NAMELESS_WAIT_MS:
            return False
        before = self.known.memory
        self._recall(now_ms)
        return self.known.memory != before

    def _recall(self, now_ms: int) -> None:
        self._recalled_ms = now_ms
        self._memory = memory(self._engine)
        self.known = replace(self.known, memory=self._memory)

    def read(self, now_ms: int) -> bool:
        """Read again; whether anything changed."""
        began_s = time.perf_counter()
        said = routes(self._engine)
        state = all_bindings.state(self._engine), said
        self._read_ms, self._took_ms = now_ms, (time.perf_counter() - began_s) * 1000
        if self._memory is None or self._shared:
            # Another collector may have heard that a device names its registers otherwise from now on.
            self._recall(now_ms)
        if state == self._state:
            return False
        table = BindingTable(all_bindings.all_bindings(self._engine))
        self._state = state
        told = {pair: at_ms for pair, at_ms in self.known.told.items() if not table.binds(*pair)}
        self.known = Known(table, compiled(said), self.known.memory, told)
        return True

    def note(self, made: Plan) -> None:
        """Know what a plan that is written changed."""
        memory = {**self.known.memory, **{key: value for key, (_, value) in made.memory.items()}}
        self.known = replace(self.known, memory=memory, told=told_after(self.known.told, made.told))
        self._memory = memory

    def go_back(self, known: Known) -> None:
        """Know again what was told at an earlier moment, and read all else again: plans noted since are not written."""
        self.known = replace(self.known, told=known.told)
        # Not the memory of then: it may be from before it was read for the plan that is let go of.
        self.forget()

    def forget(self) -> None:
        """Read all of it at the next occasion: something older is looked at, or the memory was changed elsewhere."""
        self._read_ms = None
        self._memory = None


class SerialsMet:
    """The serial numbers that this process met last, so that the same one is not looked up with every packet."""

    def __init__(self) -> None:
        self._last: dict[Pair, tuple[str, int]] = {}

    def unmet(self, seen: Iterable[SerialSeen]) -> list[SerialSeen]:
        """Those that differ from the one before, or are from before it."""
        new = []
        last = dict(self._last)
        for one in seen:
            serial, first_ms = last.get((one.meter, one.register), ("", 0))
            if serial != one.serial or one.at_ms < first_ms:
                last[one.meter, one.register] = one.serial, one.at_ms
                new.append(one)
        return new

    def note(self, seen: Iterable[SerialSeen]) -> None:
        """Remember those that are written."""
        for one in seen:
            self._last[one.meter, one.register] = one.serial, one.at_ms


def told_after(before: Mapping[Pair, int], made: Mapping[Pair, int]) -> Mapping[Pair, int]:
    """What was told after more was; of too many the half that was told last, so the others are told once more.

    >>> before = {("d", f"field.{number}"): number for number in range(MOST_TOLD)}
    >>> told = told_after(before, {("d", "field.new"): MOST_TOLD})
    >>> len(told) == MOST_TOLD // 2, ("d", "field.new") in told, ("d", "field.0") in told
    (True, True, False)
    """
    if not made:
        return before
    told = {**before, **made}
    if len(told) <= MOST_TOLD:
        return told
    newest = sorted(told.items(), key=lambda one: one[1])[-MOST_TOLD // 2 :]
    return dict(newest)


def compiled(said: Iterable[TopicRoute]) -> list[Route]:
    """Routes as the decoders take them; one that names what is not there is told and left out."""
    made = []
    for route in said:
        try:
            made.append(Route.of(route.template, route.family))
        except (KeyError, ValueError) as error:
            log.error("a route of topics is not usable", template=route.template, family=route.family, error=str(error))
    return made
