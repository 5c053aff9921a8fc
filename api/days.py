"""What pages and API ask of a building's days: what is entered, what follows from it, and entries as they are typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.context import AppContext
from api.registry import read
from plagewatch.metering.calendars.building_days import BuildingDays, building_days
from plagewatch.metering.calendars.clock import hours_of
from plagewatch.metering.calendars.entered import WHOLE_SITE, EnteredDays, MarkedDay, OpeningHours
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Building, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.calendars import entered_days
from plagewatch.tickets.texts import N_

MOST_MARKED = 100
WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Place:
    """A building with what is entered of it and of its whole site, and the local day of today."""

    building: Building
    site: Site
    entered: EnteredDays
    today: date

    def days(self, first: date, last: date) -> BuildingDays:
        """Its days from `first` to `last`, both included."""
        return building_days(first, last, self.site.timezone, self.entered)

    def scope(self, whole_site: bool) -> str:
        """In the place of a building in an entry."""
        return WHOLE_SITE if whole_site else self.building.id


def place_of(context: AppContext, building_id: str) -> Place:
    """The building that a request names. Raises Problem (404)."""
    registry = read(context.engine, context.now_s())
    building = registry.building(building_id)
    site = registry.sites[building.site]
    entered = entered_days(context.engine).get(site.id, EnteredDays()).of_buildings([building_id])
    return Place(building, site, entered, local_day(context.now_s(), site.timezone))


def week_typed(
    opens: Sequence[str], closes: Sequence[str], place: tuple[str, str], valid_from: date, source: str = ""
) -> list[OpeningHours]:
    """Seven weekdays from Monday on; one with nothing is closed. place: site and building. Raises EditRefused."""
    if not any(text.strip() for text in (*opens, *closes)):
        text = N_("Fill in the hours of at least one weekday. A weekday that is left empty is closed.")
        raise EditRefused(Refusal.MOMENT, text)
    week = []
    for weekday in range(WEEKDAYS):
        begin, end = (_hours_typed(texts[weekday] if weekday < len(texts) else "") for texts in (opens, closes))
        if (begin is None) != (end is None):
            raise EditRefused(Refusal.MOMENT, N_("Give both times of a weekday, or none where it is closed."))
        week.append(OpeningHours(place[0], weekday, begin or 0.0, end or 0.0, valid_from, place[1], source))
    return week


def marks(first: date, last: date, like: MarkedDay) -> list[MarkedDay]:
    """The same mark on each day from `first` to `last`, both included. Raises EditRefused."""
    if last < first:
        raise EditRefused(Refusal.NO_DAY, N_("The last day lies before the first one."))
    if (last - first).days >= MOST_MARKED:
        text = N_("Mark at most %(most)s days at once; a longer closing is entered with the opening hours.")
        raise EditRefused(Refusal.DAY, text, most=str(MOST_MARKED))
    days = (first + timedelta(days=index) for index in range((last - first).days + 1))
    return [MarkedDay(like.site, day, like.kind, like.building, like.source) for day in days]


def _hours_typed(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return hours_of(text)
    except ValueError:
        raise EditRefused(Refusal.MOMENT, N_("“%(typed)s” is no time like 8:30."), typed=text[:40]) from None
