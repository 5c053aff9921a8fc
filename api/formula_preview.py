"""What a formula would give, from the figures of its meters over the last days, before anything is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from api.context import AppContext
from api.registry import Registry
from plagewatch.metering.formula import Formula, Source, computed
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s, day_starts_s, local_day
from plagewatch.metering.meters import Meter
from plagewatch.metering.rollups import HOUR_S, QUARTER_S, roll_up
from plagewatch.metering.virtual import ORDER

DAYS = 7


@dataclass(frozen=True, slots=True)
class Factor:
    """One meter of a formula. factor: by what its amounts are multiplied [unit of the computed meter / its own]."""

    meter: Meter
    flow: str
    factor: float


@dataclass(frozen=True, slots=True)
class Preview:
    """A formula as it was understood, and its amounts on the last whole local days; NaN = not known."""

    factors: list[Factor]
    days: list[tuple[date, float, float]]  # day, amount, coverage

    @property
    def any_known(self) -> bool:
        """Whether there is any amount at all."""
        return any(amount == amount for _, amount, _ in self.days)


def preview(context: AppContext, registry: Registry, meter: Meter, formula: Formula) -> Preview:
    """What a formula of a meter means and gives. Raises SeriesError."""
    factors = [Factor(registry.meters[name], flow, factor) for (name, flow), factor in formula.factors.items()]
    tz = registry.site_of(meter).timezone
    today = local_day(context.now_s(), tz)
    window_s = day_start_s(today - timedelta(days=DAYS), tz), day_start_s(today, tz)
    resolution = max((registry.virtual.finest(one.meter) for one in factors), key=ORDER.index)
    parts: Mapping[Source, Intervals] = {
        (name, flow): context.series.intervals(resolution, name, *window_s, flow) for name, flow in formula.factors
    }
    made = computed(formula, parts)
    if resolution is not Resolution.DAY:
        length_s = QUARTER_S if resolution is Resolution.QUARTER else HOUR_S
        made = roll_up(made, length_s, day_starts_s(*window_s, tz))
    days = []
    for back in range(DAYS, 0, -1):
        on = today - timedelta(days=back)
        place = np.flatnonzero(made.start_s == day_start_s(on, tz))
        known = bool(len(place))
        days.append(
            (on, float(made.amount[place[0]]) if known else np.nan, float(made.coverage[place[0]]) if known else 0.0)
        )
    return Preview(factors, days)
