"""The rows of a building in the weekly mail: one per carrier, with what limits its figures. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digest.comparison import Comparison, compare, together
from digest.facts import BuildingWeek, MeterWeek, WeekFacts
from digest.phrases import Degrees, Fraction, Phrase
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Use
from plagewatch.metering.prices import Price, price_on
from plagewatch.tickets.texts import N_

NOTABLE_CHANGE = 0.10
NOTABLE_EUR = 10.0
NOTABLE_DEGREES_C = 1.0
HEATING = frozenset({Carrier.GAS, Carrier.HEAT})
ORDER = (Carrier.ELECTRICITY, Carrier.GAS, Carrier.HEAT, Carrier.WATER, Carrier.SOLAR)


@dataclass(frozen=True, slots=True)
class Row:
    """One carrier of a building. cost_eur, cost_change_eur: NaN where no price or no amount is known.

    notable: the change is large enough to be named. by_weather: it goes the way of the weather, so nobody need look
    for another reason. notes: what limits or explains the figures.
    """

    carrier: Carrier
    unit: str
    comparison: Comparison
    cost_eur: float
    cost_change_eur: float
    notable: bool
    by_weather: bool
    notes: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class BuildingSection:
    """A building with a row per carrier."""

    id: str
    name: str
    use: Use
    rows: tuple[Row, ...]


def section_of(week: BuildingWeek, facts: WeekFacts) -> BuildingSection:
    """The building's carriers that have a meter, in a fixed order."""
    rows = []
    for carrier in ORDER:
        meters = [m for m in week.meters if m.meter.carrier is carrier]
        for unit in sorted({m.meter.unit for m in meters}):
            same = [m for m in meters if m.meter.unit == unit]
            rows.append(_row(week, same, price_on(facts.prices, carrier, unit, facts.first_on)))
    return BuildingSection(week.building.id, week.building.name, week.building.use, tuple(rows))


def _row(week: BuildingWeek, meters: list[MeterWeek], price: Price | None) -> Row:
    carrier, unit = meters[0].meter.carrier, meters[0].meter.unit
    comparison = together([compare(meter) for meter in meters])
    per_unit = price.eur_per_unit if price else float("nan")
    more = comparison.common - comparison.common_before if comparison.comparable else float("nan")
    cost_change_eur = more * per_unit
    much = np.isnan(comparison.change) or abs(comparison.change) >= NOTABLE_CHANGE
    return Row(
        carrier=carrier,
        unit=unit,
        comparison=comparison,
        cost_eur=comparison.amount * per_unit,
        cost_change_eur=cost_change_eur,
        notable=bool(much and abs(cost_change_eur) >= NOTABLE_EUR),
        by_weather=carrier in HEATING and more * (week.outdoor_c - week.outdoor_before_c) < 0 and _felt(week),
        notes=tuple(_notes(week, carrier, comparison, meters[0].resolution)),
    )


def _notes(week: BuildingWeek, carrier: Carrier, c: Comparison, resolution: Resolution) -> Iterator[Phrase]:
    by_day = resolution is Resolution.DAY
    numbers = {"compared": c.compared, "expected": c.expected}
    if not c.comparable and c.known:
        text = (
            N_("Not compared: only {compared} of {expected} days are known in both weeks.")
            if by_day
            else N_("Not compared: only {compared} of {expected} hours are known in both weeks.")
        )
        yield Phrase(text, numbers)
    elif c.comparable and c.compared < c.expected - 1:
        text = (
            N_("Compared over the {compared} of {expected} days that both weeks know.")
            if by_day
            else N_("Compared over the {compared} of {expected} hours that both weeks know.")
        )
        yield Phrase(text, numbers)
    if c.amount > 0 and c.guessed > 0.02 * c.amount:
        text = N_("{part} of this amount was not measured: spread over a gap in the readings, estimated or typed in.")
        yield Phrase(text, {"part": Fraction(min(c.guessed / c.amount, 1.0))})
    warmer_c = week.outdoor_c - week.outdoor_before_c
    if carrier in HEATING and _felt(week):
        text = N_("It was {degrees} colder outside.") if warmer_c < 0 else N_("It was {degrees} warmer outside.")
        yield Phrase(text, {"degrees": Degrees(abs(warmer_c))})


def _felt(week: BuildingWeek) -> bool:
    return abs(week.outdoor_c - week.outdoor_before_c) >= NOTABLE_DEGREES_C
