"""A head meter against the meters behind it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.answers import utc
from api.asked import From, To, few_enough, window_of
from api.context import AppContext, Context
from api.problems import ProblemAnswer
from api.registry import Registry, read
from plagewatch.meter_tree import balance_of
from plagewatch.metering.balance import Verdict, subs_on
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Meter, VirtualFormula
from plagewatch.store.records import registry as records

router = APIRouter(prefix="/api/v1", tags=["series"])
SHOWN_DAYS = 7


class SubAnswer(BaseModel):
    """One meter behind the head."""

    meter: str
    amount: float = Field(description="Over the compared intervals [unit]")


class BalanceAnswer(BaseModel):
    """Head minus sub-meters over the intervals that all of them measured whole."""

    meter: str
    unit: str
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    amount: float = Field(description="Through the head [unit]")
    subs: list[SubAnswer]
    difference: float = Field(description="Through the head and no sub-meter [unit]")
    uncertainty: float = Field(description="Of the difference by the meters' own errors, about 95 % [unit]")
    verdict: Verdict
    compared: int = Field(description="Intervals that all of them measured whole")
    asked: int = Field(description="Intervals of the head in the span")


@router.get(
    "/meters/{meter_id}/balance",
    summary="A head meter against the meters behind it",
    responses={404: {"model": ProblemAnswer}, 422: {"model": ProblemAnswer}},
)
def balance(context: Context, meter_id: str, from_: From = None, to: To = None) -> BalanceAnswer:
    """By default the last seven days. Without meters behind it everything through the head is the difference."""
    registry = read(context.engine, context.now_s())
    found = registry.meter(meter_id)
    tz = registry.site_of(found).timezone
    window = window_of(from_, to, context.now_s(), tz)
    few_enough(window, Resolution.HOUR)
    made = balance_of(
        context.engine, context.series, found, records.sub_meters(context.engine), (window.start_s, window.end_s), tz
    )
    return BalanceAnswer(
        meter=found.id,
        unit=found.unit,
        from_=utc(window.start_s),
        to=utc(window.end_s),
        amount=made.head,
        subs=[SubAnswer(meter=name, amount=amount) for name, amount in made.subs.items()],
        difference=made.difference,
        uncertainty=made.uncertainty,
        verdict=made.verdict,
        compared=made.compared,
        asked=made.asked,
    )


def tree_of(context: AppContext, registry: Registry, meter: Meter) -> dict[str, object]:
    """What a meter's page shows of the meters behind it over the last whole days, and of its formula."""
    tz = registry.site_of(meter).timezone
    today = local_day(context.now_s(), tz)
    formula = formula_on(records.virtual_formulas(context.engine), meter.id, context)
    values: dict[str, object] = {"formula": formula, "tree": None}
    links = records.sub_meters(context.engine)
    first = today - timedelta(days=SHOWN_DAYS)
    if subs_on(links, meter.id, first):
        window_s = day_start_s(first, tz), day_start_s(today, tz)
        values["tree"] = balance_of(context.engine, context.series, meter, links, window_s, tz)
        values["tree_days"] = SHOWN_DAYS
        values["names_of_meters"] = {one.id: registry.full_name(one) for one in registry.meters.values()}
    return values


def formula_on(formulas: Iterable[VirtualFormula], meter: str, context: AppContext) -> str:
    """The formula by which a meter is computed now; empty where it is not computed."""
    come = [one for one in formulas if one.meter == meter and one.valid_from_ms <= context.now_s() * 1000]
    return max(come, key=lambda one: one.valid_from_ms).formula if come else ""
