"""A meter's life on one page: its devices, what was true of it when, what to decide, and who changed what."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, told
from api.life_cycle import LONGEST_TEXT, declare, proposal_at
from api.life_cycle_view import facts_fields, life_cycle_page, place_of, swap_fields
from api.photos import LimitedBody, Photo, photo_typed
from api.problems import not_found
from api.registry import read
from api.routes.facts_pages import FORM as FACTS_FORM
from api.routes.facts_pages import whole_typed
from api.typed_moments import Which, index_typed, moment_typed
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Swap
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import registry as records
from plagewatch.store.records.life_cycle import MeterEditor
from plagewatch.store.records.stored_files import ENDINGS, stored_file

router = APIRouter(include_in_schema=False, route_class=LimitedBody)

Register = Annotated[str, Form(alias="register", max_length=200)]
Instant = Annotated[int | None, Form(ge=0, le=4_102_444_800_000)]
Chosen = Annotated[int | None, Query(ge=0, le=4_102_444_800_000)]


@router.get("/meters/{meter_id}/life-cycle")
def life_cycle(
    request: Request,
    context: Context,
    meter_id: str,
    facts: Chosen = None,
    swap: Chosen = None,
    register_: Annotated[str, Query(alias="register", max_length=200)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The page; with `facts` or `swap` the form holds what is entered for that instant, to be corrected."""
    tz = _timezone(context, meter_id)
    typed = Typed("", {"done": done})
    for one in records.swaps_of(context.engine, meter_id) if swap is not None else []:
        if (one.register, one.at_ms) == (register_, swap):
            typed = Typed("swap", swap_fields(one, tz) | {"instead_of": str(one.at_ms)})
    for known in records.facts_of(context.engine, meter_id) if facts is not None else []:
        if known.valid_from_ms == facts:
            day = local_day(facts // 1000, tz).isoformat() if facts else ""
            again = {"valid_from": day, "instead_of": str(facts)}
            typed = Typed(FACTS_FORM, facts_fields(known) | again)
    return life_cycle_page(request, context, meter_id, typed)


@router.post("/meters/{meter_id}/swaps")
def swap_typed(
    request: Request,
    context: Context,
    meter_id: str,
    register_: Register = "",
    at: Short = "",
    which: Annotated[Which, Form()] = Which.UNSAID,
    last_index: Short = "",
    first_index: Short = "",
    serial: Short = "",
    digits: Short = "",
    who: Short = "",
    note: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    picture: Short = "",
    instead_of: Instant = None,
    photo: Photo = None,
) -> Response:
    """A person declares that the device was replaced, or corrects it."""
    registry = read(context.engine, context.now_s())
    meter = registry.meter(meter_id)
    typed = {"register": register_, "at": at, "which": which, "last_index": last_index, "first_index": first_index}
    typed |= {"serial": serial, "digits": digits, "who": who, "note": note}
    typed |= {"instead_of": "" if instead_of is None else str(instead_of)}
    try:
        editor = by(context, who)
        # The picture first: whatever else is refused, nobody takes it twice.
        typed["picture"] = photo_typed(context, photo, picture, editor)
        at_ms = moment_typed(at, which, registry.site_of(meter).timezone, editor.at_ms)
        swap = Swap(
            meter_id,
            register_,
            at_ms,
            index_typed(last_index),
            index_typed(first_index),
            serial,
            whole_typed(digits),
            who,
            typed["picture"],
            note,
        )
        declare(context, meter, swap, editor, instead_of)
    except EditRefused as refused:
        form = Refusal.TWICE if refused.refusal is Refusal.TWICE else "swap"
        return life_cycle_page(request, context, meter_id, Typed(form, typed, told(request, refused)))
    return back(f"{place_of(meter_id)}?done=noted", who)


@router.post("/meters/{meter_id}/swaps/remove")
def swap_removed(
    request: Request,
    context: Context,
    meter_id: str,
    register_: Register,
    at_ms: Annotated[int, Form()],
    who: Short = "",
) -> Response:
    """A declared replacement was none."""

    def remove(editor: MeterEditor) -> None:
        editor.remove_swap(meter_id, register_, at_ms)

    return _edited(request, context, meter_id, who, remove)


@router.post("/meters/{meter_id}/proposals/dismiss")
def proposal_dismissed(
    request: Request,
    context: Context,
    meter_id: str,
    register_: Register,
    at_ms: Annotated[int, Form()],
    who: Short = "",
) -> Response:
    """Nothing was replaced: it is not proposed again."""

    def dismiss(editor: MeterEditor) -> None:
        found = proposal_at(context, meter_id, register_, at_ms)
        editor.dismiss_swap(meter_id, found.seen.register, found.at_ms)

    return _edited(request, context, meter_id, who, dismiss)


@router.get("/files/{file_id}")
def picture(context: Context, file_id: str) -> Response:
    """A picture as it was brought; it never changes, as its address is made of what is in it."""
    found = stored_file(context.engine, file_id)
    if found is None:
        raise not_found("picture", file_id[:80], "path: file_id", "The page that shows it says who brought it.")
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'inline; filename="{found.id[:12]}.{ENDINGS[found.media_type]}"',
    }
    return Response(found.content, media_type=found.media_type, headers=headers)


def _edited(
    request: Request, context: AppContext, meter_id: str, who: str, edit: Callable[[MeterEditor], object]
) -> Response:
    read(context.engine, context.now_s()).meter(meter_id)
    try:
        edit(MeterEditor(context.engine, context.series, by(context, who)))
    except EditRefused as refused:
        typed = Typed(refused.refusal, {"who": who}, told(request, refused))
        return life_cycle_page(request, context, meter_id, typed)
    return back(f"{place_of(meter_id)}?done=noted", who)


def _timezone(context: AppContext, meter_id: str) -> str:
    registry = read(context.engine, context.now_s())
    return registry.site_of(registry.meter(meter_id)).timezone
