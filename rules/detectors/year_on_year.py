"""This year against the one before, the weather taken out: last year's signature with this year's days."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.heat_days import HeatDays
from rules.detectors.signature import Fitting, before_and_after
from rules.detectors.verdicts import Judgement, NotJudged, Verdicts, unjudged

YEAR = 365
UNIT_CHANGED = 10.0  # times the largest day of the year before is no use but another unit or pulse weight


@dataclass(frozen=True, slots=True)
class YearOnYear:
    """When a year is worse than the one before.

    share: so much more than last year's building would have used in this year's weather makes a ticket; a building's
        years differ by some percent without a cause. least_days: days that must be known in each of the two years.
    least_heated: share of the variation that the temperature must explain. fitting: how the signature is learnt.
    """

    share: float = 0.10
    least_days: int = 330
    least_heated: float = 0.6
    fitting: Fitting = field(default_factory=Fitting)


def judge(case: Case, parameters: YearOnYear) -> Judgement:
    """A verdict on the last day of each month, when that day is over."""
    days = HeatDays.of(case)
    if isinstance(days, NotJudged):
        return days
    known = np.isfinite(days.used) & np.isfinite(days.temp_c)
    rows, numbers = [], []
    for last in range(2 * YEAR - 1, len(days)):
        if date.fromordinal(days.first_day + last + 1).day != 1:
            continue
        first, middle = last + 1 - 2 * YEAR, last + 1 - YEAR
        if min(known[first:middle].sum(), known[middle : last + 1].sum()) < parameters.least_days:
            continue
        usual = before_and_after(days, middle, parameters.fitting)
        if not usual.heated[middle] >= parameters.least_heated:
            continue
        year = slice(middle, last + 1)
        both = known[year] & np.isfinite(usual.expected[year]) & (days.used[year] <= UNIT_CHANGED * usual.most[year])
        if both.sum() < parameters.least_days:
            continue
        rows.append(last)
        numbers.append((days.used[year][both].sum(), usual.expected[year][both].sum()))
    if not rows:
        why = unjudged(case.hours)
        if why.code != "too_short":
            return why
        days_known = float(known.sum())
        return NotJudged("too_short", "{days:.0f} days with weather are not two years.", {"days": days_known})
    used, expected = np.array(numbers).T
    return _verdicts(case, days, np.array(rows), (used, expected), parameters)


def _verdicts(
    case: Case, days: HeatDays, rows: NDArray[np.int64], years: tuple[Floats, Floats], parameters: YearOnYear
) -> Verdicts:
    used, expected = years
    unit = case.hours.unit.lower()
    more = used / np.maximum(expected, 1e-9) - 1
    return Verdicts(
        start_s=days.last_s[rows],
        since_s=days.last_s[rows],
        score=np.clip(more, -1.0, 10.0) / parameters.share,
        abnormal=more >= parameters.share,
        expected=expected / YEAR,
        numbers={
            f"year_{unit}": used,
            f"usual_year_{unit}": expected,
            f"extra_{unit}_per_year": used - expected,
            "more_pct": 100 * more,
        },
    )
