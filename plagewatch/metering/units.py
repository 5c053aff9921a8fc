"""Units as devices and files write them, and the one unit each becomes inside the door."""

from collections.abc import Mapping
from typing import NamedTuple


class Unit(NamedTuple):
    """canonical value = value × times / per; one of the two is 1, so that a decimal stays the decimal it was."""

    canonical: str
    times: float = 1.0
    per: float = 1.0


UNITS: Mapping[str, Unit] = {
    "kWh": Unit("kWh"),
    "Wh": Unit("kWh", per=1000.0),
    "MWh": Unit("kWh", times=1000.0),
    "mWh": Unit("kWh", per=1e6),
    "Wmin": Unit("kWh", per=60_000.0),
    "J": Unit("kWh", per=3.6e6),
    "kJ": Unit("kWh", per=3600.0),
    "MJ": Unit("kWh", per=3.6),
    "GJ": Unit("kWh", per=0.0036),
    "m3": Unit("m3"),
    "m³": Unit("m3"),
    "l": Unit("m3", per=1000.0),
    "L": Unit("m3", per=1000.0),
    "dm3": Unit("m3", per=1000.0),
    "dm³": Unit("m3", per=1000.0),
    "W": Unit("W"),
    "kW": Unit("W", times=1000.0),
    "MW": Unit("W", times=1e6),
    "°C": Unit("°C"),
    "degC": Unit("°C"),
    "%": Unit("%"),
    "W/m2": Unit("W/m2"),
    "W/m²": Unit("W/m2"),
    "ppm": Unit("ppm"),
    "1": Unit("1"),
}


def to_canonical(value: float, unit: str) -> tuple[float, str]:
    """A value in the unit it has inside the door, and that unit.

    Raises KeyError for a unit that is not in the table: a unit is never guessed.

    >>> to_canonical(1500.0, "Wh")
    (1.5, 'kWh')
    >>> to_canonical(250.0, "l")
    (0.25, 'm3')
    """
    known = UNITS[unit]
    return value * known.times / known.per, known.canonical
