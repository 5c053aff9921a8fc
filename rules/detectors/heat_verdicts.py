"""Verdicts by the day of what a building used too much for the weather."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.comfort import cold_days
from rules.detectors.heat_days import HeatDays
from rules.detectors.verdicts import Flags, Judgement, NotJudged, Verdicts, judged

APART_DAYS = 10
"""Days without an excess that part one stretch from the next."""


@dataclass(frozen=True, slots=True)
class Excess:
    """What was expected of each day and how much more it was [unit], base temperature [°C], arrays over the days.

    heated: share of the variation that the temperature explains. score: 1 opens a ticket; NaN = not judged.
    """

    expected: Floats
    excess: Floats
    base_c: Floats
    heated: Floats
    score: Floats


def of_days(
    case: Case, days: HeatDays, found: Excess, stays: float, more: Mapping[str, Floats] | None = None
) -> Judgement:
    """A verdict for each day with a score; what was too much adds up over its stretch.

    In a care zone no ticket asks to save on a day on which a room was too cold.
    """
    unit = case.hours.unit.lower()
    score = np.where(cold_days(case, days), np.minimum(found.score, 0.0), found.score)
    abnormal = np.isfinite(score) & (score >= stays)
    first = stretches(abnormal)
    over = np.where(np.isfinite(found.excess) & abnormal, np.maximum(found.excess, 0.0), 0.0)
    verdicts = Verdicts(
        start_s=days.last_s,
        since_s=np.where(abnormal, days.start_s[first], days.last_s),
        score=np.nan_to_num(score),
        abnormal=abnormal,
        expected=found.expected,
        numbers={
            f"used_{unit}": days.used,
            f"usual_{unit}": found.expected,
            f"extra_day_{unit}": found.excess,
            f"extra_{unit}": np.where(abnormal, _so_far(over, first), 0.0),
            "outdoor_c": days.temp_c,
            "base_c": found.base_c,
            "days": (np.arange(len(days)) - first + 1).astype(np.float64),
            **(more or {}),
        },
    ).where(np.isfinite(score))
    if len(verdicts):
        return verdicts
    if np.isfinite(found.heated).any():
        share = float(found.heated[np.isfinite(found.heated)][-1])
        return NotJudged("not_heated", "Temperature explains {share:.0%} of what it uses.", {"share": share})
    return judged(verdicts, case.hours)


def stretches(abnormal: Flags) -> NDArray[np.int64]:
    """Place of the first abnormal day of each day's stretch; its own place where it is normal.

    >>> stretches(np.array([False, True, False, True])).tolist()
    [0, 1, 2, 1]
    """
    first = np.arange(len(abnormal))
    place = np.flatnonzero(abnormal)
    for stretch in np.split(place, np.flatnonzero(np.diff(place) > APART_DAYS) + 1):
        first[stretch] = stretch[0] if len(stretch) else 0
    return first


def _so_far(over: Floats, first: NDArray[np.int64]) -> Floats:
    # Summed stretch by stretch, so that a sum does not depend on where the history begins.
    total = np.zeros(len(over))
    for place in np.unique(first[over > 0]):
        members = np.flatnonzero(first == place)
        total[members] = np.cumsum(over[members])
    return total
