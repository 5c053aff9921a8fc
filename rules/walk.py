"""Goes through verdicts in order of time, tick by tick. The live rules and the back-test differ in the book only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plagewatch.tickets.findings import Finding
from plagewatch.tickets.states import Ticket
from rules.catalogue import Rule
from rules.detectors.verdicts import HOUR_S, Flags, Verdicts
from rules.incidents import OPENS, SILENCES, Change, Key, Normal, decide


@dataclass(frozen=True, slots=True)
class Track:
    """The verdicts of one rule on one meter, ready to be asked by moment."""

    rule: Rule
    meter: str
    cause: str
    verdicts: Verdicts
    covers: tuple[str, ...] = ()  # the meters it speaks of, where these are more than its own
    lasting: Flags = field(init=False)
    normal_in_a_row: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        lasting = self.verdicts.lasting
        lasting = np.zeros(len(self.verdicts), np.bool_) if lasting is None else lasting & ~self.verdicts.abnormal
        object.__setattr__(self, "lasting", lasting)
        place = np.arange(1, len(self.verdicts) + 1)
        last_abnormal = np.maximum.accumulate(np.where(self.verdicts.abnormal | lasting, place, 0))
        object.__setattr__(self, "normal_in_a_row", place - last_abnormal)

    @property
    def key(self) -> Key:
        """The key of its tickets."""
        return self.meter, self.cause

    def at(self, moment_s: int) -> Finding | Normal | None:
        """The verdict that became known at a moment; None where there was none, or where a lasting change goes on."""
        index = int(np.searchsorted(self.verdicts.start_s, moment_s - HOUR_S))
        if index == len(self.verdicts) or self.verdicts.start_s[index] != moment_s - HOUR_S:
            return None
        if self.lasting[index]:
            return None
        if not self.verdicts.abnormal[index]:
            in_a_row = int(self.normal_in_a_row[index])
            return Normal(self.meter, self.cause, moment_s, in_a_row, self.rule.normal_in_a_row)
        return Finding(
            rule=self.rule.id,
            meter=self.meter,
            cause=self.cause,
            first_abnormal_s=int(self.verdicts.since_s[index]),
            last_abnormal_s=int(self.verdicts.start_s[index]),
            seen_s=moment_s,
            score=round(float(self.verdicts.score[index]), 3),
            numbers={
                name: round(float(values[index]), 4)
                for name, values in self.verdicts.numbers.items()
                if np.isfinite(values[index])
            },
        )


class Book(Protocol):
    """Where tickets stand: in the records, or in memory for a back-test."""

    def latest(self, key: Key) -> Ticket | None:
        """The living ticket of a key, else the newest one that is over."""

    def living(self) -> Iterable[Key]:
        """Keys of all living tickets."""

    def apply(self, change: Change) -> None:
        """Carry a change out; one that another worker was first with does nothing."""


def walk(tracks: Sequence[Track], span_s: tuple[int, int], book: Book, now_at: Callable[[int], int]) -> int:
    """Decide at every tick in (span_s[0], span_s[1]] and let the book apply it; the number of changes.

    Ticks are the full hours, and between them the moments at which rules speak that need not wait for one.
    now_at: the moment at which a tick is really looked at: the tick itself, or later where it is looked at again.
    """
    by_key = {track.key: track for track in tracks}
    at_tick = _findings_by_tick(tracks, span_s)
    changes = 0
    for tick in _ticks(tracks, span_s):
        keys = dict.fromkeys(at_tick.get(tick, ()))
        keys.update(dict.fromkeys(key for key in book.living() if key in by_key))
        if not keys:
            continue
        verdicts = [verdict for key in keys if (verdict := by_key[key].at(tick)) is not None]
        tickets = {key: ticket for key in keys if (ticket := book.latest(key)) is not None}
        for change in decide(verdicts, tickets, now_at(tick), _silent(verdicts, by_key)):
            book.apply(change)
            changes += 1
    return changes


def _ticks(tracks: Sequence[Track], span_s: tuple[int, int]) -> list[int]:
    ticks = set(range(span_s[0] - span_s[0] % HOUR_S + HOUR_S, span_s[1] + 1, HOUR_S))
    for track in tracks:
        if track.rule.hard:
            known_s = track.verdicts.known_s
            ticks.update(known_s[(known_s > span_s[0]) & (known_s <= span_s[1])].tolist())
    return sorted(ticks)


def _silent(verdicts: Iterable[Finding | Normal], by_key: Mapping[Key, Track]) -> set[str]:
    """Meters that a verdict of this tick calls dead."""
    dead = [v for v in verdicts if isinstance(v, Finding) and v.cause in SILENCES and v.score >= OPENS]
    return {meter for v in dead for meter in (v.meter, *by_key[v.meter, v.cause].covers)}


def _findings_by_tick(tracks: Sequence[Track], span_s: tuple[int, int]) -> dict[int, list[Key]]:
    at_tick: dict[int, list[Key]] = {}
    for track in tracks:
        known_s = track.verdicts.known_s[track.verdicts.abnormal]
        for tick in known_s[(known_s > span_s[0]) & (known_s <= span_s[1])].tolist():
            at_tick.setdefault(tick, []).append(track.key)
    return at_tick
