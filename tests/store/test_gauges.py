"""Hours of a gauge are the means of what it showed."""

import numpy as np

from plagewatch.gauges import hourly_means
from plagewatch.metering.readings import Samples

HOUR_MS = 3_600_000


def test_an_hour_is_the_mean_of_its_samples_and_one_without_is_absent(series):
    at_ms = [0, HOUR_MS // 2, 3 * HOUR_MS, 4 * HOUR_MS]
    series.write_samples([Samples("room", "temperature.a", at_ms, [20.0, 21.0, 19.0, 5.0], "t", 0)])
    series.write_samples([Samples("room", "temperature.b", [0, HOUR_MS], [25.0, 18.0], "t", 0)])
    series.write_samples([Samples("room", "humidity", [0], [60.0], "t", 0)])
    found = hourly_means(series, "room", "temperature", 1800, 4 * 3600)
    assert found.start_s.tolist() == [0, 3600, 3 * 3600]
    assert found.amount.tolist() == [22.0, 18.0, 19.0]
    assert np.all(found.coverage == 1)


def test_nothing_is_made_of_nothing(series):
    assert len(hourly_means(series, "room", "temperature", 0, 3600)) == 0
    assert len(hourly_means(series, "room", "temperature", 3600, 0)) == 0
