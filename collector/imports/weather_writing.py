"""Hours of weather of a site, written where they say something that the store does not have."""

from collections.abc import Mapping

import numpy as np

from collector.imports.stores import ImportStore
from collector.imports.weather_hours import hourly
from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.store.names import TAG_SITE, WEATHER, WEATHER_FIELDS
from plagewatch.store.series.protocol import Points


def save_weather(series: ImportStore, site: str, start_s: Seconds, fields: Mapping[str, Floats]) -> tuple[int, int]:
    """Means that begin at start_s into the site's hours: how many hours they make, and how many of them were new.

    A field that the source does not have stays as it was. Raises TooCoarse.
    """
    unknown = np.full(len(start_s), np.nan)
    points = hourly(start_s, {name: fields.get(name, unknown) for name in WEATHER_FIELDS})
    if len(points.start_s) == 0:
        return 0, 0
    tags = {TAG_SITE: site}
    stored = series.points(WEATHER, tags, int(points.start_s[0]), int(points.start_s[-1]) + 1)
    place = np.searchsorted(stored.start_s, points.start_s)
    there = np.zeros(len(points.start_s), np.bool_)
    inside = place < len(stored.start_s)
    there[inside] = stored.start_s[place[inside]] == points.start_s[inside]
    merged, new = {}, ~there
    for name, values in points.fields.items():
        old = np.full(len(values), np.nan)
        if name in stored.fields:
            old[there] = stored.fields[name][place[there]]
        merged[name] = np.where(np.isnan(values), old, values)
        new |= ~np.isnan(values) & (values != old)
    if new.any():
        fresh = Points(points.start_s[new], {name: values[new] for name, values in merged.items()})
        series.write_points(WEATHER, tags, fresh)
    return len(points.start_s), int(np.count_nonzero(new))
