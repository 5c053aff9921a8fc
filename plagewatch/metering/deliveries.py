"""Fuel deliveries: what was burnt between two of them, and whether they are entered as the PLAGE asks.

A tank is filled up: what comes is what was burnt since the delivery before. When it was burnt nobody measured: it is
spread over the days between, coverage 0. What was burnt before the first delivery and after the last is not known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import isfinite

import numpy as np

from plagewatch.metering.fuels import LITRES, gross_kwh
from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.local_time import day_start_s, day_starts_s
from plagewatch.metering.meters import Carrier, Delivery, Kind, Meter, MeterFacts
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.tickets.texts import N_

MOST_DAYS_BETWEEN = 365
"""PLAGE platform manual (January 2021): at most 365 days between two deliveries."""

UNITS_OF_INVOICES = ("l", "m3", "kg")
EARLIEST = date(1970, 1, 1)


class DeliveryNote(StrEnum):
    """What is wrong with deliveries as they were entered. The words are stable."""

    TOO_FAR_APART = "too_far_apart"
    LARGER_THAN_TANK = "larger_than_tank"
    FUEL_UNKNOWN = "fuel_unknown"
    NOT_POSITIVE = "not_positive"


@dataclass(frozen=True, slots=True)
class DeliveryFinding:
    """One thing that is wrong with a delivery, and its numbers: `said` against `allowed` (days or litres)."""

    note: DeliveryNote
    delivered_on: date
    said: float
    allowed: float


def findings(carrier: Carrier, deliveries: Sequence[Delivery], facts: Iterable[MeterFacts]) -> list[DeliveryFinding]:
    """What is wrong with the deliveries of a tank, in order of time.

    >>> oil = [Delivery("m", day, 3000.0, "l") for day in (date(2025, 1, 1), date(2026, 1, 2))]
    >>> [(found.note.value, found.said) for found in findings(Carrier.OIL, oil, [])]
    [('too_far_apart', 366.0)]
    """
    found: list[DeliveryFinding] = []
    for last, following in pairwise([None, *sorted(deliveries, key=lambda one: one.delivered_on)]):
        assert following is not None
        found += _of_one(carrier, following, list(facts))
        apart = 0 if last is None else (following.delivered_on - last.delivered_on).days
        if apart > MOST_DAYS_BETWEEN:
            note = DeliveryNote.TOO_FAR_APART
            found.append(DeliveryFinding(note, following.delivered_on, float(apart), MOST_DAYS_BETWEEN))
    return found


def _of_one(carrier: Carrier, delivery: Delivery, facts: Sequence[MeterFacts]) -> Iterable[DeliveryFinding]:
    on = delivery.delivered_on
    if not delivery.quantity > 0:
        yield DeliveryFinding(DeliveryNote.NOT_POSITIVE, on, delivery.quantity, 0.0)
    if not _known(carrier, delivery.unit):
        yield DeliveryFinding(DeliveryNote.FUEL_UNKNOWN, on, delivery.quantity, 0.0)
    day_ms = day_start_s(on, "UTC") * 1000
    held = [one for one in facts if one.valid_from_ms <= day_ms]
    tank_l = max(held, key=lambda one: one.valid_from_ms).tank_l if held else None
    litres = delivery.quantity * LITRES.get(delivery.unit, 0.0)
    if tank_l is not None and litres > tank_l:
        yield DeliveryFinding(DeliveryNote.LARGER_THAN_TANK, on, litres, tank_l)


def check_delivery(meter: Meter, delivery: Delivery, today: date) -> None:
    """Raise EditRefused where a delivery cannot have been one.

    A unit by which the fuel has no calorific value is kept as the invoice has it: `findings` tells of it.
    """
    if meter.kind is not Kind.DELIVERY:
        raise EditRefused(Refusal.KIND, N_("%(meter)s is no tank that deliveries fill."), meter=meter.name)
    if not (isfinite(delivery.quantity) and delivery.quantity > 0):
        text = N_("The quantity is %(quantity)s; it must be above 0.")
        raise EditRefused(Refusal.QUANTITY, text, quantity=delivery.quantity)
    if delivery.unit not in UNITS_OF_INVOICES:
        text = N_("“%(unit)s” is no unit of a delivery; there are %(units)s.")
        raise EditRefused(Refusal.UNIT, text, unit=delivery.unit, units=", ".join(UNITS_OF_INVOICES))
    if not EARLIEST <= delivery.delivered_on <= today:
        text = N_("A delivery cannot have come on %(day)s: give a day from %(first)s to %(last)s.")
        raise EditRefused(Refusal.DAY, text, day=delivery.delivered_on, first=EARLIEST, last=today)


def changed_stretches(
    carrier: Carrier, before: Iterable[Delivery], after: Iterable[Delivery], tz: str
) -> list[tuple[int, int]]:
    """Stretches [first, after) of whole local days whose figures differ, in seconds since 1970 UTC.

    A delivery between two others changes the days from the one before it to the one after it: those up to it are now
    told by itself, the rest by the following one alone.

    >>> oil = [Delivery("m", date(2026, 1, day), 1000.0, "l") for day in (1, 21)]
    >>> added = changed_stretches(Carrier.OIL, oil, [*oil, Delivery("m", date(2026, 1, 6), 500.0, "l")], "UTC")
    >>> [((after - first) // 86400, first == day_start_s(date(2026, 1, 1), "UTC")) for first, after in added]
    [(20, True)]
    """
    was, will_be = burnt_by_day(carrier, before, tz), burnt_by_day(carrier, after, tz)
    all_days = np.union1d(was.start_s, will_be.start_s)
    if not len(all_days):
        return []

    def laid_out(days: Intervals) -> Floats:
        amounts = np.full(len(all_days), np.nan)
        amounts[np.searchsorted(all_days, days.start_s)] = days.amount
        return amounts

    old, new = laid_out(was), laid_out(will_be)
    places = np.flatnonzero((old != new) & ~(np.isnan(old) & np.isnan(new)))
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    bounds = day_starts_s(int(all_days[0]), int(all_days[-1]) + 1, tz)
    ends = bounds[np.searchsorted(bounds, all_days, side="right")]
    return [(int(all_days[run[0]]), int(ends[run[-1]])) for run in runs]


def units_of(carrier: Carrier) -> list[str]:
    """Units of invoices by which a fuel has a calorific value; all of them where it has none.

    >>> units_of(Carrier.OIL), units_of(Carrier.PELLETS)
    (['l', 'm3'], ['kg'])
    """
    known = [unit for unit in UNITS_OF_INVOICES if _known(carrier, unit)]
    return known or list(UNITS_OF_INVOICES)


def energy_of(carrier: Carrier, delivery: Delivery) -> float:
    """Gross energy of a delivery [kWh]; NaN where the fuel has no calorific value by that unit.

    >>> round(energy_of(Carrier.OIL, Delivery("m", date(2026, 1, 1), 94.0, "l")))
    1000
    """
    known = _known(carrier, delivery.unit) and delivery.quantity > 0
    return gross_kwh(carrier, delivery.quantity, delivery.unit) if known else np.nan


def _known(carrier: Carrier, unit: str) -> bool:
    try:
        gross_kwh(carrier, 1.0, unit)
    except KeyError:
        return False
    return True


def burnt_by_day(carrier: Carrier, deliveries: Iterable[Delivery], tz: str) -> Intervals:
    """Gross energy burnt on each local day between the first delivery and the last [kWh], spread, coverage 0.

    Two deliveries of one day are one filling. A delivery whose fuel or unit has no known calorific value makes its
    stretch unknown. Sums are exactly those of the deliveries from the second on.

    >>> oil = [Delivery("m", date(2026, 1, 1), 500.0, "l"), Delivery("m", date(2026, 1, 11), 94.0, "l")]
    >>> days = burnt_by_day(Carrier.OIL, oil, "Europe/Brussels")
    >>> len(days), round(float(days.amount.sum())), float(days.coverage.max())
    (10, 1000, 0.0)
    """
    fillings: dict[date, float] = {}
    # By its key: a sum must not depend on the order in which the deliveries were read.
    for delivery in sorted(deliveries, key=lambda one: (one.delivered_on, one.document)):
        filled = fillings.get(delivery.delivered_on, 0.0) + energy_of(carrier, delivery)
        fillings[delivery.delivered_on] = filled
    days = sorted(fillings)
    if len(days) < 2:
        return Intervals.empty()
    bounds = day_starts_s(day_start_s(days[0], tz), day_start_s(days[-1], tz), tz)
    lengths = [(after - before).days for before, after in pairwise(days)]
    amount = np.repeat([fillings[after] / length for after, length in zip(days[1:], lengths, strict=True)], lengths)
    nothing = np.zeros(len(amount))
    return Intervals(bounds[:-1], amount, nothing, nothing, np.nan_to_num(amount), nothing, nothing)
