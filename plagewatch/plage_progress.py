"""PLAGE on the stores: reads what was measured, has it computed, writes the result for boards and pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.local_time import day_start_s, day_starts_s, local_day
from plagewatch.metering.meters import Carrier, Meter, Share, shares_on
from plagewatch.plage.assessment import LEAD_DAYS, Assessment, Figures, PeriodEvidence, evaluate
from plagewatch.plage.gas import PREFIX, with_calorific_values
from plagewatch.plage.parameters import Parameters, Refused
from plagewatch.plage.portfolio import CadastreBuilding, MeterLink, Portfolio
from plagewatch.plage.progress import MeterDays, judge
from plagewatch.plage_words import as_json, status_lines
from plagewatch.store import names
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import Points, SeriesStore
from plagewatch.store.weather import daily_mean_temp_c, weather_hours
from plagewatch.tickets.texts import N_

__all__ = ["as_json", "assess", "status_lines", "write"]

PERIOD_DAYS = 365

Ordinals = NDArray[np.int64]  # local dates as `date.toordinal`


def assess(engine: Engine, series: SeriesStore, portfolio: Portfolio, now_s: int) -> Assessment:
    """Hold the last 365 whole local days against the target of a portfolio.

    What is missing (a meter, its readings, temperatures, a parameter) is told in the assessment's refusals. Raises
    SeriesError where the store fails.
    """
    portfolio = with_calorific_values(portfolio, registry.calorific_values(engine))
    tz = portfolio.organisation.timezone
    end_day = local_day(now_s, tz)
    first_day = end_day - timedelta(days=PERIOD_DAYS)
    try:
        evidence = _Reading(engine, series, portfolio, first_day, end_day).evidence()
    except Refused as refused:
        return Assessment(portfolio, first_day, end_day, None, (), (refused.refusal,))
    return evaluate(portfolio, evidence)


def write(series: SeriesStore, assessment: Assessment) -> None:
    """Write the days of the period to measurement `plage`, at local midnight.

    actual and normalised are those of the day, target that of the year; the sums run since 1 January; forecast, excess
    and fine are those that could be told at the end of the day. Where nothing could be computed, only the last day is
    written, as not known: the days before stay as they were last known.
    """
    organisation = assessment.portfolio.organisation
    tags = {names.TAG_ORGANISATION: organisation.id}
    start_s = _starts_s(assessment.first_day, assessment.end_day, organisation.timezone)
    if assessment.figures is None:
        nothing = {field: np.full(1, np.nan) for field in names.PLAGE_FIELDS}
        series.write_points(names.PLAGE, tags, Points(start_s[-1:], nothing))
    else:
        series.write_points(names.PLAGE, tags, Points(start_s, _fields(assessment.figures)))


def _fields(figures: Figures) -> dict[str, Floats]:
    days = figures.days
    judged = [judge(kwh, figures.target_kwh, figures.tolerance, figures.rate_eur_kwh) for kwh in days.forecast_kwh]
    foretold = ~np.isnan(days.forecast_kwh)
    return {
        names.PLAGE_ACTUAL_KWH: days.actual_kwh,
        names.PLAGE_NORMALISED_KWH: days.normalised_kwh,
        names.PLAGE_TARGET_KWH: np.full(len(foretold), figures.target_kwh),
        names.PLAGE_RESULT_TO_DATE_KWH: days.result_to_date_kwh,
        names.PLAGE_TARGET_TO_DATE_KWH: days.target_to_date_kwh,
        names.PLAGE_FORECAST_KWH: days.forecast_kwh,
        names.PLAGE_EXCESS_KWH: np.where(foretold, [judgement.excess_kwh for judgement in judged], np.nan),
        names.PLAGE_FINE_EUR: np.where(foretold, [judgement.fine_eur for judgement in judged], np.nan),
        names.COVERAGE: days.coverage,
    }


def _starts_s(first_day: date, end_day: date, tz: str) -> Seconds:
    return day_starts_s(day_start_s(first_day, tz), day_start_s(end_day, tz), tz)[:-1]


@dataclass(frozen=True, slots=True)
class _Registered:
    meters: Mapping[str, Meter]
    shares: Sequence[Share]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one assessment reads from the stores."""

    engine: Engine
    series: SeriesStore
    portfolio: Portfolio
    first_day: date
    end_day: date

    def evidence(self) -> PeriodEvidence:
        registered = _Registered(
            {meter.id: meter for meter in registry.meters(self.engine)}, registry.shares(self.engine)
        )
        start_s = _starts_s(self.first_day, self.end_day, self.portfolio.organisation.timezone)
        uses = {
            (building.id, zone.id, use.carrier): [
                self._days(link, building, registered, start_s) for link in use.meters
            ]
            for building, zone, use in self.portfolio.uses()
        }
        return PeriodEvidence(self.first_day, self._mean_temp_c(), uses)

    def _days(
        self, link: MeterLink, building: CadastreBuilding, registered: _Registered, start_s: Seconds
    ) -> MeterDays:
        if link.meter not in registered.meters:
            text = N_("Meter {meter} of the portfolio is not in the registry.")
            raise Refused("meter_unknown", text, meter=link.meter)
        dates = self.first_day.toordinal() + np.arange(len(start_s))
        part = link.share * _building_share(registered.shares, link.meter, building.id, dates)
        to_kwh = _kwh_per_unit(registered.meters[link.meter], building, self.portfolio.parameters, dates)
        read = self.series.intervals(Resolution.DAY, link.meter, int(start_s[0]), int(start_s[-1]) + 1)
        amount, accounted, coverage = _on_days(read, start_s)
        return MeterDays(link.meter, amount * to_kwh * part, accounted, coverage)

    def _mean_temp_c(self) -> Floats:
        organisation, parameters = self.portfolio.organisation, self.portfolio.parameters
        starts_s = _starts_s(self.first_day - timedelta(days=LEAD_DAYS), self.end_day, organisation.timezone)
        end_s = day_start_s(self.end_day, organisation.timezone)
        hours = weather_hours(self.engine, self.series, organisation.weather_site, int(starts_s[0]), end_s)
        day_s, mean_c, coverage = daily_mean_temp_c(hours, organisation.timezone)
        enough = parameters.number("weather_day_coverage_min", self.end_day - timedelta(days=1))
        mean_temp_c = np.full(len(starts_s), np.nan)
        inside = np.isin(day_s, starts_s) & (coverage >= enough)
        mean_temp_c[np.searchsorted(starts_s, day_s[inside])] = mean_c[inside]
        return mean_temp_c


