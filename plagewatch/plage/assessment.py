"""The whole computation of a period: from daily use and temperatures to target, result, forecast, excess and fine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.meters import Carrier
from plagewatch.plage.parameters import Parameters, Refusal, Refused
from plagewatch.plage.portfolio import CadastreBuilding, Portfolio
from plagewatch.plage.progress import Judgement, MeterDays, UseProgress, forecast_kwh, judge, use_progress
from plagewatch.plage.target import DegreeDayRule, Target, degree_day_rule, target_of
from plagewatch.savings.degree_days import bridge, degree_days
from plagewatch.tickets.texts import N_

Floats = NDArray[np.float64]
UseKey = tuple[str, str, Carrier]  # building, zone, carrier

LEAD_DAYS = 2
"""Days of temperature needed before the period: equivalent degree days look back that far."""


@dataclass(frozen=True, slots=True)
class PeriodEvidence:
    """What was measured. first_day: of the period; its length is that of each array of `uses`.

    mean_temp_c: daily means [°C], LEAD_DAYS days longer than the period, at its start; NaN = not measured.
    uses: the meters of each zone's carrier.
    """

    first_day: date
    mean_temp_c: Floats
    uses: Mapping[UseKey, Sequence[MeterDays]]


@dataclass(frozen=True, slots=True)
class Days:
    """The organisation day by day [kWh, weighted]; arrays of the period's length, `forecast_kwh` NaN where not told.

    result_to_date, target_to_date: summed since 1 January, NaN before it.
    """

    actual_kwh: Floats
    normalised_kwh: Floats
    target_kwh: Floats
    coverage: Floats
    result_to_date_kwh: Floats
    target_to_date_kwh: Floats
    forecast_kwh: Floats


@dataclass(frozen=True, slots=True)
class Figures:
    """The organisation's figures [kWh, EUR]. `period` is the whole period up to now, `year` the calendar year of now.

    normalised_kwh is held against target_kwh; filled_kwh of it was not counted but filled in. coverage: share of the
    use that was measured, 0...1. A judgement of the forecast is NaN where nothing can be foretold yet.
    """

    target_kwh: float
    reference_kwh: float
    tolerance: float
    rate_eur_kwh: float
    actual_kwh: float
    normalised_kwh: float
    filled_kwh: float
    coverage: float
    degree_days: float
    degree_days_normal: float
    bridged_days: int
    period: Judgement
    result_to_date_kwh: float
    target_to_date_kwh: float
    forecast_kwh: float
    year: Judgement
    days: Days


@dataclass(frozen=True, slots=True)
class BuildingLine:
    """One building against its share of the target [kWh, weighted]; NaN where it was not computed: see refusals."""

    id: str
    name: str
    categories: tuple[str, ...]
    floor_area_m2: float
    reference_kwh: float
    target_kwh: float
    normalised_kwh: float
    coverage: float
    refusals: tuple[Refusal, ...] = ()

    @property
    def gap_kwh(self) -> float:
        """Above (+) or below (-) its share of the target."""
        return self.normalised_kwh - self.target_kwh


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that is said about a portfolio at one moment. figures is None exactly where refusals say why.

    first_day, end_day: the period, [first_day, end_day) in local days. buildings: largest gap first, unknown last.
    """

    portfolio: Portfolio
    first_day: date
    end_day: date
    figures: Figures | None
    buildings: tuple[BuildingLine, ...]
    refusals: tuple[Refusal, ...]


def evaluate(portfolio: Portfolio, evidence: PeriodEvidence) -> Assessment:
    """Hold a period of 365 days against the portfolio's target. What cannot be computed is refused, never guessed."""
    length = len(evidence.mean_temp_c) - LEAD_DAYS
    end_day = date.fromordinal(evidence.first_day.toordinal() + length)
    on = date.fromordinal(end_day.toordinal() - 1)
    try:
        target = target_of(portfolio, on)
        weather = _weather(portfolio.parameters, degree_day_rule(portfolio, on), evidence, on)
        uses = _uses(portfolio.parameters, target, weather, evidence, on)
        lines = _lines(portfolio, target, uses)
        refusals = tuple(use for use in uses.values() if isinstance(use, Refusal))
        known = [use for use in uses.values() if not isinstance(use, Refusal)]
        figures = None if refusals else _figures(portfolio.parameters, target, weather, known, on)
    except Refused as refused:
        return Assessment(portfolio, evidence.first_day, end_day, None, (), (refused.refusal,))
    return Assessment(portfolio, evidence.first_day, end_day, figures, lines, refusals)


@dataclass(frozen=True, slots=True)
class _Weather:
    degree_days: Floats
    rule: DegreeDayRule
    bridged_days: int

    @property
    def factor(self) -> float:
        return self.rule.factor(float(self.degree_days.sum()))


