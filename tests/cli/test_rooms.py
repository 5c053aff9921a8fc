"""The pulse of a process: trouble is shown and does not stop it."""

import time

from plagewatch.cli.rooms import Tick
from plagewatch.health import PartState
from plagewatch.store.series.protocol import SeriesError


def test_a_tick_in_trouble_is_degraded_until_it_succeeds() -> None:
    troubles = [SeriesError("InfluxDB does not answer", retryable=True), None]

    def work() -> None:
        trouble = troubles.pop(0)
        if trouble is not None:
            raise trouble

    tick = Tick("ledger", 5.0, work)
    assert tick.health(time.time()).state is PartState.WELL
    tick()
    told = tick.health(time.time())
    assert (told.state, told.detail, told.data_age_s) == (PartState.DEGRADED, "InfluxDB does not answer", None)
    tick()
    told = tick.health(time.time())
    assert (told.state, told.detail) == (PartState.WELL, "")


def test_a_tick_that_stands_still_is_seen() -> None:
    tick = Tick("ledger", 5.0, lambda: None)
    tick()
    assert tick.health(time.time() + 60).state is PartState.WELL
    late = tick.health(time.time() + 200)
    assert late.state is PartState.DEGRADED
    assert "has not run for 200 s" in late.detail


def test_a_tick_that_hangs_from_the_start_is_seen() -> None:
    tick = Tick("ledger", 5.0, lambda: None)
    late = tick.health(tick.made_s + 200)
    assert (late.state, late.data_age_s) == (PartState.DEGRADED, None)
