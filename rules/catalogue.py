"""The rules as data: what looks at which meters, how often normal is enough, and what the ticket tells people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.detectors import (
    base_load,
    energy_signature,
    night_water,
    no_data,
    outside_hours,
    unusual_load,
    year_on_year,
)
from rules.detectors.case import Case
from rules.detectors.verdicts import Judgement, MeterHours

DEVICE_SILENT = "device_silent"
"""Cause of the one ticket for all meters of a device that went silent together."""

HISTORY_DAYS = 120
"""How far back the hours must reach so that every rule says the same as with all of the past [days]."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. detector, parameters: what looks, by which numbers. normal_in_a_row: so many normal verdicts end it.

    history_days: how far back it has to look [days]. needs_weather: whether it asks how cold it was.
    """

    id: str
    cause: str
    carriers: frozenset[Carrier]
    detector: Callable[[Case, Any], Judgement]
    parameters: Any
    normal_in_a_row: int
    urgency: Urgency
    skill: Skill
    title: str
    first_checks: tuple[str, ...]
    history_days: int = HISTORY_DAYS
    needs_weather: bool = False

    def judge(self, case: Case) -> Judgement:
        """What the detector says of a meter."""
        return self.detector(case, self.parameters)


def of_hours(judge: Callable[[MeterHours, Any], Judgement]) -> Callable[[Case, Any], Judgement]:
    """A detector that needs a meter's hours only."""
    return lambda case, parameters: judge(case.hours, parameters)


NO_DATA = Rule(
    id="no_data",
    cause="no_data",
    carriers=frozenset({Carrier.ELECTRICITY, Carrier.GAS, Carrier.WATER, Carrier.HEAT, Carrier.SOLAR}),
    detector=of_hours(no_data.judge),
    parameters=no_data.NoData(),
    normal_in_a_row=1,
    urgency=Urgency.SOON,
    skill=Skill.METERING,
    title=N_("No readings"),
    first_checks=(
        N_("Does the datalogger have power and do its lamps light up?"),
        N_("Is its network or SIM working? Do other devices in the building still report?"),
        N_("Is the cable or pulse head on the meter still in its place?"),
    ),
)

NIGHT_WATER = Rule(
    id="night_water",
    cause="water_at_night",
    carriers=frozenset({Carrier.WATER}),
    detector=of_hours(night_water.judge),
    parameters=night_water.NightWater(),
    normal_in_a_row=2,
    urgency=Urgency.URGENT,
    skill=Skill.PLUMBING,
    title=N_("Water runs at night"),
    first_checks=(
        N_("Listen at the toilets: a running cistern is the most frequent cause."),
        N_("Check the overflow of the boiler's safety group and the refilling of the heating."),
        N_("Close the branches one by one at night and watch whether the meter stands still."),
    ),
)

UNUSUAL_LOAD = Rule(
    id="unusual_load",
    cause="unusual_load",
    carriers=frozenset({Carrier.ELECTRICITY}),
    detector=of_hours(unusual_load.judge),
    parameters=unusual_load.UnusualLoad(),
    normal_in_a_row=24,
    urgency=Urgency.SOON,
    skill=Skill.ELECTRICITY,
    title=N_("Unusual electricity use"),
    first_checks=(
        N_("Does ventilation, cooling or lighting run outside its hours? Check the clock of the controls."),
        N_("Was there an event, a closure or work in the building?"),
        N_("Has a circuit breaker tripped, or does the meter repeat one and the same value?"),
    ),
)

OUTSIDE_HOURS = Rule(
    id="outside_hours",
    cause="outside_hours",
    carriers=frozenset({Carrier.ELECTRICITY}),
    detector=outside_hours.judge,
    parameters=outside_hours.OutsideHours(),
    normal_in_a_row=7,
    urgency=Urgency.ROUTINE,
    skill=Skill.ELECTRICITY,
    title=N_("In use while the building is closed"),
    first_checks=(
        N_("Compare the clocks of ventilation, heating and lighting with the opening hours, holidays included."),
        N_("Is the building used at those hours, by cleaners or an association? Then correct its opening hours here."),
        N_("Was something left on by hand? Walk round once after closing time."),
    ),
)

