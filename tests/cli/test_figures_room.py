"""The figures in a process of their own: made once, by whoever is to make them."""

import pytest

from plagewatch.cli.opening import Stores, read_portfolio
from plagewatch.cli.wiring import rooms
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Samples
from plagewatch.settings import Settings
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import DirtyWindow, mark_dirty

AT_MS = 1_795_169_700_000
QUARTER_MS = 900_000
FIGURES = ["ledger", "ledger check"]


@pytest.mark.parametrize(
    ("wanted", "in_collector", "times"),
    [
        (["collector"], True, 1),
        (["collector"], False, 0),
        (["figures"], False, 1),
        (["figures"], True, 1),
        (["collector", "figures"], True, 1),
        (["collector", "figures"], False, 1),
    ],
)
def test_figures_are_made_by_one_part_of_a_process(wanted, in_collector, times, engine, series, tmp_path):
    settings = Settings(data_dir=tmp_path, collector_figures=in_collector)
    wired = rooms(Stores(settings, engine, series), read_portfolio(settings), wanted)
    names = [tick.name for tick in wired.running.ticks]
    assert [names.count(name) for name in FIGURES] == [times, times]
    if wired.collecting is not None:
        wired.collecting.pipeline.spool.close()


def test_a_process_of_its_own_makes_what_waits(engine, series, tmp_path):
    save(engine, [Site("s", "Site"), Meter("m", "s", "m", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)])
    at_ms = [AT_MS, AT_MS + QUARTER_MS]
    series.write_samples([Samples("m", "energy_import_total", at_ms, [10.0, 12.5], "mqtt:d", AT_MS)])
    mark_dirty(engine, [DirtyWindow("m", *at_ms)])
    settings = Settings(data_dir=tmp_path)
    wired = rooms(Stores(settings, engine, series), read_portfolio(settings), ["figures"])
    next(tick for tick in wired.running.ticks if tick.name == "ledger").work()
    assert series.intervals(Resolution.QUARTER, "m", 0, 2**33).amount.tolist() == [2.5]
