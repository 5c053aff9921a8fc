"""Water that runs at night: the night's smallest hour against what this meter's nights usually have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.history import DayGrid, before, quantile
from rules.detectors.verdicts import Judgement, MeterHours, Verdicts, judged, unfit

NIGHT_H = 6
LITRES = {"m3": 1000.0, "l": 1.0}


@dataclass(frozen=True, slots=True)
class NightWater:
    """What is usual and how much more is a leak.

    usual_share: quantile of the night minima that still counts as usual. weeks: how far back they reach.
    rest_nights: the newest nights are left out, so that a leak is not learned while it runs.
    margin_l_per_h: how much more than usual [l/h]. nights: how many in a row. least_nights: fewer known: no verdict.
    """

    usual_share: float = 0.9
    weeks: int = 8
    rest_nights: int = 14
    margin_l_per_h: float = 1.0
    nights: int = 3
    least_nights: int = 21


def judge(hours: MeterHours, parameters: NightWater) -> Judgement:
    """A verdict for each night with enough readings, known at six in the morning; see `Verdicts`.

    A night needs four of its six hours; the score is the smallest excess of the last nights in a row, in margins.
    """
    refused = unfit(hours)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    minimum = quantile(grid.value[:, :NIGHT_H], 0.0, least=4) * LITRES.get(hours.unit, np.nan)
    window = before(minimum, 7 * parameters.weeks + parameters.rest_nights)[:, : 7 * parameters.weeks]
    usual = quantile(window, parameters.usual_share, parameters.least_nights)
    night_end = np.flatnonzero(grid.hour == NIGHT_H - 1)
    night = grid.day[night_end]
    able = np.isfinite(minimum[night] - usual[night])
    night_end, night = night_end[able], night[able]
    excess = minimum[night] - usual[night]
    run = _run(excess > parameters.margin_l_per_h)
    first = np.arange(len(night)) - np.maximum(run - 1, 0)
    verdicts = Verdicts(
        start_s=hours.start_s[night_end],
        since_s=hours.start_s[night_end][first] if len(night) else hours.start_s[night_end],
        score=_least_of_last(excess, parameters.nights) / parameters.margin_l_per_h,
        abnormal=run > 0,
        expected=usual[night] / LITRES.get(hours.unit, np.nan),
        numbers={
            "night_l_per_h": minimum[night],
            "usual_l_per_h": usual[night],
            "extra_l_per_h": excess,
            "extra_m3_per_year": excess * 8.76,
            "extra_m3": _of_run(excess * 0.024, run),  # what runs in the quiet hours runs all day
            "nights": run.astype(np.float64),
        },
    )
    return judged(verdicts, hours)


def _run(over: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many nights in a row up to each one.

    >>> _run(np.array([True, False, True, True])).tolist()
    [1, 0, 1, 2]
    """
    place = np.arange(1, len(over) + 1)
    return place - np.maximum.accumulate(np.where(over, 0, place))


def _of_run(amount: Floats, run: NDArray[np.int64]) -> Floats:
    """The sum over the nights of the run that each one ends.

    >>> _of_run(np.array([5.0, 0.0, 4.0, 3.0]), np.array([1, 0, 1, 2])).tolist()
    [5.0, 0.0, 4.0, 7.0]
    """
    total = np.concatenate([[0.0], np.cumsum(amount)])
    place = np.arange(1, len(run) + 1)
    return total[place] - total[place - run]


def _least_of_last(excess: Floats, nights: int) -> Floats:
    """The smallest of each night's excess and those of the nights before it; 0 while there are not that many yet.

    >>> _least_of_last(np.array([5.0, 2.0, 4.0, 3.0]), 3).tolist()
    [0.0, 0.0, 2.0, 2.0]
    """
    reached = np.concatenate([before(excess, nights - 1), excess[:, None]], axis=1)
    return quantile(np.where(np.isnan(reached), 0.0, reached), 0.0, least=1)
