"""The ledger once more, slow and obvious: written from the contract of index evidence, not from the product.

Whole numbers of the register's last decimal and fractions only: nothing is ever rounded. It judges what the contract
leaves no doubt about; streams on the edge of a rule (a movement of exactly the greatest power) are not for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

QUARTER_MS = 900_000
LONGEST_EXCURSION = 96


@dataclass(frozen=True)
class Exchange:
    """A declared swap; indexes in last decimals."""

    at_ms: int
    last: int
    first: int


@dataclass(frozen=True)
class Register:
    """full_scale: in last decimals, None = not known. most_per_h: greatest rise in an hour, in last decimals."""

    usual_ms: int = QUARTER_MS
    full_scale: int | None = None
    most_per_h: int | None = None
    exchanges: Sequence[Exchange] = ()


@dataclass
class Account:
    """Everything in last decimals. quarters: start -> amount (None = not known) and coverage."""

    first: int
    last: int
    declared: int = 0
    booked: Fraction = Fraction(0)
    quarantined: int = 0
    quarters: dict[int, tuple[Fraction | None, Fraction]] = field(default_factory=dict)


def account(samples: Sequence[tuple[int, int]], register: Register) -> Account | None:
    """What the contract makes of (instant, index) pairs in any order; None where no instant has an index."""
    span_ms = min(at for at, _ in samples), max(at for at, _ in samples)
    devices = [_without_excursions(_agreed(one, register), register) for one in _devices(samples, span_ms, register)]
    devices = [device for device in devices if device]
    if not devices:
        return None
    made = Account(devices[0][0][1], 0)
    pieces: list[tuple[int, int, int, bool]] = []  # from, to, movement, gap
    previous: int | None = None
    for device in devices:
        (at, level), *later = device
        made.declared += 0 if previous is None else previous - level
        for next_at, index in later:
            level_before, kind = level, _kind(at, level, next_at, index, register)
            level = level if kind == "noise" else index
            movement = level - level_before
            if kind == "turn":
                assert register.full_scale
                movement += register.full_scale
                made.declared += register.full_scale
            if kind == "exchange":
                made.declared -= movement
            elif kind == "impossible":
                made.quarantined += movement
            else:
                pieces.append((at, next_at, movement, next_at - at > max(3_600_000, 3 * register.usual_ms)))
                made.booked += movement
            at = next_at
        previous = made.last = level
    made.quarters = _laid_out(pieces, span_ms)
    return made


def _agreed(samples: Sequence[tuple[int, int]], register: Register) -> list[tuple[int, int]]:
    """One index for each instant: several that do not agree count only where exactly one fits its neighbours."""
    said: dict[int, set[int]] = {}
    for at, index in samples:
        said.setdefault(at, set()).add(index)
    sure = {at: min(indexes) for at, indexes in said.items() if len(indexes) == 1}
    agreed = dict(sure)
    for at, indexes in said.items():
        if at in sure:
            continue
        before = max((other for other in sure if other < at), default=None)
        after = min((other for other in sure if other > at), default=None)
        fitting = [
            index
            for index in indexes
            if (before is None or _ordinary(before, sure[before], at, index, register))
            and (after is None or _ordinary(at, index, after, sure[after], register))
        ]
        if len(fitting) == 1:
            agreed[at] = fitting[0]
    return sorted(agreed.items())


def _devices(
    samples: Sequence[tuple[int, int]], span_ms: tuple[int, int], register: Register
) -> list[list[tuple[int, int]]]:
    """The samples of each device; both indexes of a declared exchange are readings at its instant."""
    devices, current = [], list(samples)
    for exchange in sorted(set(register.exchanges), key=lambda one: one.at_ms):
        if span_ms[0] < exchange.at_ms <= span_ms[1]:
            devices.append([one for one in current if one[0] < exchange.at_ms] + [(exchange.at_ms, exchange.last)])
            current = [(exchange.at_ms, exchange.first)] + [one for one in current if one[0] > exchange.at_ms]
    return [*devices, current]


def _ordinary(at: int, index: int, next_at: int, next_index: int, register: Register) -> bool:
    rise = next_index - index
    most = register.most_per_h
    return rise >= 0 and (most is None or Fraction(rise) <= Fraction(most * (next_at - at), 3_600_000))


def _without_excursions(device: list[tuple[int, int]], register: Register) -> list[tuple[int, int]]:
    """Without the runs of samples that leave the course and come back to it, each in one movement."""
    kept, place = list(device), 0
    while place < len(kept) - 2:
        run = _run_from(kept, place, register)
        if run:
            del kept[place + 1 : place + 1 + run]
            place = max(place - 1, 0)
        else:
            place += 1
    return kept


def _run_from(kept: list[tuple[int, int]], place: int, register: Register) -> int:
    """How many samples after this place are an excursion; 0 = none."""
    leaves = kept[place + 1][1] - kept[place][1]
    if leaves == -1:
        return 0  # one step back is noise
    for run in range(1, min(LONGEST_EXCURSION, len(kept) - place - 2) + 1):
        back, inside = kept[place + 1 + run], kept[place + run]
        returns = back[1] - inside[1]
        opposite = leaves * returns < 0 and returns != -1
        similar = 2 * min(abs(leaves), abs(returns)) >= max(abs(leaves), abs(returns))
        if opposite and similar and _ordinary(*kept[place], *back, register):
            return run
    return 0


def _kind(at: int, level: int, next_at: int, index: int, register: Register) -> str:
    if _ordinary(at, level, next_at, index, register):
        return "rise"
    if index - level == -1:
        return "noise"
    if index > level:
        return "impossible"
    if register.full_scale is not None and index < register.full_scale:
        onward = index + register.full_scale
        near = onward - level < register.full_scale / 10
        if onward >= level and (_ordinary(at, level, next_at, onward, register) if register.most_per_h else near):
            return "turn"
    return "exchange"


def _laid_out(
    pieces: list[tuple[int, int, int, bool]], span_ms: tuple[int, int]
) -> dict[int, tuple[Fraction | None, Fraction]]:
    quarters: dict[int, tuple[Fraction | None, Fraction]] = {}
    for start in range(span_ms[0] // QUARTER_MS * QUARTER_MS, span_ms[1], QUARTER_MS):
        amount: Fraction | None = None
        covered = Fraction(0)
        for from_ms, to_ms, movement, gap in pieces:
            inside = min(to_ms, start + QUARTER_MS) - max(from_ms, start)
            if inside > 0:
                amount = (amount or Fraction(0)) + Fraction(movement * inside, to_ms - from_ms)
                covered += 0 if gap else Fraction(inside, QUARTER_MS)
        quarters[start] = amount, covered
    return quarters
