"""Rules of rooms: warmth that people are owed, and cold that is made against the heating."""

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, always
from rules.detectors import comfort, heat_and_cold
from rules.detectors.case import Case
from rules.detectors.learnt import AT_EVERY_LOOK
from rules.detectors.verdicts import Judgement, NotJudged

_SAYS = always(
    N_("{room} °C where {limit} °C is owed, and too cold for {hours} hours in a row."),
    room="room_c|0.0",
    limit="limit_c|0.#",
    hours="cold_h|0",
)


def _in_care(case: Case, parameters: comfort.ColdRoom) -> Judgement:
    if not case.facts.warm:
        numbers = {"hours": float(len(case.hours))}
        return NotJudged("no_care", "{hours:.0f} hours of a building in which nobody is cared for.", numbers)
    return comfort.judge(case, parameters)


def _elsewhere(case: Case, parameters: comfort.ColdRoom) -> Judgement:
    if case.facts.warm:
        numbers = {"hours": float(len(case.hours))}
        return NotJudged("care", "{hours:.0f} hours of a building of care: another rule judges this room.", numbers)
    return comfort.judge(case, parameters)


COLD_ROOM = Rule(
    id="cold_room",
    cause="cold_room",
    carriers=frozenset({Carrier.INDOOR}),
    detector=_in_care,
    parameters=comfort.ColdRoom(),
    warm=AT_EVERY_LOOK,
    normal_in_a_row=3,
    urgency=Urgency.URGENT,
    skill=Skill.HEATING,
    title=N_("A room is too cold for the people who live there"),
    first_checks=(
        N_("Go and see whether somebody is cold, and bring heating at once if it takes longer."),
        N_("Is the radiator warm? Look at its valve, at the pump and at the boiler."),
        N_("Is a window open, or does the thermometer hang in a draught?"),
    ),
    says=_SAYS,
    needs=frozenset({Need.FACTS}),
)

COOL_ROOM = Rule(
    id="cool_room",
    cause="cool_room",
    carriers=frozenset({Carrier.INDOOR}),
    detector=_elsewhere,
    parameters=comfort.ColdRoom(),
    warm=AT_EVERY_LOOK,
    normal_in_a_row=3,
    urgency=Urgency.SOON,
    skill=Skill.HEATING,
    title=N_("A room is cold in opening hours"),
    first_checks=(
        N_("Does the heating start early enough? Look at the clock and the mode of the controls."),
        N_("Is the radiator warm? Look at its valve, at the pump and at the boiler."),
        N_("Is a window open, or does the thermometer hang in a draught?"),
    ),
    says=_SAYS,
    needs=frozenset({Need.FACTS}),
)

HEAT_AND_COLD = Rule(
    id="heat_and_cold",
    cause="heat_and_cold",
    carriers=frozenset({Carrier.COOLING}),
    detector=heat_and_cold.judge,
    parameters=heat_and_cold.HeatAndCold(),
    normal_in_a_row=3,
    urgency=Urgency.ROUTINE,
    skill=Skill.HEATING,
    title=N_("Heating and cooling run against each other"),
    first_checks=(
        N_("Compare from when on the controls heat and cool: there must be some degrees between the two."),
        N_("Does a server room or a cold store need this cold? Then it is a false alarm: say so below the ticket."),
        N_("Is a valve stuck, or a sensor in the wrong room?"),
    ),
    says=always(
        N_(
            "On the last day heating and cooling ran together for {both} hours, with {wasted} {unit} of cold above "
            "what is always drawn."
        ),
        both="both_h|0.#",
        wasted="extra_day_{unit}|#,##0",
    ),
    needs=frozenset({Need.OPPOSITE}),
    history_days=380,
)
