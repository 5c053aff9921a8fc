"""Where the sun stands, and how much light a cloudless sky gives. Arithmetic only; no library for it is needed.

Position: the low-precision formulas of the Astronomical Almanac as J. J. Michalsky gives them ("The Astronomical
Almanac's algorithm for approximate solar position (1950-2050)", Solar Energy 40, 1988): within 0.01 degrees. Light: B.
Haurwitz ("Insolation in relation to cloudiness and cloud density", Journal of Meteorology 2, 1945), of the elevation
alone; within some percent of far longer formulas where nobody knows the haze of the day.
"""

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds

J2000_S = 946_728_000
"""1 January 2000, 12:00 UTC, from which the Almanac counts [s since 1970 UTC]."""


def towards_sun(at_s: Seconds, latitude: float, longitude: float) -> tuple[Floats, Floats, Floats]:
    """The direction of the sun at instants as parts (up, east, north) of a vector of length 1; up = sine of elevation.

    at_s: seconds since 1970 UTC, any shape. latitude, longitude: degrees, north and east positive. The elevation is the
    true one; air bends light up by another half degree at the horizon.

    At noon of the longest day the sun stands 90 - 50.85 + 23.44 = 62.6 degrees high in Brussels, in the south:

    >>> up, east, north = towards_sun(np.array([1_782_042_480]), 50.85, 4.35)  # 21 June 2026, 11:48 UTC
    >>> np.degrees(np.arcsin(up)).round(1), bool(north[0] < 0), bool(abs(east[0]) < 0.05)
    (array([62.6]), True, True)
    """
    days = (np.asarray(at_s) - J2000_S) / 86_400.0
    mean_longitude = np.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = mean_longitude + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    oblique = np.radians(23.439 - 0.0000004 * days)
    ascension = np.arctan2(np.cos(oblique) * np.sin(ecliptic), np.cos(ecliptic))
    sine = np.sin(oblique) * np.sin(ecliptic)  # of the declination
    cosine = np.sqrt(1 - sine**2)
    sidereal_h = 18.697375 + 24.06570982 * days
    angle = np.radians((15.0 * sidereal_h + longitude) % 360) - ascension
    here = np.radians(latitude)
    up = np.sin(here) * sine + np.cos(here) * cosine * np.cos(angle)
    east = -cosine * np.sin(angle)
    north = np.cos(here) * sine - np.sin(here) * cosine * np.cos(angle)
    return np.asarray(up), np.asarray(east), np.asarray(north)


def clear_sky_ghi(sine: Floats) -> Floats:
    """Global irradiance on the horizontal [W/m2] under a cloudless sky, from the sine of the sun's elevation.

    >>> clear_sky_ghi(np.array([-0.2, 0.0, 0.5, 1.0])).round()
    array([   0.,    0.,  488., 1035.])
    """
    up = np.maximum(sine, 1e-3)
    return np.where(sine > 0, 1098.0 * up * np.exp(-0.059 / up), 0.0)


def diffuse_share(clearness: Floats) -> Floats:
    """The share of irradiance that comes from the whole sky and not from the sun, by how clear the air is.

    clearness: irradiance on the horizontal in times of that above the air. Correlation of D. G. Erbs, S. A. Klein and
    J. A. Duffie ("Estimation of the diffuse radiation fraction for hourly, daily and monthly-average global radiation",
    Solar Energy 28, 1982).

    >>> diffuse_share(np.array([0.1, 0.5, 0.9])).round(3)
    array([0.991, 0.659, 0.165])
    """
    low = 1.0 - 0.09 * clearness
    powers = clearness[..., None] ** np.arange(5)
    middle = powers @ np.array([0.9511, -0.1604, 4.388, -16.638, 12.336])
    return np.where(clearness <= 0.22, low, np.where(clearness <= 0.80, middle, 0.165))
