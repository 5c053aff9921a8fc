"""Organisations and the buildings they use, for programs."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import FIRST_DAY, REFUSALS, Who, by, told_as_problem
from api.problems import Problem
from api.registry import read
from plagewatch.metering.meters import Organisation
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import registry as records
from plagewatch.store.records.sharing import ShareEditor
from plagewatch.tickets.texts import N_

router = APIRouter(prefix="/api/v1", tags=["registry"])
OrganisationId = Annotated[str, Path(max_length=100, examples=["centre"])]


class OrganisationAnswer(BaseModel):
    """A public body that uses buildings."""

    id: str
    name: str


class OrganisationWanted(BaseModel):
    """Its name, new or corrected."""

    name: str = Field(min_length=1, max_length=200)
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


class PartAnswer(BaseModel):
    """The part of a building that an organisation uses."""

    organisation: str
    share: float


class PartsAnswer(BaseModel):
    """Who uses a building from a local day on, until the next such day."""

    valid_from: date | None = Field(description="null = since ever")
    parts: list[PartAnswer]


class PartsWanted(BaseModel):
    """Who uses a building from a local day on."""

    valid_from: date | None = Field(None, description="First local day; null = since ever")
    parts: dict[str, float] = Field(min_length=1, max_length=100, description="Share by organisation; they sum to 1")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.get("/organisations", summary="Organisations that use buildings")
def organisations(context: Context) -> list[OrganisationAnswer]:
    """By name."""
    return [OrganisationAnswer(id=one.id, name=one.name) for one in records.organisations(context.engine)]


@router.put("/organisations/{organisation_id}", summary="Enter an organisation, or its name", responses=REFUSALS)
def enter(context: Context, organisation_id: OrganisationId, wanted: OrganisationWanted) -> OrganisationAnswer:
    """The id stays; the name may be corrected."""
    with told_as_problem():
        ShareEditor(context.engine, by(context, wanted.who)).set_organisation(
            Organisation(organisation_id, wanted.name)
        )
    return OrganisationAnswer(id=organisation_id, name=wanted.name.strip())


@router.get("/buildings/{building_id}/organisations", summary="Who uses a building, of all dates", responses=REFUSALS)
def parts(context: Context, building_id: str) -> list[PartsAnswer]:
    """The oldest first; each date replaces the one before it."""
    read(context.engine, context.now_s()).building(building_id)
    by_day: dict[date, list[PartAnswer]] = {}
    for one in records.building_shares(context.engine):
        if one.building == building_id:
            by_day.setdefault(one.valid_from, []).append(PartAnswer(organisation=one.organisation, share=one.share))
    return [
        PartsAnswer(
            valid_from=None if day == FIRST_DAY else day, parts=sorted(by_day[day], key=lambda one: one.organisation)
        )
        for day in sorted(by_day)
    ]


@router.post(
    "/buildings/{building_id}/organisations", status_code=201, summary="Say who uses a building", responses=REFUSALS
)
def share(context: Context, building_id: str, wanted: PartsWanted) -> list[PartsAnswer]:
    """From a day on, in place of what held before. Figures follow when they are read."""
    read(context.engine, context.now_s()).building(building_id)
    known = {one.id for one in records.organisations(context.engine)}
    with told_as_problem():
        for name in wanted.parts.keys() - known:
            text = N_("There is no organisation “%(organisation)s”.")
            raise EditRefused(Refusal.UNKNOWN, text, organisation=name[:100])
        editor = ShareEditor(context.engine, by(context, wanted.who))
        editor.share_building(building_id, wanted.valid_from or FIRST_DAY, wanted.parts)
    return parts(context, building_id)


@router.delete("/buildings/{building_id}/organisations", summary="Take back who uses a building", responses=REFUSALS)
def unshare(
    context: Context,
    building_id: str,
    who: Who,
    valid_from: Annotated[date | None, Query(description="The day it was said from; without it: since ever")] = None,
) -> list[PartsAnswer]:
    """What held before holds on."""
    read(context.engine, context.now_s()).building(building_id)
    with told_as_problem("query"):
        editor = ShareEditor(context.engine, by(context, who))
        if not editor.unshare_building(building_id, valid_from or FIRST_DAY):
            what = f"Nothing was said of `{building_id}` from that day on."
            raise Problem(404, what, "query: valid_from", "GET lists what was said.")
    return parts(context, building_id)
