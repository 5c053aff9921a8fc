"""Rules of electricity."""

from collections.abc import Mapping

from plagewatch.metering.meters import Carrier
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.texts import N_
from rules.catalogue.rule import Need, Rule, Says, always, of_hours
from rules.detectors import base_load, outside_hours, peak_power, unusual_load

_HIGH = N_("{used} {unit} in one hour where {usual} {unit} is usual at that hour of such a day: {extra} {unit} more.")
_LOW = N_("{used} {unit} in one hour where {usual} {unit} is usual at that hour of such a day: {extra} {unit} less.")
_FLAT = N_("The meter gave exactly {used} {unit} for {hours} hours on end; its values do not repeat like that.")
_BELOW = N_(
    "{used} {unit} in one hour: on nearly every day of the last eight weeks even the lowest hour had {lowest} {unit}."
)


def _unusual(numbers: Mapping[str, float]) -> Says:
    """The strongest of the three symptoms of unusual load; a deviation says more to a person than a low hour."""
    deviation, flat, below = (numbers.get(f"part_{name}", 0.0) for name in ("deviation", "flat", "below"))
    used, usual = numbers.get("used_kwh"), numbers.get("usual_kwh")
    if flat > max(deviation, below):
        also = {"same_h": numbers["unchanged_h"] + 1} if "unchanged_h" in numbers else {}
        return Says(_FLAT, {"used": "used_kwh", "hours": "same_h|0"}, also)
    if below > deviation:
        return Says(_BELOW, {"used": "used_kwh", "lowest": "lowest_usual_kwh"})
    off = 0.0 if used is None or usual is None else used - usual
    shows = {"used": "used_kwh", "usual": "usual_kwh", "extra": "off_kwh"}
    return Says(_HIGH if off >= 0 else _LOW, shows, {} if used is None or usual is None else {"off_kwh": abs(off)})


UNUSUAL_LOAD = Rule(
    id="unusual_load",
    cause="unusual_load",
    carriers=frozenset({Carrier.ELECTRICITY}),
    detector=of_hours(unusual_load.judge),
    parameters=unusual_load.UnusualLoad(),
    warm=unusual_load.WARM,
    normal_in_a_row=24,
    urgency=Urgency.SOON,
    skill=Skill.ELECTRICITY,
    title=N_("Unusual electricity use"),
    first_checks=(
        N_("Does ventilation, cooling or lighting run outside its hours? Check the clock of the controls."),
        N_("Was there an event, a closure or work in the building?"),
        N_("Has a circuit breaker tripped, or does the meter repeat one and the same value?"),
    ),
    says=_unusual,
)

_CLOSED = N_(
    "On {days} of the last 14 days it drew {used} {unit} an hour while the building was closed, for {hours} hours in "
    "all; at rest {rest} {unit} are usual, while open {open} {unit}. Left as it is, that makes {year} {unit} a year."
)
_AT_REST = N_(
    "On {days} of the last 14 days it drew {used} {unit} an hour at times when it otherwise rests, for {hours} hours "
    "in all; at rest {rest} {unit} are usual, by day {open} {unit}. Left as it is, that makes {year} {unit} a year. "
    "Nobody entered when the building is open: these hours come from its own weeks."
)


def _closed(numbers: Mapping[str, float]) -> Says:
    shows = {"days": "days|0", "hours": "closed_hours_in_use_h|0", "used": "used_kwh", "rest": "rest_kwh"}
    shows |= {"open": "open_kwh", "year": "extra_kwh_per_year|#,##0"}
    return Says(_CLOSED if numbers.get("sure_share", 1.0) == 1 else _AT_REST, shows)


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
    says=_closed,
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
    says=always(
        N_(
            "At night or on days of rest it hardly draws less than {now} {unit} an hour any more; in the months before "
            "{usual} {unit} were usual. Left as it is, that makes {year} {unit} a year."
        ),
        now="base_now_kwh",
        usual="base_usual_kwh",
        year="extra_kwh_per_year|#,##0",
    ),
)

PEAK_POWER = Rule(
    id="peak_power",
    cause="peak_power",
    carriers=frozenset({Carrier.ELECTRICITY}),
    detector=peak_power.judge,
    parameters=peak_power.PeakPower(),
    warm=peak_power.WARM,
    normal_in_a_row=24,
    urgency=Urgency.ROUTINE,
    skill=Skill.ELECTRICITY,
    title=N_("More power than contracted"),
    first_checks=(
        N_("What starts at that moment: lifts, kitchen, ventilation, cooling, charging of cars?"),
        N_("Can large devices start one after the other instead of together?"),
        N_("Does the contract still fit? The energy cell asks the supplier what another power costs."),
    ),
    says=always(
        N_("{peak} kW drawn where {contracted} kW is contracted: {over} kW more."),
        peak="peak_kw|#,##0.#",
        contracted="contracted_kw|#,##0.#",
        over="over_kw|#,##0.#",
    ),
    needs=frozenset({Need.FACTS, Need.FINE}),
)
