"""Known faults in real meters: leaks added to water, losses taken from solar; each beside its untouched twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.validation.scoring import DAY_S, Told

Read = tuple[Seconds, Floats]
"""Starts [s since 1970 UTC, ascending] and amounts of one meter's intervals."""


class Fault(StrEnum):
    """What is injected."""

    LEAK = "leak"
    LOSS = "loss"
    REST_HEATED = "rest_heated"
    FIFTH_MORE = "fifth_more"
    SETBACK_LOST = "setback_lost"
    VALVE_STUCK = "valve_stuck"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is injected how. sizes: leak [l/h], loss [share]. days: how long. after_days: first day that is judged.

    margin_days: from the first judged day to the first possible start. rest_days: left over after the fault. grace_s:
    a ticket opened so long after the end still finds it. starts: faults a meter and size.
    """

    fault: Fault
    sizes: tuple[float, ...]
    days: int = 14
    after_days: int = 60
    margin_days: int = 0
    rest_days: int = 6
    grace_s: int = 7 * 3600
    starts: int = 1
    seed: int = 0


LEAKS = Plan(Fault.LEAK, (2.0, 10.0))
LEAKS_IN_SUMS = Plan(Fault.LEAK, (10.0, 50.0), starts=8)
LEAKS_IN_OTHER_SUMS = Plan(Fault.LEAK, (10.0,), starts=2)
LOSSES = Plan(Fault.LOSS, (0.2, 0.3), days=30, after_days=365, margin_days=20, rest_days=1, grace_s=DAY_S)


@dataclass(frozen=True, slots=True)
class Case:
    """One injected fault: `twin` is `meter` with a fault of `size` in [start_s, end_s), seconds since 1970 UTC."""

    meter: str
    twin: str
    size: float
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: found after so many days, or not; left out where its untouched twin stood in alarm."""

    case: Case
    left_out: bool
    found_after_days: float | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """An untouched meter from the first judged day on: tickets opened, by rule, and share of the time in alarm."""

    meter: str
    years: float
    by_rule: Mapping[str, int]
    share_in_alarm: float

    @property
    def tickets(self) -> int:
        """Tickets of all rules."""
        return sum(self.by_rule.values())


def cases(read: Mapping[str, Read], step_s: int, plan: Plan) -> list[Case]:
    """Where faults are put: a random start for each meter and each of `starts`, the same for all sizes.

    A meter too short for it has none. A loss begins with a day.
    """
    generator = np.random.default_rng(plan.seed)
    found: list[Case] = []
    a_day = DAY_S // step_s
    for meter, (start_s, _) in read.items():
        steps = (int(start_s[-1]) - int(start_s[0])) // step_s + 1
        low, high = (plan.after_days + plan.margin_days) * a_day, steps - (plan.days + plan.rest_days) * a_day
        if high <= low:
            continue
        for number in range(plan.starts):
            place = int(generator.integers(low, high))
            if plan.fault is Fault.LOSS:
                place -= place % a_day
            begin_s = int(start_s[0]) + place * step_s
            for size in plan.sizes:
                twin = f"{meter}+{size:g}" + (f"~{number + 1}" if number else "")
                found.append(Case(meter, twin, size, begin_s, begin_s + plan.days * DAY_S))
    return found


def injected(read: Read, case: Case, fault: Fault, litre: float, step_s: int) -> Floats:
    """The amounts of the meter with a leak or a loss in them. litre: one litre in the meter's unit.

    >>> hours = np.array([0, 3600]), np.array([5.0, 5.0])
    >>> injected(hours, Case("m", "m+2", 2.0, 3600, 7200), Fault.LEAK, 0.001, 3600)
    array([5.   , 5.002])
    >>> injected(hours, Case("m", "m+0.3", 0.3, 3600, 7200), Fault.LOSS, 1.0, 3600)
    array([5. , 3.5])
    """
    start_s, amount = read
    on = (start_s >= case.start_s) & (start_s < case.end_s)
    changed = amount + case.size * litre * step_s / 3600 if fault is Fault.LEAK else amount * (1 - case.size)
    return np.where(on, changed, amount)


def summed(read: Mapping[str, Read], number: int, step_s: int, shuffled_by: int | None = None) -> dict[str, Read]:
    """Meters added up `number` at a time, where all of them have begun and none has ended.

    In order of name, or drawn by the seed `shuffled_by`. What one of them does not know counts as 0, so that a sum is
    not lost for one meter. Left over ones are in no sum.
    """
    names, sums = sorted(read), dict[str, Read]()
    if shuffled_by is not None:
        names = np.random.default_rng(shuffled_by).permutation(names).tolist()
    for group, first in enumerate(range(0, len(names) - number + 1, number)):
        members = [read[name] for name in names[first : first + number]]
        begin_s, end_s = max(int(s[0]) for s, _ in members), min(int(s[-1]) for s, _ in members)
        grid = np.arange(begin_s, end_s + 1, step_s)
        total = np.zeros(len(grid))
        for start_s, amount in members:
            common = (start_s >= begin_s) & (start_s <= end_s)
            total[(start_s[common] - begin_s) // step_s] += amount[common]
        sums[f"g{group}"] = grid, total
    return sums


def outcomes(planned: Sequence[Case], tickets: Mapping[str, Sequence[Told]], plan: Plan) -> list[Outcome]:
    """What became of each case: found by a ticket opened after the start and not later than the end and the grace."""
    result = []
    for case in planned:
        until_s = case.end_s + plan.grace_s
        before = any(_stands(each, case.start_s, until_s) for each in tickets.get(case.meter, ()))
        opened = [t.opened_s for t in tickets.get(case.twin, ()) if case.start_s < t.opened_s <= until_s]
        after_days = (min(opened) - case.start_s) / DAY_S if opened and not before else None
        result.append(Outcome(case, before, after_days))
    return result


def quiet(meter: str, read_s: Seconds, tickets: Sequence[Told], after_days: int) -> Quiet:
    """What was told of an untouched meter with readings at read_s, from its first judged day on."""
    from_s, to_s = int(read_s[0]) + after_days * DAY_S, int(read_s[-1])
    by_rule: dict[str, int] = {}
    standing_s, reached_s = 0, from_s
    for each in sorted(tickets, key=lambda ticket: ticket.opened_s):
        if each.opened_s >= from_s:
            by_rule[each.rule] = by_rule.get(each.rule, 0) + 1
        end_s = to_s if each.cleared_s is None else min(each.cleared_s, to_s)
        standing_s += max(0, end_s - max(each.opened_s, reached_s))
        reached_s = max(reached_s, end_s)
    length_s = max(to_s - from_s, 0)
    return Quiet(meter, length_s / (365 * DAY_S), by_rule, standing_s / length_s if length_s else 0.0)


def touching(tickets: Sequence[Told], start_s: int, end_s: int, step_s: int) -> list[Told]:
    """The tickets whose abnormal time touches [start_s, end_s)."""
    return [each for each in tickets if each.first_s < end_s and each.last_s + step_s > start_s]


def _stands(ticket: Told, from_s: int, to_s: int) -> bool:
    return ticket.opened_s <= to_s and (ticket.cleared_s is None or ticket.cleared_s > from_s)
