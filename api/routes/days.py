"""Opening hours, closing days and school holidays of a building: for programs."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.context import AppContext, Context
from api.days import Place, place_of, week_typed
from api.entries import FIRST_DAY, LAST_DAY, REFUSALS, Who, by, tidy, told_as_problem
from api.problems import Problem
from plagewatch.metering.calendars.building_days import Why
from plagewatch.metering.calendars.clock import clock_text
from plagewatch.metering.calendars.entered import DayWord, MarkedDay, OpeningHours, SchoolYears
from plagewatch.metering.calendars.schools import Break, Community
from plagewatch.store.records.calendars import CalendarEditor

router = APIRouter(prefix="/api/v1/buildings/{building_id}", tags=["registry"])
MOST_DAYS = 800
WholeSite = Annotated[bool, Query(description="What is said of all buildings of the site")]
Time = Annotated[str, Field(max_length=10, description="Local time; empty = closed", examples=["08:30"])]
Source = Annotated[str, Field(max_length=500, description="From where this is known")]
Person = Annotated[str, Field(max_length=100, description="Id of a person", examples=["cell"])]


class Said(BaseModel):
    """Who said it, of what: `null` as building = of all buildings of the site."""

    building: str | None
    source: str
    who: str


class HoursAnswer(Said):
    """Opening hours of a weekday from a local day on."""

    valid_from: date
    weekday: int = Field(description="1 = Monday")
    opens: str
    closes: str


class MarkAnswer(Said):
    """A marked day. Known kinds are `closed`, `open`, `holiday`, `public_holiday` and `school_holiday`."""

    day: date
    kind: str


class SchoolsAnswer(Said):
    """Whose school holidays count from a local day on; null = no school's."""

    valid_from: date
    community: Community | None


class EnteredAnswer(BaseModel):
    """All that is entered of a building's days and of those of its whole site."""

    opening_hours: list[HoursAnswer]
    marked_days: list[MarkAnswer]
    school_holidays: list[SchoolsAnswer]


class DayAnswer(BaseModel):
    """A local day. why: all that speaks for rest; `open` = it works all the same; `bridge` = it works, others rest."""

    day: date
    rests: bool
    why: list[Why]
    school: Break | None
    opens: str | None = Field(description="null = not known")
    closes: str | None


class Weekday(BaseModel):
    """Hours of a weekday."""

    weekday: int = Field(ge=1, le=7, description="1 = Monday")
    opens: Time
    closes: Time


class WeekWanted(BaseModel):
    """A week that holds from a day on; weekdays that are left out are closed."""

    valid_from: date = FIRST_DAY
    week: list[Weekday] = Field(min_length=1, max_length=7)
    whole_site: bool = False
    source: Source = ""
    who: Person


class MarksWanted(BaseModel):
    """Days to mark, as `closed` or as `open` in spite of a holiday."""

    days: list[date] = Field(min_length=1, max_length=100)
    kind: DayWord = DayWord.CLOSED
    whole_site: bool = False
    source: Source = ""
    who: Person


class SchoolsWanted(BaseModel):
    """Whose school holidays the building follows; null = no school's."""

    community: Community | None
    valid_from: date = FIRST_DAY
    whole_site: bool = False
    source: Source = ""
    who: Person


@router.get("/days", summary="Days of a building: which it rests, and why", responses=REFUSALS)
def days(
    context: Context,
    building_id: str,
    first: Annotated[str | None, Query(alias="from", description="First local day; today without it")] = None,
    last: Annotated[str | None, Query(alias="to", description="Last local day; a year later without it")] = None,
) -> list[DayAnswer]:
    """From calendars and from what people entered; nothing is learnt here."""
    place = place_of(context, building_id)
    begin = _day("from", first, place.today)
    end = _day("to", last, begin + timedelta(days=365))
    if not begin <= end < begin + timedelta(days=MOST_DAYS):
        raise Problem(422, f"From {begin} to {end} is no span of 1 to {MOST_DAYS} days.", "query: from, to", "")
    found = place.days(begin, end)
    answers = []
    for index in range(len(found.rest)):
        day, hours = begin + timedelta(days=index), (found.open_from_h[index], found.open_to_h[index])
        why = [why for why, flags in found.reasons.items() if flags[index]]
        opens, closes = (clock_text(one) if one == one else None for one in hours)
        answers.append(
            DayAnswer(
                day=day,
                rests=bool(found.rest[index]),
                why=[*why, Why.BRIDGE] if found.bridge[index] else why,
                school=found.breaks.get(day),
                opens=opens,
                closes=closes,
            )
        )
    return answers


