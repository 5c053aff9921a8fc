"""The demo's own packets, taken into a real InfluxDB by the collector's path, answer every panel of the board."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector import ledger_check, rollup_job
from collector.pipeline import Pipeline
from collector.spool import Spool
from dashboards.boards import plage_progress as board
from plagewatch import plage_progress
from plagewatch.cli.opening import SAMPLE_PORTFOLIO
from plagewatch.plage.portfolio import parse
from plagewatch.store.records import registry
from plagewatch.store.series.influx import InfluxSeries
from simulators.history import packets
from simulators.registry import entries
from simulators.world import World
from tests.acceptance.test_from_meter_to_ticket import ask, queries
from tests.conftest import Influx

NOW_S = 1_795_168_800  # Friday 20 November 2026


@pytest.mark.service
def test_every_panel_of_the_board_is_answered_by_the_demo(influx: Influx, engine: Engine, tmp_path: Path) -> None:
    series = InfluxSeries(influx.url, influx.token, influx.org, 30.0)
    series.set_up()
    world = World.make(NOW_S, buildings=1)
    registry.save(engine, entries(world))
    spool = Spool(tmp_path / "spool.db")
    pipeline = Pipeline(spool, series, engine)
    stream = packets(world, world.start_s, NOW_S)
    while batch := list(islice(stream, 500)):
        pipeline.accept(batch)
        pipeline.drain(batch[-1].received_ms)
    rollup_job.run(engine, series, NOW_S)

    sample = parse(SAMPLE_PORTFOLIO.read_text(encoding="utf-8"))
    portfolio = replace(sample, buildings=sample.buildings[:1])
    assessment = plage_progress.assess(engine, series, portfolio, NOW_S)
    assert assessment.figures is not None, assessment.refusals
    plage_progress.write(series, assessment)

    asked = list(queries(board.build("fr"), portfolio.organisation.id))
    assert len(asked) >= 10
    for title, query in asked:
        assert ask(influx, query), f"no rows for panel {title}: {query}"
    assert all(balance.balanced for balance in ledger_check.check(engine, series, None))
    spool.close()
    series.close()
