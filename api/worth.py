"""What tickets are worth, with the gap to the target as it stands now."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from api.assessment import LatestAssessment
from api.context import AppContext, Context
from api.registry import Registry
from plagewatch.metering.local_time import local_day
from plagewatch.metering.prices import ASSUMED_PRICES
from plagewatch.plage.gap import target_gap
from plagewatch.store.records import registry as registry_records
from plagewatch.store.series.protocol import SeriesError
from plagewatch.tickets.states import Ticket
from plagewatch.tickets.worth import Confidence, TargetGap, Worth, rank_of, worth_of


class WorthAnswer(BaseModel):
    """What a ticket is worth; null = not known."""

    unit: str = Field(description="Of the amounts", examples=["m3"])
    so_far: float | None = Field(description="Above the usual since it began; of solar panels: lost")
    per_year: float | None = Field(description="If it is left as it is")
    eur_so_far: float | None
    eur_per_year: float | None
    share_of_plage_gap: float | None = Field(description="Part of the gap between forecast and target, 0 to 1 or more")
    confidence: Confidence
    price_eur_per_unit: float | None
    price_is_assumed: bool | None


def gap_now(context: Context, request: Request) -> TargetGap | None:
    """The gap to the target; None where it is not known, or not now."""
    latest: LatestAssessment = request.app.state.assessment
    try:
        assessment = latest.of(context)
    except SeriesError:
        return None  # tickets are shown whatever the series store does
    engine = context.engine
    meters = {meter.id: meter for meter in registry_records.meters(engine)}
    return target_gap(assessment, meters, registry_records.shares(engine))


CurrentGap = Annotated[TargetGap | None, Depends(gap_now)]
"""A route's parameter of this type receives the gap."""


def worth_now(context: AppContext, registry: Registry, ticket: Ticket, gap: TargetGap | None) -> Worth | None:
    """What a ticket is worth at the prices of today."""
    meter = registry.meters[ticket.meter]
    today = local_day(context.now_s(), registry.site_of(meter).timezone)
    return worth_of(ticket, meter, ASSUMED_PRICES, today, gap)


def ranked(context: AppContext, registry: Registry) -> Callable[[Ticket], float]:
    """By what tickets of one urgency are put in order."""

    def rank(ticket: Ticket) -> float:
        return rank_of(ticket, worth_now(context, registry, ticket, None))

    return rank


def worth_answer(worth: Worth | None) -> WorthAnswer | None:
    """The same for programs."""
    if worth is None:
        return None
    return WorthAnswer(
        unit=worth.unit,
        so_far=_known(worth.so_far),
        per_year=_known(worth.per_year),
        eur_so_far=_known(worth.eur_so_far),
        eur_per_year=_known(worth.eur_per_year),
        share_of_plage_gap=_known(worth.share_of_gap),
        confidence=worth.confidence,
        price_eur_per_unit=worth.price.eur_per_unit if worth.price else None,
        price_is_assumed=worth.price.assumed if worth.price else None,
    )


def _known(value: float) -> float | None:
    return value if value == value else None
