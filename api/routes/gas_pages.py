"""The page of calorific values: by station and day, with the meters that have the station."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.context import AppContext, Context
from api.entries import Short, Typed, back, by, day_typed, form_values, number_typed, tidy, told
from api.pages import page
from api.registry import read
from plagewatch.metering.meters import CalorificValue, Carrier, Meter
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import registry as records
from plagewatch.store.records.life_cycle import MeterEditor
from plagewatch.store.records.meter_entry import MeterEntry
from plagewatch.tickets.texts import N_

router = APIRouter(include_in_schema=False)
PLACE = "/data/gas"


@router.get(PLACE)
def gas(request: Request, context: Context, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """All stations with their values, and the forms."""
    return _page(request, context, Typed(), done)


@router.post(PLACE)
def enter(
    request: Request,
    context: Context,
    station: Short = "",
    day: Short = "",
    value: Short = "",
    source: Short = "",
    who: Short = "",
) -> Response:
    """The value of a station from a day on."""
    try:
        kwh_per_m3 = number_typed(value, below_thousand=True)
        made = CalorificValue(station.strip(), day_typed(day), kwh_per_m3, tidy(source))
        MeterEditor(context.engine, context.series, by(context, who)).set_calorific_value(made)
    except EditRefused as refused:
        fields = {"station": station, "day": day, "value": value, "source": source, "who": who}
        return _page(request, context, Typed("enter", fields, told(request, refused)))
    return back(f"{PLACE}?done=entered", who)


@router.post(f"{PLACE}/remove")
def remove(request: Request, context: Context, station: Short = "", day: Short = "", who: Short = "") -> Response:
    """A value that does not hold."""
    try:
        editor = MeterEditor(context.engine, context.series, by(context, who))
        if not editor.remove_calorific_value(CalorificValue(station, day_typed(day), 0.0)):
            raise EditRefused(Refusal.UNKNOWN, N_("That is not there any more."))
    except EditRefused as refused:
        return _page(request, context, Typed("remove", {"who": who}, told(request, refused)))
    return back(f"{PLACE}?done=removed", who)


@router.post(f"{PLACE}/stations")
def choose(request: Request, context: Context, meter: Short = "", station: Short = "", who: Short = "") -> Response:
    """Which station feeds a meter."""
    try:
        if not meter:
            raise EditRefused(Refusal.UNKNOWN, N_("Choose the meter."))
        MeterEntry(context.engine, by(context, who)).set_gas_station(meter, station)
    except EditRefused as refused:
        fields = {"meter": meter, "of_meter": station, "who": who}
        return _page(request, context, Typed("station", fields, told(request, refused)))
    return back(f"{PLACE}?done=entered", who)


def _page(request: Request, context: AppContext, typed: Typed, done: str = "") -> HTMLResponse:
    registry = read(context.engine, context.now_s())
    meters = [one for one in registry.meters.values() if one.carrier is Carrier.GAS]
    stations: dict[str, list[CalorificValue]] = {one.gas_station: [] for one in meters if one.gas_station}
    for value in records.calorific_values(context.engine):
        stations.setdefault(value.station, []).insert(0, value)  # the newest first
    used: dict[str, list[Meter]] = {
        station: [one for one in meters if one.gas_station == station] for station in stations
    }
    values = form_values(request, context, typed, done) | {
        "stations": {name: stations[name] for name in sorted(stations)},
        "used": used,
        "meters": meters,
        "names": {one.id: registry.full_name(one) for one in meters},
    }
    return page(request, "gas.html", values, 422 if typed.refusal else 200)
