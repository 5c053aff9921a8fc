"""What a unit of each carrier costs, as dated parameters with their source: a money figure is never without one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.texts import N_


@dataclass(frozen=True, slots=True)
class Price:
    """A price per unit of the meter, valid from a local day until one of the same carrier follows it.

    eur_per_unit: EUR per kWh or per m3, energy or water with network costs and levies. assumed: not from a contract.
    source: where it is from, a text marked for translators, because readers of a mail see it.
    """

    carrier: Carrier
    eur_per_unit: float
    unit: str
    valid_from: date
    source: str
    assumed: bool


_ROUND = N_("round figure of this product, not from a contract")

ASSUMED_PRICES = (
    Price(Carrier.ELECTRICITY, 0.25, "kWh", date(2022, 1, 1), _ROUND, True),
    Price(
        Carrier.GAS,
        0.85,
        "m3",
        date(2022, 1, 1),
        N_("round figure of this product: 0.08 EUR/kWh at about 10.6 kWh/m3 (upper value), not from a contract"),
        True,
    ),
    Price(Carrier.GAS, 0.08, "kWh", date(2022, 1, 1), _ROUND, True),
    Price(
        Carrier.WATER,
        5.0,
        "m3",
        date(2022, 1, 1),
        N_("from a leak of 413 l/h that a Brussels energy cell put at about 18 000 EUR a year"),
        True,
    ),
    Price(Carrier.HEAT, 0.10, "kWh", date(2022, 1, 1), _ROUND, True),
)


def price_on(prices: Iterable[Price], carrier: Carrier, unit: str, day: date) -> Price | None:
    """The price of a carrier's unit on a local day, or None where none is known: no money is named then.

    >>> price_on(ASSUMED_PRICES, Carrier.WATER, "m3", date(2026, 11, 9)).eur_per_unit
    5.0
    >>> price_on(ASSUMED_PRICES, Carrier.SOLAR, "kWh", date(2026, 11, 9)) is None
    True
    """
    known = [p for p in prices if (p.carrier, p.unit) == (carrier, unit) and p.valid_from <= day]
    return max(known, key=lambda p: p.valid_from, default=None)
