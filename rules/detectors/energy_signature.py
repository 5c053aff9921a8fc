"""More gas or heat than such a cold day usually takes, by the building's own signature."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.heat_days import HeatDays
from rules.detectors.heat_verdicts import Excess, of_days
from rules.detectors.history import before, quantile
from rules.detectors.signature import Fitting, Signature, signature
from rules.detectors.verdicts import Judgement, NotJudged

LARGEST = 6.0  # usual deviations; beyond, a day says no more: one day alone makes no ticket
UNIT_CHANGED = 10.0  # times the largest day of the fit is no use but another unit or pulse weight


@dataclass(frozen=True, slots=True)
class EnergySignature:
    """When a building uses too much for the cold.

    work_days, rest_days: so many days of one kind are looked at together. deviations: their mean excess that makes a
        ticket, in usual deviations. until_h: only what is used before this local hour counts; 24 = the whole day.
    stays: share of that which keeps one alive. warm: judges the days on which the building need not heat, instead of
        those on which it must.
    drift_weeks, drift_rest_days: the median excess of the weeks before the newest days is left out of it, where there
        was one: years differ, and that is no fault. least_heated: share of the variation that temperature must explain.
    fitting: how the signature is learnt.
    """

    work_days: int = 5
    rest_days: int = 4
    deviations: float = 1.6
    until_h: int = 24
    stays: float = 0.7
    warm: bool = False
    drift_weeks: int = 8
    drift_rest_days: int = 21
    least_heated: float = 0.6
    fitting: Fitting = field(default_factory=Fitting)


def judge(case: Case, parameters: EnergySignature) -> Judgement:
    """A verdict for each day on which the building has to heat; known when the day is over.

    A day colder than any of the fit never opens a ticket.
    """
    days = HeatDays.of(case, parameters.until_h)
    if isinstance(days, NotJudged):
        return days
    usual = signature(days, parameters.fitting)
    excess = np.where(days.used > UNIT_CHANGED * usual.most, np.nan, days.used - usual.expected)
    meant = (days.temp_c >= usual.base_c) if parameters.warm else (days.temp_c < usual.base_c)
    meant &= usual.heated >= parameters.least_heated
    deviation = np.where(meant, np.clip(excess / usual.deviation, -LARGEST, LARGEST), np.nan)
    deviation = deviation - np.maximum(drift(deviation, parameters), 0.0)
    score = _score(deviation, days, usual, parameters)
    found = Excess(usual.expected, excess, usual.base_c, usual.heated, score)
    return of_days(case, days, found, parameters.stays)


def drift(deviation: Floats, parameters: EnergySignature) -> Floats:
    """For each day the median deviation of the weeks before the newest days; 0 where hardly a day is known."""
    reach = 7 * parameters.drift_weeks
    window = before(deviation, reach + parameters.drift_rest_days)[:, :reach]
    return np.nan_to_num(quantile(window, 0.5, least=10))


def _score(deviation: Floats, days: HeatDays, usual: Signature, parameters: EnergySignature) -> Floats:
    score = np.full(len(days), np.nan)
    for kind, count in ((False, parameters.work_days), (True, parameters.rest_days)):
        rows = np.flatnonzero((days.rest == kind) & np.isfinite(deviation))
        if len(rows):
            score[rows] = together(deviation[rows], rows, count) / parameters.deviations
    colder = usual.beyond_c > 0
    return np.where(colder, np.minimum(score, 0.99), score)


def together(deviation: Floats, place: NDArray[np.int64], count: int) -> Floats:
    """Mean of each day and those before it, at most twice the least of them; 0 where they lie far apart.

    place: of the days, all of one kind [days]. One or two large days among usual ones are no change.

    >>> together(np.array([2.0, 1.0, 3.0]), np.arange(3), 2).tolist()
    [0.0, 1.5, 2.0]
    """
    window = np.concatenate([before(deviation, count - 1), deviation[:, None]], axis=1)
    since = np.concatenate([np.full(count - 1, -10_000), place])[: len(place)]
    near = place - since <= 10 * (count - 1)
    full = np.isfinite(window).all(axis=1)
    lowest = np.where(full, window.min(axis=1), 0.0)
    return np.where(full & near, np.minimum(window.mean(axis=1), 2 * lowest), 0.0)
