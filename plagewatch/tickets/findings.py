"""What a rule found in one meter over a stretch of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Urgency(StrEnum):
    """How soon somebody must act. A notice of abnormal use stands in the same queue as a breakdown."""

    URGENT = "urgent"  # water or energy runs away, or a breakdown
    SOON = "soon"  # within the working day
    ROUTINE = "routine"  # with the next visit


class Skill(StrEnum):
    """The trade that a ticket needs."""

    PLUMBING = "plumbing"
    HEATING = "heating"
    ELECTRICITY = "electricity"
    METERING = "metering"
    DATA = "data"  # nothing to mend in the building: the figures are wrong, and the energy cell puts them right


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's verdict at one moment: this meter is abnormal, since when, until when, and by how much.

    first_abnormal_s, last_abnormal_s: starts of the first and last abnormal interval known now, seconds since 1970 UTC.
    seen_s: the moment of the verdict; nothing later than it was looked at.
    score: how abnormal, one scale for all meters, larger is more.
    numbers: what explains the verdict, unit in each key: `night_l_per_h`, `usual_kwh`.
    """

    rule: str
    meter: str
    cause: str
    first_abnormal_s: int
    last_abnormal_s: int
    seen_s: int
    score: float
    numbers: Mapping[str, float]
