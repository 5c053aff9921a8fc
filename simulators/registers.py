"""Registers of the sample centre's meters and the devices that read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from plagewatch.metering.meters import Carrier, Use
from simulators.centre import WEATHER_SITE, SampleBuilding, carriers, meter_id


class Family(StrEnum):
    """How a device speaks."""

    PLAIN_JSON = "plain_json"
    SHELLY = "shelly"


@dataclass(frozen=True, slots=True)
class Register:
    """A counter or sensor that a device reads.

    word: as the registry binds it. unit: of its values. decimals: the smallest step is 10^-decimals.
    digits: places before the decimal point, where a counter rolls over; None = a sensor, or a counter without end.
    """

    meter: str
    word: str
    unit: str
    decimals: int
    digits: int | None = None

    @property
    def steps_per_unit(self) -> int:
        """Smallest steps in one unit."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class Device:
    """A datalogger or meter on the network."""

    id: str
    family: Family
    registers: tuple[Register, ...]


# The water meter of Molenwijk has five drums: it comes round within the year that the sample shows.
_WATER_DIGITS = {"molenwijk.water": 5}
_GAUGES = (("temperature", "°C", 1), ("irradiance", "W/m2", 0))


def devices(buildings: Iterable[SampleBuilding]) -> tuple[Device, ...]:
    """All devices: one datalogger per building, a Shelly Pro 3EM for an antenna's electricity, the weather station."""
    found: list[Device] = []
    for building in buildings:
        if building.use is Use.SOCIAL_ANTENNA:
            found.append(Device(shelly_id(building.id), Family.SHELLY, _electricity(building, None)))
        found.append(Device(f"logger-{building.id}", Family.PLAIN_JSON, tuple(_logged(building))))
    station = tuple(Register(f"{WEATHER_SITE}.{word}", word, unit, decimals) for word, unit, decimals in _GAUGES)
    found.append(Device(f"logger-{WEATHER_SITE}", Family.PLAIN_JSON, station))
    return tuple(found)


def shelly_id(building: str) -> str:
    """The name a Shelly has from the factory: model and MAC address, here one that stands for the building."""
    return f"shellypro3em-{blake2b(building.encode(), digest_size=6).hexdigest()}"


def first_steps(seed: int, register: Register) -> int:
    """What a counter stood at when the sample's history begins [smallest steps]."""
    if register.meter in _WATER_DIGITS:
        return 93_480 * register.steps_per_unit + 517
    digest = blake2b(f"{seed}/{register.meter}/{register.word}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "little") / 2**32
    return int((0.02 + 0.2 * share) * 10 ** (register.digits or 6) * register.steps_per_unit)


def _logged(building: SampleBuilding) -> Iterable[Register]:
    if building.use is not Use.SOCIAL_ANTENNA:
        yield from _electricity(building, 7)
    yield Register(meter_id(building, Carrier.GAS), "gas_volume", "m3", 2, 7)
    water = meter_id(building, Carrier.WATER)
    yield Register(water, "water_volume", "m3", 3, _WATER_DIGITS.get(water, 6))
    if Carrier.SOLAR in carriers(building):
        yield Register(meter_id(building, Carrier.SOLAR), "solar_energy_total", "kWh", 3, 7)


def _electricity(building: SampleBuilding, digits: int | None) -> tuple[Register, ...]:
    meter = meter_id(building, Carrier.ELECTRICITY)
    taken = Register(meter, "energy_import_total", "kWh", 3, digits)
    if not building.solar_kwp:
        return (taken,)
    return (taken, Register(meter, "energy_export_total", "kWh", 3, digits))
