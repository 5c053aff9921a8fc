"""A meter that has stopped telling: nothing measured for longer than is usual for it."""

from dataclasses import dataclass

import numpy as np

from rules.detectors.verdicts import HOUR_S, Judgement, MeterHours, Verdicts, unfit


@dataclass(frozen=True, slots=True)
class NoData:
    """times_usual: how many usual distances may pass. least_h: silence that is never worth a ticket [h]."""

    times_usual: float = 3.0
    least_h: float = 6.0


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
    limit_h = max(parameters.times_usual * (hours.interval_s or 0) / HOUR_S, parameters.least_h)
    return Verdicts(
        start_s=start_s,
        since_s=np.where(silent_h > 0, start_s - (silent_h.astype(np.int64) - 1) * HOUR_S, start_s),
        score=silent_h / limit_h,
        abnormal=silent_h >= limit_h,
        expected=np.full(len(start_s), np.nan),
        numbers={"silent_h": silent_h, "limit_h": np.full(len(start_s), limit_h)},
    )
