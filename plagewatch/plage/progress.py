"""How use since stands against the target: filling with a statement, normalisation, forecast, excess and fine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.plage.parameters import Refusal
from plagewatch.plage.target import UseTarget, normalised_kwh
from plagewatch.tickets.texts import N_

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeterDays:
    """What one meter brought a zone on each day of the period; arrays of the period's length.

    kwh: final energy, NaN = not known. accounted: part of the day that stands in kwh, 0...1; a gap whose total is known
    is accounted for though nobody measured its days. coverage: part of the day that was measured, 0...1.
    """

    meter: str
    kwh: Floats
    accounted: Floats
    coverage: Floats


@dataclass(frozen=True, slots=True)
class UseProgress:
    """One carrier of a zone over the period, weighted with its factor; daily arrays [kWh].

    actual: as counted. normalised: filled where days are missing, and brought to a normal year. path: the target,
    spread over the days by their degree days. coverage: share of each day that was measured, 0...1. filled_kwh: how
    much of the normalised total was not counted but filled in.
    """

    actual: Floats
    normalised: Floats
    path: Floats
    coverage: Floats
    filled_kwh: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """A use held against the target. excess_kwh counts from the target with its tolerance; fine before indexation."""

    excess_kwh: float
    fine_eur: float

    @property
    def reached(self) -> bool:
        """Whether the target is met."""
        return self.excess_kwh == 0


def judge(result_kwh: float, target_kwh: float, tolerance: float, rate_eur_kwh: float) -> Judgement:
    """Excess and fine of a result. tolerance: share of the target, e.g. 0.02.

    >>> judge(1_380_000, 1_280_000, tolerance=0.0, rate_eur_kwh=0.06)
    Judgement(excess_kwh=100000.0, fine_eur=6000.0)
    """
    excess_kwh = max(0.0, result_kwh - target_kwh * (1 + tolerance))
    return Judgement(excess_kwh, excess_kwh * rate_eur_kwh)


def target_path(target: UseTarget, degree_days: Floats) -> Floats:
    """The target of a year day by day [kWh]: steady use evenly, heating by the degree days of each day."""
    heated: Floats = target.heated_kwh * degree_days / degree_days.sum()
    return heated + target.steady_kwh / len(degree_days)


def use_progress(
    target: UseTarget, meters: Sequence[MeterDays], degree_days: Floats, factor: float, coverage_min: float
) -> UseProgress | Refusal:
    """One carrier of a zone over a period of whole days.

    degree_days: of each day, all known [K·d]. factor: DD_normal / DD of the period. coverage_min: the least part of the
    use, 0...1, that must be accounted for at each meter; below it there is no figure but a refusal `coverage_too_low`.

    Missing days are filled in proportion to the target's path, so that a lost week in January weighs more than one in
    July. What was filled is told apart.
    """
    path = target_path(target, degree_days)
    weight = path / path.sum() if path.sum() > 0 else np.full(len(path), 1 / len(path))
    to_normal = target.carrier_factor * normalised_kwh(1.0, target.heated_share, factor)
    counted: list[Floats] = []
    filling: list[Floats] = []
    for days in meters:
        accounted = float(weight @ days.accounted)
        if accounted == 0 or accounted < coverage_min:
            return _too_little(days.meter, accounted, coverage_min)
        # What is missing counts for nothing here and is filled on the next line.
        counted.append(np.where(np.isnan(days.kwh), 0.0, days.kwh))
        filling.append(counted[-1].sum() / accounted * weight * (1 - days.accounted))
    filled = np.sum(filling, axis=0)
    actual = np.sum(counted, axis=0)
    sizes = [float((count + fill).sum()) for count, fill in zip(counted, filling, strict=True)]
    coverage = np.average([days.coverage for days in meters], axis=0, weights=sizes if sum(sizes) > 0 else None)
    return UseProgress(
        target.carrier_factor * actual, to_normal * (actual + filled), path, coverage, to_normal * float(filled.sum())
    )


def forecast_kwh(result: Floats, path: Floats, year_from: int, least_days: int) -> Floats:
    """What the calendar year will come to, as seen at the end of each of its days [kWh]; NaN before it can be told.

    result, path: daily arrays of the period. year_from: place of 1 January in them. least_days: days of the period that
    must have passed before anything is foretold.

    The rest of the year is taken to stand to its target as the days of the period until then did to theirs.
    """
    done, due = result.cumsum(), path.cumsum()
    year_done, year_due = result[year_from:].cumsum(), path[year_from:].cumsum()
    ratio = np.divide(done, due, out=np.full(len(done), np.nan), where=due > 0)[year_from:]
    foretold: Floats = year_done + ratio * (path.sum() - year_due)
    foretold[: max(0, least_days - year_from - 1)] = np.nan
    return foretold


def _too_little(meter: str, accounted: float, coverage_min: float) -> Refusal:
    text = N_("Meter {meter}: {known_share} of its use in the period is known, {needed_share} is needed.")
    return Refusal("coverage_too_low", text, {"meter": meter, "known_share": accounted, "needed_share": coverage_min})
