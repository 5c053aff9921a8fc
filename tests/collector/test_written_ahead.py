"""Batches that are written while the next is decoded: whatever fails, nothing is lost, no watermark is ahead."""

import json
import threading
from collections.abc import Sequence

import pytest

from collector.pipeline import BATCH_BYTES, Pipeline
from collector.spool_newest import SMALL_BYTES
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason, Samples
from plagewatch.store.records.quarantine import counts
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import dirty_windows
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

NOW_MS = 1_795_169_702_000
AT_S = 1_795_169_700


class Halting(SqliteSeries):
    """The real store, which takes a value only when it is let, and has trouble with others for a time."""

    def __init__(self, path):
        super().__init__(path)
        self.gates: dict[float, threading.Event] = {}
        self.away: set[float] = set()
        self.kept: list[float] = []

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        values = [value for block in blocks for value in block.value]
        for value in values:
            if value in self.gates:
                assert self.gates[value].wait(10)
        if self.away.intersection(values):
            raise SeriesError("away", retryable=True)
        super().write_samples(blocks)
        self.kept += values


@pytest.fixture
def halting(tmp_path):
    opened = Halting(tmp_path / "halting.db")
    yield opened
    opened.close()


@pytest.fixture
def pipeline(spool, halting, engine):
    meter = Meter("m1", "site", "m1", Carrier.GAS, Kind.INDEX, "m3")
    save(engine, [Site("site", "Site"), meter, Binding("cellar", "gas_volume", "m1")])
    return Pipeline(spool, halting, engine)


def batch(value: float, register: str = "gas_index") -> Packet:
    """A packet that fills a batch by itself."""
    body = {"at": AT_S + 60 * value, "registers": {register: {"value": value, "unit": "m3"}}}
    return Packet("loggers/cellar/readings", json.dumps(body).encode().ljust(BATCH_BYTES + SMALL_BYTES), NOW_MS)


def stored(halting: Halting) -> list[float]:
    return [float(value) for value in halting.samples("m1", "gas_volume", 0, 1 << 50).value]


def test_the_watermark_waits_for_the_slowest_of_the_batches_before_it(pipeline, spool, halting, engine):
    pipeline.accept([batch(1), batch(2), batch(3)])
    halting.gates[1.0] = threading.Event()
    draining = threading.Thread(target=pipeline.drain, args=[NOW_MS])
    draining.start()
    while len(halting.kept) < 2:  # those behind it are there
        assert draining.is_alive()
    assert sorted(halting.kept) == [2.0, 3.0]
    assert (spool.watermark(), dirty_windows(engine)) == (0, {})
    halting.gates[1.0].set()
    draining.join(10)
    assert (spool.watermark(), stored(halting)) == (3, [1.0, 2.0, 3.0])


def test_trouble_in_the_middle_leaves_the_rest_for_the_next_drain(pipeline, spool, halting):
    pipeline.accept([batch(value) for value in (1, 2, 3, 4, 5, 6)])
    halting.away.add(3.0)
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.stopped, spool.watermark()) == (2, "away", 2)
    halting.away.clear()
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.stopped, spool.watermark()) == (4, 4, "", 6)
    assert stored(halting) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_what_was_only_planned_was_not_told(pipeline, halting, engine):
    """A register that feeds no meter is told once in ten minutes: the drain that did not get there did not tell it."""
    pipeline.accept([batch(1), batch(2, "water_index"), batch(3)])
    halting.away.add(1.0)
    assert pipeline.drain(NOW_MS).stopped == "away"
    assert counts(engine) == {}
    halting.away.clear()
    assert pipeline.drain(NOW_MS).quarantined == 1
    assert counts(engine) == {Reason.UNKNOWN_REGISTER: 1}


def test_an_error_of_the_records_leaves_the_watermark_behind_it(pipeline, spool, halting):
    pipeline.accept([batch(1), batch(2), batch(3)])
    spool._connection.execute("CREATE TRIGGER full BEFORE UPDATE ON watermark BEGIN SELECT RAISE(ABORT, 'full'); END")
    spool.set_watermark(0)
    with pytest.raises(Exception, match="full"):
        pipeline.drain(NOW_MS)
    spool._connection.execute("DROP TRIGGER full")
    assert spool.watermark() == 0
    assert pipeline.drain(NOW_MS).packets == 3
    assert (spool.watermark(), stored(halting)) == (3, [1.0, 2.0, 3.0])


def test_told_to_stop_it_finishes_what_is_begun_and_begins_nothing(pipeline, spool, halting):
    pipeline.accept([batch(value) for value in range(1, 9)])
    halting.gates[1.0] = threading.Event()
    draining = threading.Thread(target=pipeline.drain, args=[NOW_MS])
    draining.start()
    while not halting.kept:
        assert draining.is_alive()
    pipeline.stopping.set()
    halting.gates[1.0].set()
    draining.join(10)
    assert spool.watermark() in (2, 3)
    assert stored(halting) == [float(value) for value in range(1, spool.watermark() + 1)]
