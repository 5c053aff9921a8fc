"""From rows to stored evidence: blocks of values, what of them the store has already, and what is new.

Only what is new is written, and only its stretch is marked: the same file a second time changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from collector.imports.stores import ImportStore
from plagewatch.metering.meters import Kind
from plagewatch.metering.readings import Quality, Samples
from plagewatch.store.engine import Engine
from plagewatch.store.records.registry import meters, save
from plagewatch.store.records.work import DirtyWindow, mark_dirty
from plagewatch.store.series.protocol import Evidence

FLUSH_VALUES = 50_000

Key = tuple[str, str, Quality]  # meter, register, how the value came about


@dataclass(frozen=True, slots=True)
class Block:
    """Values of one meter register as a file has them. Same length; value in the unit of the register word."""

    meter: str
    register: str
    at_ms: Sequence[int]
    value: Sequence[float]
    quality: Quality = Quality.MEASURED


class Gathering:
    """Values by meter and register until there are enough of them: a file of any length needs the same memory."""

    def __init__(self) -> None:
        self._columns: dict[Key, tuple[list[int], list[float]]] = {}
        self._values = 0

    def add(self, meter: str, register: str, at_ms: int, value: float, quality: Quality = Quality.MEASURED) -> bool:
        """One value more; whether there are enough now."""
        key = (meter, register, quality)
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = ([], [])
        column[0].append(at_ms)
        column[1].append(value)
        self._values += 1
        return self._values >= FLUSH_VALUES

    def drain(self) -> list[Block]:
        """What was gathered, and begin anew."""
        blocks = [Block(meter, word, *columns, quality) for (meter, word, quality), columns in self._columns.items()]
        self._columns, self._values = {}, 0
        return blocks


@dataclass(slots=True)
class Account:
    """What a file brought of one meter register. contradicting: of the new values, those that stand beside another
    value of the same instant."""

    new: int = 0
    known: int = 0
    contradicting: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


@dataclass(slots=True)
class Bookkeeper:
    """Writes what is new of the blocks it is given, and keeps account of all of it."""

    engine: Engine
    series: ImportStore
    source: str
    now_ms: int
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    _without_interval: dict[str, None] | None = None

    def take(self, blocks: Sequence[Block]) -> None:
        """Write the evidence that is new, and remember that the figures of its time are old."""
        fresh = [new for block in blocks if len(block.at_ms) and (new := self._new(block)) is not None]
        if not fresh:
            return
        windows = [DirtyWindow(new.meter, new.at_ms[0], new.at_ms[-1]) for new in fresh]
        # Marked on both sides of the write: who stops in between finds the evidence known and would mark nothing again.
        mark_dirty(self.engine, windows)
        self.series.write_samples(fresh)
        self._learn_intervals(fresh)
        mark_dirty(self.engine, windows)

    def _new(self, block: Block) -> Samples | None:
        at_ms, value = _distinct(block)
        first_ms, last_ms = int(at_ms[0]), int(at_ms[-1])
        stored = self.series.samples(block.meter, block.register, first_ms, last_ms + 1)
        known, contradicts = compared(at_ms, value, block.quality, stored)
        account = self.accounts.setdefault((block.meter, block.register), Account())
        account.known += len(block.at_ms) - int(np.count_nonzero(~known))
        account.new += int(np.count_nonzero(~known))
        account.contradicting += int(np.count_nonzero(contradicts))
        account.first_ms = min(first_ms, first_ms if account.first_ms is None else account.first_ms)
        account.last_ms = max(last_ms, last_ms if account.last_ms is None else account.last_ms)
        if known.all():
            return None
        at, values = at_ms[~known].tolist(), value[~known].tolist()
        return Samples(block.meter, block.register, at, values, self.source, self.now_ms, block.quality)

    def _learn_intervals(self, fresh: Iterable[Samples]) -> None:
        # Without its length an hourly amount would be taken for that of a quarter.
        if self._without_interval is None:
            self._without_interval = {
                meter.id: None
                for meter in meters(self.engine)
                if meter.kind is Kind.INTERVAL and meter.interval_s is None
            }
        for new in fresh:
            steps_ms = np.diff(np.array(new.at_ms, np.int64))
            steps_ms = steps_ms[steps_ms > 0]
            if new.meter in self._without_interval and len(steps_ms):
                found, counts = np.unique(steps_ms, return_counts=True)
                meter = next(meter for meter in meters(self.engine) if meter.id == new.meter)
                save(self.engine, [replace(meter, interval_s=int(found[np.argmax(counts)]) // 1000)])
                del self._without_interval[new.meter]


def totals(accounts: Mapping[tuple[str, str], Account]) -> Account:
    """All accounts as one."""
    firsts = [account.first_ms for account in accounts.values() if account.first_ms is not None]
    lasts = [account.last_ms for account in accounts.values() if account.last_ms is not None]
    return Account(
        sum(account.new for account in accounts.values()),
        sum(account.known for account in accounts.values()),
        sum(account.contradicting for account in accounts.values()),
        min(firsts, default=None),
        max(lasts, default=None),
    )


def compared(
    at_ms: NDArray[np.int64], value: NDArray[np.float64], quality: Quality, stored: Evidence
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the values (by time) the store has, and which others contradict one of their instant.

    A value that the store has with a worse quality is not known: the better one is to be kept. A measured value beside
    an estimate contradicts nothing: it is the better one.

    >>> at_ms, value = np.array([1, 2, 3, 4, 5]), np.array([5.0, 6.0, 7.0, 8.0, 9.0])
    >>> quality = np.array([0, 0, 0, 2, 2], np.int8)
    >>> instants, values = np.array([2, 2, 3, 4, 5]), np.array([4.0, 6.0, 9.0, 8.0, 1.0])
    >>> stored = Evidence(instants, values, quality, np.zeros(5, np.int64))
    >>> known, contradicts = compared(at_ms, value, Quality.MEASURED, stored)
    >>> known.tolist(), contradicts.tolist()
    ([False, True, False, False, False], [False, False, True, False, False])
    """
    known, same, other = (np.zeros(len(at_ms), np.bool_) for _ in range(3))
    first, after = np.searchsorted(stored.at_ms, at_ms, "left"), np.searchsorted(stored.at_ms, at_ms, "right")
    for beyond in range(int((after - first).max(initial=0))):  # mostly one value an instant
        place = np.minimum(first + beyond, len(stored.at_ms) - 1)
        there = first + beyond < after
        here = there & (stored.value[place] == value)
        same |= here
        known |= here & (stored.quality[place] <= quality)
        other |= there & ~here & (stored.quality[place] == quality)
    beside = np.append(False, np.diff(at_ms) == 0)
    return known, ~same & (other | beside)


def _distinct(block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    at_ms, value = np.array(block.at_ms, np.int64), np.array(block.value, np.float64)
    order = np.lexsort((value, at_ms))
    at_ms, value = at_ms[order], value[order]
    other = np.append(True, (np.diff(at_ms) != 0) | (np.diff(value) != 0))
    return at_ms[other], value[other]
