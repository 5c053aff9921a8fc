"""Forms of a building's days: when it is open, on which days it is closed, whose school holidays it follows."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.days import WEEKDAYS, Place, marks, place_of, week_typed
from api.days_view import WHOLE, days_page, place_path
from api.entries import FIRST_DAY, Short, Typed, back, by, day_typed, tidy, told
from plagewatch.metering.calendars.entered import DayWord, MarkedDay, SchoolYears
from plagewatch.metering.calendars.schools import Community
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.calendars import CalendarEditor
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)
PATH = "/buildings/{building_id}/days"
Times = Annotated[list[str], Form(max_length=WEEKDAYS)]


@router.get(PATH)
def days(
    request: Request, context: Context, building_id: str, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """What is entered, the coming year's days of rest, and the forms."""
    return days_page(request, context, building_id, Typed(), done)


@router.post(f"{PATH}/opening")
def opened(
    request: Request,
    context: Context,
    building_id: str,
    opens: Times,
    closes: Times,
    valid_from: Short = "",
    whose: Short = "",
    source: Short = "",
    who: Short = "",
) -> Response:
    """A person says when the building is open from a day on."""
    place = place_of(context, building_id)
    try:
        scope = place.site.id, place.scope(whose == WHOLE)
        week = week_typed(opens, closes, scope, day_typed(valid_from, FIRST_DAY), tidy(source))
        _editor(context, who).set_opening(*week)
    except EditRefused as refused:
        fields = {"valid_from": valid_from, "whose": whose, "source": source, "who": who}
        fields |= {f"open-{day}": text for day, text in enumerate(opens)}
        fields |= {f"close-{day}": text for day, text in enumerate(closes)}
        return _refused(request, context, place, Typed("opening", fields, told(request, refused)))
    return back(f"{place_path(building_id)}?done=noted", who)


@router.post(f"{PATH}/opening/remove")
def opening_removed(
    request: Request, context: Context, building_id: str, valid_from: Short = "", whose: Short = "", who: Short = ""
) -> Response:
    """Opening hours are taken back: those before hold on."""
    place = place_of(context, building_id)
    try:
        day, scope = day_typed(valid_from), place.scope(whose == WHOLE)
        _there(_editor(context, who).remove_opening(place.site.id, scope, day))
    except EditRefused as refused:
        return _refused(request, context, place, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{place_path(building_id)}?done=removed", who)


@router.post(f"{PATH}/marks")
def marked(
    request: Request,
    context: Context,
    building_id: str,
    first: Short = "",
    last: Short = "",
    kind: Short = "",
    whose: Short = "",
    source: Short = "",
    who: Short = "",
) -> Response:
    """A person marks a day, or several in a row."""
    place = place_of(context, building_id)
    try:
        days = _marks(place, (first, last, kind), whose, tidy(source))
        _editor(context, who).mark(*days)
    except EditRefused as refused:
        fields = {"first": first, "last": last, "kind": kind, "whose": whose, "source": source, "who": who}
        return _refused(request, context, place, Typed("marks", fields, told(request, refused)))
    return back(f"{place_path(building_id)}?done=noted", who)


@router.post(f"{PATH}/marks/remove")
def unmarked(
    request: Request,
    context: Context,
    building_id: str,
    first: Short = "",
    last: Short = "",
    kind: Short = "",
    whose: Short = "",
    who: Short = "",
) -> Response:
    """The days are again what the calendars say."""
    place = place_of(context, building_id)
    try:
        like = MarkedDay(place.site.id, place.today, kind, place.scope(whose == WHOLE))
        days = marks(day_typed(first), day_typed(last), like)
        _there(_editor(context, who).unmark(*days))
    except EditRefused as refused:
        return _refused(request, context, place, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{place_path(building_id)}?done=removed", who)


@router.post(f"{PATH}/schools")
def followed(
    request: Request,
    context: Context,
    building_id: str,
    community: Short = "",
    valid_from: Short = "",
    whose: Short = "",
    who: Short = "",
) -> Response:
    """A person says whose school holidays the building follows."""
    place = place_of(context, building_id)
    try:
        if community and community not in set(Community):
            raise EditRefused(Refusal.UNKNOWN, N_("There are no schools “%(typed)s”."), typed=community[:40])
        since, chosen = day_typed(valid_from, FIRST_DAY), Community(community) if community else None
        years = SchoolYears(place.site.id, chosen, since, place.scope(whose == WHOLE))
        _editor(context, who).follow_schools(years)
    except EditRefused as refused:
        fields = {"community": community, "since": valid_from, "whose": whose, "who": who}
        return _refused(request, context, place, Typed("schools", fields, told(request, refused)))
    return back(f"{place_path(building_id)}?done=noted", who)


@router.post(f"{PATH}/schools/remove")
def unfollowed(
    request: Request, context: Context, building_id: str, valid_from: Short = "", whose: Short = "", who: Short = ""
) -> Response:
    """What was said before of school holidays holds on."""
    place = place_of(context, building_id)
    try:
        day, scope = day_typed(valid_from), place.scope(whose == WHOLE)
        _there(_editor(context, who).remove_schools(place.site.id, scope, day))
    except EditRefused as refused:
        return _refused(request, context, place, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{place_path(building_id)}?done=removed", who)


def _marks(place: Place, typed: tuple[str, str, str], whose: str, source: str) -> list[MarkedDay]:
    first, kind = day_typed(typed[0]), typed[2] or DayWord.CLOSED.value
    if kind not in (DayWord.CLOSED, DayWord.OPEN):
        raise EditRefused(Refusal.UNKNOWN, N_("A day is marked as closed or as open."))
    like = MarkedDay(place.site.id, first, kind, place.scope(whose == WHOLE), source)
    return marks(first, day_typed(typed[1], first), like)


def _editor(context: AppContext, who: str) -> CalendarEditor:
    return CalendarEditor(context.engine, by(context, who))


def _there(gone: bool) -> None:
    if not gone:
        raise EditRefused(Refusal.UNKNOWN, N_("That is not there any more."))


def _refused(request: Request, context: AppContext, place: Place, typed: Typed) -> HTMLResponse:
    return days_page(request, context, place.building.id, typed)
