"""What phases, parameters and their standing are called for people, in English; catalogues hold the other languages."""

from collections.abc import Mapping

from plagewatch.plage.parameters import Standing
from plagewatch.plage.portfolio import Body
from plagewatch.tickets.texts import N_

PHASES: Mapping[str, str] = {
    "identification": N_("Identification"),
    "programming": N_("Programming"),
    "implementation": N_("Implementation"),
    "evaluation": N_("Evaluation"),
}

STANDINGS: Mapping[str, str] = {
    Standing.LAW: N_("law"),
    Standing.PUBLISHED: N_("published"),
    Standing.ASSUMPTION: N_("our assumption"),
    Standing.SAMPLE: N_("invented for the demo"),
}

BODIES: Mapping[str, str] = {
    Body.AUTHORITY: N_("federal, regional or community authority"),
    Body.OTHER_PUBLIC: N_("other public body"),
    Body.COMPANY: N_("company or association"),
}

PARAMETERS: Mapping[str, str] = {
    "rate_eur_kwh": N_("Fine per kWh above the target"),
    "tolerance": N_("Tolerance on the target"),
    "degree_day_base_c": N_("Base of the degree days"),
    "degree_day_method": N_("Way of counting degree days"),
    "degree_days_normal": N_("Degree days of a normal year"),
    "degree_days_year": N_("Degree days of the reference year"),
    "carrier_factor.gas": N_("Weight of gas"),
    "carrier_factor.electricity": N_("Weight of electricity"),
    "carrier_factor.heat": N_("Weight of heat"),
    "gcv_kwh_m3": N_("Gross calorific value of gas"),
    "coverage_min": N_("Least part of the consumption that must be known"),
    "weather_day_coverage_min": N_("Least part of a day whose temperature must be known"),
    "weather_gap_days_max": N_("Longest gap in the temperatures that is bridged"),
    "forecast_days_min": N_("Days needed before a forecast"),
    "threshold_area_m2.authority": N_("Floor area from which an authority is subject"),
    "threshold_area_m2.other_public": N_("Floor area from which another public body is subject"),
    "threshold_area_m2.company": N_("Floor area from which a company is subject"),
    "building_area_min_m2": N_("Smallest area of a building in the cadastre"),
}


def parameter_label(name: str) -> str:
    """What a parameter is called in English: by its name, or by the first word of it; else the name itself.

    >>> parameter_label("gcv_kwh_m3.brussels"), parameter_label("tolerance"), parameter_label("mine")
    ('Gross calorific value of gas', 'Tolerance on the target', 'mine')
    """
    return PARAMETERS.get(name) or PARAMETERS.get(name.partition(".")[0], name)
