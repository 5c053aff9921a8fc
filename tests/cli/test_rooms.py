"""The pulse of a process: trouble is shown and does not stop it."""

import threading
import time

from plagewatch.cli.rooms import Running, Tick
from plagewatch.cli.watching import SILENT_S, Watch
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


def test_a_tick_whose_service_is_away_tries_nothing_and_says_for_what_it_waits() -> None:
    answers: list[Exception | None] = [SeriesError("InfluxDB refuses the token", retryable=False), None]

    def ask() -> int | None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return 1_795_000_000_000

    watch, done = Watch("series store", ask), list[str]()
    tick = Tick("ledger", 5.0, lambda: done.append("made"), [watch])
    tick()
    watch.ask()
    tick()
    assert (done, tick.failures, tick.waits) == ([], 0, True)
    assert tick.health(time.time()).detail == "waits for: series store"
    down = watch.health(1_795_000_060.0)
    assert (down.state, down.detail, down.data_age_s) == (PartState.DOWN, "InfluxDB refuses the token", None)
    watch.ask()
    due = tick.health(time.time())
    assert (due.state, due.detail) == (PartState.WELL, ""), "its service has answered: it is only due"
    tick()
    assert (done, tick.waits) == (["made"], False)
    well = watch.health(1_795_000_060.0)
    assert (well.state, well.detail, well.data_age_s) == (PartState.WELL, "", 60.0)


def test_a_tick_that_works_after_it_waited_is_well_while_it_works() -> None:
    answers: list[Exception | None] = [SeriesError("InfluxDB does not answer", retryable=True), None]
    seen = []

    def ask() -> int | None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return None

    watch = Watch("series store", ask)
    tick = Tick("ledger check", 600.0, lambda: seen.append(tick.health(time.time()).state), [watch])
    for _ in range(2):
        watch.ask()
        tick()
    assert seen == [PartState.WELL]


def test_a_service_that_hangs_is_told_while_it_hangs() -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        may_answer.wait(20)

    watch = Watch("records", ask, ageless=True)
    watch.start()
    assert asked.wait(10)
    began_s = time.time()
    assert watch.trouble(began_s) == "it has not answered yet"
    assert watch.health(began_s + SILENT_S + 1).detail == "it does not answer"
    may_answer.set()
    assert watch.wait(10)
    assert watch.trouble(began_s) == ""
    watch.stop()


def test_stopping_does_not_wait_for_what_hangs() -> None:
    working, may_end, told = threading.Event(), threading.Event(), list[str]()

    def hang() -> None:
        working.set()
        may_end.wait(120)

    running = Running(
        [Tick("hanging", 1.0, hang), Tick("quick", 1.0, lambda: None)], at_stop=[lambda: told.append("stop")]
    )
    running.start()
    assert working.wait(10)
    began_s = time.monotonic()
    assert running.stop(0.2) == ["tick hanging"]
    assert time.monotonic() - began_s < 30
    assert told == ["stop"]
    may_end.set()
    assert running.stop(10) == []
