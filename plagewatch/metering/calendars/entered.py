"""What people enter of a building's days: opening hours, its own closing days, which school calendar it follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from plagewatch.metering.calendars.schools import Community

WHOLE_SITE = ""
"""In the place of a building: all buildings of the site."""


class DayWord(StrEnum):
    """Kinds of a marked day that are understood; a file may have others, which are kept and say nothing here."""

    CLOSED = "closed"
    OPEN = "open"  # it works, holiday or not
    HOLIDAY = "holiday"
    PUBLIC_HOLIDAY = "public_holiday"
    SCHOOL_HOLIDAY = "school_holiday"
    SCHOOL_HOLIDAYS = "school_holidays"


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a building is open on a weekday, from a local day on.

    weekday: 0 = Monday. open_h, close_h: local hours with parts, 8.5 is half past eight; equal = closed all day, and
    0 to 24 = never closed. building: empty = the whole site. who, at_ms: who entered it, and when; source: from where.
    """

    site: str
    weekday: int
    open_h: float
    close_h: float
    valid_from: date = date(1970, 1, 1)
    building: str = WHOLE_SITE
    source: str = ""
    who: str = ""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """A local day that somebody marked; see `DayWord` for the kinds that are understood."""

    site: str
    day: date
    kind: str
    building: str = WHOLE_SITE
    source: str = ""
    who: str = ""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class SchoolYears:
    """From a local day on a building rests when schools of a community do; None = when no school does."""

    site: str
    community: Community | None
    valid_from: date = date(1970, 1, 1)
    building: str = WHOLE_SITE
    source: str = ""
    who: str = ""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class EnteredDays:
    """All that is entered of the days of a site, or of what part of it one meter serves."""

    opening: Sequence[OpeningHours] = field(default=())
    marked: Sequence[MarkedDay] = field(default=())
    schools: Sequence[SchoolYears] = field(default=())

    def of_buildings(self, buildings: Sequence[str]) -> "EnteredDays":
        """What holds for these buildings: their own entries and those of the whole site."""
        wanted = {WHOLE_SITE, *buildings}
        return EnteredDays(
            [one for one in self.opening if one.building in wanted],
            [one for one in self.marked if one.building in wanted],
            [one for one in self.schools if one.building in wanted],
        )
