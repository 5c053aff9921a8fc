"""Meters behind a meter for programs: read, entered, taken back."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import FIRST_DAY, REFUSALS, Who, by, told_as_problem
from api.problems import not_found
from api.registry import read
from plagewatch.metering.meters import SubMeter
from plagewatch.store.records import registry as records
from plagewatch.store.records.sharing import ShareEditor

router = APIRouter(prefix="/api/v1/meters/{meter_id}/sub-meters", tags=["registry"])


class SubMeterAnswer(BaseModel):
    """A meter behind a head, from a local day on, up to the day before `valid_to`."""

    sub: str
    valid_from: date | None = Field(description="null = since ever")
    valid_to: date | None = Field(description="null = still")


class SubMeterWanted(BaseModel):
    """A meter that stands behind this one."""

    sub: str = Field(max_length=200, examples=["wzc-linde.kitchen"])
    valid_from: date | None = Field(None, description="First local day; null = since ever")
    valid_to: date | None = Field(None, description="The day after the last; null = still")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.get("", summary="Meters behind a meter, of all dates", responses=REFUSALS)
def sub_meters(context: Context, meter_id: str) -> list[SubMeterAnswer]:
    """By day, then by id."""
    read(context.engine, context.now_s()).meter(meter_id)
    links = [link for link in records.sub_meters(context.engine) if link.head == meter_id]
    return [
        SubMeterAnswer(
            sub=link.sub, valid_from=None if link.valid_from == FIRST_DAY else link.valid_from, valid_to=link.valid_to
        )
        for link in sorted(links, key=lambda link: (link.valid_from, link.sub))
    ]


@router.post("", status_code=201, summary="Say that a meter stands behind this one", responses=REFUSALS)
def enter(context: Context, meter_id: str, wanted: SubMeterWanted) -> list[SubMeterAnswer]:
    """Over what was said of the same two from the same day on. The answer: all meters behind this one."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem():
        link = SubMeter(meter_id, wanted.sub, wanted.valid_from or FIRST_DAY, wanted.valid_to)
        ShareEditor(context.engine, by(context, wanted.who)).set_sub_meter(link)
    return sub_meters(context, meter_id)


@router.delete("", summary="Take back that a meter stands behind this one", responses=REFUSALS)
def remove(
    context: Context,
    meter_id: str,
    sub: Annotated[str, Query(max_length=200)],
    who: Who,
    valid_from: Annotated[
        date | None, Query(description="The day from which it was said; without it: since ever")
    ] = None,
) -> list[SubMeterAnswer]:
    """As if it had never been said. To say that it ended, enter it with `valid_to`."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem("query"):
        editor = ShareEditor(context.engine, by(context, who))
        if not editor.remove_sub_meter(SubMeter(meter_id, sub, valid_from or FIRST_DAY)):
            raise not_found("meter behind this one", sub, "query: sub, valid_from", "GET lists those there are.")
    return sub_meters(context, meter_id)
