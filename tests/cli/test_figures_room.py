"""The figures in a process of their own: made once, by whoever is to make them."""

import os
import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from plagewatch.cli.opening import Stores, read_portfolio
from plagewatch.cli.wiring import rooms
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Samples
from plagewatch.settings import Settings
from plagewatch.store.engine import open_records
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import DirtyWindow, mark_dirty
from plagewatch.store.series.sqlite import SqliteSeries
from tests.conftest import free_port, wait_until

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
    assert names.count("work that waits") == 1
    assert b"plagewatch_rollup_windows_total 0.0" in wired.metrics()
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


ROLLUP = ("plagewatch_rollup_windows_total", "plagewatch_rollup_windows_waiting", "plagewatch_rollup_behind_seconds")


def scraped(port: int) -> dict[str, float]:
    """What a process tells at its port; nothing while it does not listen yet."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            families = text_string_to_metric_families(answer.read().decode())
    except URLError:
        return {}
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_its_process_tells_what_it_made_and_what_waits(tmp_path: Path, plagewatch_command: list[str]) -> None:
    engine, series, port = (
        open_records(f"sqlite:///{tmp_path / 'records.db'}"),
        SqliteSeries(tmp_path / "series.db"),
        free_port(),
    )
    save(engine, [Site("s", "Site"), Meter("m", "s", "m", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)])
    at_ms = [AT_MS, AT_MS + QUARTER_MS]
    series.write_samples([Samples("m", "energy_import_total", at_ms, [10.0, 12.5], "mqtt:d", AT_MS)])
    mark_dirty(engine, [DirtyWindow("m", *at_ms)])
    command = [*plagewatch_command, "serve", "figures", "--data", str(tmp_path)]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command, env={**os.environ, "PLAGEWATCH_HEALTH_PORT": str(port)}, stdout=log, stderr=subprocess.STDOUT
        ) as serving,
    ):
        try:
            made, waiting, behind = ROLLUP
            wait_until(lambda: scraped(port).get(made) == 1.0, "the window in the scrape", 60)
            wait_until(lambda: scraped(port).get(waiting) == 0.0, "that none waits", 60)
            assert scraped(port)[behind] == 0.0
        finally:
            serving.terminate()
    assert series.intervals(Resolution.QUARTER, "m", 0, 2**33).amount.tolist() == [2.5]
    series.close()
    engine.dispose()
