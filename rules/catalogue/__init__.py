"""The rules as data: what looks at which meters, how often normal is enough, and what the ticket tells people."""

from rules.catalogue.data import (
    DEVICE_SILENT,
    DEVICE_SILENT_SAYS,
    DEVICE_SILENT_TITLE,
    IMPOSSIBLE_STEP,
    NO_DATA,
    PULSE_WEIGHT,
    SUB_METER_BALANCE,
)
from rules.catalogue.electricity import BASE_LOAD, OUTSIDE_HOURS, PEAK_POWER, UNUSUAL_LOAD
from rules.catalogue.heating import AFTER_WORKS, HEAT_AT_NIGHT, HEAT_SIGNATURE, HEAT_WHEN_WARM, YEAR_ON_YEAR
from rules.catalogue.rooms import COLD_ROOM, COOL_ROOM, HEAT_AND_COLD
from rules.catalogue.rule import HISTORY_DAYS, Need, Rule, Says
from rules.catalogue.solar import SOLAR_DEAD, SOLAR_GAP, SOLAR_LOSS, SOLAR_NIGHT
from rules.catalogue.water import NIGHT_WATER, STOPPED, WATER_BURST

RULES = (
    NO_DATA,
    IMPOSSIBLE_STEP,
    WATER_BURST,
    NIGHT_WATER,
    STOPPED,
    UNUSUAL_LOAD,
    BASE_LOAD,
    OUTSIDE_HOURS,
    PEAK_POWER,
    HEAT_SIGNATURE,
    HEAT_AT_NIGHT,
    HEAT_WHEN_WARM,
    YEAR_ON_YEAR,
    AFTER_WORKS,
    COLD_ROOM,
    COOL_ROOM,
    HEAT_AND_COLD,
    SOLAR_DEAD,
    SOLAR_LOSS,
    SOLAR_NIGHT,
    SOLAR_GAP,
    PULSE_WEIGHT,
    SUB_METER_BALANCE,
)
"""In the order in which they judge: those after unusual load leave to it what it tells."""


def rule(rule_id: str) -> Rule:
    """The rule of an id. Raises KeyError for an id that is not in the catalogue.

    >>> rule("night_water").skill.value
    'plumbing'
    """
    return {each.id: each for each in RULES}[rule_id]


__all__ = [
    "AFTER_WORKS",
    "BASE_LOAD",
    "COLD_ROOM",
    "COOL_ROOM",
    "DEVICE_SILENT",
    "DEVICE_SILENT_SAYS",
    "DEVICE_SILENT_TITLE",
    "HEAT_AND_COLD",
    "HEAT_AT_NIGHT",
    "HEAT_SIGNATURE",
    "HEAT_WHEN_WARM",
    "HISTORY_DAYS",
    "IMPOSSIBLE_STEP",
    "NIGHT_WATER",
    "NO_DATA",
    "OUTSIDE_HOURS",
    "PEAK_POWER",
    "PULSE_WEIGHT",
    "RULES",
    "SOLAR_DEAD",
    "SOLAR_GAP",
    "SOLAR_LOSS",
    "SOLAR_NIGHT",
    "STOPPED",
    "SUB_METER_BALANCE",
    "UNUSUAL_LOAD",
    "WATER_BURST",
    "YEAR_ON_YEAR",
    "Need",
    "Rule",
    "Says",
    "rule",
]