def _weather(parameters: Parameters, rule: DegreeDayRule, evidence: PeriodEvidence, on: date) -> _Weather:
    longest_days = int(parameters.number("weather_gap_days_max", on))
    temp_c, bridged = bridge(evidence.mean_temp_c, longest_days)
    days = degree_days(temp_c, rule.base_c, rule.method)[LEAD_DAYS:]
    missing = int(np.isnan(days).sum())
    if missing:
        text = N_("{missing} of {days} days have no outdoor temperature; gaps of up to {longest} days are bridged.")
        raise Refused("weather_missing", text, missing=missing, days=len(days), longest=longest_days)
    return _Weather(days, rule, int(bridged[LEAD_DAYS:].sum()))


def _uses(
    parameters: Parameters, target: Target, weather: _Weather, evidence: PeriodEvidence, on: date
) -> dict[UseKey, UseProgress | Refusal]:
    coverage_min = parameters.number("coverage_min", on)
    factor = weather.factor
    return {
        key: use_progress(use, evidence.uses[key], weather.degree_days, factor, coverage_min)
        for zone in target.zones
        for use in zone.uses
        for key in [(zone.building, zone.zone, use.carrier)]
    }


def _lines(
    portfolio: Portfolio, target: Target, uses: Mapping[UseKey, UseProgress | Refusal]
) -> tuple[BuildingLine, ...]:
    lines = [_line(building, target, uses) for building in portfolio.buildings]
    return tuple(sorted(lines, key=lambda line: -np.inf if np.isnan(line.gap_kwh) else line.gap_kwh, reverse=True))


def _line(building: CadastreBuilding, target: Target, uses: Mapping[UseKey, UseProgress | Refusal]) -> BuildingLine:
    mine = [use for (owner, _, _), use in uses.items() if owner == building.id]
    refusals = tuple(use for use in mine if isinstance(use, Refusal))
    known = [use for use in mine if not isinstance(use, Refusal)]
    zones = [zone for zone in target.zones if zone.building == building.id]
    total_kwh = np.nan if refusals else float(sum(use.normalised.sum() for use in known))
    return BuildingLine(
        building.id,
        building.name,
        tuple(zone.category for zone in building.zones),
        building.floor_area_m2,
        sum(zone.reference_kwh for zone in zones),
        sum(zone.target_kwh for zone in zones),
        total_kwh,
        np.nan if refusals else _coverage(known),
        refusals,
    )


def _coverage_by_day(uses: Sequence[UseProgress]) -> Floats:
    # By size: a lost week at the laundry hides more than one at a social antenna.
    due = np.sum([use.path for use in uses], axis=0)
    measured = np.sum([use.path * use.coverage for use in uses], axis=0)
    evenly = np.mean([use.coverage for use in uses], axis=0)
    coverage: Floats = np.divide(measured, due, out=evenly, where=due > 0)
    return coverage


def _coverage(uses: Sequence[UseProgress]) -> float:
    due = np.sum([use.path for use in uses], axis=0)
    return float(np.average(_coverage_by_day(uses), weights=due if due.sum() > 0 else None))


def _figures(
    parameters: Parameters, target: Target, weather: _Weather, uses: Sequence[UseProgress], on: date
) -> Figures:
    tolerance = parameters.number("tolerance", on)
    rate_eur_kwh = parameters.number("rate_eur_kwh", on)
    days = _days(uses, on, int(parameters.number("forecast_days_min", on)))
    result_kwh, foretold_kwh = float(days.normalised_kwh.sum()), float(days.forecast_kwh[-1])
    nothing = Judgement(np.nan, np.nan)
    return Figures(
        target_kwh=target.kwh,
        reference_kwh=target.reference_kwh,
        tolerance=tolerance,
        rate_eur_kwh=rate_eur_kwh,
        actual_kwh=float(days.actual_kwh.sum()),
        normalised_kwh=result_kwh,
        filled_kwh=sum(use.filled_kwh for use in uses),
        coverage=_coverage(uses),
        degree_days=float(weather.degree_days.sum()),
        degree_days_normal=weather.rule.normal,
        bridged_days=weather.bridged_days,
        period=judge(result_kwh, target.kwh, tolerance, rate_eur_kwh),
        result_to_date_kwh=float(days.result_to_date_kwh[-1]),
        target_to_date_kwh=float(days.target_to_date_kwh[-1]),
        forecast_kwh=foretold_kwh,
        year=nothing if np.isnan(foretold_kwh) else judge(foretold_kwh, target.kwh, tolerance, rate_eur_kwh),
        days=days,
    )


def _days(uses: Sequence[UseProgress], on: date, least_days: int) -> Days:
    normalised = np.sum([use.normalised for use in uses], axis=0)
    path = np.sum([use.path for use in uses], axis=0)
    year_from = max(0, len(path) - on.timetuple().tm_yday)
    before = np.full(year_from, np.nan)
    return Days(
        np.sum([use.actual for use in uses], axis=0),
        normalised,
        path,
        _coverage_by_day(uses),
        np.concatenate((before, normalised[year_from:].cumsum())),
        np.concatenate((before, path[year_from:].cumsum())),
        np.concatenate((before, forecast_kwh(normalised, path, year_from, least_days))),
    )
