"""The page of works on a building: what was done and when it ended, so that what it uses afterwards is watched."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, day_typed, form_values, tidy, told
from api.pages import page
from api.registry import read
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.works import Works
from plagewatch.store.records.works import WorksEditor
from plagewatch.store.records.works import works as known_works
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)
PATH = "/buildings/{building_id}/works"


@router.get(PATH)
def works(
    request: Request, context: Context, building_id: str, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """Works there are, the newest first, and the form."""
    return _page(request, context, building_id, Typed(), done)


@router.post(PATH)
def entered(
    request: Request,
    context: Context,
    building_id: str,
    ended_on: Short = "",
    what: Short = "",
    source: Short = "",
    who: Short = "",
) -> Response:
    """A person tells of works."""
    read(context.engine, context.now_s()).building(building_id)
    try:
        told_of = Works(building_id, day_typed(ended_on), tidy(what), tidy(source))
        WorksEditor(context.engine, by(context, who)).enter(told_of)
    except EditRefused as refused:
        fields = {"ended_on": ended_on, "what": what, "source": source, "who": who}
        return _page(request, context, building_id, Typed("works", fields, told(request, refused)))
    return back(f"{_place(building_id)}?done=noted", who)


@router.post(f"{PATH}/remove")
def removed(
    request: Request, context: Context, building_id: str, ended_on: Short = "", what: Short = "", who: Short = ""
) -> Response:
    """Works that were not, or ended on another day."""
    read(context.engine, context.now_s()).building(building_id)
    try:
        if not WorksEditor(context.engine, by(context, who)).remove(Works(building_id, day_typed(ended_on), what)):
            raise EditRefused(Refusal.UNKNOWN, N_("That is not there any more."))
    except EditRefused as refused:
        return _page(request, context, building_id, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{_place(building_id)}?done=removed", who)


def _place(building_id: str) -> str:
    return f"/buildings/{quote(building_id, safe='')}/works"


def _page(request: Request, context: AppContext, building_id: str, typed: Typed, done: str = "") -> HTMLResponse:
    forms = form_values(request, context, typed, done)
    names = {person.id: person.name for person in forms["people"]}
    values = forms | {
        "building": read(context.engine, context.now_s()).building(building_id),
        "here": _place(building_id),
        "works": known_works(context.engine, building_id),
        "name": lambda who: names.get(who, who),
    }
    return page(request, "works.html", values, 422 if typed.refusal else 200)
