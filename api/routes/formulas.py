"""Formulas of computed meters for programs: read, tried, entered, taken back."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.answers import utc
from api.context import Context
from api.entries import REFUSALS, Who, by, told_as_problem
from api.formula_preview import preview
from api.problems import Problem
from api.registry import read
from plagewatch.metering.meters import VirtualFormula
from plagewatch.metering.readings import Flow
from plagewatch.store.records import registry as records
from plagewatch.store.records.formulas import FormulaEditor, parsed

router = APIRouter(prefix="/api/v1/meters/{meter_id}/formulas", tags=["registry"])

LATEST_MS = 4_102_444_800_000  # 2100
Since = Annotated[AwareDatetime | None, Query(description="The instant from which it holds; without it: since ever")]


class FormulaTried(BaseModel):
    """A formula over other meters."""

    formula: str = Field(max_length=4000, examples=["[wzc-linde.elec] - 0.5 * [wzc-linde.kitchen]"])


class FormulaWanted(FormulaTried):
    """A formula to be entered."""

    valid_from: AwareDatetime | None = Field(None, description="The instant from which it holds; null = since ever")
    who: str = Field(max_length=100, description="Id of a person", examples=["cell"])


class FormulaAnswer(BaseModel):
    """A formula, in force from an instant until that of the next one."""

    formula: str
    valid_from: datetime | None = Field(description="null = since ever")


class FactorAnswer(BaseModel):
    """What one meter adds."""

    meter: str
    flow: Flow = Field(description="`export` is what was fed back")
    factor: float = Field(description="Unit of the computed meter per unit of this one")
    unit: str = Field(description="Unit of this meter")


class DayAnswer(BaseModel):
    """One local day."""

    day: date
    amount: float | None = Field(description="Unit of the computed meter; null = not known")
    coverage: float


class PreviewAnswer(BaseModel):
    """What a formula means and gives; nothing is stored."""

    unit: str
    factors: list[FactorAnswer]
    days: list[DayAnswer] = Field(description="The last seven whole days")


@router.get("", summary="Formulas of a computed meter, oldest first", responses=REFUSALS)
def formulas(context: Context, meter_id: str) -> list[FormulaAnswer]:
    """Empty for a meter that has readings of its own."""
    read(context.engine, context.now_s()).meter(meter_id)
    return [_answer(one) for one in records.virtual_formulas(context.engine) if one.meter == meter_id]


@router.post("/preview", summary="Try a formula", responses=REFUSALS)
def tried(context: Context, meter_id: str, wanted: FormulaTried) -> PreviewAnswer:
    """Its factors with their units, and the amounts of the last seven days."""
    registry = read(context.engine, context.now_s())
    meter = registry.meter(meter_id)
    with told_as_problem():
        formula = parsed(context.engine, VirtualFormula(meter_id, wanted.formula))
    made = preview(context, registry, meter, formula)
    return PreviewAnswer(
        unit=meter.unit,
        factors=[
            FactorAnswer(meter=one.meter.id, flow=one.flow, factor=one.factor, unit=one.meter.unit)
            for one in made.factors
        ],
        days=[
            DayAnswer(day=day, amount=amount if amount == amount else None, coverage=coverage)
            for day, amount, coverage in made.days
        ],
    )


@router.post("", status_code=201, summary="Enter a formula, over the one of the same instant", responses=REFUSALS)
def enter(context: Context, meter_id: str, wanted: FormulaWanted) -> list[FormulaAnswer]:
    """The figures that it changes are made again at once. The answer: all formulas of the meter."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem():
        editor = FormulaEditor(context.engine, context.series, by(context, wanted.who))
        editor.set(VirtualFormula(meter_id, wanted.formula, _ms(wanted.valid_from)))
    return formulas(context, meter_id)


@router.delete("", summary="Take a formula back", responses=REFUSALS)
def remove(context: Context, meter_id: str, who: Who, valid_from: Since = None) -> list[FormulaAnswer]:
    """The one before it holds on; where there is none, nothing is known. The answer: those that are left."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem("query: valid_from"):
        FormulaEditor(context.engine, context.series, by(context, who)).remove(meter_id, _ms(valid_from))
    return formulas(context, meter_id)


def _answer(one: VirtualFormula) -> FormulaAnswer:
    since = utc(one.valid_from_ms / 1000) if one.valid_from_ms else None
    return FormulaAnswer(formula=one.formula, valid_from=since)


def _ms(at: datetime | None) -> int:
    at_ms = 0 if at is None else round(at.timestamp() * 1000)
    if not 0 <= at_ms <= LATEST_MS:
        raise Problem(422, f"`{at}` is too far away.", "valid_from", "Give a moment from 1970 to 2100.")
    return at_ms
