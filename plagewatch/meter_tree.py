"""Head meters held against the meters behind them, from the stores: for pages, the API and the rules."""

from collections.abc import Sequence

from plagewatch.metering.balance import PERMISSIBLE_ERROR, Balance, Part, balance, subs_on
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Meter, SubMeter
from plagewatch.metering.virtual import virtual_meters
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry
from plagewatch.store.series.protocol import SeriesStore

OTHERWISE = 0.05
"""Permissible error of a meter whose carrier has none in the table: that of the least exact one [relative]."""


def balance_of(
    engine: Engine, series: SeriesStore, head: Meter, links: Sequence[SubMeter], window_s: tuple[int, int], tz: str
) -> Balance:
    """The balance of a head meter over [window_s[0], window_s[1]).

    The meters behind it are those of the local day on which the window begins: ask for no window in which they change.
    Hours are compared, or days where one of the meters tells no hours. Raises SeriesError.
    """
    known = {meter.id: meter for meter in registry.meters(engine)}
    virtual = virtual_meters(known.values(), registry.virtual_formulas(engine))
    subs = [known[sub] for sub in subs_on(links, head.id, local_day(window_s[0], tz))]
    order = list(Resolution)
    resolution = max(Resolution.HOUR, *(virtual.finest(meter) for meter in (head, *subs)), key=order.index)
    parts = {meter.id: _part(engine, series, meter, resolution, window_s) for meter in (head, *subs)}
    return balance(parts.pop(head.id), parts)


def _part(engine: Engine, series: SeriesStore, meter: Meter, resolution: Resolution, window_s: tuple[int, int]) -> Part:
    held = [facts for facts in registry.facts_of(engine, meter.id) if facts.valid_from_ms <= window_s[0] * 1000]
    step = 0.0
    if held and held[-1].decimals is not None:
        step = 10.0 ** -held[-1].decimals * held[-1].multiplier
    intervals = series.intervals(resolution, meter.id, *window_s)
    return Part(intervals, PERMISSIBLE_ERROR.get(meter.carrier, OTHERWISE), step)
