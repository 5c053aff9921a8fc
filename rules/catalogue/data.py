"""Rules of the figures themselves: readings that do not come, and readings that cannot be right."""

from collections.abc import Mapping

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, Says, always, of_hours
from rules.detectors import impossible_step, no_data, pulse_weight, sub_meter_balance

DEVICE_SILENT = "device_silent"
"""Cause of the one ticket for all meters of a device that went silent together."""

DEVICE_SILENT_TITLE = N_("A device reports nothing: all its meters are silent")

DEVICE_SILENT_SAYS = Says(
    N_("None of the {meters} meters of this device has been read for {silent}. One cause: start at the device."),
    {"meters": "meters|0", "silent": "silent_h|hours"},
)

_COUNTED = frozenset({Carrier.ELECTRICITY, Carrier.GAS, Carrier.WATER, Carrier.HEAT, Carrier.COOLING, Carrier.SOLAR})

NO_DATA = Rule(
    id="no_data",
    cause="no_data",
    carriers=_COUNTED | {Carrier.INDOOR},  # a room of which nothing is known is guarded by nobody
    detector=of_hours(no_data.judge),
    parameters=no_data.NoData(),
    warm=no_data.WARM,
    normal_in_a_row=1,
    urgency=Urgency.SOON,
    skill=Skill.METERING,
    title=N_("No readings"),
    first_checks=(
        N_("Does the datalogger have power and do its lamps light up?"),
        N_("Is its network or SIM working? Do other devices in the building still report?"),
        N_("Is the cable or pulse head on the meter still in its place?"),
    ),
    says=always(
        N_("Nothing has been read for {silent}; for this meter {limit} is already unusual."),
        silent="silent_h|hours",
        limit="limit_h|hours",
    ),
)

IMPOSSIBLE_STEP = Rule(
    id="impossible_step",
    cause="impossible_step",
    carriers=_COUNTED,
    detector=impossible_step.judge,
    parameters=impossible_step.ImpossibleStep(),
    warm=impossible_step.WARM,
    normal_in_a_row=1,
    urgency=Urgency.SOON,
    skill=Skill.DATA,
    title=N_("The register made an impossible step"),
    first_checks=(
        N_("Was the meter or its pulse head exchanged? Then enter the exchange with both readings."),
        N_("Compare the register on the meter itself with the one stored here."),
    ),
    says=always(
        N_(
            "{amount} {unit} in one step, more than this meter can count: set aside, and in no sum until it is "
            "explained."
        ),
        amount="set_aside_{unit}|#,##0.##",
    ),
    needs=frozenset({Need.LEDGER}),
    hard=True,
)

PULSE_WEIGHT = Rule(
    id="pulse_weight",
    cause="pulse_weight",
    carriers=frozenset({Carrier.ELECTRICITY, Carrier.GAS, Carrier.WATER, Carrier.HEAT}),
    detector=pulse_weight.judge,
    parameters=pulse_weight.PulseWeight(),
    normal_in_a_row=7,
    urgency=Urgency.SOON,
    skill=Skill.DATA,
    title=N_("The meter suddenly counts by another weight"),
    first_checks=(
        N_("Was a meter, pulse head or logger exchanged at that time? Look at its pulse weight."),
        N_("Read the register twice a day apart and compare with what is stored here."),
    ),
    says=always(
        N_(
            "For a week a day has had {after} {unit} where {before} {unit} was usual: {ratio} times as much, on every "
            "day alike. That looks like a factor of {factor}."
        ),
        after="after_{unit}_per_day",
        before="before_{unit}_per_day",
        ratio="ratio",
        factor="factor|#,##0.###",
    ),
    needs=frozenset({Need.EXCHANGES}),
)

_TOO_MUCH_BEHIND = N_(
    "In {days} days the meters behind this one counted {parts} {unit}, this one only {head} {unit}. More cannot come "
    "out than goes in: one of them counts wrongly."
)
_MISSING = N_(
    "Of {head} {unit} in {days} days, {unmeasured} {unit} passed no meter behind this one; usual is {usual}% of it. "
    "Either something new draws from it or a meter behind it counts too little."
)


def _balance(numbers: Mapping[str, float]) -> Says:
    behind = [value for name, value in numbers.items() if name.startswith("unmeasured_")]
    shows = {
        "days": "days|0",
        "parts": "parts_{unit}|#,##0",
        "head": "head_{unit}|#,##0",
        "unmeasured": "unmeasured_{unit}|#,##0",
        "usual": "usual_unmeasured_pct|0",
    }
    return Says(_TOO_MUCH_BEHIND if behind and behind[0] < 0 else _MISSING, shows)


SUB_METER_BALANCE = Rule(
    id="sub_meter_balance",
    cause="sub_meter_balance",
    carriers=_COUNTED,
    detector=sub_meter_balance.judge,
    parameters=sub_meter_balance.SubMeterBalance(),
    normal_in_a_row=3,
    urgency=Urgency.ROUTINE,
    skill=Skill.DATA,
    title=N_("The sub-meters do not add up"),
    first_checks=(
        N_("Has a meter behind this one been exchanged or stopped? Compare their factors and registers."),
        N_("Has something new been connected that no meter measures?"),
    ),
    says=_balance,
    needs=frozenset({Need.PARTS}),
)
