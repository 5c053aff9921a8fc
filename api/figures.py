"""What the pages read of the series: weeks of meters, and the age of their newest data."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.context import AppContext
from api.registry import Registry
from api.weeks import Week, week
from plagewatch.metering import rollups
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Kind, Meter

STEP_S = {Resolution.HOUR: 3600, Resolution.DAY: 86_400}
SILENT_AFTER_S = 6 * 3600
SILENT_AFTER_READINGS = 8


@dataclass(frozen=True, slots=True)
class MeterNow:
    """A meter as the pages show it. age_s: age of its newest evidence; None = it never sent any."""

    meter: Meter
    week: Week | None
    age_s: float | None

    @property
    def silent(self) -> bool:
        """Whether more is missing than a few readings. A meter filled by hand or from files is never silent."""
        if self.meter.kind not in (Kind.INDEX, Kind.GAUGE):
            return False
        patience_s = max(SILENT_AFTER_S, SILENT_AFTER_READINGS * (self.meter.interval_s or 0))
        return self.age_s is None or self.age_s > patience_s


def finest(meter: Meter) -> Resolution:
    """The finest resolution at which a meter's readings say something.

    >>> from plagewatch.metering.meters import Carrier
    >>> finest(Meter("m", "s", "m", Carrier.GAS, Kind.INTERVAL, "m3", interval_s=86_400)).value
    'day'
    """
    return rollups.finest(meter.interval_s if meter.kind is Kind.INTERVAL else None)


def coarse_enough(meter: Meter, wanted: Resolution) -> Resolution:
    """The wanted resolution, or the finest the meter allows."""
    order = list(Resolution)
    return max(wanted, finest(meter), key=order.index)


def ages_s(context: AppContext, now_s: int) -> Mapping[str, float]:
    """Age of the newest evidence of each meter that has any [s]."""
    return {meter: max(0.0, now_s - at_ms / 1000) for meter, at_ms in context.series.latest_sample_ms().items()}


def meters_now(context: AppContext, registry: Registry, wanted: list[Meter], now_s: int) -> dict[str, MeterNow]:
    """Meters with their week and data age, by id. One reading of the series for each meter."""
    ages = ages_s(context, now_s)
    return {m.id: MeterNow(m, _week_of(context, registry, m, now_s), ages.get(m.id)) for m in wanted}


def _week_of(context: AppContext, registry: Registry, meter: Meter, now_s: int) -> Week | None:
    if meter.kind is Kind.GAUGE:
        return None
    resolution, tz = coarse_enough(meter, Resolution.HOUR), registry.site_of(meter).timezone
    # The hour or day that runs is left out: a part of it would look like less.
    until_s = now_s // 3600 * 3600 if resolution is Resolution.HOUR else day_start_s(local_day(now_s, tz), tz)
    intervals = context.series.intervals(resolution, meter.id, until_s - 15 * 86_400, until_s)
    return week(meter.carrier, meter.unit, intervals, until_s, STEP_S[resolution], tz)
