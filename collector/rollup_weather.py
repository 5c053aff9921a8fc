"""Hourly means of a weather station's gauges, as rows of weather of its site."""

from collections.abc import Sequence

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.rollups import HOUR_S
from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TAG_SITE, TEMP_C, WEATHER
from plagewatch.store.series.protocol import Points, SeriesStore

FIELD_OF = {"temperature": TEMP_C, "irradiance": GHI_WM2, "humidity": HUMIDITY_PCT}


def make_weather(series: SeriesStore, site: str, stations: Sequence[str], span_ms: tuple[int, int]) -> None:
    """Make the hours of weather of a site that samples in [span_ms[0], span_ms[1]] touch, of all its gauges."""
    start_s = span_ms[0] // 1000 // HOUR_S * HOUR_S
    hours = np.arange(start_s, span_ms[1] // 1000 + 1, HOUR_S, dtype=np.int64)
    fields = {field: _hourly_mean(series, stations, word, hours) for word, field in FIELD_OF.items()}
    somewhere = ~np.all([np.isnan(mean) for mean in fields.values()], axis=0)
    rows = Points(hours[somewhere], {field: mean[somewhere] for field, mean in fields.items()})
    series.write_points(WEATHER, {TAG_SITE: site}, rows)


def _hourly_mean(series: SeriesStore, stations: Sequence[str], word: str, hours: Seconds) -> Floats:
    sums, counts = np.zeros(len(hours)), np.zeros(len(hours))
    for station in stations:
        for register in series.registers(station):
            if register.partition(".")[0] == word:
                evidence = series.samples(station, register, int(hours[0]) * 1000, int(hours[-1] + HOUR_S) * 1000)
                place = (evidence.at_ms // 1000 - hours[0]) // HOUR_S
                sums += np.bincount(place, weights=evidence.value, minlength=len(hours))
                counts += np.bincount(place, minlength=len(hours))
    mean: Floats = np.divide(sums, counts, out=np.full(len(hours), np.nan), where=counts > 0)
    return mean
