"""Pages of shares: whom a meter serves and who uses a building, by date, and the form for a move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from babel.dates import format_date
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import FIRST_DAY, Short, Typed, back, by, day_typed, told
from api.language import language_of
from api.life_cycle_view import number_text
from api.pages import page
from api.pages.people import remembered, who_may_act
from api.registry import Registry, read
from api.sharing import by_date, parts_typed, require_known
from plagewatch.metering.local_time import local_day
from plagewatch.metering.refused import EditRefused
from plagewatch.number_words import locale
from plagewatch.store.records import registry as records
from plagewatch.store.records.sharing import ShareEditor

router = APIRouter(include_in_schema=False)
TZ = "Europe/Brussels"
EMPTY_ROWS = 2
MOST_ROWS = 50
Names = Annotated[list[str], Form(max_length=MOST_ROWS)]
Done = Annotated[str, Query(max_length=20)]
Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a page of shares is about. names: who may have a part; dated: the parts by date, the oldest first."""

    template: str
    place: str
    names: Mapping[str, str]
    dated: Sequence[tuple[date, Mapping[str, float]]]
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form of shares brought."""

    names: Sequence[str] = ()
    parts: Sequence[str] = ()
    valid_from: str = ""
    who: str = ""


@router.get("/meters/{meter_id}/shares")
def meter_shares(request: Request, context: Context, meter_id: str, done: Done = "") -> HTMLResponse:
    """The buildings that a meter serves, by date."""
    return _page(request, context, _of_meter(context, meter_id), Typed("", {"done": done}))


@router.post("/meters/{meter_id}/shares")
def meter_shared(
    request: Request,
    context: Context,
    meter_id: str,
    name: Names,
    part: Names,
    valid_from: Short = "",
    who: Short = "",
) -> Response:
    """A person says whom a meter serves from a day on."""
    sharing, sent = _of_meter(context, meter_id), Sent(name, part, valid_from, who)
    try:
        editor, parts = ShareEditor(context.engine, by(context, who)), _parts(sharing, sent)
        editor.share_meter(meter_id, day_typed(valid_from, FIRST_DAY), parts)
    except EditRefused as refused:
        return _refused(request, context, sharing, sent, refused)
    return back(f"{sharing.place}?done=noted", who)


@router.post("/meters/{meter_id}/shares/remove")
def meter_unshared(
    request: Request, context: Context, meter_id: str, valid_from: Short = "", who: Short = ""
) -> Response:
    """The shares of a date are taken back: those before hold on."""
    sharing = _of_meter(context, meter_id)
    try:
        ShareEditor(context.engine, by(context, who)).unshare_meter(meter_id, day_typed(valid_from))
    except EditRefused as refused:
        return _refused(request, context, sharing, Sent(who=who), refused)
    return back(f"{sharing.place}?done=noted", who)


@router.get("/buildings/{building_id}/shares")
def building_shares(request: Request, context: Context, building_id: str, done: Done = "") -> HTMLResponse:
    """The organisations in a building by date, and the meters that serve it, from when to when."""
    return _page(request, context, _of_building(context, building_id), Typed("", {"done": done}))


@router.post("/buildings/{building_id}/shares")
def building_shared(
    request: Request,
    context: Context,
    building_id: str,
    name: Names,
    part: Names,
    valid_from: Short = "",
    who: Short = "",
) -> Response:
    """A person says who uses a building from a day on."""
    sharing, sent = _of_building(context, building_id), Sent(name, part, valid_from, who)
    try:
        editor, parts = ShareEditor(context.engine, by(context, who)), _parts(sharing, sent)
        editor.share_building(building_id, day_typed(valid_from, FIRST_DAY), parts)
    except EditRefused as refused:
        return _refused(request, context, sharing, sent, refused)
    return back(f"{sharing.place}?done=noted", who)


@router.post("/buildings/{building_id}/shares/remove")
def building_unshared(
    request: Request, context: Context, building_id: str, valid_from: Short = "", who: Short = ""
) -> Response:
    """The shares of a date are taken back: those before hold on."""
    sharing = _of_building(context, building_id)
    try:
        ShareEditor(context.engine, by(context, who)).unshare_building(building_id, day_typed(valid_from))
    except EditRefused as refused:
        return _refused(request, context, sharing, Sent(who=who), refused)
    return back(f"{sharing.place}?done=noted", who)


def _of_meter(context: AppContext, meter_id: str) -> Sharing:
    registry = read(context.engine, context.now_s())
    meter = registry.meter(meter_id)
    names = {one.id: one.name for one in sorted(registry.buildings.values(), key=lambda one: one.name)}
    dated = by_date(one for one in records.shares(context.engine) if one.meter == meter_id)
    more = {"meter": meter, "buildings": registry.buildings_of(meter_id)}
    return Sharing("meter_shares.html", f"/meters/{quote(meter_id, safe='')}/shares", names, dated, more)


def _of_building(context: AppContext, building_id: str) -> Sharing:
    registry = read(context.engine, context.now_s())
    building = registry.building(building_id)
    names = {one.id: one.name for one in records.organisations(context.engine)}
    dated = by_date(one for one in records.building_shares(context.engine) if one.building == building_id)
    more = {"building": building, "served": served(context, registry, building_id)}
    return Sharing("building_shares.html", f"/buildings/{quote(building_id, safe='')}/shares", names, dated, more)


def served(context: AppContext, registry: Registry, building: str) -> list[tuple[str, str, float, date, date | None]]:
    """Meters that serve or served a building: id, name, part, from which day, until which day."""
    of_meter: dict[str, list[Any]] = {}
    for share in records.shares(context.engine):
        of_meter.setdefault(share.meter, []).append(share)
    found = []
    for meter, shares in of_meter.items():
        for day, until, parts in _spans(by_date(shares)):
            if building in parts:
                found.append((meter, registry.meters[meter].name, parts[building], day, until))
    return sorted(found, key=lambda one: (one[4] is not None, one[1], one[3]))


def _parts(sharing: Sharing, sent: Sent) -> dict[str, float]:
    parts = parts_typed(sent.names, sent.parts)
    require_known(parts, sharing.names)
    return parts


def _refused(request: Request, context: AppContext, sharing: Sharing, sent: Sent, refused: EditRefused) -> HTMLResponse:
    typed = Typed("shares", {"valid_from": sent.valid_from, "who": sent.who}, told(request, refused))
    rows = list(zip(sent.names, sent.parts, strict=False))
    return _page(request, context, sharing, typed, rows)


def _page(
    request: Request, context: AppContext, sharing: Sharing, typed: Typed, rows: Rows | None = None
) -> HTMLResponse:
    language, today = language_of(request), local_day(context.now_s(), TZ)
    held = next((parts for day, parts in reversed(sharing.dated) if day <= today), {})
    people = who_may_act(context)
    values = {
        **sharing.more,
        "place": sharing.place,
        "names": sharing.names,
        "dated": [(day, following, parts) for day, following, parts in _spans(sharing.dated)][::-1],
        "rows": (rows or [(name, percent(part)) for name, part in held.items()]) + [("", "")] * EMPTY_ROWS,
        "today": today,
        "first_day": FIRST_DAY,
        "day": lambda one: format_date(one, "d MMMM y", locale=locale(language)),
        "part": lambda share: number_text(share * 100, language),
        "typed": typed,
        "people": people,
        "chosen": typed["who"] or remembered(request),
    }
    return page(request, sharing.template, values, 422 if typed.refusal else 200)


def percent(share: float) -> str:
    """A share as the form takes it back, exactly where it can.

    >>> percent(0.25), percent(1 / 3)
    ('25', '33.33333333')
    """
    return f"{share * 100:.8f}".rstrip("0").rstrip(".")


def _spans(
    dated: Sequence[tuple[date, Mapping[str, float]]],
) -> list[tuple[date, date | None, Mapping[str, float]]]:
    """Each date with the last day on which its shares hold."""
    ends: list[date | None] = [day - timedelta(days=1) for day, _ in dated[1:]]
    return [(day, end, parts) for (day, parts), end in zip(dated, [*ends, None], strict=False)]
