"""Hours of weather of a site, written where they say something that the store does not have."""

from collections.abc import Mapping

import numpy as np

from collector.imports.stores import ImportStore
from collector.imports.weather_hours import hourly
from collector.weather.writing import write_new
from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.store.names import TAG_SITE, WEATHER, WEATHER_FIELDS


def save_weather(series: ImportStore, site: str, start_s: Seconds, fields: Mapping[str, Floats]) -> tuple[int, int]:
    """Means that begin at start_s into the site's hours: how many hours they make, and how many of them were new.

    A field that the source does not have stays as it was. Raises TooCoarse.
    """
    unknown = np.full(len(start_s), np.nan)
    points = hourly(start_s, {name: fields.get(name, unknown) for name in WEATHER_FIELDS})
    return len(points.start_s), write_new(series, WEATHER, {TAG_SITE: site}, points)
