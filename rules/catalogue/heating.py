"""Rules of heating: gas and heat against the weather."""

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, always
from rules.detectors import after_works, energy_signature, year_on_year

_HEATING = frozenset({Carrier.GAS, Carrier.HEAT})
_NEEDS = frozenset({Need.WEATHER, Need.ROOMS})  # a room that is too cold comes before any saving
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
    says=always(
        N_(
            "{used} {unit} on one day where {usual} {unit} is usual for {outdoor} °C outside: "
            "{extra} {unit} more. Day {days} of this: {so_far} {unit} too much in all."
        ),
        used="used_{unit}|#,##0",
        usual="usual_{unit}|#,##0",
        extra="extra_day_{unit}|#,##0",
        so_far="extra_{unit}|#,##0",
        outdoor="outdoor_c|0.#",
        days="days|0",
    ),
    history_days=_SIGNATURE_DAYS,
    needs=_NEEDS,
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
    says=always(
        N_(
            "{used} {unit} from midnight to four where {usual} {unit} is usual for {outdoor} °C outside: "
            "{extra} {unit} more. Night {days} of this: {so_far} {unit} too much in all."
        ),
        used="used_{unit}|#,##0",
        usual="usual_{unit}|#,##0",
        extra="extra_day_{unit}|#,##0",
        so_far="extra_{unit}|#,##0",
        outdoor="outdoor_c|0.#",
        days="days|0",
    ),
    history_days=_SIGNATURE_DAYS,
    needs=_NEEDS,
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
    says=always(
        N_(
            "{used} {unit} on a day with {outdoor} °C outside; from {base} °C on this building needs no heating and "
            "usually takes {usual} {unit}. {so_far} {unit} too much in all."
        ),
        used="used_{unit}|#,##0",
        usual="usual_{unit}|#,##0",
        so_far="extra_{unit}|#,##0",
        outdoor="outdoor_c|0.#",
        base="base_c|0.#",
    ),
    history_days=_SIGNATURE_DAYS,
    needs=_NEEDS,
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
    says=always(
        N_(
            "{used} {unit} in the last twelve months. In this weather the building would have taken {usual} {unit} the "
            "year before: {extra} {unit} or {share}% more."
        ),
        used="year_{unit}|#,##0",
        usual="usual_year_{unit}|#,##0",
        extra="extra_{unit}_per_year|#,##0",
        share="more_pct|0",
    ),
    history_days=765,
    needs=_NEEDS,
)

AFTER_WORKS = Rule(
    id="after_works",
    cause="after_works",
    carriers=_HEATING,
    detector=after_works.judge,
    parameters=after_works.AfterWorks(),
    normal_in_a_row=7,
    urgency=Urgency.SOON,
    skill=Skill.HEATING,
    title=N_("More heating since the works"),
    first_checks=(
        N_("Compare the settings of the controls with those of before: schedule, heating curve, hot water."),
        N_("Was something left after the works: a valve open, a pump on manual, a sensor not connected again?"),
        N_("Ask the firm that did the works to come back, with these figures."),
    ),
    says=always(
        N_(
            "Since the works it has used {share}% more than it would have used before in the same weather: {so_far} "
            "{unit} too much in {days} days. On the last day {used} {unit}, where {usual} {unit} would have done."
        ),
        share="extra_pct_since_works|0",
        so_far="extra_{unit}|#,##0",
        days="days|0",
        used="used_{unit}|#,##0",
        usual="usual_{unit}|#,##0",
    ),
    history_days=765,
    needs=_NEEDS | {Need.FACTS},
)
