"""Meters entered by programs: those that a device reads, computed ones, and tanks that are filled."""

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.answers import MeterAnswer, ShareAnswer
from api.context import Context
from api.entries import FIRST_DAY, REFUSALS, by, tidy, told_as_problem
from api.registry import read
from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.store.records.meter_entry import MeterEntry

router = APIRouter(prefix="/api/v1", tags=["registry"])


class MeterWanted(BaseModel):
    """A new meter."""

    id: str = Field(max_length=100, examples=["wzc-linde.oil"])
    site: str = Field(max_length=100, examples=["wzc-linde"])
    name: str = Field(max_length=200, examples=["Oil tank"])
    carrier: Carrier
    kind: Literal["index", "interval", "virtual", "delivery", "gauge"] = Field(
        description="Read as an index, told in amounts, computed from others, filled by deliveries, or a room's state"
    )
    unit: str = Field(
        "kWh", max_length=20, description="kWh or m3, °C of a room; what is delivered counts in kWh (GCV)"
    )
    ean: str | None = Field(None, max_length=40, description="Of a meter of a network operator")
    installation: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)
    shares: dict[str, float] = Field(min_length=1, max_length=100, description="Share by building; they sum to 1")
    valid_from: date | None = Field(None, description="First local day of the shares; null = since ever")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.post("/meters", status_code=201, summary="Enter a meter", responses=REFUSALS)
def enter(context: Context, wanted: MeterWanted) -> MeterAnswer:
    """Then claim its device, import its files, or give it a formula or deliveries."""
    meter = Meter(
        wanted.id,
        wanted.site,
        tidy(wanted.name),
        wanted.carrier,
        Kind(wanted.kind),
        wanted.unit,
        ean=wanted.ean,
        installation=tidy(wanted.installation),
        note=tidy(wanted.note),
    )
    with told_as_problem():
        MeterEntry(context.engine, by(context, wanted.who)).add(meter, wanted.shares, wanted.valid_from or FIRST_DAY)
    registry = read(context.engine, context.now_s())
    return MeterAnswer(
        id=meter.id,
        site=meter.site,
        name=meter.name,
        carrier=meter.carrier,
        kind=meter.kind,
        unit=meter.unit,
        interval_s=None,
        ean=meter.ean,
        installation=meter.installation,
        shares=[
            ShareAnswer(building=one.building, share=one.share, valid_from=one.valid_from)
            for one in registry.shares_of(meter.id)
        ],
        newest_data_at=None,
    )
