import numpy as np
import pytest

from simulators import chance, weather

YEARS_START_S = 1_735_686_000  # 2025-01-01 in Brussels
QUARTERS = np.arange(YEARS_START_S, YEARS_START_S + 3 * 365 * 86_400, 900)


@pytest.mark.parametrize("what", [weather.temp_c, weather.irradiance_wm2, weather.cloud_cover])
def test_an_instant_has_one_weather_whatever_span_is_asked(what):
    whole = what(5, QUARTERS[:20_000])
    assert np.array_equal(what(5, QUARTERS[7_001:7_090]), whole[7_001:7_090])
    assert what(5, QUARTERS[12_345:12_346])[0] == whole[12_345]
    assert not np.array_equal(what(6, QUARTERS[:500]), whole[:500])


@pytest.mark.parametrize("seed", [1, 2, 20])
def test_the_climate_is_that_of_brussels(seed):
    temp_c = weather.temp_c(seed, QUARTERS)
    days = temp_c.reshape(-1, 96)
    assert 10.0 < temp_c.mean() < 12.5
    assert -18.0 < temp_c.min() < -2.0
    assert 25.0 < temp_c.max() < 40.0
    # Royal Meteorological Institute: 1 902 K.d a year on base 15 as the normal at Uccle.
    assert 1500 < np.maximum(0.0, 15.0 - days.mean(axis=1)).sum() / 3 < 2350
    # Afternoons are warmer than the end of the night.
    assert (days[:, 56:60].mean(axis=1) > days[:, 12:16].mean(axis=1)).mean() > 0.85


def test_sun_and_season():
    # Long-term global irradiation at Uccle is about 1 050 to 1 150 kWh/m2 a year.
    ghi_wm2 = weather.irradiance_wm2(20, QUARTERS)
    assert 950 < ghi_wm2.sum() / 4000 / 3 < 1250
    assert ghi_wm2.min() == 0.0
    assert ghi_wm2.max() < 1000.0
    height = weather.sun_height(QUARTERS)
    assert np.all(ghi_wm2[height <= 0.0] == 0.0)
    winter_noon_s = np.array([1_797_853_380])  # 2026-12-21 11:43 UTC: 90 - 50.85 - 23.44 degrees
    assert np.degrees(np.arcsin(weather.sun_height(winter_noon_s)[0])) == pytest.approx(15.7, abs=0.2)


def test_clear_air_is_cold_in_winter_and_warm_in_summer():
    daily_c = weather.temp_c(20, QUARTERS).reshape(-1, 96).mean(axis=1)
    cloud = weather.cloud_cover(20, QUARTERS).reshape(-1, 96).mean(axis=1)
    summer = weather.warm_season(QUARTERS).reshape(-1, 96).mean(axis=1)
    assert np.corrcoef(daily_c[summer > 0.9], cloud[summer > 0.9])[0, 1] < -0.3
    assert np.corrcoef(daily_c[summer < 0.1], cloud[summer < 0.1])[0, 1] > 0.3


def test_chance_has_the_distributions_it_is_named_after():
    number = np.arange(200_000)
    assert chance.uniform(1, "u", number).mean() == pytest.approx(0.5, abs=0.005)
    assert chance.normal(1, "n", number).std() == pytest.approx(1.0, abs=0.01)
    assert chance.lognormal(1, "l", number, 0.5).mean() == pytest.approx(1.0, abs=0.01)
    for mean in (0.3, 7.0, 60.0):
        events = chance.poisson(1, "p", number, np.full(len(number), mean))
        assert events.mean() == pytest.approx(mean, rel=0.01)
        assert events.var() == pytest.approx(mean, rel=0.03)
    assert not chance.poisson(1, "p", number, np.zeros(len(number))).any()
    course = chance.wandering(1, "w", number, 0.8)
    assert course.std() == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(course[1:], course[:-1])[0, 1] == pytest.approx(0.8, abs=0.01)
