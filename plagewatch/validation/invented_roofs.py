"""Invented solar plants under light that was really measured: what they would have made, each with its own faults.

Light on the panels is parted and turned by other formulas than those of the rules, so that the rules do not merely find
their own arithmetic again: J. F. Orgill and K. G. Hollands ("Correlation equation for hourly diffuse radiation on a
horizontal surface", Solar Energy 19, 1977) for sun and sky, J. E. Hay and J. A. Davies (1980) for tilted panels.
"""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.solar.sun import clear_sky_ghi, towards_sun
from plagewatch.validation.injecting import Read
from plagewatch.validation.scoring import DAY_S, HOUR_S

ABOVE_AIR_WM2 = 1361.0
LOWEST_SUN = 0.06
"""Sine of the elevation below which all light counts as that of the sky."""
GROUND = 0.2
CLEAR = 0.8
"""Share of the light of a cloudless sky from which an hour counts as one without clouds."""
CLOUDS, HAZE = 0.15, 0.005
"""How much the light over the plant differs from the measured one in an hour with clouds, in one without [share]."""
CLOUDY_DAY, CLEAR_DAY = 0.03, 0.02
"""How much a whole day of clouds, and a clear one, differs from there to here [share]."""
DIRT, DIRT_DAYS = 0.03, 70.0
AGEING_A_YEAR = 0.006
SYSTEM = 0.86
LOST_HOURS = 0.002
SNOWS_BELOW_C, SNOW_CHANCE, FALLS_CM, MOST_CM, COVERS_CM = 0.5, 0.3, (1.0, 6.0), 10.0, 4.0
"""Snow of a lowland winter: it falls on some days of frost, and no more stays on a roof than the wind leaves."""


@dataclass(frozen=True, slots=True)
class Roof:
    """A plant. peak_kw: power of the panels. inverter: its power as a share of that. towards_deg: from north eastwards.

    shaded: whether a tree takes half of the light of low sun in the morning.
    """

    name: str
    peak_kw: float
    tilt_deg: float
    towards_deg: float
    inverter: float = 0.9
    shaded: bool = False


ROOFS = (
    Roof("flat", 120.0, 10.0, 180.0),
    Roof("south", 40.0, 35.0, 180.0, inverter=0.8),
    Roof("east", 60.0, 15.0, 110.0),
    Roof("west", 25.0, 30.0, 230.0, shaded=True),
    Roof("steep", 15.0, 45.0, 165.0),
    Roof("school", 200.0, 12.0, 200.0, inverter=0.8, shaded=True),
)


@dataclass(frozen=True, slots=True)
class Weather:
    """Measured hours on an unbroken grid, arrays of one length; NaN = not known. ghi_wm2 [W/m2], temp_c [°C]."""

    start_s: Seconds
    ghi_wm2: Floats
    temp_c: Floats


