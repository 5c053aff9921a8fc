"""What a ticket is worth: how much ran away so far, what a year of it would cost, and what it means for the target.

Detectors say in a finding's numbers, in the meter's unit (`kwh` or `m3`): `extra_kwh`, what went through above the
usual since it began; `extra_kwh_per_year` where the rule itself knows what a year of it comes to. For solar panels,
where the loss is what did not come, the same names with `lost`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import inf, isfinite

from plagewatch.metering.meters import Carrier, Meter
from plagewatch.metering.prices import Price, price_on
from plagewatch.tickets.findings import Finding
from plagewatch.tickets.states import Ticket

DAY_S, HOUR_S, YEAR_DAYS = 86_400, 3600, 365
LEAST_SPAN_DAYS = 7.0
"""What has lasted shorter is taken to come back once in so many days, not to go on without end [d]."""

OF_PEOPLE = frozenset({"cold_room"})
"""Causes of tickets by which somebody is cold: no saving of the same urgency comes before them."""

_SO_FAR = ("extra_kwh", "extra_m3", "lost_kwh")
_BEFORE = "_before"


class Confidence(StrEnum):
    """How far a figure of a year may be relied on."""

    LOW = "low"  # seen for less than two days: it may have been once
    FAIR = "fair"  # seen for days
    GOOD = "good"  # seen for a week or more, or the rule itself measured what goes on


WEIGHT: Mapping[Confidence, float] = {Confidence.LOW: 0.3, Confidence.FAIR: 0.6, Confidence.GOOD: 1.0}
"""What a figure of a year counts in the order of tickets: a week of leak comes before an hour of much."""


@dataclass(frozen=True, slots=True)
class TargetGap:
    """How far the forecast of the year is above the target, and what a meter's unit weighs in it.

    gap_kwh: kWh of the target's kind above it; 0 = it is met. to_target: for each meter of the portfolio, kWh of the
    target's kind per unit of the meter.
    """

    gap_kwh: float
    to_target: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Worth:
    """What a ticket is worth; NaN = not known. so_far, per_year in `unit` (kWh or m3); EUR at the price of its source.

    share_of_gap: part of the gap to the PLAGE target that a year of it makes, 0...; NaN where there is no gap, or the
    meter does not count for the target.
    """

    unit: str
    so_far: float
    per_year: float
    eur_so_far: float
    eur_per_year: float
    share_of_gap: float
    confidence: Confidence
    price: Price | None
    lost: bool = False

    @property
    def rank(self) -> float:
        """By what tickets of one urgency are put in order: EUR a year, weighed by confidence; 0 where not known."""
        return self.eur_per_year * WEIGHT[self.confidence] if isfinite(self.eur_per_year) else 0.0


def worth_of(ticket: Ticket, meter: Meter, prices: Iterable[Price], on: date, gap: TargetGap | None) -> Worth | None:
    """The worth of a ticket at prices of a local day; None where its rule counts nothing, or less than usual was used.

    >>> from plagewatch.metering.meters import Kind
    >>> from plagewatch.metering.prices import ASSUMED_PRICES
    >>> from plagewatch.tickets.findings import Skill, Urgency
    >>> from plagewatch.tickets.states import State
    >>> leak = Ticket(1, "w", "night_water", "water_at_night", State.OPEN, Urgency.URGENT, Skill.PLUMBING,
    ...               0, 2 * 86_400, 0, 3.0, {"extra_l_per_h": 100.0, "extra_m3_per_year": 876.0, "extra_m3": 4.9})
    >>> water = Meter("w", "linde", "Water", Carrier.WATER, Kind.INDEX, "m3")
    >>> worth = worth_of(leak, water, ASSUMED_PRICES, date(2026, 11, 9), None)
    >>> worth.eur_so_far, worth.eur_per_year, worth.confidence.value
    (24.5, 4380.0, 'good')
    """
    numbers, unit = ticket.numbers, meter.unit.lower()
    lost = meter.carrier is Carrier.SOLAR
    name = f"{'lost' if lost else 'extra'}_{unit}"
    so_far, told = _known(numbers.get(name)), _known(numbers.get(f"{name}_per_year"))
    span_days = (ticket.last_abnormal_s + HOUR_S - ticket.first_abnormal_s) / DAY_S
    per_year = told if isfinite(told) else so_far / max(span_days, LEAST_SPAN_DAYS) * YEAR_DAYS
    if not per_year > 0:
        return None
    # What a plant does not make is bought.
    carrier = Carrier.ELECTRICITY if meter.carrier is Carrier.SOLAR else meter.carrier
    price = price_on(prices, carrier, meter.unit, on)
    per_unit = price.eur_per_unit if price else float("nan")
    to_target = gap.to_target.get(meter.id, 0.0) if gap is not None else 0.0
    share = per_year * to_target / gap.gap_kwh if gap is not None and to_target and gap.gap_kwh > 0 else float("nan")
    return Worth(
        unit=meter.unit,
        so_far=so_far,
        per_year=per_year,
        eur_so_far=so_far * per_unit,
        eur_per_year=per_year * per_unit,
        share_of_gap=share,
        confidence=_confidence(span_days, measured=isfinite(told)),
        price=price,
        lost=lost,
    )


def rank_of(ticket: Ticket, worth: Worth | None) -> float:
    """By what tickets of one urgency are put in order, the highest first; what people suffer from before all money."""
    if ticket.cause in OF_PEOPLE:
        return inf
    return worth.rank if worth else 0.0


def carried_on(ticket: Ticket, finding: Finding) -> dict[str, float]:
    """The sums so far of a ticket that a finding carries on: that of its new stretch comes on top of those before.

    >>> from plagewatch.tickets.findings import Skill, Urgency
    >>> from plagewatch.tickets.states import State
    >>> ticket = Ticket(1, "m", "r", "c", State.OPEN, Urgency.SOON, Skill.ELECTRICITY, 0, 7200, 0, 2.0,
    ...                 {"extra_kwh": 5.0})
    >>> carried_on(ticket, Finding("r", "m", "c", 0, 10_800, 14_400, 1.0, {"extra_kwh": 6.0}))
    {'extra_kwh': 6.0, 'extra_kwh_before': 0.0}
    >>> carried_on(ticket, Finding("r", "m", "c", 50_000, 50_000, 53_600, 1.0, {"extra_kwh": 2.0}))
    {'extra_kwh': 7.0, 'extra_kwh_before': 5.0}
    """
    said: dict[str, float] = {}
    another = finding.first_abnormal_s > ticket.last_abnormal_s
    for name in _SO_FAR:
        if name not in finding.numbers and name not in ticket.numbers:
            continue
        total, before = ticket.numbers.get(name, 0.0), ticket.numbers.get(name + _BEFORE, 0.0)
        if name not in finding.numbers:
            said |= {name: total, name + _BEFORE: before}
            continue
        before = total if another else before
        said |= {name: before + finding.numbers[name], name + _BEFORE: before}
    return said


def _confidence(span_days: float, *, measured: bool) -> Confidence:
    if measured or span_days >= LEAST_SPAN_DAYS:
        return Confidence.GOOD
    return Confidence.FAIR if span_days >= 2 else Confidence.LOW


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
