"""A meter against the meters behind it: what passes the head and no sub-meter, and how surely.

The uncertainty is that of the meters' own errors. A meter within its maximum permissible error is anywhere between its
two ends (rectangular, standard uncertainty = limit / sqrt 3); errors of different meters are independent; twice the
standard uncertainty covers about 95 % (GUM, JCGM 100:2008, 4.3.7, 5.1.2 and 6.2.1).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

import numpy as np

from plagewatch.metering.intervals import Intervals
from plagewatch.metering.meters import Carrier, Kind, Meter, SubMeter
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.texts import N_

PERMISSIBLE_ERROR: Mapping[Carrier, float] = {
    Carrier.ELECTRICITY: 0.02,  # class B between transitional and maximum current, 5 to 30 °C
    Carrier.SOLAR: 0.02,
    Carrier.GAS: 0.015,  # class 1.5 from the transitional flow on
    Carrier.WATER: 0.02,  # from the transitional flow on, up to 30 °C
    Carrier.HEAT: 0.05,  # class 2: flow, temperatures and calculator together, rounded up
}
"""Largest error of a new meter in its usual range, relative (directive 2014/32/EU, annexes III to VI)."""

COVERAGE_FACTOR = 2.0


class Verdict(StrEnum):
    """What a balance says. The words are stable."""

    BALANCED = "balanced"
    UNMETERED = "unmetered"  # more passes the head than the subs can tell
    SUBS_TOO_HIGH = "subs_too_high"  # more behind the head than through it: a wrong factor, a wrong link
    NOT_COMPARABLE = "not_comparable"  # no interval in which all of them were measured


@dataclass(frozen=True, slots=True)
class Balance:
    """Amounts over the intervals in which head and all subs were measured [unit of the head].

    uncertainty: of the difference, about 95 %. compared: how many intervals, of how many.
    """

    head: float
    subs: Mapping[str, float]
    uncertainty: float
    compared: int
    asked: int

    @property
    def difference(self) -> float:
        """What passed the head and no sub-meter."""
        return self.head - sum(self.subs.values())

    @property
    def verdict(self) -> Verdict:
        """Whether the difference can be the meters' own error."""
        if self.compared == 0:
            return Verdict.NOT_COMPARABLE
        if abs(self.difference) <= self.uncertainty:
            return Verdict.BALANCED
        return Verdict.UNMETERED if self.difference > 0 else Verdict.SUBS_TOO_HIGH


@dataclass(frozen=True, slots=True)
class Part:
    """A meter's amounts for a balance. permissible_error: relative. resolution: smallest step of its index."""

    intervals: Intervals
    permissible_error: float
    resolution: float = 0.0


ENOUGH_MEASURED = 0.999


def balance(head: Part, subs: Mapping[str, Part]) -> Balance:
    """Hold a head meter against its sub-meters over the intervals that all of them measured whole.

    >>> hours = np.arange(4) * 3600
    >>> head = Part(Intervals.measured(hours, np.full(4, 10.0)), 0.02)
    >>> kitchen = Part(Intervals.measured(hours[:3], np.full(3, 4.0)), 0.02)
    >>> made = balance(head, {"kitchen": kitchen})
    >>> made.head, made.difference, made.compared, made.asked, made.verdict.value
    (30.0, 18.0, 3, 4, 'unmetered')
    """
    parts = [head, *subs.values()]
    common = head.intervals.start_s
    for part in parts:
        whole = part.intervals.known & (part.intervals.coverage >= ENOUGH_MEASURED)
        common = np.intersect1d(common, part.intervals.start_s[whole])

    def amount(part: Part) -> float:
        return float(part.intervals.amount[np.isin(part.intervals.start_s, common)].sum())

    variance = 0.0
    for part in parts:
        limit = abs(amount(part)) * part.permissible_error + part.resolution
        variance += (limit / sqrt(3.0)) ** 2
    return Balance(
        amount(head),
        {name: amount(part) for name, part in subs.items()},
        COVERAGE_FACTOR * sqrt(variance),
        len(common),
        len(head.intervals),
    )


def subs_on(links: Iterable[SubMeter], head: str, day: date) -> list[str]:
    """The meters behind a head on a local day, by id.

    >>> new_year = date(2026, 1, 1)
    >>> links = [SubMeter("h", "a"), SubMeter("h", "b", new_year), SubMeter("h", "c", valid_to=new_year)]
    >>> subs_on(links, "h", new_year)
    ['a', 'b']
    """
    return sorted(
        link.sub
        for link in links
        if link.head == head and link.valid_from <= day and (link.valid_to is None or day < link.valid_to)
    )


def check_link(links: Iterable[SubMeter], added: SubMeter, meters: Mapping[str, Meter]) -> None:
    """Raise EditRefused where a meter cannot stand behind another one. links: those there are, of all dates.

    >>> check_link([SubMeter("a", "b")], SubMeter("b", "a"), {})
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: There is no meter “b”.
    """
    for name in (added.head, added.sub):
        if name not in meters:
            raise EditRefused(Refusal.UNKNOWN, N_("There is no meter “%(meter)s”."), meter=name)
    head, sub = meters[added.head], meters[added.sub]
    if added.valid_to is not None and added.valid_to <= added.valid_from:
        text = N_("From %(first)s to %(after)s there is no day.")
        raise EditRefused(Refusal.NO_DAY, text, first=added.valid_from, after=added.valid_to)
    if (head.carrier, head.unit) != (sub.carrier, sub.unit) or Kind.GAUGE in (head.kind, sub.kind):
        text = N_(
            "%(head)s counts %(carrier)s in %(unit)s, and %(sub)s %(other)s in %(otherunit)s: they make no balance."
        )
        raise EditRefused(
            Refusal.UNLIKE,
            text,
            head=head.name,
            carrier=head.carrier,
            unit=head.unit,
            sub=sub.name,
            other=sub.carrier,
            otherunit=sub.unit,
        )
    others = [link for link in links if _key(link) != _key(added)]
    for link in others:
        if link.sub == added.sub and _overlap(link, added):
            text = N_("%(sub)s stands behind %(head)s in that time. A meter stands behind one other meter at a time.")
            raise EditRefused(Refusal.TAKEN, text, sub=sub.name, head=meters[link.head].name)
    if added.head == added.sub:
        raise EditRefused(Refusal.CIRCLE, N_("A meter cannot stand behind itself."))
    if added.head in _behind([link for link in others if _overlap(link, added)], added.sub):
        text = N_("%(head)s stands behind %(sub)s: it cannot be its head too.")
        raise EditRefused(Refusal.CIRCLE, text, head=head.name, sub=sub.name)


def _key(link: SubMeter) -> tuple[str, str, date]:
    return link.head, link.sub, link.valid_from


def _overlap(one: SubMeter, other: SubMeter) -> bool:
    return (one.valid_to is None or other.valid_from < one.valid_to) and (
        other.valid_to is None or one.valid_from < other.valid_to
    )


def _behind(links: Sequence[SubMeter], head: str) -> set[str]:
    found: set[str] = set()
    waiting = [head]
    while waiting:
        here = waiting.pop()
        for link in links:
            if link.head == here and link.sub not in found:
                found.add(link.sub)
                waiting.append(link.sub)
    return found
