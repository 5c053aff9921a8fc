"""Over 100 000 meters InfluxDB may not find the newest reading in half a minute: nothing may wait for it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plagewatch.cli.newest import Newest
from plagewatch.cli.opening import Stores
from plagewatch.cli.wiring import SERIES, watches_of
from plagewatch.metering.readings import Samples
from plagewatch.settings import Settings
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries
from tests.conftest import wait_until

DEADLINE_S = 20.0
AT_MS = 1_795_169_700_000


class Slow(SqliteSeries):
    """The real store, whose question about all meters takes until somebody lets it go, or fails."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.fails = False

    def latest_sample_ms(self) -> dict[str, int]:
        self.asked.set()
        assert self.let_go.wait(DEADLINE_S)
        if self.fails:
            raise SeriesError("no answer in time", retryable=True)
        return super().latest_sample_ms()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    store = Slow(tmp_path / "slow.db")
    store.write_samples([Samples("m1", "gas_volume", [AT_MS], [1.0], "mqtt:cellar", AT_MS)])
    yield store
    store.let_go.set()
    store.close()


def test_the_store_can_be_used_while_its_newest_reading_is_looked_for(slow: Slow, engine) -> None:
    watch = next(one for one in watches_of(Stores(Settings(), engine, slow)) if one.part == SERIES)
    watch.ask()
    assert slow.asked.wait(DEADLINE_S)
    watch.ask()
    assert watch.trouble(time.time()) == ""
    assert watch.seen.newest_ms is None


def test_it_is_told_once_it_is_known_and_not_asked_for_again_at_once(slow: Slow) -> None:
    newest = Newest(slow)
    assert newest() is None
    slow.let_go.set()
    wait_until(lambda: newest() == AT_MS, "the newest reading")
    slow.asked.clear()
    assert newest() == AT_MS
    assert not slow.asked.is_set()


def test_a_question_that_fails_is_no_trouble_of_the_store(slow: Slow, engine) -> None:
    slow.fails = True
    slow.let_go.set()
    watch = next(one for one in watches_of(Stores(Settings(), engine, slow)) if one.part == SERIES)
    for _ in range(3):
        watch.ask()
        assert slow.asked.wait(DEADLINE_S)
        assert watch.trouble(time.time()) == ""
