"""An index that a person read off a meter: a page in two steps for the tablet in the cellar; the same for programs."""

from dataclasses import dataclass
from typing import Annotated

from babel.numbers import format_decimal
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import REFUSALS, Short, Typed, back, by, tidy, told, told_as_problem
from api.language import language_of
from api.life_cycle import LONGEST_TEXT, around, check_register, shown_registers, unit_of
from api.life_cycle_answers import ReadingAnswer, ReadingWanted, ms_of, reading_answer
from api.pages import page
from api.pages.people import remembered, who_may_act
from api.pages.registers import register_name
from api.photos import LimitedBody, Photo, photo_typed
from api.registry import read
from api.typed_moments import Which, index_typed, moment_text, moment_typed
from plagewatch.metering.hand_readings import Around, Meaning, Read, meaning
from plagewatch.metering.meters import Meter
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.number_words import locale
from plagewatch.store.records import manual_readings
from plagewatch.store.records.life_cycle import By
from plagewatch.store.records.manual_readings import ManualReading
from plagewatch.store.records.stored_files import is_kept
from plagewatch.tickets.texts import N_
from plagewatch.words import words

router = APIRouter(route_class=LimitedBody)
LISTED = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """A reading that is not kept yet: what it says and what it would mean."""

    reading: ManualReading
    around: Around
    meaning: Meaning


@router.get("/api/v1/meters/{meter_id}/readings", tags=["life-cycle"], summary="Indexes that people read, newest first",
            responses=REFUSALS)  # fmt: skip
def listed(context: Context, meter_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[ReadingAnswer]:
    """With what each means beside the reading before it, as that is known today."""
    meter = read(context.engine, context.now_s()).meter(meter_id)
    known = manual_readings.readings_of(context.engine, meter_id, limit)
    return [reading_answer(one, _meaning(context, meter, one, known=True), new=False) for one in known]


@router.post("/api/v1/meters/{meter_id}/readings", tags=["life-cycle"], summary="Enter an index that a person read",
             responses=REFUSALS)  # fmt: skip
def enter_reading(context: Context, meter_id: str, wanted: ReadingWanted) -> ReadingAnswer:
    """It is evidence, so it is kept whatever it means; the answer says what that is. The same again is kept once."""
    meter = read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem():
        editor = by(context, wanted.who)
        at_ms = editor.at_ms if wanted.at is None else ms_of(wanted.at)
        reading = ManualReading(
            meter_id, wanted.register_, at_ms, wanted.index, wanted.who, wanted.photo, tidy(wanted.note)[:LONGEST_TEXT]
        )
        _check(context, meter, reading, editor)
        meant = _meaning(context, meter, reading)
        new = manual_readings.enter(context.engine, context.series, reading, editor)
    return reading_answer(reading, meant, new)


@router.get("/meters/{meter_id}/reading", include_in_schema=False)
def reading_page(
    request: Request,
    context: Context,
    meter_id: str,
    register_: Annotated[str, Query(alias="register", max_length=200)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The last index of each register, and a form for a new one."""
    return _page(request, context, meter_id, Typed(fields={"register": register_, "done": done}))


@router.post("/meters/{meter_id}/reading", include_in_schema=False)
def reading_step(
    request: Request,
    context: Context,
    meter_id: str,
    register_: Annotated[str, Form(alias="register", max_length=200)] = "",
    index: Short = "",
    at: Short = "",
    which: Annotated[Which, Form()] = Which.UNSAID,
    who: Short = "",
    note: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    picture: Short = "",
    step: Short = "",
    photo: Photo = None,
) -> Response:
    """First what the reading would mean; with `step=keep` it is kept, and with `step=change` it is typed anew."""
    registry = read(context.engine, context.now_s())
    meter = registry.meter(meter_id)
    typed = {"register": register_, "index": index, "at": at, "which": which, "who": who, "note": note}
    try:
        editor = by(context, who)
        # The picture first: whatever else is refused, nobody takes it twice.
        typed["picture"] = photo_typed(context, photo, picture, editor)
        tz = registry.site_of(meter).timezone
        at_ms = moment_typed(at, which, tz, editor.at_ms) if at.strip() else editor.at_ms
        reading = ManualReading(meter_id, register_, at_ms, index_typed(index), who, typed["picture"], tidy(note))
        _check(context, meter, reading, editor)
        if step == "keep":
            manual_readings.enter(context.engine, context.series, reading, editor)
            return back(f"/meters/{meter_id}/reading?done=kept", who)
    except EditRefused as refused:
        again = Typed(refused.refusal, typed, told(request, refused))
        return _page(request, context, meter_id, again, status=422)
    if step == "change":
        return _page(request, context, meter_id, Typed("", typed))
    found = around(context, meter, reading.register, at_ms)
    preview = Preview(reading, found, meaning(Read(at_ms, reading.value), found))
    typed["at"], typed["which"] = moment_text(at_ms, tz)
    return _page(request, context, meter_id, Typed("", typed), preview)


def _check(context: AppContext, meter: Meter, reading: ManualReading, editor: By) -> None:
    check_register(meter, reading.register, shown_registers(context, meter))
    if reading.at_ms > editor.at_ms:
        raise EditRefused(Refusal.MOMENT, N_("A reading that is still to come is not kept."))
    if reading.photo and not is_kept(context.engine, reading.photo):
        raise EditRefused(Refusal.FILE, N_("The picture is not here any more: choose it again."))


def _meaning(context: AppContext, meter: Meter, reading: ManualReading, *, known: bool = False) -> Meaning:
    found = around(context, meter, reading.register, reading.at_ms)
    if known:
        found = Around(found.last, found.following, (), found.factor, found.full_scale, found.highest_day)
    return meaning(Read(reading.at_ms, reading.value), found)


def _page(
    request: Request,
    context: AppContext,
    meter_id: str,
    typed: Typed,
    preview: Preview | None = None,
    status: int = 200,
) -> HTMLResponse:
    registry, language = read(context.engine, context.now_s()), language_of(request)
    meter = registry.meter(meter_id)
    tz, now_ms = registry.site_of(meter).timezone, context.now_s() * 1000
    registers, say = shown_registers(context, meter), words(language).gettext
    people = who_may_act(context)
    values = {
        "meter": meter,
        "tz": tz,
        "buildings": registry.buildings_of(meter_id),
        "place": registry.place_of(meter),
        "registers": registers,
        "last": {register: around(context, meter, register, now_ms + 1).last for register in registers},
        "units": {register: unit_of(context, meter, register, now_ms) for register in registers},
        "typed": typed,
        "preview": preview,
        "earlier": manual_readings.readings_of(context.engine, meter_id, LISTED),
        "name_of": lambda register: say(register_name(register)),
        "number": lambda value: format_decimal(value, "#,##0.######", locale(language)),
        "people": people,
        "names": {person.id: person.name for person in people},
        "chosen": typed["who"] or remembered(request),
    }
    return page(request, "reading.html", values, status)
