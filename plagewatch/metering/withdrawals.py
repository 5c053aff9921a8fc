"""What a meter has of a device that does not feed it after all: evidence that stays, and does not count. Pure.

Evidence is never edited. A person who moves a device from a past instant withdraws what the old meter has of it since;
moved back, it counts again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from plagewatch.metering.meters import Binding

FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """What one source told in [from_ms, to_ms)."""

    source: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Evidence of a meter's register from one source, in [from_ms, to_ms), that does not count; who said so, when."""

    meter: str
    register: str
    source: str
    from_ms: int
    to_ms: int
    device: str
    who: str
    at_ms: int

    @property
    def span(self) -> SourceSpan:
        """The same as a series store is asked to pass over."""
        return SourceSpan(self.source, self.from_ms, self.to_ms)

    @property
    def of(self) -> tuple[str, str, str]:
        """Meter, register and source."""
        return self.meter, self.register, self.source

    def without(self, others: Iterable["Withdrawal"]) -> list["Withdrawal"]:
        """The pieces that none of the others covers."""
        pieces = [self]
        for other in others:
            if other.of == self.of:
                pieces = [piece for one in pieces for piece in _cut(one, other.from_ms, other.to_ms)]
        return pieces


@dataclass(frozen=True, slots=True)
class Settled:
    """Withdrawals after a change of bindings: all that stand, and what of it came or went."""

    standing: Sequence[Withdrawal]
    withdrawn: Sequence[Withdrawal]
    restored: Sequence[Withdrawal]


def settled(
    standing: Sequence[Withdrawal], before: Iterable[Binding], after: Iterable[Binding], who: str, at_ms: int
) -> Settled:
    """What a change of bindings withdraws and restores. before, after: all bindings of one register of a device.

    >>> was, moved = [Binding("d", "gas_volume", "old")], [Binding("d", "gas_volume", "old"),
    ...     Binding("d", "gas_volume", "new", 50)]
    >>> [(one.meter, one.from_ms) for one in settled([], was, moved, "els", 99).withdrawn]
    [('old', 50)]
    """
    gone, come = [], []
    for from_ms, to_ms, old, new in _segments(list(before), list(after)):
        was, is_now = (_all_of(one, from_ms, to_ms, who, at_ms) if one else None for one in (old, new))
        if was is None or is_now is None or was.of != is_now.of:
            gone += [was] if was else []
        come += [is_now] if is_now else []
    withdrawn = _joined(piece for one in gone for piece in one.without(standing))
    restored = [_overlap(one, new) for one in standing for new in come if one.of == new.of]
    left = [piece for one in standing for piece in one.without(come)]
    return Settled([*left, *withdrawn], withdrawn, _joined(one for one in restored if one.from_ms < one.to_ms))


def _segments(before: list[Binding], after: list[Binding]) -> Iterator[tuple[int, int, Binding | None, Binding | None]]:
    """Stretches between any two ends of bindings, with what fed before and what feeds now."""
    stretches = [list(_stretches(bindings)) for bindings in (before, after)]
    edges = sorted({edge for some in stretches for first_ms, end_ms, _ in some for edge in (first_ms, end_ms)})
    for from_ms, to_ms in pairwise(edges):
        old, new = (next((b for first, end, b in some if first <= from_ms < end), None) for some in stretches)
        yield from_ms, to_ms, old, new


def _stretches(bindings: list[Binding]) -> Iterator[tuple[int, int, Binding]]:
    ordered = sorted(bindings, key=lambda binding: binding.from_ms)
    for place, binding in enumerate(ordered):
        following = [later.from_ms for later in ordered[place + 1 : place + 2]]
        yield binding.from_ms, min([*following, FOREVER_MS if binding.to_ms is None else binding.to_ms]), binding


def _all_of(binding: Binding, from_ms: int, to_ms: int, who: str, at_ms: int) -> Withdrawal:
    register = binding.as_register or binding.register
    return Withdrawal(binding.meter, register, binding.source, from_ms, to_ms, binding.device, who, at_ms)


def _cut(one: Withdrawal, from_ms: int, to_ms: int) -> Iterator[Withdrawal]:
    if to_ms <= one.from_ms or one.to_ms <= from_ms:
        yield one
        return
    if one.from_ms < from_ms:
        yield replace(one, to_ms=from_ms)
    if to_ms < one.to_ms:
        yield replace(one, from_ms=to_ms)


def _overlap(one: Withdrawal, other: Withdrawal) -> Withdrawal:
    return replace(one, from_ms=max(one.from_ms, other.from_ms), to_ms=min(one.to_ms, other.to_ms))


def _joined(pieces: Iterable[Withdrawal]) -> list[Withdrawal]:
    """Pieces of the same evidence that touch, made one."""
    joined: list[Withdrawal] = []
    for piece in sorted(pieces, key=lambda one: (one.of, one.from_ms)):
        if joined and joined[-1].of == piece.of and joined[-1].to_ms == piece.from_ms:
            joined[-1] = replace(joined[-1], to_ms=piece.to_ms)
        else:
            joined.append(piece)
    return joined
