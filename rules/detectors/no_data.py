"""A meter that has stopped telling: nothing measured for longer than is usual for it."""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, MeterHours, Verdicts, unfit


@dataclass(frozen=True, slots=True)
class NoData:
    """How long a silence must be to be worth a ticket: the largest of these.

    readings: that many of the meter's readings are missing. least_h: silence that never is [h]. times_usual: so many
        times its second longest silence of the last `weeks`, because what happened once is no habit; most_h at most.
    """

    readings: float = 24.0
    least_h: float = 6.0
    times_usual: float = 3.0
    weeks: int = 16
    most_h: float = 72.0


def judge(hours: MeterHours, parameters: NoData) -> Judgement:
    """A verdict for every hour from the first reading on; abnormal from the limit of silence until something is read.

    >>> from plagewatch.metering.intervals import Intervals
    >>> once = Intervals.measured(np.array([0]), np.array([1.0]))
    >>> judge(MeterHours.on_grid(once, 7 * 3600, "UTC", "kWh", 900), NoData()).abnormal
    array([False, False, False, False, False, False,  True])
    """
    refused = unfit(hours)
    if refused is not None:
        return refused
    first = int(np.argmax(hours.seen))
    start_s, seen = hours.start_s[first:], hours.seen[first:]
    place = np.arange(len(seen))
    silent_h = (place - np.maximum.accumulate(np.where(seen, place, 0))).astype(np.float64)
    limit_h = np.maximum(_habit_h(seen, parameters), _least_h(hours, parameters))
    return Verdicts(
        start_s=start_s,
        since_s=start_s - (np.maximum(silent_h, 1).astype(np.int64) - 1) * HOUR_S,
        score=silent_h / limit_h,
        abnormal=silent_h >= limit_h,
        expected=np.full(len(start_s), np.nan),
        numbers={"silent_h": silent_h, "limit_h": limit_h},
    )


def limits_h(interval_s: int | None, parameters: NoData) -> tuple[float, float]:
    """The shortest and the longest silence that can be the limit of a meter with such readings [h].

    >>> limits_h(900, NoData()), limits_h(86_400, NoData())
    ((6.0, 72.0), (576.0, 576.0))
    """
    least_h = max(parameters.readings * (interval_s or 0) / HOUR_S, parameters.least_h)
    return least_h, max(least_h, parameters.most_h)


def _least_h(hours: MeterHours, parameters: NoData) -> float:
    return limits_h(hours.interval_s, parameters)[0]


def _learn(case: Case, parameters: NoData) -> Learnt | None:
    hours = case.hours
    if unfit(hours) is not None:
        return None
    first = int(np.argmax(hours.seen))
    limit_h = max(float(_habit_h(hours.seen[first:], parameters)[-1]), _least_h(hours, parameters))
    return learnt_of(hours, {}, limit_h=limit_h)


def _calm(learnt: Learnt, newest: Newest, parameters: NoData) -> bool:
    del parameters
    place = np.arange(len(newest.new))
    # Who was not heard in the whole window is looked at; from half the limit on a silence counts with that of others.
    last = np.maximum.accumulate(np.where(newest.hours.seen, place, -int(1e6)))
    return not np.any(newest.new & (place - last >= 0.5 * learnt.numbers["limit_h"]))


WARM = Warm(_learn, _calm)


def _habit_h(seen: Flags, parameters: NoData) -> Floats:
    """For each hour the silence this meter is used to [h], from what was over when the silence it stands in began."""
    last_seen = np.flatnonzero(seen)
    length_h = np.diff(last_seen) - 1
    gaps = length_h >= 1
    begun, ended, length_h = last_seen[:-1][gaps], last_seen[1:][gaps], length_h[gaps]
    habit_h = np.zeros(len(seen))
    reach = parameters.weeks * 7 * 24
    for begin in (*begun.tolist(), int(last_seen[-1])):
        past = length_h[(ended <= begin) & (ended > begin - reach)]
        if len(past) >= 2:
            habit_h[begin:] = min(parameters.times_usual * float(np.sort(past)[-2]), parameters.most_h)
        else:
            habit_h[begin:] = 0.0
    return habit_h
