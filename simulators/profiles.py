"""What each building really uses in a quarter-hour: rhythm of its use, weather, season, size and some chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays
import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from plagewatch.metering.meters import Carrier
from simulators import chance, weather
from simulators.centre import TIMEZONE, SampleBuilding, carriers, meter_id
from simulators.rhythms import HABITS, Habits, Hours

QUARTER_S = 900
HEATING_BASE_C = 16.5  # daily mean below which buildings are heated, as the Belgian gas sector counts degree days
GAS_KWH_M3 = 11.5  # upper heating value of a cubic metre as metered in Brussels, rounded
REFERENCE_START_S = 1_735_686_000  # 2025-01-01 in Brussels: the years to which yearly intensities are scaled
REFERENCE_END_S = 1_798_758_000
REFERENCE_YEARS = 2.0
PANELS_PERFORMANCE = 0.86  # of the irradiance on the flat, flat east-west roofs: cables, inverter, dirt

WORK, SATURDAY, REST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Moments:
    """Consecutive quarter-hours with all that buildings feel there; arrays of one length.

    start_s: first instants. kind: WORK, SATURDAY or REST by the local date. felt_c: mean outdoor temperature of the
    day before, which walls follow [°C]. summer: 0 midwinter to 1 midsummer.
    """

    start_s: Seconds
    hour: NDArray[np.int64]
    kind: NDArray[np.int64]
    weekday: NDArray[np.int64]
    temp_c: Floats
    felt_c: Floats
    ghi_wm2: Floats
    summer: Floats


def moments(seed: int, start_s: int, end_s: int) -> Moments:
    """The quarter-hours that start in [start_s, end_s); start_s on a quarter-hour."""
    at_s = np.arange(start_s, end_s, QUARTER_S)
    middle_s = at_s + QUARTER_S // 2
    local = local_fields(at_s, TIMEZONE)
    free = np.isin(local.day, _public_holidays(int(local.day[0]), int(local.day[-1])))
    kind = np.where(free | (local.weekday == 6), REST, np.where(local.weekday == 5, SATURDAY, WORK))
    felt_c = np.zeros(len(at_s))
    for hours_ago in range(0, 24, 3):
        felt_c += weather.temp_c(seed, middle_s - hours_ago * 3600) / 8
    return Moments(
        at_s,
        local.hour,
        kind,
        local.weekday,
        weather.temp_c(seed, middle_s),
        felt_c,
        weather.irradiance_wm2(seed, middle_s),
        weather.warm_season(at_s),
    )


@dataclass(frozen=True, slots=True)
class Yearly:
    """What makes the year of usual weather come out at the building's intensities: amount per part of each shape."""

    electricity_kwh: float
    heating_m3: float
    hot_water_m3: float
    process_m3: float
    water_l: float


def yearly(building: SampleBuilding, reference: Moments) -> Yearly:
    """Scales of a building; reference: the quarter-hours of the reference years."""
    habits = HABITS[building.use]
    area_m2 = building.floor_area_m2 * REFERENCE_YEARS
    gas_m3 = building.gas_kwh_m2 * area_m2 / GAS_KWH_M3
    heating_share = 1.0 - habits.hot_water_share - habits.process_share
    taps = _taps(habits, reference).sum()
    return Yearly(
        building.elec_kwh_m2 * area_m2 / _load(habits, reference).sum(),
        gas_m3 * heating_share / _heating(habits, reference).sum(),
        gas_m3 * habits.hot_water_share / taps,
        gas_m3 * habits.process_share / _work_done(habits, reference).sum(),
        building.water_m3_m2 * area_m2 * 1000.0 / taps,
    )


def amounts(seed: int, building: SampleBuilding, scale: Yearly, when: Moments) -> Mapping[Carrier, Floats]:
    """Use of each quarter-hour by carrier, without faults [kWh or m3]; solar: what the panels give."""
    made = {
        Carrier.ELECTRICITY: _electricity_kwh(seed, building, scale, when),
        Carrier.GAS: _gas_m3(seed, building, scale, when),
        Carrier.WATER: _water_m3(seed, building, scale, when),
    }
    if Carrier.SOLAR in carriers(building):
        made[Carrier.SOLAR] = _solar_kwh(seed, building, when)
    return made


def _electricity_kwh(seed: int, building: SampleBuilding, scale: Yearly, when: Moments) -> Floats:
    habits = HABITS[building.use]
    steadily = _unsteady(seed, meter_id(building, Carrier.ELECTRICITY), when, habits.unsteady)
    return scale.electricity_kwh * _load(habits, when) * steadily


