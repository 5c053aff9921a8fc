"""Batches whose evidence is written while the next is decoded: what holds when one of them fails in the middle."""

import json
import threading
from collections.abc import Sequence

import pytest

from collector import pipeline as pipeline_module
from collector.pipeline import Pipeline
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Samples
from plagewatch.store.records.device_memory import remember
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import dirty_windows
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

NOW_MS = 1_795_169_702_000
AT_S = 1_795_169_700
DEADLINE_S = 20.0


def packet(value: int, device: str = "cellar") -> Packet:
    body = {"at": AT_S + value, "registers": {"gas_index": {"value": value, "unit": "m3"}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode(), NOW_MS)


def meter(name: str) -> Meter:
    return Meter(name, "site", name, Carrier.GAS, Kind.INDEX, "m3")


class Faulty(SqliteSeries):
    """The real store, which once fails for the batch that tells a value, after the batch of another is written."""

    fails: SeriesError | None = None
    fails_at, after = 1.0, 2.0

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        values = {value for block in blocks for value in block.value}
        if self.fails is not None and self.fails_at in values:
            assert self.behind.wait(DEADLINE_S)
            error, self.fails = self.fails, None
            raise error
        super().write_samples(blocks)
        if self.after in values:
            self.behind.set()

    def __init__(self, path) -> None:
        super().__init__(path)
        self.behind = threading.Event()


@pytest.fixture
def faulty(tmp_path):
    opened = Faulty(tmp_path / "faulty.db")
    yield opened
    opened.close()


@pytest.fixture
def ahead(spool, faulty, engine, monkeypatch):
    monkeypatch.setattr(pipeline_module, "BATCH_PACKETS", 1)
    save(engine, [Site("site", "Site"), meter("m1"), meter("m2"), Binding("cellar", "gas_volume", "m1")])
    return Pipeline(spool, faulty, engine)


def stored(series, name="m1"):
    return series.samples(name, "gas_volume", 0, 1 << 50).value.tolist()


def marked_ms(engine):
    return sorted(window.from_ms for _, found in dirty_windows(engine).values() for window in found)


def test_a_batch_that_fails_holds_those_behind_it_that_are_written_already(ahead, faulty, spool, engine):
    ahead.accept([packet(0), packet(1), packet(2)])
    faulty.fails = SeriesError("busy", retryable=True)
    report = ahead.drain(NOW_MS)
    assert (report.packets, report.stopped, spool.watermark()) == (1, "busy", 1)
    assert stored(faulty) == [0.0, 2.0]
    assert marked_ms(engine) == [AT_S * 1000]
    report = ahead.drain(NOW_MS)
    assert (report.packets, report.stopped, spool.watermark()) == (2, "", 3)
    assert stored(faulty) == [0.0, 1.0, 2.0]
    assert marked_ms(engine) == [(AT_S + value) * 1000 for value in range(3)]


def test_a_batch_that_is_refused_once_is_written_alone_and_those_behind_it_again(ahead, faulty, spool, engine):
    ahead.accept([packet(0), packet(1), packet(2), packet(3)])
    faulty.fails = SeriesError("type conflict", retryable=False)
    report = ahead.drain(NOW_MS)
    assert (report.packets, report.samples, report.stopped, spool.watermark()) == (4, 4, "", 4)
    assert stored(faulty) == [0.0, 1.0, 2.0, 3.0]
    assert quarantined(engine) == []


def test_what_devices_said_before_a_restart_is_known_after_a_failure_too(ahead, faulty, engine):
    remember(engine, {"g/e": ("sparkplug_b", "[]")})
    ahead.accept([packet(0), packet(1), packet(2)])
    faulty.fails, faulty.fails_at = SeriesError("busy", retryable=True), 0.0
    assert ahead.drain(NOW_MS).stopped
    ahead.drain(NOW_MS + 300)
    assert ahead.records.known.memory == {"g/e": "[]"}


def test_what_a_replay_taught_is_known_after_a_failure_too(ahead, faulty, engine):
    ahead.accept([packet(7)])
    ahead.drain(NOW_MS)
    remember(engine, {"g/e": ("sparkplug_b", "[]")})
    ahead.records.forget()  # as a replay does at its end
    ahead.accept([packet(0), packet(1), packet(2)])
    faulty.fails, faulty.fails_at = SeriesError("busy", retryable=True), 0.0
    assert ahead.drain(NOW_MS + 300).stopped
    ahead.drain(NOW_MS + 600)
    assert ahead.records.known.memory == {"g/e": "[]"}


class BoundMeanwhile(Faulty):
    """The real store; while the first packet of a backlog is written somebody binds a device, and six seconds pass."""

    now_s = 0.0
    bind = staticmethod(lambda: None)

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        super().write_samples(blocks)
        if any(0.0 in block.value for block in blocks):
            self.bind()
            self.now_s += 6.0


def test_a_device_bound_while_a_long_backlog_is_worked_off_is_known_soon(ahead, spool, engine, tmp_path):
    series = BoundMeanwhile(tmp_path / "later.db")
    series.bind = lambda: save(engine, [Binding("attic", "gas_volume", "m2")])
    pipeline = Pipeline(spool, series, engine, lambda: series.now_s)
    pipeline.accept([packet(0), *(packet(value, "attic") for value in range(1, 12))])
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.stopped) == (12, "")
    # Three batches are planned before the first is in the store; each of the others is bound.
    assert stored(series, "m2")[-8:] == [float(value) for value in range(4, 12)]
    series.close()
