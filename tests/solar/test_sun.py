from datetime import UTC, datetime

import numpy as np
import pytest

from plagewatch.solar.sun import clear_sky_ghi, diffuse_share, towards_sun


def direction(at: datetime, latitude: float, longitude: float) -> tuple[float, float]:
    """Elevation and azimuth from north over east [degrees]."""
    up, east, north = towards_sun(np.array([int(at.timestamp())]), latitude, longitude)
    return float(np.degrees(np.arcsin(up[0]))), float(np.degrees(np.arctan2(east[0], north[0]))) % 360


def test_the_published_example_of_a_far_longer_formula() -> None:
    """I. Reda and A. Andreas, "Solar Position Algorithm for Solar Radiation Applications", NREL/TP-560-34302, A.5:
    17 October 2003, 12:30:30 at UTC - 7 h, 39.742476 N 105.1786 W: elevation without refraction 39.872046, azimuth
    194.340241."""
    elevation, azimuth = direction(datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC), 39.742476, -105.1786)
    assert elevation == pytest.approx(39.872046, abs=0.01)
    assert azimuth == pytest.approx(194.340241, abs=0.01)


@pytest.mark.parametrize("year", [2000, 2016, 2026, 2049])
def test_the_highest_sun_of_the_longest_and_the_shortest_day(year: int) -> None:
    """At a solstice the declination is 23.44 degrees: 90 - 50.85 + 23.44 = 62.59 and 90 - 50.85 - 23.44 = 15.71."""
    for month, highest in ((6, 62.59), (12, 15.71)):
        start = int(datetime(year, month, 21, tzinfo=UTC).timestamp())
        up, _, _ = towards_sun(start + 60 * np.arange(1440), 50.85, 4.35)
        assert np.degrees(np.arcsin(up.max())) == pytest.approx(highest, abs=0.03)


def test_the_vector_has_length_one_and_any_shape() -> None:
    at_s = np.arange(0, 40 * 86_400, 3600).reshape(40, 24)
    parts = np.stack(towards_sun(at_s, -33.9, 18.4))
    assert parts.shape == (3, 40, 24)
    np.testing.assert_allclose((parts**2).sum(axis=0), 1.0)


def test_in_the_south_the_sun_stands_in_the_north_at_noon() -> None:
    up, _, north = towards_sun(np.array([int(datetime(2026, 6, 21, 10, 48, tzinfo=UTC).timestamp())]), -33.9, 18.4)
    assert up[0] > 0.4
    assert north[0] > 0


def test_light_of_a_clear_sky_by_hand() -> None:
    """At 30 degrees the sine is 0.5: 1098 * 0.5 * exp(-0.059 / 0.5) = 549 * 0.8887 = 487.9."""
    np.testing.assert_allclose(clear_sky_ghi(np.array([0.5, 0.0, -0.5])), [487.9, 0.0, 0.0], atol=0.05)


def test_the_share_of_the_sky_falls_as_the_air_clears_and_has_no_step() -> None:
    share = diffuse_share(np.linspace(0, 1, 1001))
    assert share[0] == 1.0
    assert share[-1] == 0.165
    assert np.abs(np.diff(share)).max() < 0.005
