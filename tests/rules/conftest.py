"""Puts invented meters into the stores."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.sqlite import SqliteSeries
from tests.rules.invented import HOUR_S, START_S

AddMeter = Callable[..., Meter]


@pytest.fixture
def add_meter(engine: Engine, series: SqliteSeries) -> AddMeter:
    """Puts a meter with hours from START_S on into the stores."""

    def add(meter_id: str, carrier: Carrier, amount: NDArray[np.float64], unit: str = "kWh") -> Meter:
        meter = Meter(meter_id, "linde", f"Meter {meter_id}", carrier, Kind.INDEX, unit, 900)
        registry.save(engine, [Site("linde", "De Linde", zone="north"), meter])
        start_s = START_S + HOUR_S * np.arange(len(amount), dtype=np.int64)
        known = ~np.isnan(amount)
        hours = Intervals.measured(start_s[known], amount[known])
        series.write_intervals(Resolution.HOUR, meter_id, carrier.value, hours)
        return meter

    return add
