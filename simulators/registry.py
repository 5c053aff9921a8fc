"""What the registry must know of a sample centre: its places, meters, devices and the people who look after them."""

from collections.abc import Iterator, Sequence

from plagewatch.metering.meters import (
    Binding,
    Building,
    Carrier,
    Kind,
    Meter,
    MeterFacts,
    Person,
    Role,
    Share,
    Site,
    Use,
)
from plagewatch.store.records.registry import Entry
from simulators.centre import TIMEZONE, WEATHER_SITE, SampleBuilding, carriers, meter_id
from simulators.profiles import QUARTER_S
from simulators.registers import Register
from simulators.weather import LATITUDE_DEG, LONGITUDE_DEG
from simulators.world import World

EAN_PREFIX = "54144892"
MAIL_DOMAIN = "cpas-ocmw.example"

# Generous limits of what can flow [W per m2 of floor]: contract and fuses, several times the usual peak.
_MAX_W_M2 = {
    Use.CARE_HOME: 40.0,
    Use.SOCIAL_ANTENNA: 90.0,
    Use.OFFICE: 60.0,
    Use.LAUNDRY: 220.0,
    Use.WORKSHOP: 110.0,
    Use.DAY_CENTRE: 60.0,
    Use.HOUSING: 20.0,
}

_NAMES = {
    ("nl", Carrier.ELECTRICITY): ("Elektriciteit", "hoogspanningscabine of tellerkast, gelijkvloers"),
    ("nl", Carrier.GAS): ("Gas", "stookplaats, kelder"),
    ("nl", Carrier.WATER): ("Water", "watermeter, kelder straatkant"),
    ("nl", Carrier.SOLAR): ("Zonnepanelen", "omvormers, dak"),
    ("fr", Carrier.ELECTRICITY): ("Électricité", "cabine haute tension ou coffret, rez-de-chaussée"),
    ("fr", Carrier.GAS): ("Gaz", "chaufferie, cave"),
    ("fr", Carrier.WATER): ("Eau", "compteur d'eau, cave côté rue"),
    ("fr", Carrier.SOLAR): ("Panneaux solaires", "onduleurs, toiture"),
}

_STATION = (
    Site(WEATHER_SITE, "Weerstation / Station météo", "centre", TIMEZONE, LATITUDE_DEG, LONGITUDE_DEG),
    Meter(
        f"{WEATHER_SITE}.temperature", WEATHER_SITE, "Outdoor temperature", Carrier.WEATHER, Kind.GAUGE, "°C", QUARTER_S
    ),
    Meter(f"{WEATHER_SITE}.irradiance", WEATHER_SITE, "Irradiance", Carrier.WEATHER, Kind.GAUGE, "W/m2", QUARTER_S),
)


def entries(world: World) -> list[Entry]:
    """All entries of the registry, in an order in which each finds what it refers to."""
    found: list[Entry] = []
    for building in world.buildings:
        found.append(Site(building.id, building.name, building.zone, TIMEZONE, LATITUDE_DEG, LONGITUDE_DEG))
        found.append(Building(building.id, building.id, building.name, building.use, building.floor_area_m2))
        found += _meters_of(building, world)
    found += _STATION
    for device in world.devices:
        found += [Binding(device.id, register.word, register.meter) for register in device.registers]
    return [*found, *_people(world.buildings)]


def gs1_check_digit(digits: str) -> int:
    """The last digit of a GS1 key, as EAN numbers of connection points have it.

    GS1 General Specifications, section 7.9: from the right, digits weigh 3, 1, 3, 1, ...

    >>> gs1_check_digit("37610425002123456")
    9
    """
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -weighed % 10


def _meters_of(building: SampleBuilding, world: World) -> Iterator[Entry]:
    for carrier in carriers(building):
        name, installation = _NAMES[building.language, carrier]
        meter = meter_id(building, carrier)
        unit = "m3" if carrier in (Carrier.GAS, Carrier.WATER) else "kWh"
        yield Meter(
            id=meter,
            site=building.id,
            name=f"{name} – {building.name}",
            carrier=carrier,
            kind=Kind.INDEX,
            unit=unit,
            interval_s=QUARTER_S,
            ean=_ean(meter) if carrier in (Carrier.ELECTRICITY, Carrier.GAS) else None,
            installation=installation,
        )
        register = next(register for register in world.registers() if register.meter == meter)
        yield _facts(building, carrier, register)
        yield Share(meter, building.id, 1.0)


def _facts(building: SampleBuilding, carrier: Carrier, register: Register) -> MeterFacts:
    max_power_kw = None
    if carrier is Carrier.ELECTRICITY:
        max_power_kw = max(40.0, round(building.floor_area_m2 * _MAX_W_M2[building.use] / 1000.0))
    elif carrier is Carrier.SOLAR:
        max_power_kw = round(building.solar_kwp * 1.5)
    return MeterFacts(register.meter, digits=register.digits, decimals=register.decimals, max_power_kw=max_power_kw)


def _ean(meter: str) -> str:
    # A number that stands for the meter's name; the prefix is that of Brussels connection points, the rest invented.
    body = EAN_PREFIX + f"{int.from_bytes(meter.encode(), 'big') % 10**9:09d}"
    return f"{body}{gs1_check_digit(body)}"


def _people(buildings: Sequence[SampleBuilding]) -> Iterator[Person]:
    yield _person("amina", "Amina, cellule énergie", Role.ENERGY_CELL, "fr")
    yield _person("joris", "Joris, energiecel", Role.ENERGY_CELL, "nl")
    technicians = (
        ("karim", "Karim, interventieteam noord", "nl", "north", ("plumbing", "heating")),
        ("els", "Els, interventieteam noord", "nl", "north", ("electricity", "metering")),
        ("luc", "Luc, équipe d'intervention centre", "fr", "centre", ("plumbing", "heating")),
        ("fatou", "Fatou, équipe d'intervention centre", "fr", "centre", ("electricity", "metering")),
    )
    for id_, name, language, zone, skills in technicians:
        yield Person(id_, name, f"{id_}@{MAIL_DOMAIN}", Role.TECHNICIAN, language, (), (zone,), skills)
    managers = (
        ("griet", "Griet, directie woonzorgcentra", "nl", ("wzc-linde", "wzc-eik")),
        ("nadia", "Nadia, direction résidence et centre de jour", "fr", ("mrs-tournesol", "erables")),
        ("pieter", "Pieter, hoofd sociale antennes", "nl", ("ant-kanaal", "ant-noord")),
        ("olivier", "Olivier, responsable siège, antenne et atelier", "fr", ("siege", "ant-parc", "atelier")),
        ("sofie", "Sofie, gebouwbeheer west, wasserij en woningen", "nl", ("kantoor-west", "wasserij", "molenwijk")),
    )
    there = {building.id for building in buildings}
    for id_, name, language, looked_after in managers:
        own = tuple(building for building in looked_after if building in there)
        if own:
            yield Person(id_, name, f"{id_}@{MAIL_DOMAIN}", Role.FACILITY_MANAGER, language, own)


def _person(id_: str, name: str, role: Role, language: str) -> Person:
    return Person(id_, name, f"{id_}@{MAIL_DOMAIN}", role, language)
