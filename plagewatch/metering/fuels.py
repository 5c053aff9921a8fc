"""Energy in fuels that come by lorry, by the unit of the invoice; net and gross, because bills and tables differ."""

from dataclasses import dataclass

from plagewatch.metering.meters import Carrier

FAIRE = "fai-re.eu, set of the older Brussels EPB, read 2026"
ENERGIEPLUS = "energieplus-lesite.be, ratios of net to gross, read 2026"


@dataclass(frozen=True, slots=True)
class Fuel:
    """net_kwh_per_unit: net calorific value (NCV) of one `unit`. net_to_gross: NCV / GCV."""

    carrier: Carrier
    unit: str
    net_kwh_per_unit: float
    net_to_gross: float
    source: str

    @property
    def gross_kwh_per_unit(self) -> float:
        """Gross calorific value (GCV) of one unit: what gas is billed by, and so what fuels are compared in."""
        return self.net_kwh_per_unit / self.net_to_gross


FUELS = {
    (fuel.carrier, fuel.unit): fuel
    for fuel in (
        Fuel(Carrier.OIL, "l", 10.0, 0.94, f"{FAIRE}; {ENERGIEPLUS}"),
        Fuel(Carrier.PROPANE, "l", 6.59, 0.92, f"{FAIRE}; {ENERGIEPLUS}"),
        Fuel(Carrier.PELLETS, "kg", 4.86, 0.91, f"{FAIRE}; {ENERGIEPLUS}"),
        Fuel(Carrier.WOOD, "kg", 4.17, 0.93, f"{FAIRE}; {ENERGIEPLUS}"),
    )
}

GAS_NET_TO_GROSS = 0.90
"""NCV / GCV of natural gas (energieplus-lesite.be)."""

LITRES = {"l": 1.0, "m3": 1000.0}


def gross_kwh(carrier: Carrier, quantity: float, unit: str) -> float:
    """Gross energy of a quantity of fuel [kWh].

    Raises KeyError for a fuel and unit of which no calorific value is known: none is guessed.

    >>> round(gross_kwh(Carrier.OIL, 3000.0, "l"))
    31915
    >>> round(gross_kwh(Carrier.OIL, 3.0, "m3"))
    31915
    """
    if unit == "m3":
        quantity, unit = quantity * LITRES[unit], "l"
    return quantity * FUELS[carrier, unit].gross_kwh_per_unit
