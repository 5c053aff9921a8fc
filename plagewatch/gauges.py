"""Hours of a gauge: what it showed on average. Its samples are its figures, nothing is made of them before."""

import numpy as np

from plagewatch.metering.intervals import Intervals
from plagewatch.store.series.protocol import SeriesStore

HOUR_S = 3600


def hourly_means(series: SeriesStore, meter: str, word: str, start_s: int, end_s: int) -> Intervals:
    """The mean of each hour in [start_s, end_s) in which a register of that word showed anything [its unit].

    Channels count alike: a room with two sensors is as warm as both say. Raises SeriesError.
    """
    start_s -= start_s % HOUR_S
    count = max(0, -(-(end_s - start_s) // HOUR_S))
    sums, samples = np.zeros(count), np.zeros(count, np.int64)
    for register in series.registers(meter) if count else ():
        if register.partition(".")[0] == word:
            evidence = series.samples(meter, register, start_s * 1000, end_s * 1000)
            good = np.isfinite(evidence.value)
            place = (evidence.at_ms[good] // 1000 - start_s) // HOUR_S
            sums += np.bincount(place, weights=evidence.value[good], minlength=count)
            samples += np.bincount(place, minlength=count)
    there = np.flatnonzero(samples)
    return Intervals.measured(start_s + there * HOUR_S, sums[there] / samples[there])
