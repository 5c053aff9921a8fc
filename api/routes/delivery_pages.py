"""Pages of a tank: its deliveries with their energy, what is wrong with them, and the form for the next one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, day_typed, form_values, meter_values, number_typed, tidy, told
from api.language import language_of
from api.pages import page
from api.problems import not_found
from api.registry import Registry, read
from plagewatch.metering.deliveries import MOST_DAYS_BETWEEN, DeliveryNote, energy_of, findings, units_of
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Delivery, Kind, Meter
from plagewatch.metering.refused import EditRefused
from plagewatch.store.records import registry as records
from plagewatch.store.records.deliveries import DeliveryEditor
from plagewatch.words import words

router = APIRouter(include_in_schema=False)
ALL = 10_000
Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery in the list. kwh: NaN = not known. days: since the one before; None = there is none."""

    delivery: Delivery
    kwh: float
    days: int | None

    @property
    def late(self) -> bool:
        """Whether more days passed than there may."""
        return self.days is not None and self.days > MOST_DAYS_BETWEEN


@router.get("/meters/{meter_id}/deliveries")
def deliveries(
    request: Request, context: Context, meter_id: str, day: Text = "", document: Text = "", done: Text = ""
) -> Response:
    """All deliveries, and the form: empty, or with one of them to correct."""
    registry = read(context.engine, context.now_s())
    meter = _tank(registry, meter_id)
    edited = next((one for one in _known(context, meter) if _key(one) == (day, document)), None) if day else None
    return _page(request, context, meter, _of(request, edited), edited, done)


@router.post("/meters/{meter_id}/deliveries")
def enter(
    request: Request,
    context: Context,
    meter_id: str,
    day: Short = "",
    quantity: Short = "",
    unit: Short = "",
    document: Short = "",
    note: Short = "",
    who: Short = "",
    was_day: Short = "",
    was_document: Short = "",
) -> Response:
    """A new delivery, or what is true of one that was entered otherwise."""
    meter = _tank(read(context.engine, context.now_s()), meter_id)
    fields = {"day": day, "quantity": quantity, "unit": unit, "document": document, "note": note, "who": who}
    edited = next((one for one in _known(context, meter) if _key(one) == (was_day, was_document)), None)
    try:
        made = Delivery(meter_id, day_typed(day), number_typed(quantity), unit, tidy(document), tidy(note))
        instead_of = (day_typed(was_day), was_document) if was_day else None
        DeliveryEditor(context.engine, by(context, who)).enter(made, instead_of)
    except EditRefused as refused:
        return _page(request, context, meter, Typed("enter", fields, told(request, refused)), edited)
    return back(f"{_here(meter)}?done=entered", who)


@router.post("/meters/{meter_id}/deliveries/remove")
def remove(
    request: Request, context: Context, meter_id: str, day: Short = "", document: Short = "", who: Short = ""
) -> Response:
    """A delivery that never came."""
    meter = _tank(read(context.engine, context.now_s()), meter_id)
    try:
        DeliveryEditor(context.engine, by(context, who)).remove(meter_id, day_typed(day), document)
    except EditRefused as refused:
        return _page(request, context, meter, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{_here(meter)}?done=removed", who)


def list_values(request: Request, context: AppContext, meter: Meter, most: int) -> dict[str, Any]:
    """What the list of deliveries shows, the newest first; at most so many of them."""
    known = _known(context, meter)
    earlier: list[Delivery | None] = [None, *known]
    rows = [
        Row(one, energy_of(meter.carrier, one), (one.delivered_on - before.delivered_on).days if before else None)
        for before, one in zip(earlier, known, strict=False)
    ]
    spoken = form_values(request, context, Typed())
    return {
        "deliveries": rows[::-1],
        "warnings": _warnings(context, meter, known, spoken, words(language_of(request)).gettext),
        "most": most,
        "here": _meter_place(meter),
        "date": spoken["date"],
        "number": spoken["number"],
    }


def _page(
    request: Request,
    context: AppContext,
    meter: Meter,
    typed: Typed,
    edited: Delivery | None = None,
    done: str = "",
) -> HTMLResponse:
    registry = read(context.engine, context.now_s())
    facts = records.facts_of(context.engine, meter.id)
    values = form_values(request, context, typed, done) | meter_values(registry, meter)
    values |= list_values(request, context, meter, ALL) | {
        "edited": edited,
        "units": units_of(meter.carrier),
        "today": local_day(context.now_s(), registry.site_of(meter).timezone),
        "tank_l": facts[-1].tank_l if facts else None,
    }
    return page(request, "deliveries.html", values, 422 if typed.refusal else 200)


def _warnings(
    context: AppContext,
    meter: Meter,
    known: Sequence[Delivery],
    spoken: Mapping[str, Any],
    gettext: Callable[[str], str],
) -> list[str]:
    texts = {
        DeliveryNote.TOO_FAR_APART: gettext(
            "%(day)s: %(said)s days after the delivery before. For the PLAGE at most %(allowed)s days may lie between "
            "two deliveries: is one missing here?"
        ),
        DeliveryNote.LARGER_THAN_TANK: gettext(
            "%(day)s: %(said)s l came, and the tank holds %(allowed)s l. Check the quantity, or the tank."
        ),
        DeliveryNote.FUEL_UNKNOWN: gettext(
            "%(day)s: by this unit the fuel has no calorific value that is known. What was burnt up to that day is not "
            "known."
        ),
        DeliveryNote.NOT_POSITIVE: gettext("%(day)s: the quantity is not above 0."),
    }
    number, day = spoken["number"], spoken["date"]
    return [
        texts[one.note] % {"day": day(one.delivered_on), "said": number(one.said), "allowed": number(one.allowed)}
        for one in findings(meter.carrier, known, records.facts_of(context.engine, meter.id))
    ]


def _tank(registry: Registry, meter_id: str) -> Meter:
    meter = registry.meter(meter_id)
    if meter.kind is not Kind.DELIVERY:
        raise not_found("tank", meter_id, "path: meter_id", "The building's page lists its meters.")
    return meter


def _known(context: AppContext, meter: Meter) -> list[Delivery]:
    return sorted(records.deliveries_of(context.engine, meter.id), key=lambda one: (one.delivered_on, one.document))


def _key(one: Delivery) -> tuple[str, str]:
    return one.delivered_on.isoformat(), one.document


def _of(request: Request, edited: Delivery | None) -> Typed:
    """The form as it first is."""
    if edited is None:
        return Typed()
    quantity = form_number(edited.quantity, language_of(request))
    fields = {"day": edited.delivered_on.isoformat(), "quantity": quantity, "unit": edited.unit}
    return Typed("", fields | {"document": edited.document, "note": edited.note})


def form_number(value: float, language: str) -> str:
    """A number as a form takes it back: without a sign between thousands.

    >>> form_number(3000.5, "nl"), form_number(3000.0, "en"), form_number(11.125, "nl")
    ('3000,5', '3000', '11,125')
    """
    text = f"{value:.10g}"
    return text if language == "en" else text.replace(".", ",")


def _meter_place(meter: Meter) -> str:
    return f"/meters/{quote(meter.id, safe='')}"


def _here(meter: Meter) -> str:
    return f"{_meter_place(meter)}/deliveries"
