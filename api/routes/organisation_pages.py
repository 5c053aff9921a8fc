"""The page of organisations: which there are, what they use, and the form for another one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, form_values, tidy, told
from api.pages import page
from api.registry import read
from plagewatch.metering.meters import Organisation
from plagewatch.metering.refused import EditRefused
from plagewatch.store.records import registry as records
from plagewatch.store.records.meter_entry import slug
from plagewatch.store.records.sharing import ShareEditor

router = APIRouter(include_in_schema=False)
PLACE = "/data/organisations"


@router.get(PLACE)
def organisations(request: Request, context: Context, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """All organisations with the buildings they ever used."""
    return _page(request, context, Typed(), done)


@router.post(PLACE)
def enter(request: Request, context: Context, name: Short = "", id: Short = "", who: Short = "") -> Response:
    """A new organisation, or another name for one."""
    try:
        editor = ShareEditor(context.engine, by(context, who))
        taken = [one.id for one in records.organisations(context.engine)]
        editor.set_organisation(Organisation(id or slug(name, taken), tidy(name)))
    except EditRefused as refused:
        return _page(request, context, Typed(id, {"name": name, "who": who}, told(request, refused)))
    return back(f"{PLACE}?done=entered", who)


def _page(request: Request, context: AppContext, typed: Typed, done: str = "") -> HTMLResponse:
    registry = read(context.engine, context.now_s())
    used: dict[str, set[str]] = {}
    for share in records.building_shares(context.engine):
        used.setdefault(share.organisation, set()).add(share.building)
    values = form_values(request, context, typed, done) | {
        "organisations": records.organisations(context.engine),
        "used": {name: [registry.buildings[one] for one in sorted(ids)] for name, ids in used.items()},
    }
    return page(request, "organisations.html", values, 422 if typed.refusal else 200)
