"""The sample welfare centre: twelve buildings that do not exist, what they are for and how much they use."""

from dataclasses import dataclass

from plagewatch.metering.meters import Carrier, Use

WEATHER_SITE = "station-brussels"
TIMEZONE = "Europe/Brussels"


@dataclass(frozen=True, slots=True)
class SampleBuilding:
    """One building. language: that of its manager. solar_kwp: peak power of its panels, 0 = none.

    elec_kwh_m2, gas_kwh_m2, water_m3_m2: what a square metre uses in a year of usual weather; electricity with what
    the building's own panels give.
    """

    id: str
    name: str
    use: Use
    zone: str
    floor_area_m2: float
    language: str
    elec_kwh_m2: float
    gas_kwh_m2: float
    water_m3_m2: float
    solar_kwp: float = 0.0


# Intensities: usual values of such buildings in Brussels; water from 75 m3 a bed (65 m2), 9 m3 an employee (25 m2),
# 95 m3 a dwelling (80 m2), 12 litres a kilogram of linen.
BUILDINGS = (
    SampleBuilding("wzc-linde", "Woonzorgcentrum De Linde", Use.CARE_HOME, "north", 6200, "nl", 62, 172, 1.15, 60),
    SampleBuilding("mrs-tournesol", "Résidence Tournesol", Use.CARE_HOME, "centre", 8100, "fr", 66, 158, 1.2, 75),
    SampleBuilding("wzc-eik", "Woonzorgcentrum De Eik", Use.CARE_HOME, "north", 5400, "nl", 58, 184, 1.1),
    SampleBuilding("ant-kanaal", "Sociale antenne Kanaal", Use.SOCIAL_ANTENNA, "north", 640, "nl", 41, 112, 0.4),
    SampleBuilding("ant-parc", "Antenne sociale du Parc", Use.SOCIAL_ANTENNA, "centre", 520, "fr", 38, 118, 0.38),
    SampleBuilding("ant-noord", "Sociale antenne Noord", Use.SOCIAL_ANTENNA, "north", 710, "nl", 42, 104, 0.42),
    SampleBuilding("siege", "Siège administratif", Use.OFFICE, "centre", 11900, "fr", 76, 92, 0.36, 95),
    SampleBuilding("kantoor-west", "Administratief centrum West", Use.OFFICE, "centre", 3100, "nl", 72, 98, 0.34),
    SampleBuilding("wasserij", "Centrale wasserij", Use.LAUNDRY, "north", 2400, "nl", 220, 600, 4.0, 90),
    SampleBuilding("atelier", "Atelier technique", Use.WORKSHOP, "north", 1800, "fr", 45, 120, 0.3),
    SampleBuilding("erables", "Centre de jour Les Érables", Use.DAY_CENTRE, "centre", 1250, "fr", 40, 110, 0.5),
    SampleBuilding("molenwijk", "Wooncomplex Molenwijk", Use.HOUSING, "north", 8400, "nl", 12, 130, 1.25),
)

CARRIERS = (Carrier.ELECTRICITY, Carrier.GAS, Carrier.WATER, Carrier.SOLAR)
SHORT = {Carrier.ELECTRICITY: "elec", Carrier.GAS: "gas", Carrier.WATER: "water", Carrier.SOLAR: "solar"}


def carriers(building: SampleBuilding) -> tuple[Carrier, ...]:
    """What the building has a meter for."""
    return CARRIERS if building.solar_kwp else CARRIERS[:3]


def meter_id(building: SampleBuilding, carrier: Carrier) -> str:
    """The meter's name in the registry.

    >>> meter_id(BUILDINGS[0], Carrier.ELECTRICITY)
    'wzc-linde.elec'
    """
    return f"{building.id}.{SHORT[carrier]}"
