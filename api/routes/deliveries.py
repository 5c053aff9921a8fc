"""Fuel deliveries for programs: read with what is wrong with them, entered, changed, taken back."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import REFUSALS, Who, by, tidy, told_as_problem
from api.registry import read
from plagewatch.metering.deliveries import DeliveryNote, energy_of, findings
from plagewatch.metering.meters import Delivery
from plagewatch.store.records import registry as records
from plagewatch.store.records.deliveries import DeliveryEditor

router = APIRouter(prefix="/api/v1/meters/{meter_id}/deliveries", tags=["registry"])


class DeliveryAnswer(BaseModel):
    """Fuel that came on a local day."""

    delivered_on: date
    quantity: float = Field(description="As the invoice has it [unit]")
    unit: str = Field(examples=["l"])
    document: str
    note: str
    energy_kwh: float | None = Field(description="Gross (GCV); null = no calorific value is known by that unit")
    days_since: int | None = Field(description="Days since the delivery before; null = there is none")


class FindingAnswer(BaseModel):
    """What is wrong with a delivery: `said` against `allowed`, in days or litres."""

    note: DeliveryNote
    delivered_on: date
    said: float
    allowed: float


class DeliveriesAnswer(BaseModel):
    """Deliveries, oldest first, and what is wrong with them."""

    meter: str
    deliveries: list[DeliveryAnswer]
    findings: list[FindingAnswer]


class DeliveryKey(BaseModel):
    """Which delivery is meant."""

    delivered_on: date
    document: str = Field("", max_length=200)


class DeliveryWanted(DeliveryKey):
    """A delivery as the invoice has it."""

    quantity: float = Field(gt=0, allow_inf_nan=False)
    unit: str = Field(max_length=20, examples=["l"], description="l, m3 or kg")
    note: str = Field("", max_length=2000)
    instead_of: DeliveryKey | None = Field(None, description="The delivery that this one corrects")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.get("", summary="Fuel deliveries of a meter, and what is wrong with them", responses=REFUSALS)
def deliveries(context: Context, meter_id: str) -> DeliveriesAnswer:
    """Too far apart (365 days), larger than the tank, or of a fuel whose calorific value is not known."""
    meter = read(context.engine, context.now_s()).meter(meter_id)
    known = sorted(records.deliveries_of(context.engine, meter_id), key=lambda one: (one.delivered_on, one.document))
    before: list[Delivery | None] = [None, *known]
    listed = []
    for earlier, one in zip(before, known, strict=False):
        kwh = energy_of(meter.carrier, one)
        listed.append(
            DeliveryAnswer(
                delivered_on=one.delivered_on,
                quantity=one.quantity,
                unit=one.unit,
                document=one.document,
                note=one.note,
                energy_kwh=kwh if kwh == kwh else None,
                days_since=(one.delivered_on - earlier.delivered_on).days if earlier else None,
            )
        )
    wrong = findings(meter.carrier, known, records.facts_of(context.engine, meter_id))
    return DeliveriesAnswer(
        meter=meter_id,
        deliveries=listed,
        findings=[
            FindingAnswer(note=one.note, delivered_on=one.delivered_on, said=one.said, allowed=one.allowed)
            for one in wrong
        ],
    )


@router.post("", status_code=201, summary="Enter a delivery, or correct one", responses=REFUSALS)
def enter(context: Context, meter_id: str, wanted: DeliveryWanted) -> DeliveriesAnswer:
    """Two of one day are told apart by their documents. The days that it changes are made again at once."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem():
        made = Delivery(
            meter_id, wanted.delivered_on, wanted.quantity, wanted.unit, tidy(wanted.document), tidy(wanted.note)
        )
        key = wanted.instead_of
        editor = DeliveryEditor(context.engine, by(context, wanted.who))
        editor.enter(made, None if key is None else (key.delivered_on, key.document))
    return deliveries(context, meter_id)


@router.delete("", summary="Take a delivery back", responses=REFUSALS)
def remove(
    context: Context,
    meter_id: str,
    delivered_on: date,
    who: Who,
    document: Annotated[str, Query(max_length=200)] = "",
) -> DeliveriesAnswer:
    """The days that it told are told by the one after it, or by none."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem("query"):
        DeliveryEditor(context.engine, by(context, who)).remove(meter_id, delivered_on, document)
    return deliveries(context, meter_id)
