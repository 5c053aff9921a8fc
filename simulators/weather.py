"""Weather of Brussels that never was: temperature and sun for any instant, the same for the same seed and instant.

Yearly course after the normals of Uccle 1991-2020 (yearly mean about 11 °C, January 4, July 19), weather systems that
last days, spells of cold in winter, clouds that go with them.
"""

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from simulators import chance

LATITUDE_DEG = 50.85
LONGITUDE_DEG = 4.35
DAY_S = 86_400
SPELL_DAYS = 12

YEARLY_MEAN_C = 11.5
YEARLY_SWING_C = 7.6
COLDEST_DAY = 20.0  # of the year
SYSTEMS_C = 3.0
SYSTEMS_MEMORY = 0.78  # of one day for the next


def temp_c(seed: int, at_s: Seconds) -> Floats:
    """Outdoor temperature at rising instants [°C]."""
    year = _year_angle(at_s)
    solar_hour = (at_s / 3600.0 + LONGITUDE_DEG / 15.0) % 24.0
    clear = 1.0 - cloud_cover(seed, at_s)
    daily_swing_c = (1.2 + 1.3 * _summer(year)) * (0.6 + 1.4 * clear)
    daily = daily_swing_c * np.cos(2.0 * np.pi * (solar_hour - 15.0) / 24.0)
    quick = 0.5 * _passing(seed, "temperature", at_s, 3 * 3600)
    seasonal = YEARLY_MEAN_C - YEARLY_SWING_C * np.cos(year)
    return seasonal + SYSTEMS_C * _systems(seed, at_s) + daily + quick - _cold_spell_c(seed, at_s)


def cloud_cover(seed: int, at_s: Seconds) -> Floats:
    """Covered share of the sky at rising instants, 0...1. Cold air in winter is clear, and so is warm air in summer."""
    clear_when_warm = 2.0 * _summer(_year_angle(at_s)) - 1.0
    passing = _passing(seed, "clouds", at_s, 2 * 3600)
    course = 1.15 - 0.6 * clear_when_warm * _systems(seed, at_s) + 1.1 * passing
    return np.asarray(1.0 / (1.0 + np.exp(-1.3 * course)))


def irradiance_wm2(seed: int, at_s: Seconds) -> Floats:
    """Global irradiance on the flat at rising instants [W/m2].

    Clear sky by Haurwitz (1945): 1098 cos z exp(-0.057 / cos z). Clouds by Kasten and Czeplak (Solar Energy 24, 1980):
    what comes through a sky covered by N is 1 - 0.75 N^3.4.
    """
    height = sun_height(at_s)
    up = np.maximum(height, 1e-3)
    clear_wm2 = np.where(height > 0.0, 1098.0 * up * np.exp(-0.057 / up), 0.0)
    return np.asarray(clear_wm2 * (1.0 - 0.75 * cloud_cover(seed, at_s) ** 3.4))


def sun_height(at_s: Seconds) -> Floats:
    """Sine of the sun's elevation over Brussels, below 0 at night.

    Declination and equation of time by Spencer (1971), as in Iqbal, An Introduction to Solar Radiation, eq. 1.3.1 and
    1.4.1. At the June solstice the noon sun stands 90 - 50.85 + 23.45 = 62.6 degrees high.

    >>> round(float(np.degrees(np.arcsin(sun_height(np.array([1_782_042_240]))[0]))), 1)  # 2026-06-21 11:44 UTC
    62.6
    """
    day = _year_angle(at_s, first_day=1.0)
    sine, cosine = np.sin(day), np.cos(day)
    sine_2, cosine_2 = np.sin(2 * day), np.cos(2 * day)
    declination = 0.006918 - 0.399912 * cosine + 0.070257 * sine - 0.006758 * cosine_2 + 0.000907 * sine_2
    declination += 0.00148 * np.sin(3 * day) - 0.002697 * np.cos(3 * day)
    equation_min = 229.18 * (0.000075 + 0.001868 * cosine - 0.032077 * sine - 0.014615 * cosine_2 - 0.04089 * sine_2)
    solar_hour = at_s / 3600.0 + LONGITUDE_DEG / 15.0 + equation_min / 60.0
    hour_angle = np.pi / 12.0 * (solar_hour % 24.0 - 12.0)
    latitude = np.radians(LATITUDE_DEG)
    return np.asarray(
        np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    )


def warm_season(at_s: Seconds) -> Floats:
    """1 at midsummer, 0 at midwinter."""
    return _summer(_year_angle(at_s))


def _summer(year_angle: Floats) -> Floats:
    return np.asarray(0.5 - 0.5 * np.cos(year_angle))


def _year_angle(at_s: Seconds, first_day: float = COLDEST_DAY) -> Floats:
    # Days since 2000-01-01 over the mean year: good to a day, and it has no jump at New Year.
    day = (at_s - 946_684_800) / DAY_S + 1.0
    return np.asarray(2.0 * np.pi * ((day - first_day) % 365.2425) / 365.2425)


def _systems(seed: int, at_s: Seconds) -> Floats:
    """The weather systems of the days, standard normal."""
    first, last = int(at_s.min()) // DAY_S, int(at_s.max()) // DAY_S + 1
    daily = chance.wandering(seed, "systems", np.arange(first, last + 1), SYSTEMS_MEMORY)
    position = at_s / DAY_S - first
    day = position.astype(np.int64)
    return _blend(daily[day], daily[day + 1], position - day)


def _cold_spell_c(seed: int, at_s: Seconds) -> Floats:
    """How much colder a spell of frost makes it [K]; about one twelve-day stretch in four of the winter holds one."""
    stretch = at_s // (SPELL_DAYS * DAY_S)
    depth_c = 4.0 + 5.0 * chance.uniform(seed, "spell/depth", stretch)
    # The season is that of the stretch's first instant: a spell must not begin or end in the middle of its bell.
    winter = 1.0 - _summer(_year_angle(stretch * SPELL_DAYS * DAY_S))
    comes = chance.uniform(seed, "spell/comes", stretch) < 0.45 * winter**2
    within = at_s / (SPELL_DAYS * DAY_S) - stretch
    return np.where(comes, depth_c * np.sin(np.pi * within) ** 2, 0.0)


def _passing(seed: int, name: str, at_s: Seconds, step_s: int) -> Floats:
    """Something that comes and goes within hours, drawn every step_s."""
    knot = at_s // step_s
    return _blend(chance.normal(seed, name, knot), chance.normal(seed, name, knot + 1), at_s / step_s - knot)


def _blend(before: Floats, after: Floats, share: Floats) -> Floats:
    smooth = share * share * (3.0 - 2.0 * share)
    return np.asarray(before + (after - before) * smooth)