BASE_LOAD = Rule(
    id="base_load",
    cause="base_load",
    carriers=frozenset({Carrier.ELECTRICITY}),
    detector=base_load.judge,
    parameters=base_load.BaseLoad(),
    normal_in_a_row=14,
    urgency=Urgency.ROUTINE,
    skill=Skill.ELECTRICITY,
    title=N_("The base load has risen"),
    first_checks=(
        N_("What has been added since then: servers, cooling, a pump, electric heating?"),
        N_("Walk round at night or on a Sunday: what hums, is warm or is lit?"),
        N_("Switch off circuit by circuit at a quiet hour and watch the meter."),
    ),
)

_HEATING = frozenset({Carrier.GAS, Carrier.HEAT})
_SIGNATURE_DAYS = 540  # a year to learn from, eleven weeks for how the years differ, and how long it has lasted

HEAT_SIGNATURE = Rule(
    id="heat_signature",
    cause="heat_signature",
    carriers=_HEATING,
    detector=energy_signature.judge,
    parameters=energy_signature.EnergySignature(),
    normal_in_a_row=7,
    urgency=Urgency.SOON,
    skill=Skill.HEATING,
    title=N_("More heating than the cold explains"),
    first_checks=(
        N_("Does the heating follow its schedule, at the weekend too? Look at the clock and the mode of the controls."),
        N_("Has somebody changed the heating curve or set the controls to manual?"),
        N_("Are windows, doors or vents open, or do pumps run where nobody is?"),
    ),
    history_days=_SIGNATURE_DAYS,
    needs_weather=True,
)

HEAT_AT_NIGHT = Rule(
    id="heat_at_night",
    cause="heat_at_night",
    carriers=_HEATING,
    detector=energy_signature.judge,
    parameters=energy_signature.EnergySignature(until_h=4, deviations=2.0),
    normal_in_a_row=7,
    urgency=Urgency.SOON,
    skill=Skill.HEATING,
    title=N_("More heating at night than the cold explains"),
    first_checks=(
        N_("Does the heating still go to night mode? Look at the clock and the mode of the controls."),
        N_("Does the hot water or its circulation run all night?"),
        N_("Did an event or a guest prolong the heating, and was it set back afterwards?"),
    ),
    history_days=_SIGNATURE_DAYS,
    needs_weather=True,
)

HEAT_WHEN_WARM = Rule(
    id="heat_when_warm",
    cause="heat_when_warm",
    carriers=_HEATING,
    detector=energy_signature.judge,
    parameters=energy_signature.EnergySignature(warm=True, work_days=3, rest_days=3, deviations=2.0),
    normal_in_a_row=7,
    urgency=Urgency.SOON,
    skill=Skill.HEATING,
    title=N_("Heating while it is warm outside"),
    first_checks=(
        N_("Is the heating in summer mode? Feel whether the pipes of its circuits are warm."),
        N_("Is a valve or mixer stuck open, or does a pump run by hand?"),
        N_("Has more hot water been drawn, or is its temperature or circulation set higher?"),
    ),
    history_days=_SIGNATURE_DAYS,
    needs_weather=True,
)

YEAR_ON_YEAR = Rule(
    id="year_on_year",
    cause="year_on_year",
    carriers=_HEATING,
    detector=year_on_year.judge,
    parameters=year_on_year.YearOnYear(),
    normal_in_a_row=1,
    urgency=Urgency.ROUTINE,
    skill=Skill.HEATING,
    title=N_("More heating than last year, the weather taken out"),
    first_checks=(
        N_("Has the building been used more: more rooms, longer hours, other people?"),
        N_("Compare the settings of the controls with those of last year: schedule, heating curve, hot water."),
        N_("When was the boiler last serviced, and what did its flue gas measurement say?"),
    ),
    history_days=765,
    needs_weather=True,
)

# BASE_LOAD is not among them: on the development set its one ticket cost 0.03 of the hour F1.
RULES = (
    NO_DATA,
    NIGHT_WATER,
    UNUSUAL_LOAD,
    OUTSIDE_HOURS,
    HEAT_SIGNATURE,
    HEAT_AT_NIGHT,
    HEAT_WHEN_WARM,
    YEAR_ON_YEAR,
)
"""In the order in which they judge: those after unusual load leave to it what it tells."""

DEVICE_SILENT_TITLE = N_("A device reports nothing: all its meters are silent")


def rule(rule_id: str) -> Rule:
    """The rule of an id. Raises KeyError for an id that is not in the catalogue.

    >>> rule("night_water").skill.value
    'plumbing'
    """
    return {each.id: each for each in RULES}[rule_id]
