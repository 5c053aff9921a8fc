"""What each meter's unit weighs in the gap between the forecast of the year and the target. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date

from plagewatch.metering.meters import Carrier, Meter, Share, shares_on
from plagewatch.plage.assessment import Assessment
from plagewatch.plage.gas import PREFIX
from plagewatch.plage.parameters import Refused
from plagewatch.tickets.worth import TargetGap


def target_gap(assessment: Assessment, meters: Mapping[str, Meter], shares: Iterable[Share]) -> TargetGap | None:
    """The gap as the assessment foretells it; None where it could not be computed.

    A gap is counted from the target itself, without its tolerance. Units are those in force on the last day assessed.
    """
    figures = assessment.figures
    if figures is None:
        return None
    end_kwh = figures.forecast_kwh if figures.forecast_kwh == figures.forecast_kwh else figures.normalised_kwh
    on = date.fromordinal(assessment.end_day.toordinal() - 1)
    try:
        weights = _weights(assessment, meters, shares_on(shares, on), on)
    except Refused:
        return None
    return TargetGap(max(0.0, end_kwh - figures.target_kwh), weights)


def _weights(assessment: Assessment, meters: Mapping[str, Meter], shares: list[Share], on: date) -> dict[str, float]:
    parameters = assessment.portfolio.parameters
    weights: dict[str, float] = {}
    for building, _, use in assessment.portfolio.uses():
        factor = parameters.number(f"carrier_factor.{use.carrier.value}", on)
        for link in use.meters:
            meter = meters.get(link.meter)
            if meter is None:
                continue
            served = sum(s.share for s in shares if (s.meter, s.building) == (link.meter, building.id))
            gas = meter.carrier is Carrier.GAS and meter.unit == "m3"
            kwh = parameters.number(f"{PREFIX}{building.gas_station}", on) if gas else 1.0
            weights[link.meter] = weights.get(link.meter, 0.0) + link.share * served * factor * kwh
    return weights
