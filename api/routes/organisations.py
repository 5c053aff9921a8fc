"""Organisations that use buildings, for programs; which part of a building each uses stands with the building."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import REFUSALS, by, tidy, told_as_problem
from plagewatch.metering.meters import Organisation
from plagewatch.store.records import registry as records
from plagewatch.store.records.sharing import ShareEditor

router = APIRouter(prefix="/api/v1/organisations", tags=["registry"])
OrganisationId = Annotated[str, Path(max_length=100, examples=["centre"])]


class OrganisationAnswer(BaseModel):
    """A public body that uses buildings."""

    id: str
    name: str


class OrganisationWanted(BaseModel):
    """Its name, new or corrected."""

    name: str = Field(min_length=1, max_length=200)
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.get("", summary="Organisations that use buildings")
def organisations(context: Context) -> list[OrganisationAnswer]:
    """By name."""
    return [OrganisationAnswer(id=one.id, name=one.name) for one in records.organisations(context.engine)]


@router.put("/{organisation_id}", summary="Enter an organisation, or its name", responses=REFUSALS)
def enter(context: Context, organisation_id: OrganisationId, wanted: OrganisationWanted) -> OrganisationAnswer:
    """The id stays; the name may be corrected."""
    with told_as_problem():
        editor = ShareEditor(context.engine, by(context, wanted.who))
        editor.set_organisation(Organisation(organisation_id, tidy(wanted.name)))
    return OrganisationAnswer(id=organisation_id, name=tidy(wanted.name))
