"""Rules of water."""

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, always, of_hours
from rules.detectors import night_water, stopped, water_burst

NIGHT_WATER = Rule(
    id="night_water",
    cause="water_at_night",
    carriers=frozenset({Carrier.WATER}),
    detector=of_hours(night_water.judge),
    parameters=night_water.NightWater(),
    warm=night_water.WARM,
    normal_in_a_row=2,
    urgency=Urgency.URGENT,
    skill=Skill.PLUMBING,
    title=N_("Water runs at night"),
    first_checks=(
        N_("Listen at the toilets: a running cistern is the most frequent cause."),
        N_("Check the overflow of the boiler's safety group and the refilling of the heating."),
        N_("Close the branches one by one at night and watch whether the meter stands still."),
    ),
    says=always(
        N_(
            "More water than usual has run for {nights} nights: in the last of them never less than {night} l/h, "
            "where {usual} l/h is usual. Left as it is, that makes {year} m³ a year."
        ),
        nights="nights|0",
        night="night_l_per_h|#,##0.#",
        usual="usual_l_per_h|#,##0.#",
        year="extra_m3_per_year|#,##0",
    ),
)

WATER_BURST = Rule(
    id="water_burst",
    cause="water_burst",
    carriers=frozenset({Carrier.WATER}),
    detector=water_burst.judge,
    parameters=water_burst.WaterBurst(),
    warm=water_burst.WARM,
    normal_in_a_row=2,
    urgency=Urgency.URGENT,
    skill=Skill.PLUMBING,
    title=N_("Water rushes out: burst pipe?"),
    first_checks=(
        N_("Close the main valve of the building if nobody can say where the water goes."),
        N_("Look in cellars, shafts and technical rooms first, and at the fire hoses."),
        N_("Is a hydrant, a fire test or the filling of a tank or pool under way?"),
    ),
    says=always(
        N_(
            "{ran} litres within an hour; the largest hour of the last weeks had {largest} litres. It has been running "
            "for {minutes} minutes, now at {flow} l/h."
        ),
        ran="ran_l|#,##0",
        largest="largest_usual_l|#,##0",
        minutes="running_min|#,##0",
        flow="flow_l_per_h|#,##0",
    ),
    needs=frozenset({Need.FINE}),
    hard=True,
)

STOPPED = Rule(
    id="stopped",
    cause="stopped",
    carriers=frozenset({Carrier.WATER}),
    detector=stopped.judge,
    parameters=stopped.Stopped(),
    warm=stopped.WARM,
    normal_in_a_row=1,
    urgency=Urgency.SOON,
    skill=Skill.METERING,
    title=N_("The meter stands still"),
    first_checks=(
        N_("Does water run at a tap? Then the meter or its pulse head is at fault."),
        N_("Is the building empty or the supply closed? Then say so here."),
    ),
    says=always(
        N_("Nothing has passed for {still}; a day usually has {usual} {unit}, and {limit} is already unusual here."),
        still="still_h|hours",
        limit="limit_h|hours",
        usual="usual_{unit}_per_day",
    ),
)
