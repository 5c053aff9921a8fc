"""What the pages read of the series: weeks of meters, and the age of their newest data."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.context import AppContext
from api.registry import Registry
from api.weeks import Week, week
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Kind, Meter
from plagewatch.store.records import registry as records
from plagewatch.store.records.withdrawals import counting

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


def coarse_enough(registry: Registry, meter: Meter, wanted: Resolution) -> Resolution:
    """The wanted resolution, or the finest the meter allows."""
    order = list(Resolution)
    return max(wanted, registry.virtual.finest(meter), key=order.index)


def ages_s(context: AppContext, now_s: int) -> Mapping[str, float]:
    """Age of the newest evidence of each meter that has any [s]."""
    newest_ms = counting(context.engine, context.series).latest_sample_ms()
    return {meter: max(0.0, now_s - at_ms / 1000) for meter, at_ms in newest_ms.items()}


def _all_ages_s(context: AppContext, registry: Registry, now_s: int) -> Mapping[str, float]:
    """Of a tank the age of its newest delivery too, of a computed meter the oldest of what its sources have."""
    ages = dict(ages_s(context, now_s))
    for delivery in records.deliveries(context.engine):  # the oldest first
        tz = registry.site_of(registry.meters[delivery.meter]).timezone
        ages[delivery.meter] = max(0.0, now_s - day_start_s(delivery.delivered_on, tz))
    for meter in registry.virtual.formulas:
        sources = registry.virtual.sources_of(meter) - registry.virtual.formulas.keys()
        if sources <= ages.keys():
            ages[meter] = max(ages[source] for source in sources)
    return ages


def meters_now(context: AppContext, registry: Registry, wanted: list[Meter], now_s: int) -> dict[str, MeterNow]:
    """Meters with their week and data age, by id. One reading of the series for each meter."""
    ages = _all_ages_s(context, registry, now_s)
    return {m.id: MeterNow(m, _week_of(context, registry, m, now_s), ages.get(m.id)) for m in wanted}


def _week_of(context: AppContext, registry: Registry, meter: Meter, now_s: int) -> Week | None:
    # Of deliveries nobody knows the last week until the tank is filled again.
    if meter.kind in (Kind.GAUGE, Kind.DELIVERY):
        return None
    resolution, tz = coarse_enough(registry, meter, Resolution.HOUR), registry.site_of(meter).timezone
    # The hour or day that runs is left out: a part of it would look like less.
    until_s = now_s // 3600 * 3600 if resolution is Resolution.HOUR else day_start_s(local_day(now_s, tz), tz)
    intervals = context.series.intervals(resolution, meter.id, until_s - 15 * 86_400, until_s)
    return week(meter.carrier, meter.unit, intervals, until_s, STEP_S[resolution], tz)
