"""Works on a building: for programs."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.context import Context
from api.entries import REFUSALS, Who, by, tidy, told_as_problem
from api.problems import Problem
from api.registry import read
from plagewatch.metering.works import Works
from plagewatch.store.records.works import WorksEditor
from plagewatch.store.records.works import works as known_works

router = APIRouter(prefix="/api/v1/buildings/{building_id}", tags=["registry"])


class WorksValues(BaseModel):
    """What was done, and the local day on which it ended."""

    ended_on: date
    what: str = Field(max_length=200, examples=["new boiler"])
    source: str = Field("", max_length=500, examples=["work order 2026-118"])


class WorksAnswer(WorksValues):
    """Works of which somebody told."""

    who: str


class WorksWanted(WorksValues):
    """Works to be entered."""

    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


@router.get("/works", summary="Works on a building", responses=REFUSALS)
def works(context: Context, building_id: str) -> list[WorksAnswer]:
    """The newest first. From the day after them on the rules watch whether the building uses more than before."""
    read(context.engine, context.now_s()).building(building_id)
    return [
        WorksAnswer(ended_on=one.ended_on, what=one.what, source=one.source, who=one.who)
        for one in known_works(context.engine, building_id)
    ]


@router.post("/works", status_code=201, summary="Tell of works on a building", responses=REFUSALS)
def enter(context: Context, building_id: str, wanted: WorksWanted) -> list[WorksAnswer]:
    """Over those of the same day and words."""
    read(context.engine, context.now_s()).building(building_id)
    told = Works(building_id, wanted.ended_on, tidy(wanted.what), tidy(wanted.source))
    with told_as_problem():
        WorksEditor(context.engine, by(context, wanted.who)).enter(told)
    return works(context, building_id)


@router.delete("/works", summary="Take works back", responses=REFUSALS)
def remove(
    context: Context, building_id: str, ended_on: date, what: Annotated[str, Query(max_length=200)], who: Who
) -> list[WorksAnswer]:
    """They never were, or ended on another day."""
    read(context.engine, context.now_s()).building(building_id)
    with told_as_problem("query"):
        gone = WorksEditor(context.engine, by(context, who)).remove(Works(building_id, ended_on, what))
    if not gone:
        raise Problem(404, "There are no such works.", "query: ended_on, what", "GET lists those there are.")
    return works(context, building_id)
