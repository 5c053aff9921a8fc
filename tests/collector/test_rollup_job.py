"""What the roll-up job does with windows, facts, swaps and days of any length."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sqlalchemy import event

from collector import ledger_check, rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Swap
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, work
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import (
    METER,
    NOW_S,
    QUARTER_MS,
    START_MS,
    TZ,
    assert_same,
    stores,
)


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_a_local_day_is_the_sum_of_its_quarters(day, quarters):
    start_s = day_start_s(day, TZ)
    with stores() as kept:
        instants = np.arange(start_s - 86_400, start_s + 2 * 86_400 + 900, 900)
        kept.arrive(instants * 1000, np.arange(len(instants)) * 0.5)
        kept.roll_up()
        days = kept.figures(Resolution.DAY)
        place = days.start_s.tolist().index(start_s)
        assert days.amount[place] == quarters * 0.5
        assert days.coverage[place] == 1.0
        assert len(kept.figures(Resolution.HOUR).between(start_s, start_s + quarters * 900)) == quarters // 4


def test_a_windows_row_stays_until_its_figures_are_written():
    with stores() as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [1.0, 2.0])
        kept.series.close()
        with pytest.raises(rollup_job.FiguresFailed, match="figures of meter m cannot be made: SeriesError"):
            kept.roll_up()
        assert work.dirty_windows(kept.engine)
        kept.series = SqliteSeries(kept.series._path)
        assert kept.roll_up() == 1
        assert not work.dirty_windows(kept.engine)
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0]
        assert work.mark(kept.engine, rollup_job.JOB) == NOW_S


class Busy(SqliteSeries):
    """The real store of a busy site: whenever a meter's figures are made, another packet has marked it again."""

    engine: Engine

    def registers(self, meter: str) -> list[str]:
        work.mark_dirty(self.engine, [work.DirtyWindow(meter, START_MS, START_MS)])
        return super().registers(meter)


def test_each_meter_is_come_by_once_in_a_run_however_many_are_marked_again_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(rollup_job, "TOGETHER", 500)
    monkeypatch.setattr(rollup_job, "A_PART", 125)
    meters = [replace(METER, id=f"m{number:04}") for number in range(1_001)]
    with stores(*meters) as kept:
        busy = Busy(tmp_path / "busy.db")
        busy.engine = kept.engine
        work.mark_dirty(kept.engine, [work.DirtyWindow(meter.id, START_MS, START_MS) for meter in meters])
        queries: list[str] = []
        event.listen(kept.engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
        assert rollup_job.run(kept.engine, busy, NOW_S) == 1_001
        read = [sum(f"FROM {name}" in query for query in queries) for name in ("site", "meter_facts", "swap")]
        assert read == [3, 3, 3]  # once for each 500 meters
        last = work.dirty_windows(kept.engine, after="m0999")
        assert [windows for _, windows in last.values()] == [[work.DirtyWindow("m1000", START_MS, START_MS)]]
        busy.close()


def test_thousands_of_windows_are_forgotten_in_few_statements():
    with stores() as kept:
        work.mark_dirty(kept.engine, [work.DirtyWindow("m", START_MS, START_MS)] * 1_201)
        ((ids, _),) = work.dirty_windows(kept.engine).values()
        queries: list[str] = []
        event.listen(kept.engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
        work.done(kept.engine, ids[1:])
        assert len(queries) == 3
        ((left, _),) = work.dirty_windows(kept.engine).values()
        assert left == ids[:1]


def test_a_window_done_twice_changes_nothing():
    with stores() as kept:
        kept.arrive(START_MS + np.arange(300) * QUARTER_MS, np.arange(300))
        kept.roll_up()
        before = [kept.figures(resolution) for resolution in Resolution]
        work.mark_dirty(kept.engine, [work.DirtyWindow("m", START_MS, START_MS + 10 * QUARTER_MS)] * 2)
        assert kept.roll_up() == 2
        for resolution, figures in zip(Resolution, before, strict=True):
            assert_same(kept.figures(resolution), figures)


def test_a_figure_that_becomes_unknown_is_overwritten():
    with stores(MeterFacts("m", max_power_kw=40.0)) as kept:
        kept.arrive(START_MS + np.arange(4) * QUARTER_MS, [0.0, 1.0, 2.0, 3.0])
        kept.roll_up()
        registry.save(kept.engine, [MeterFacts("m", max_power_kw=2.0)])
        work.mark_dirty(kept.engine, [work.DirtyWindow("m", START_MS, START_MS + 3 * QUARTER_MS)])
        kept.roll_up()
        assert np.isnan(kept.figures(Resolution.QUARTER).amount).all()
        assert np.isnan(kept.figures(Resolution.MONTH).amount).all()
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.quarantined, balance.booked, balance.balanced) == (3.0, 0.0, True)


def test_a_swap_declared_afterwards_gives_what_it_would_have_given_before():
    at_ms, value = START_MS + np.arange(8) * QUARTER_MS, [90.0, 91.0, 92.0, 93.0, 5.0, 6.0, 7.0, 8.0]
    swap = Swap("m", "energy_import_total", START_MS + 7 * QUARTER_MS // 2, 93.5, 4.5)
    with stores() as kept:
        kept.arrive(at_ms, value)
        kept.roll_up()
        assert np.isnan(kept.figures(Resolution.QUARTER).amount[3])
        for _ in range(2):
            registry.save(kept.engine, [swap])
            work.mark_dirty(kept.engine, [work.DirtyWindow("m", swap.at_ms, swap.at_ms)])
            kept.roll_up()
            assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0] * 7
        (balance,) = ledger_check.check(kept.engine, kept.series, None)
        assert (balance.declared_steps, balance.booked, balance.balanced) == (89.0, 7.0, True)


def test_a_meter_that_does_not_say_how_often_it_is_read_is_judged_by_all_its_samples():
    silent = Meter("m", "site", "Read by hand", Carrier.GAS, Kind.INDEX, "m3", None)
    at_ms = START_MS + np.array([0, 1, 2, 3, 6, 7, 8]) * 6 * 3_600_000
    with stores(meter=silent) as kept:
        for at, value in zip(at_ms, np.arange(7.0), strict=True):
            kept.arrive([at], [value], "gas_volume")
            kept.roll_up()
        quarters = kept.figures(Resolution.QUARTER)
        assert quarters.coverage.tolist() == [1.0] * len(quarters)
        assert quarters.amount.sum() == pytest.approx(6.0)
