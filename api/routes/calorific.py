"""Calorific values of gas for programs, by the network operator's station, and which meter has which station."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import REFUSALS, Who, by, tidy, told_as_problem
from api.problems import Problem
from api.registry import read
from plagewatch.metering.meters import CalorificValue
from plagewatch.store.records import registry as records
from plagewatch.store.records.life_cycle import MeterEditor
from plagewatch.store.records.meter_entry import MeterEntry

router = APIRouter(prefix="/api/v1", tags=["registry"])
Station = Annotated[str | None, Query(max_length=200, description="Only this station")]


class CalorificValueAnswer(BaseModel):
    """Energy in a cubic metre of a station's gas, from a local day until its next value."""

    station: str
    valid_from: date
    kwh_per_m3: float = Field(description="Gross calorific value (GCV)")
    source: str


class CalorificValueWanted(BaseModel):
    """A value to be entered."""

    station: str = Field(min_length=1, max_length=200, examples=["Brussels H"])
    valid_from: date
    kwh_per_m3: float = Field(allow_inf_nan=False, examples=[11.52])
    source: str = Field("", max_length=500, examples=["network operator, monthly values"])
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


class StationWanted(BaseModel):
    """The station of a gas meter."""

    station: str = Field(max_length=200, description="Empty = none")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


class StationAnswer(BaseModel):
    """The station of a gas meter."""

    meter: str
    station: str


@router.get("/calorific-values", summary="Calorific values of gas, by station and day", responses=REFUSALS)
def values(context: Context, station: Station = None) -> list[CalorificValueAnswer]:
    """Figures in m³ become kWh by the value of their day."""
    known = records.calorific_values(context.engine)
    return [
        CalorificValueAnswer(
            station=one.station, valid_from=one.valid_from, kwh_per_m3=one.kwh_per_m3, source=one.source
        )
        for one in sorted(known, key=lambda one: (one.station, one.valid_from))
        if station in (None, one.station)
    ]


@router.post("/calorific-values", status_code=201, summary="Enter a calorific value", responses=REFUSALS)
def enter(context: Context, wanted: CalorificValueWanted) -> list[CalorificValueAnswer]:
    """Over the one of the same station and day. The answer: the station's values."""
    station = wanted.station.strip()
    with told_as_problem():
        editor = MeterEditor(context.engine, context.series, by(context, wanted.who))
        editor.set_calorific_value(CalorificValue(station, wanted.valid_from, wanted.kwh_per_m3, tidy(wanted.source)))
    return values(context, station)


@router.delete("/calorific-values", summary="Take a calorific value back", responses=REFUSALS)
def remove(
    context: Context, station: Annotated[str, Query(max_length=200)], valid_from: date, who: Who
) -> list[CalorificValueAnswer]:
    """The one before it holds on. The answer: the station's values that are left."""
    with told_as_problem("query"):
        editor = MeterEditor(context.engine, context.series, by(context, who))
        if not editor.remove_calorific_value(CalorificValue(station, valid_from, 0.0)):
            what = f"There is no calorific value of `{station}` from {valid_from} on."
            raise Problem(404, what, "query: station, valid_from", "GET lists those there are.")
    return values(context, station)


@router.put("/meters/{meter_id}/gas-station", summary="Say which station feeds a gas meter", responses=REFUSALS)
def choose(context: Context, meter_id: str, wanted: StationWanted) -> StationAnswer:
    """By its calorific values the meter's gas has its energy."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem():
        MeterEntry(context.engine, by(context, wanted.who)).set_gas_station(meter_id, wanted.station)
    return StationAnswer(meter=meter_id, station=wanted.station.strip())
