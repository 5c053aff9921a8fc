"""Rules of solar panels."""

from collections.abc import Mapping

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, Says, always
from rules.detectors import solar_dead, solar_gap, solar_loss, solar_night

_SOLAR = frozenset({Carrier.SOLAR})
# What is learned from, what is left out, how long a row may be, and what says what a clear or sunny day is.
_SOLAR_DAYS = 63 + 14 + 30 + 60 + 3
_OWN = N_(
    "On {days} clear days the plant made {share}% of what it usually makes on such days: {lost} {unit} less so far."
)
_WEATHER = N_("On {days} sunny days the plant made {share}% of what that sun should give: {lost} {unit} less so far.")
_NEIGHBOURS = N_(
    "On {days} sunny days the plant made {share}% of what its neighbours show it should: {lost} {unit} less so far."
)

SOLAR_DEAD = Rule(
    id="solar_dead",
    cause="solar_dead",
    carriers=_SOLAR,
    detector=solar_dead.judge,
    parameters=solar_dead.SolarDead(),
    warm=solar_dead.WARM,
    normal_in_a_row=1,
    urgency=Urgency.URGENT,
    skill=Skill.ELECTRICITY,
    title=N_("Solar plant makes nothing"),
    first_checks=(
        N_("Is the inverter on, and what does its display say?"),
        N_("Has the circuit breaker or the residual-current device of the plant tripped?"),
        N_("Is the decoupling protection open after a fault of the grid?"),
    ),
    says=always(
        N_(
            "The sun has shone for {hours} and nothing was made; at these hours of the last weeks the plant made "
            "at least {least} {unit} an hour."
        ),
        hours="dead_daylight_h|hours",
        least="least_kwh",
    ),
    needs=frozenset({Need.WEATHER, Need.FACTS, Need.ALIKE}),
    history_days=_SOLAR_DAYS,
    hard=True,
)


def _loss(numbers: Mapping[str, float]) -> Says:
    shows = {"days": "sunny_days|0", "share": "made_pct|0", "lost": "lost_kwh|#,##0"}
    compared_with = {solar_loss.WEATHER: _WEATHER, solar_loss.NEIGHBOURS: _NEIGHBOURS}
    return Says(compared_with.get(int(numbers.get("compared_with", solar_loss.OWN)), _OWN), shows)


SOLAR_LOSS = Rule(
    id="solar_loss",
    cause="solar_loss",
    carriers=_SOLAR,
    detector=solar_loss.judge,
    parameters=solar_loss.SolarLoss(),
    normal_in_a_row=2,
    urgency=Urgency.SOON,
    skill=Skill.ELECTRICITY,
    title=N_("Solar plant makes too little"),
    first_checks=(
        N_("Do all inverters and all strings run? Compare their currents."),
        N_("Is there new shade, dirt or a broken panel?"),
        N_("Has the power been limited, by the grid operator or in the settings of the inverter?"),
    ),
    says=_loss,
    needs=frozenset({Need.WEATHER, Need.FACTS, Need.ALIKE}),
    history_days=_SOLAR_DAYS,
)

SOLAR_NIGHT = Rule(
    id="solar_night",
    cause="solar_night",
    carriers=_SOLAR,
    detector=solar_night.judge,
    parameters=solar_night.SolarNight(),
    normal_in_a_row=3,
    urgency=Urgency.SOON,
    skill=Skill.DATA,
    title=N_("Solar meter counts at night"),
    first_checks=(
        N_("Is the clock of the logger right, with its time zone?"),
        N_("Does the meter measure something else than the panels? Are the current transformers the right way round?"),
    ),
    says=always(
        N_(
            "For {nights} nights the meter has counted {night} {unit} an hour in the dark; the best hour of the plant "
            "is {best} {unit}."
        ),
        nights="nights|0",
        night="night_kwh",
        best="best_hour_kwh",
    ),
    needs=frozenset({Need.FACTS}),
    history_days=_SOLAR_DAYS,
)

SOLAR_GAP = Rule(
    id="solar_gap",
    cause="solar_gap",
    carriers=_SOLAR,
    detector=solar_gap.judge,
    parameters=solar_gap.SolarGap(),
    normal_in_a_row=1,
    urgency=Urgency.SOON,
    skill=Skill.DATA,
    title=N_("All meters of the site stand at zero"),
    first_checks=(
        N_("Does the datalogger send zeros because it lost its meters?"),
        N_("Was the whole site without power?"),
    ),
    says=always(
        N_(
            "All {meters} meters have stood at exactly 0 for {hours} hours, day and night: the metering stopped, not "
            "the plant."
        ),
        meters="meters|0",
        hours="zero_h|0",
    ),
    needs=frozenset({Need.ALIKE, Need.LOAD}),
    history_days=_SOLAR_DAYS,
)