def made_by(roof: Roof, weather: Weather, latitude: float, longitude: float, seed: int) -> Read:
    """Starts and production [kWh] of the hours of a plant; hours without light or temperature, and some lost, are not
    among them.
    """
    generator = np.random.default_rng(seed)
    up, east, north = towards_sun(weather.start_s + HOUR_S // 2, latitude, longitude)
    light = _on_panels(roof, _local(weather, up, generator), up, east, north)
    if roof.shaded:
        light = np.where((up < 0.25) & (east > 0), 0.5 * light, light)
    days = (weather.start_s - weather.start_s[0]) / DAY_S
    clean = 1 - DIRT * np.abs(np.sin(np.pi * days / DIRT_DAYS + seed))
    bare = 1 - 0.97 * _covered(roof, weather, light, generator)
    cell_c = weather.temp_c + 0.03 * light
    power_kw = roof.peak_kw * light / 1000 * (1 - 0.004 * (cell_c - 25)) * SYSTEM * clean * bare
    power_kw = np.minimum(power_kw * (1 - AGEING_A_YEAR) ** (days / 365), roof.inverter * roof.peak_kw)
    known = np.isfinite(power_kw) & (generator.random(len(power_kw)) >= LOST_HOURS)
    return weather.start_s[known], np.round(np.maximum(power_kw[known], 0.0), 3)


def _local(weather: Weather, up: Floats, generator: np.random.Generator) -> Floats:
    """The light over the plant: near the measured one where the sky is clear, less so where clouds pass.

    Exactly nothing while the sun stands well above the horizon was not measured.
    """
    dark = (weather.ghi_wm2 <= 0) & (up > 2 * LOWEST_SUN)
    measured = np.where(dark, np.nan, weather.ghi_wm2)
    clear = measured > CLEAR * clear_sky_ghi(up)
    day = (weather.start_s - weather.start_s[0]) // DAY_S
    hour = generator.normal(0.0, 1.0, len(up)) * np.where(clear, HAZE, CLOUDS)
    off = generator.normal(0.0, 1.0, int(day[-1]) + 1)[day] * np.where(clear, CLEAR_DAY, CLOUDY_DAY)
    return np.asarray(measured * np.clip(1 + hour + off, 0.3, 1.7))


def _on_panels(roof: Roof, ghi_wm2: Floats, up: Floats, east: Floats, north: Floats) -> Floats:
    tilt, towards = np.radians(roof.tilt_deg), np.radians(roof.towards_deg)
    high = np.maximum(up, LOWEST_SUN)
    clearness = np.clip(ghi_wm2 / (ABOVE_AIR_WM2 * high), 0.0, 1.0)
    middle = np.where(clearness <= 0.75, 1.557 - 1.84 * clearness, 0.177)
    share = np.where(clearness < 0.35, 1.0 - 0.249 * clearness, middle)
    sky = np.where(up > LOWEST_SUN, share, 1.0) * ghi_wm2
    beam = (ghi_wm2 - sky) / high
    facing = np.sin(tilt) * (np.sin(towards) * east + np.cos(towards) * north) + np.cos(tilt) * up
    facing = np.maximum(facing, 0.0)
    around_sun = beam / ABOVE_AIR_WM2
    of_sky = sky * (around_sun * facing / high + (1 - around_sun) * (1 + np.cos(tilt)) / 2)
    return np.asarray(np.maximum(beam * facing + of_sky + GROUND * ghi_wm2 * (1 - np.cos(tilt)) / 2, 0.0))


def _covered(roof: Roof, weather: Weather, light_wm2: Floats, generator: np.random.Generator) -> Floats:
    """Share of the panels under snow: it falls on some days of frost, and melts and slides with warmth and sun."""
    day = (weather.start_s - weather.start_s[0]) // DAY_S
    known = np.isfinite(weather.temp_c)
    total = np.bincount(day, np.where(known, weather.temp_c, 0.0))
    mean_c = total / np.maximum(np.bincount(day, known), 1)
    falls_cm = np.where(mean_c < SNOWS_BELOW_C, generator.uniform(*FALLS_CM, len(mean_c)), 0.0)
    falls_cm *= generator.random(len(mean_c)) < SNOW_CHANCE
    slides = generator.uniform(0.5, 1.5) * roof.tilt_deg / 15
    melts_cm = 0.03 * np.maximum(np.nan_to_num(weather.temp_c), 0.0) * slides
    melts_cm += np.nan_to_num(light_wm2) / 1000 * np.where(weather.temp_c > -5, 0.12, 0.04) * slides
    new_cm = np.where(np.diff(day, prepend=-1) > 0, falls_cm[day], 0.0)
    lies_cm, depth_cm = np.zeros(len(day)), 0.0
    for hour in range(len(day)):
        depth_cm = min(max(depth_cm + new_cm[hour] - melts_cm[hour], 0.0), MOST_CM)
        lies_cm[hour] = depth_cm
    return np.minimum(lies_cm / COVERS_CM, 1.0)