def _gas_m3(seed: int, building: SampleBuilding, scale: Yearly, when: Moments) -> Floats:
    habits, name = HABITS[building.use], meter_id(building, Carrier.GAS)
    used = scale.heating_m3 * _heating(habits, when) * _unsteady(seed, f"{name}/heating", when, 0.16)
    used += scale.hot_water_m3 * _taps(habits, when) * _unsteady(seed, f"{name}/hot water", when, 0.3)
    return used + scale.process_m3 * _work_done(habits, when) * _unsteady(seed, f"{name}/process", when, 0.12)


def _water_m3(seed: int, building: SampleBuilding, scale: Yearly, when: Moments) -> Floats:
    # Taps open at random: in a small building at night that is not at all, and the meter stands still.
    habits, name = HABITS[building.use], meter_id(building, Carrier.WATER)
    quarter = when.start_s // QUARTER_S
    crowd = chance.lognormal(seed, f"{name}/day", when.start_s // 86_400, 0.05)
    opened = chance.poisson(seed, name, quarter, scale.water_l * _taps(habits, when) * crowd / habits.draught_l)
    size = np.exp(0.45 / np.sqrt(np.maximum(opened, 1.0)) * chance.normal(seed, f"{name}/size", quarter))
    return opened * habits.draught_l * size / 1000.0


def _solar_kwh(seed: int, building: SampleBuilding, when: Moments) -> Floats:
    # Modules lose 0.4 % per kelvin above 25 °C; full sun heats them 28 K above the air.
    module_c = when.temp_c + 0.028 * when.ghi_wm2
    warm = 1.0 - 0.004 * (module_c - 25.0)
    flicker = _unsteady(seed, meter_id(building, Carrier.SOLAR), when, 0.08)
    return building.solar_kwp * when.ghi_wm2 / 1000.0 * 0.25 * PANELS_PERFORMANCE * warm * flicker


def _load(habits: Habits, when: Moments) -> Floats:
    light = 1.0 + 0.08 * (1.0 - 2.0 * when.summer)
    cooling = 1.0 + 0.012 * np.maximum(0.0, when.temp_c - 21.0)
    return _of_hour(habits, "electricity", when) * light * cooling * _activity(habits, when)


def _heating(habits: Habits, when: Moments) -> Floats:
    need_k = np.maximum(0.0, HEATING_BASE_C - (0.75 * when.felt_c + 0.25 * when.temp_c))
    after_weekend = np.where((when.weekday == 0) & (when.hour >= 4) & (when.hour < 8), 1.2, 1.0)
    return need_k * _of_hour(habits, "heating", when) * after_weekend


def _taps(habits: Habits, when: Moments) -> Floats:
    return _of_hour(habits, "water", when) * _activity(habits, when)


def _work_done(habits: Habits, when: Moments) -> Floats:
    load = _of_hour(habits, "electricity", when)
    return np.maximum(0.0, load - min(habits.rest.electricity)) * _activity(habits, when)


def _activity(habits: Habits, when: Moments) -> Floats:
    holiday_season = np.clip((when.summer - 0.88) / 0.06, 0.0, 1.0)
    return np.where(when.kind == WORK, 1.0 - habits.summer_dip * holiday_season, 1.0)


def _of_hour(habits: Habits, what: str, when: Moments) -> Floats:
    rhythms = (habits.work, habits.saturday or habits.rest, habits.rest)
    table: list[Hours] = [getattr(rhythm, what) for rhythm in rhythms]
    return np.array(table)[when.kind, when.hour]


def _unsteady(seed: int, name: str, when: Moments, sigma: float) -> Floats:
    """Chance of the quarter-hour, the hour and the day, together with mean 1."""
    quarter = chance.lognormal(seed, f"{name}/quarter", when.start_s // QUARTER_S, sigma)
    hour = chance.lognormal(seed, f"{name}/hour", when.start_s // 3600, sigma / 2)
    return quarter * hour * chance.lognormal(seed, f"{name}/day", when.start_s // 86_400, min(sigma / 2, 0.03))


@cache
def _public_holidays(first_day: int, last_day: int) -> NDArray[np.int64]:
    years = range(date.fromordinal(first_day).year, date.fromordinal(last_day).year + 1)
    return np.array(sorted(day.toordinal() for day in holidays.country_holidays("BE", years=years)))
