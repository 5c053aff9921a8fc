"""What register words are called for people, in English, and the units in which each may be counted."""

from collections.abc import Mapping

from plagewatch.metering.readings import REGISTERS, Behaviour
from plagewatch.metering.units import UNITS
from plagewatch.tickets.texts import N_

NAMES: Mapping[str, str] = {
    "energy_import_total": N_("electricity used, index"),
    "energy_import_day": N_("electricity used by day, index"),
    "energy_import_night": N_("electricity used by night, index"),
    "energy_export_total": N_("electricity fed back, index"),
    "energy_export_day": N_("electricity fed back by day, index"),
    "energy_export_night": N_("electricity fed back by night, index"),
    "solar_energy_total": N_("solar production, index"),
    "heat_energy_total": N_("heat, index"),
    "gas_volume": N_("gas, index"),
    "water_volume": N_("water, index"),
    "pulse_count": N_("pulses, index"),
    "energy_interval": N_("energy of an interval"),
    "energy_export_interval": N_("electricity fed back in an interval"),
    "volume_interval": N_("volume of an interval"),
    "power_active": N_("power"),
    "power_export": N_("power fed back"),
    "temperature": N_("temperature"),
    "humidity": N_("humidity"),
    "irradiance": N_("sunlight"),
    "co2": N_("CO₂"),
    "field": N_("meaning not in the message"),
}

WORDS = tuple(word for word, said in REGISTERS.items() if said.behaviour is not Behaviour.UNSAID)
"""What a field may be said to count."""

UNIT_NAMES = tuple(dict.fromkeys(sorted(UNITS, key=lambda name: (UNITS[name].canonical, UNITS[name].per))))
"""Units that may be chosen for it, those of one kind together."""


def register_name(register: str) -> str:
    """What a register is called in English, its channel left aside; one without a name is shown as it is.

    >>> register_name("pulse_count.2"), register_name("other.1")
    ('pulses, index', 'other.1')
    """
    return NAMES.get(register.partition(".")[0], register)
