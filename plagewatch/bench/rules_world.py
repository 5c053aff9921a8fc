"""A made-up centre for `bench rules`: thousands of meters, ten at a site, with a history in a real InfluxDB."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.names import GHI_WM2, HUMIDITY_PCT, TAG_SITE, TEMP_C, WEATHER
from plagewatch.store.series.protocol import Figures, Points, SeriesStore

HOUR_S, QUARTER_S, DAY_S = 3600, 900, 86_400
AT_A_SITE = (
    *(Carrier.ELECTRICITY,) * 4,
    *(Carrier.WATER,) * 3,
    *(Carrier.GAS,) * 2,
    Carrier.SOLAR,
)
"""What a site of ten meters has."""
PATTERNS = 50
"""So many different meters of each carrier; the others are like one of them."""
EVENT_EVERY = 97
"""From the night on one meter in so many uses three times the usual, each six hours another one."""


@dataclass(frozen=True, slots=True)
class Centre:
    """meters: how many. from_s, to_s: hours of the history, seconds since 1970 UTC."""

    meters: int
    from_s: int
    to_s: int

    def entries(self) -> Iterator[Site | Meter | Binding]:
        """Sites, meters, and the device of each."""
        for number in range(-(-self.meters // len(AT_A_SITE))):
            yield Site(f"s{number:05}", f"Site {number}", latitude=50.85, longitude=4.35)
        for number in range(self.meters):
            carrier = AT_A_SITE[number % len(AT_A_SITE)]
            unit = "m3" if carrier is Carrier.WATER else "kWh"
            site = f"s{number // len(AT_A_SITE):05}"
            yield Meter(name(number), site, f"Meter {number}", carrier, Kind.INDEX, unit, QUARTER_S)
            yield Binding(f"d{number}", "energy_import_total", name(number))

    def history(self, from_s: int, to_s: int) -> Iterator[Figures]:
        """Hours of every meter in [from_s, to_s), and the quarters of the last two hours."""
        start_s = np.arange(from_s, to_s, HOUR_S, dtype=np.int64)
        late_s = np.arange(max(from_s, to_s - 2 * HOUR_S), to_s, QUARTER_S, dtype=np.int64)
        known = {
            (place, pattern): (_use(carrier, pattern, start_s), _use(carrier, pattern, late_s) / 4)
            for place, carrier in enumerate(AT_A_SITE)
            for pattern in range(PATTERNS)
        }
        for number in range(self.meters):
            place = number % len(AT_A_SITE)
            hours, quarters = known[place, number // len(AT_A_SITE) % PATTERNS]
            event = (start_s >= self.to_s) & ((start_s // (6 * HOUR_S) + number) % EVENT_EVERY == 0)
            if event.any():
                hours = np.where(event, hours * 3 + 1, hours)
            figures = {
                Resolution.HOUR: Intervals.measured(start_s, hours),
                Resolution.QUARTER: Intervals.measured(late_s, quarters),
            }
            yield Figures(name(number), AT_A_SITE[place], "main", figures)

    def write_weather(self, series: SeriesStore, from_s: int, to_s: int) -> None:
        """Temperature and sun of the one station, which counts for all sites."""
        start_s = np.arange(from_s, to_s, HOUR_S, dtype=np.int64)
        fields = {
            TEMP_C: 10 + 9 * np.sin((start_s / DAY_S - 110) / 365 * 2 * np.pi) + 3 * np.sin(start_s / 7_000),
            GHI_WM2: 700 * _sun(start_s),
            HUMIDITY_PCT: np.full(len(start_s), 70.0),
        }
        series.write_points(WEATHER, {TAG_SITE: "s00000"}, Points(start_s, fields))


def name(number: int) -> str:
    """A meter's id."""
    return f"m{number:06}"


def _sun(start_s: Seconds) -> Floats:
    return np.maximum(0.0, np.sin(((start_s / HOUR_S) % 24 - 6) / 12 * np.pi))


def _use(carrier: Carrier, pattern: int, start_s: Seconds) -> Floats:
    """Use at instants, the same whichever stretch is asked for: noise comes from the hour itself."""
    hour = start_s // HOUR_S
    noise = np.sin(hour * (1.7 + pattern * 0.13)) * np.sin(hour * 0.37 + pattern)
    busy = ((hour % 24 >= 7) & (hour % 24 < 18) & ((hour // 24 + 3) % 7 < 5)).astype(np.float64)
    size = 1 + pattern % 7
    if carrier is Carrier.SOLAR:
        return np.asarray(np.round(size * 10 * _sun(start_s) * (0.8 + 0.2 * noise), 3))
    if carrier is Carrier.WATER:
        drawn = 0.05 * size * (0.3 + busy) * (noise > -0.2) * (1 + noise)
        return np.asarray(np.round(np.where(hour % 24 < 5, 0.0, drawn), 3))
    if carrier is Carrier.GAS:
        warm = 10 + 9 * np.sin((start_s / DAY_S - 110) / 365 * 2 * np.pi) + 3 * np.sin(start_s / 7_000)
        return np.asarray(np.round(np.maximum(0, 16 - warm) * size * (0.6 + 0.4 * busy) + 2 + 0.4 * noise, 2))
    return np.asarray(np.round(size * (4 + 10 * busy + 0.8 * noise), 3))