@router.get("/calendar", summary="What is entered of a building's days", responses=REFUSALS)
def entered(context: Context, building_id: str) -> EnteredAnswer:
    """Opening hours, marked days and school holidays, those of the whole site among them."""
    known = place_of(context, building_id).entered
    return EnteredAnswer(
        opening_hours=[
            HoursAnswer(
                **_said(one),
                valid_from=one.valid_from,
                weekday=one.weekday + 1,
                opens=clock_text(one.open_h),
                closes=clock_text(one.close_h),
            )
            for one in known.opening
        ],
        marked_days=[MarkAnswer(**_said(one), day=one.day, kind=one.kind) for one in known.marked],
        school_holidays=[
            SchoolsAnswer(**_said(one), valid_from=one.valid_from, community=one.community) for one in known.schools
        ],
    )


@router.post("/opening-hours", summary="Say when a building is open", responses=REFUSALS)
def open_from(context: Context, building_id: str, wanted: WeekWanted) -> EnteredAnswer:
    """From a day on, until the next entry; what was before that day stays."""
    place = place_of(context, building_id)
    hours = {one.weekday: one for one in wanted.week}
    opens, closes = ([getattr(hours.get(day), name, "") for day in range(1, 8)] for name in ("opens", "closes"))
    with told_as_problem():
        scope = place.site.id, place.scope(wanted.whole_site)
        week = week_typed(opens, closes, scope, wanted.valid_from, tidy(wanted.source))
        _editor(context, wanted.who).set_opening(*week)
    return entered(context, building_id)


@router.delete("/opening-hours", summary="Take opening hours back", responses=REFUSALS)
def not_open_from(
    context: Context, building_id: str, valid_from: date, who: Who, whole_site: WholeSite = False
) -> EnteredAnswer:
    """Those before hold on."""
    place = place_of(context, building_id)
    with told_as_problem("query"):
        gone = _editor(context, who).remove_opening(place.site.id, place.scope(whole_site), valid_from)
    return _left(context, place, gone)


@router.post("/marked-days", summary="Mark days as closed, or as open in spite of a holiday", responses=REFUSALS)
def mark(context: Context, building_id: str, wanted: MarksWanted) -> EnteredAnswer:
    """A day that is closed is not open any more, and the other way round."""
    place = place_of(context, building_id)
    scope = place.scope(wanted.whole_site)
    days = [
        MarkedDay(place.site.id, day, wanted.kind.value, scope, tidy(wanted.source)) for day in sorted(set(wanted.days))
    ]
    with told_as_problem():
        _editor(context, wanted.who).mark(*days)
    return entered(context, building_id)


@router.delete("/marked-days", summary="Take the mark of a day back", responses=REFUSALS)
def unmark(
    context: Context,
    building_id: str,
    day: date,
    kind: Annotated[str, Query(max_length=100)],
    who: Who,
    whole_site: WholeSite = False,
) -> EnteredAnswer:
    """The day is again what the calendars say."""
    place = place_of(context, building_id)
    with told_as_problem("query"):
        gone = _editor(context, who).unmark(MarkedDay(place.site.id, day, kind, place.scope(whole_site)))
    return _left(context, place, gone)


@router.post("/school-holidays", summary="Say whose school holidays a building follows", responses=REFUSALS)
def follow(context: Context, building_id: str, wanted: SchoolsWanted) -> EnteredAnswer:
    """From a day on, until the next entry."""
    place = place_of(context, building_id)
    scope = place.scope(wanted.whole_site)
    years = SchoolYears(place.site.id, wanted.community, wanted.valid_from, scope, tidy(wanted.source))
    with told_as_problem():
        _editor(context, wanted.who).follow_schools(years)
    return entered(context, building_id)


@router.delete("/school-holidays", summary="Take back whose school holidays count", responses=REFUSALS)
def unfollow(
    context: Context, building_id: str, valid_from: date, who: Who, whole_site: WholeSite = False
) -> EnteredAnswer:
    """What was said before holds on."""
    place = place_of(context, building_id)
    with told_as_problem("query"):
        gone = _editor(context, who).remove_schools(place.site.id, place.scope(whole_site), valid_from)
    return _left(context, place, gone)


def _editor(context: AppContext, who: str) -> CalendarEditor:
    return CalendarEditor(context.engine, by(context, who))


def _left(context: AppContext, place: Place, gone: bool) -> EnteredAnswer:
    if not gone:
        raise Problem(404, "There is no such entry.", "query", "GET .../calendar lists those there are.")
    return entered(context, place.building.id)


def _said(one: OpeningHours | MarkedDay | SchoolYears) -> dict[str, str | None]:
    return {"building": one.building or None, "source": one.source, "who": one.who}


def _day(name: str, text: str | None, otherwise: date) -> date:
    if not text:
        return otherwise
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"`{text[:40]}` is not a day.", f"query: {name}", "Write it as 2026-12-24.") from None
    if not FIRST_DAY <= day < LAST_DAY:
        raise Problem(422, f"{day} is too far away.", f"query: {name}", f"Ask for days from {FIRST_DAY} to {LAST_DAY}.")
    return day
