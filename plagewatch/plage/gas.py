"""Calorific values of gas from the records among the parameters of a portfolio. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from plagewatch.metering.meters import CalorificValue
from plagewatch.plage.parameters import Parameter, Parameters, Standing
from plagewatch.plage.portfolio import Portfolio

PREFIX = "gcv_kwh_m3."


def with_calorific_values(portfolio: Portfolio, values: Iterable[CalorificValue]) -> Portfolio:
    """The portfolio with what the records know of gas: from a station's first recorded value on, only these count.

    What the portfolio itself says holds before; a general figure must not come between the operator's monthly ones.
    """
    recorded = list(values)
    since: dict[str, date] = {}
    for value in recorded:
        name = PREFIX + value.station
        since[name] = min(value.valid_from, since.get(name, value.valid_from))
    if not recorded:
        return portfolio
    kept = [one for one in portfolio.parameters.all if one.name not in since or one.valid_from < since[one.name]]
    added = [
        Parameter(
            PREFIX + value.station,
            value.kwh_per_m3,
            "kWh/m3",
            value.source,
            value.valid_from,
            Standing.PUBLISHED,
        )
        for value in recorded
    ]
    return replace(portfolio, parameters=Parameters([*kept, *added], portfolio.parameters.scales))