def _on_days(read: Intervals, start_s: Seconds) -> tuple[Floats, Floats, Floats]:
    """Amount [meter's unit, NaN = not known], part accounted for and part measured of each day; no row, no part."""
    amount, accounted, coverage = np.full(len(start_s), np.nan), np.zeros(len(start_s)), np.zeros(len(start_s))
    inside = np.isin(read.start_s, start_s)
    place = np.searchsorted(start_s, read.start_s[inside])
    amount[place], coverage[place] = read.amount[inside], read.coverage[inside]
    # Of a gap between two readings the total is known, though nobody measured its days.
    told = (read.spread + read.estimated + read.manual)[inside] != 0
    accounted[place] = np.where(np.isnan(read.amount[inside]), 0.0, np.where(told, 1.0, read.coverage[inside]))
    return amount, accounted, coverage


def _building_share(shares: Iterable[Share], meter: str, building: str, dates: Ordinals) -> Floats:
    of_meter = [share for share in shares if share.meter == meter]
    if not any(share.building == building for share in of_meter):
        text = N_("Meter {meter} does not serve building {building} in the registry.")
        raise Refused("meter_not_shared", text, meter=meter, building=building)
    first_days = sorted({share.valid_from for share in of_meter})
    in_force = [sum(s.share for s in shares_on(of_meter, day) if s.building == building) for day in first_days]
    place = np.searchsorted([day.toordinal() for day in first_days], dates, side="right")
    return np.array([0.0, *in_force])[place]  # before its first date it served others


def _kwh_per_unit(meter: Meter, building: CadastreBuilding, parameters: Parameters, dates: Ordinals) -> Floats:
    if meter.unit == "kWh":
        return np.ones(len(dates))
    if meter.unit == "m3" and meter.carrier is Carrier.GAS:
        return parameters.numbers(f"{PREFIX}{building.gas_station}", dates)
    text = N_("Meter {meter} counts in {unit}, which is no energy.")
    raise Refused("unit_unknown", text, meter=meter.id, unit=meter.unit)
