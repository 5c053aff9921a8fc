"""The registry's nouns: sites, buildings, meters with dated facts, people. Plain data, and which shares hold when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Carrier(StrEnum):
    """What a meter counts."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    WATER = "water"
    HEAT = "heat"
    SOLAR = "solar"
    OIL = "oil"
    PROPANE = "propane"
    PELLETS = "pellets"
    WOOD = "wood"
    COOLING = "cooling"  # cold, as a meter in the cold water circuit counts it
    INDOOR = "indoor"  # the temperature of a room: a state, no amount
    WEATHER = "weather"  # a weather station or sensor: a state, no amount


class Kind(StrEnum):
    """How a meter tells amounts."""

    INDEX = "index"
    INTERVAL = "interval"
    DELIVERY = "delivery"
    VIRTUAL = "virtual"
    GAUGE = "gauge"


class Use(StrEnum):
    """What a building is for; it decides opening hours, comfort duty and what is usual."""

    CARE_HOME = "care_home"
    SOCIAL_ANTENNA = "social_antenna"
    OFFICE = "office"
    LAUNDRY = "laundry"
    WORKSHOP = "workshop"
    DAY_CENTRE = "day_centre"
    HOUSING = "housing"
    OTHER = "other"


class Role(StrEnum):
    """What a person does with the product."""

    ENERGY_CELL = "energy_cell"
    TECHNICIAN = "technician"
    FACILITY_MANAGER = "facility_manager"


@dataclass(frozen=True, slots=True)
class Site:
    """A place with one address and one weather."""

    id: str
    name: str
    zone: str = ""  # the dispatching zone, e.g. `centre`, `north`
    timezone: str = "Europe/Brussels"
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Building:
    """A building of a site. floor_area_m2 by the PLAGE rule (outer dimensions, free height from 2.10 m)."""

    id: str
    site: str
    name: str
    use: Use = Use.OTHER
    floor_area_m2: float | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """A point of measurement that stays when the device on it is replaced. `unit` is that of its amounts: kWh or m3."""

    id: str
    site: str
    name: str
    carrier: Carrier
    kind: Kind
    unit: str
    interval_s: int | None = None  # usual distance of its readings; None = not known
    ean: str | None = None
    installation: str = ""  # what stands behind it, in words a technician knows: `boiler room, west wing`
    note: str = ""
    gas_station: str = ""  # the network operator's receiving station, by which gas has its calorific value


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What is true of a meter from an instant on. None = not known: no check is made that would need it."""

    meter: str
    valid_from_ms: int = 0
    digits: int | None = None  # places before the decimal point, where the register rolls over
    decimals: int | None = None
    multiplier: float = 1.0  # index difference × multiplier = amount
    max_power_kw: float | None = None  # the most that can flow, from contract or fuse [kW], kWh meters only
    max_flow_m3h: float | None = None  # the most that can flow, from the meter's size or the pipe's [m3/h], m3 meters
    pulse_weight: float | None = None  # amount of one pulse [unit of the meter]; registers that count pulses only
    unit: str | None = None  # in which the index counts where that is not the register's own unit, e.g. MWh
    tank_l: float | None = None  # capacity of the tank that deliveries fill [l]
    source: str = ""  # where this stands: contract, type plate, letter
    contracted_kw: float | None = None  # power that is paid for by contract; the rules tell when more is drawn [kW]


@dataclass(frozen=True, slots=True)
class Swap:
    """A declared replacement of the device behind a register, at an instant."""

    meter: str
    register: str
    at_ms: int
    last_index: float
    first_index: float
    serial: str = ""
    digits: int | None = None
    who: str = ""  # who replaced it, or told so
    photo: str = ""  # id of a stored file
    note: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a meter that serves a building, from a local day on. Shares of a meter and day sum to 1."""

    meter: str
    building: str
    share: float
    valid_from: date = date(1970, 1, 1)


def shares_on(shares: Iterable[Share], day: date) -> list[Share]:
    """The shares in force on a local day: for each meter those of its newest valid_from that has come, order kept.

    All shares of a meter and date replace all its earlier ones: a meter that moved serves its old building no more.

    >>> old, new = Share("m", "a", 1.0), Share("m", "b", 1.0, date(2026, 6, 1))
    >>> [s.building for s in shares_on([old, new], date(2026, 5, 31))]
    ['a']
    >>> [s.building for s in shares_on([old, new], date(2026, 6, 1))]
    ['b']
    """
    come = [share for share in shares if share.valid_from <= day]
    newest: dict[str, date] = {}
    for share in come:
        newest[share.meter] = max(share.valid_from, newest.get(share.meter, share.valid_from))
    return [share for share in come if newest[share.meter] == share.valid_from]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which meter a device's register feeds, from an instant on until `to_ms` or the next binding of that register."""

    device: str
    register: str
    meter: str
    from_ms: int = 0
    as_register: str | None = None  # what a `field.<name>` counts, in a register word
    unit: str | None = None  # in which a `field.<name>` counts
    to_ms: int | None = None  # from then on it feeds none; None = until the next binding

    @property
    def source(self) -> str:
        """Who brings the evidence of this binding. A field said anew in another unit is another source.

        >>> Binding("attic", "gas_volume", "m").source
        'mqtt:attic'
        >>> Binding("attic", "field.total", "m", as_register="gas_volume", unit="l").source
        'mqtt:attic#field.total in l'
        """
        said = "" if self.as_register is None else f"#{self.register} in {self.unit}"
        return f"mqtt:{self.device}{said}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who gets tickets or mails. `buildings` empty = all; `zones` and `skills` are for dispatching."""

    id: str
    name: str
    email: str
    role: Role
    language: str = "nl"
    buildings: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    """A public body that uses buildings: the welfare centre itself, another one that it shares a building with."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class BuildingShare:
    """The part of a building that an organisation uses, from a local day on. Shares of a building and day sum to 1."""

    building: str
    organisation: str
    share: float
    valid_from: date = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class SubMeter:
    """A meter behind another one, from a local day on, up to the day before `valid_to`."""

    head: str
    sub: str
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class VirtualFormula:
    """How a virtual meter is computed from others, from an instant on: `a.elec - b.elec + 0.5 * c.elec`."""

    meter: str
    formula: str
    valid_from_ms: int = 0


@dataclass(frozen=True, slots=True)
class CalorificValue:
    """Energy in a cubic metre of gas (gross, GCV) of a receiving station, from a local day on."""

    station: str
    valid_from: date
    kwh_per_m3: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Fuel that came on a local day. quantity in `unit`: l, m3 or kg as the invoice has it."""

    meter: str
    delivered_on: date
    quantity: float
    unit: str
    document: str = ""  # number of the invoice or delivery note
    note: str = ""
