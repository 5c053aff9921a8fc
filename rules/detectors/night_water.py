"""Water that never stops: the smallest hour of whole days against what this meter's days usually come down to.

A leak runs day and night. So not the nights alone are looked at: from the first night on every hour counts, and one
hour as dry as usual, at any time of the day, says that nothing leaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from rules.detectors.credible import beyond_use
from rules.detectors.history import DayGrid, before, quantile
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.verdicts import Flags, Judgement, MeterHours, Verdicts, judged, unfit

NIGHT_H = 6
DAY_H = 24
LITRES = {"m3": 1000.0, "l": 1.0}


@dataclass(frozen=True, slots=True)
class NightWater:
    """What is usual and how much more, for how long, is a leak.

    nights: nights in a row, three or more, with every hour above all days of the last weeks. more_nights: or so many
        above what usual_share of those days came down to. weeks: how far back they reach. rest_nights: the newest are
        left out, so that a leak is not learned while it runs. margin_l_per_h: how much above [l/h]. least_nights: with
        fewer known no verdict.
    """

    nights: int = 3
    more_nights: int = 6
    usual_share: float = 0.85
    weeks: int = 8
    rest_nights: int = 14
    margin_l_per_h: float = 1.0
    least_nights: int = 21


@dataclass(frozen=True, slots=True)
class _Mornings:
    """What is known at six in the morning; arrays over the mornings that can be judged. Amounts in l/h."""

    place: NDArray[np.int64]  # of the night's last hour
    night: Floats  # smallest hour since midnight
    day: Floats  # smallest hour of the last 24
    highest: Floats
    usual: Floats

    def where(self, keep: Flags) -> "_Mornings":
        return _Mornings(self.place[keep], self.night[keep], self.day[keep], self.highest[keep], self.usual[keep])


def judge(hours: MeterHours, parameters: NightWater) -> Judgement:
    """A verdict for each night with enough readings, known at six in the morning; see `Verdicts`.

    A night needs four of its six hours and a day sixteen of its 24. The score is the amount by which the smallest hour
    of the last nights and of the days between them is above the usual one, in margins.
    """
    refused = unfit(hours)
    if refused is not None:
        return refused
    mornings = _mornings(hours, parameters)
    lowest, more_lowest = (_lowest_of_last(mornings, nights) for nights in (parameters.nights, parameters.more_nights))
    excess = np.fmax(lowest - mornings.highest, more_lowest - mornings.usual)  # six nights may not be known yet
    run = _run(mornings.night > mornings.usual + parameters.margin_l_per_h)
    start_s = hours.start_s[mornings.place]
    extra = mornings.night - mornings.usual
    verdicts = Verdicts(
        start_s=start_s,
        since_s=start_s[np.arange(len(run)) - np.maximum(run - 1, 0)],
        score=np.where(np.isnan(excess), 0.0, np.maximum(excess, 0.0)) / parameters.margin_l_per_h,
        abnormal=run > 0,
        expected=mornings.usual / LITRES.get(hours.unit, np.nan),
        numbers={
            "night_l_per_h": mornings.night,
            "usual_l_per_h": mornings.usual,
            "extra_l_per_h": extra,
            "extra_m3": _of_run(extra * DAY_H / 1000, run),
            "extra_m3_per_year": extra * 8.76,
            "nights": run.astype(np.float64),
        },
    )
    return judged(verdicts, hours)


def _learn(hours: MeterHours, parameters: NightWater) -> Learnt | None:
    if unfit(hours) is not None or hours.unit not in LITRES:
        return None
    grid = DayGrid.of(hours)
    place = np.flatnonzero(grid.hour == NIGHT_H - 1)
    day = quantile(_last_days(hours)[place], 0.0, least=16)
    return learnt_of(hours, {"usual": _usual(grid, place, day, parameters)[1][grid.day]})


def _calm(learnt: Learnt, newest: Newest, parameters: NightWater) -> bool:
    """Whether the smallest hour of each new night is no more than usual."""
    hours = newest.hours
    end = np.flatnonzero((DayGrid.of(hours).hour == NIGHT_H - 1) & newest.new)
    night = np.fmin.reduce(_last_days(hours)[end, -NIGHT_H:], axis=1)
    excess = night - learnt.at("usual", hours.start_s)[end]
    return not np.any(excess > CALM * parameters.margin_l_per_h)


CALM = 0.9
"""Of the margin: below it no rounding makes a night abnormal."""
WARM = Warm(lambda case, parameters: _learn(case.hours, parameters), _calm)


def _mornings(hours: MeterHours, parameters: NightWater) -> _Mornings:
    grid = DayGrid.of(hours)
    place = np.flatnonzero(grid.hour == NIGHT_H - 1)
    last_day = _last_days(hours)[place]
    day, night = quantile(last_day, 0.0, least=16), quantile(last_day[:, -NIGHT_H:], 0.0, least=4)
    highest, usual = (each[grid.day[place]] for each in _usual(grid, place, day, parameters))
    able = np.isfinite(day + night + usual) & ~beyond_use(grid)[place]
    return _Mornings(place, night, day, highest, usual).where(able)


def _last_days(hours: MeterHours) -> Floats:
    """The 24 hours up to the end of each hour [l]."""
    forward = np.where(hours.amount >= 0, hours.amount, np.nan)
    litres = np.concatenate([np.full(DAY_H - 1, np.nan), forward * LITRES.get(hours.unit, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(litres, DAY_H)


def _usual(grid: DayGrid, place: NDArray[np.int64], day: Floats, parameters: NightWater) -> tuple[Floats, Floats]:
    """For each date the highest and the usual of the smallest hours of the weeks before [l/h]."""
    by_date = np.full(len(grid.value), np.nan)
    by_date[grid.day[place]] = day
    window = before(by_date, 7 * parameters.weeks + parameters.rest_nights)[:, : 7 * parameters.weeks]
    highest, usual = (quantile(window, share, parameters.least_nights) for share in (1.0, parameters.usual_share))
    return highest, usual


def _run(over: Flags) -> NDArray[np.int64]:
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
    # Run by run, not by one running sum: its rounding would depend on where the history begins.
    total, sums = 0.0, []
    for night, number in zip(amount.tolist(), run.tolist(), strict=True):
        total = total + night if number > 1 else night * number
        sums.append(total)
    return np.array(sums)


def _lowest_of_last(mornings: _Mornings, nights: int) -> Floats:
    """The smallest hour from the first of so many nights on, days included; NaN while there are not that many yet."""
    return _smallest([*before(mornings.day, nights - 2).T, mornings.day, before(mornings.night, nights - 1)[:, 0]])


def _smallest(columns: Sequence[Floats]) -> Floats:
    """The smallest of several arrays, place by place; NaN where one is not known.

    >>> _smallest([np.array([5.0, 2.0]), np.array([3.0, np.nan])]).tolist()
    [3.0, nan]
    """
    return np.asarray(np.min(np.stack(columns), axis=0))
