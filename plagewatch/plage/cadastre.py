"""Who is under PLAGE, and which buildings count: areas against thresholds."""

from dataclasses import dataclass
from datetime import date

from plagewatch.plage.parameters import Parameters
from plagewatch.plage.portfolio import Body


@dataclass(frozen=True, slots=True)
class AreaVerdict:
    """Whether an area reaches a threshold. on_the_edge: exactly on it, where sources disagree (`≥` or `>`)."""

    reached: bool
    on_the_edge: bool
    threshold_m2: float


def subject(body: Body, total_area_m2: float, parameters: Parameters, on: date) -> AreaVerdict:
    """Whether an organisation of this kind and total floor area is subject to PLAGE.

    Reads parameter `threshold_area_m2.<body>`; Refused where it is not there.
    """
    return _against(total_area_m2, parameters.number(f"threshold_area_m2.{body.value}", on))


def in_cadastre(area_m2: float, parameters: Parameters, on: date) -> AreaVerdict:
    """Whether a building, or the occupied part of one, belongs in the energy cadastre.

    Reads parameter `building_area_min_m2`. Whether smaller parts count toward the organisation's threshold is disputed
    between sources; this says nothing about it.
    """
    return _against(area_m2, parameters.number("building_area_min_m2", on))


def _against(area_m2: float, threshold_m2: float) -> AreaVerdict:
    return AreaVerdict(area_m2 >= threshold_m2, area_m2 == threshold_m2, threshold_m2)
