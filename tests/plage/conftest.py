"""One building whose figures can be computed by hand: it is 10 °C on every day, and every day is like the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s, day_starts_s
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Share, Site, Use
from plagewatch.plage.portfolio import Portfolio, parse
from plagewatch.store import names
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import Points, SeriesStore

TZ = "Europe/Brussels"
SAMPLE = Path(__file__).parents[2] / "plagewatch" / "plage" / "sample" / "portfolio.toml"
TODAY = date(2026, 11, 20)


@dataclass(frozen=True)
class House:
    """What stands in the stores before an assessment. Days are counted back from today: 1 = yesterday."""

    gas_m3_day: float = 100.0
    elec_kwh_day: float = 200.0
    without_gas: Iterable[int] = ()
    without_weather: Iterable[int] = ()


@pytest.fixture(scope="session")
def sample() -> Portfolio:
    return parse(SAMPLE.read_text(encoding="utf-8"))


@pytest.fixture
def one_building(sample: Portfolio) -> Portfolio:
    """De Linde alone: gas 400 000 kWh, of which 75 % heating, electricity 70 000 kWh, 1 000 m2; effort 12 %."""
    linde = next(building for building in sample.buildings if building.id == "wzc-linde")
    zone = linde.zones[0]
    kwh = {Carrier.GAS: 400_000.0, Carrier.ELECTRICITY: 70_000.0}
    uses = tuple(replace(use, reference_kwh=kwh[use.carrier]) for use in zone.uses)
    return replace(sample, buildings=(replace(linde, zones=(replace(zone, floor_area_m2=1000.0, uses=uses),)),))


@pytest.fixture
def now_s() -> int:
    return day_start_s(TODAY, TZ) + 10 * 3600


@pytest.fixture
def fill(engine: Engine) -> Callable[[SeriesStore, House], None]:
    """Put a house into the records and a series store: 400 days until this morning."""

    def put(series: SeriesStore, house: House) -> None:
        registry.save(
            engine,
            [
                Site("station-brussels", "Weather"),
                Site("wzc-linde", "De Linde"),
                Building("wzc-linde", "wzc-linde", "De Linde", Use.CARE_HOME, 1000.0),
                Meter("station-brussels.temperature", "station-brussels", "T", Carrier.WEATHER, Kind.GAUGE, "°C"),
                Meter("wzc-linde.gas", "wzc-linde", "Gas", Carrier.GAS, Kind.INDEX, "m3"),
                Meter("wzc-linde.elec", "wzc-linde", "Electricity", Carrier.ELECTRICITY, Kind.INDEX, "kWh"),
                Share("wzc-linde.gas", "wzc-linde", 1.0),
                Share("wzc-linde.elec", "wzc-linde", 1.0),
            ],
        )
        starts_s = day_starts_s(day_start_s(TODAY - timedelta(days=400), TZ), day_start_s(TODAY, TZ), TZ)
        days = starts_s[:-1]
        ago = len(days) - np.arange(len(days))
        for meter, carrier, amount, missing in (
            ("wzc-linde.gas", "gas", house.gas_m3_day, house.without_gas),
            ("wzc-linde.elec", "electricity", house.elec_kwh_day, ()),
        ):
            amounts = np.where(np.isin(ago, list(missing)), np.nan, amount)
            series.write_intervals(Resolution.DAY, meter, carrier, Intervals.measured(days, amounts))
        hours = np.arange(days[0], starts_s[-1], 3600)
        day_of_hour = np.searchsorted(days, hours, side="right") - 1
        temp_c = np.where(np.isin(ago[day_of_hour], list(house.without_weather)), np.nan, 10.0)
        unknown = np.full(len(hours), np.nan)
        fields = {names.TEMP_C: temp_c, names.GHI_WM2: unknown, names.HUMIDITY_PCT: unknown}
        series.write_points(names.WEATHER, {names.TAG_SITE: "station-brussels"}, Points(hours, fields))

    return put
