"""Learnt distances make no more anew than they must; no process writes over what another made of newer evidence."""

from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

import numpy as np
import pytest

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.store.engine import open_records
from plagewatch.store.records import learnt, work
from plagewatch.store.records.leases import leased
from plagewatch.store.series.protocol import Evidence, Figures
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import (
    METER,
    QUARTER_MS,
    START_MS,
    Stores,
    stores,
)


class Counting(SqliteSeries):
    """The real store, which also notes how many quarters each writing of figures brought."""

    quarters: list[int]

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        self.quarters += [len(figures.by_resolution[Resolution.QUARTER]) for figures in all_figures]
        super().write_figures(all_figures)


SILENT = Meter("m", "site", "Read by hand", Carrier.GAS, Kind.INDEX, "m3", None)


def test_a_learnt_distance_makes_all_anew_only_where_it_changes_what_is_a_gap(tmp_path):
    def at(hours) -> np.ndarray:
        return START_MS + (np.asarray(hours) * 3_600_000).astype(np.int64)

    with stores(meter=SILENT) as kept:
        kept.series.close()
        kept.series = Counting(tmp_path / "counting.db")
        kept.series.quarters = []
        hours = np.arange(0, 401)  # every hour: usual 1 h, a gap begins after 3 h
        kept.arrive(at(hours), hours, "gas_volume")
        kept.roll_up()
        kept.arrive(at([401, 402]), [401, 402], "gas_volume")
        kept.roll_up()
        kept.arrive(at([200.5]), [200.5], "gas_volume")  # late
        kept.roll_up()
        # The whole; then from the sample before the new ones; then from the late one's neighbour to its other.
        assert kept.series.quarters == [1600, 8, 4]
        half_hours = np.arange(0, 300, 2) + 0.25
        kept.arrive(at(half_hours), half_hours, "gas_volume")
        kept.roll_up()
        # Now 552 samples, of which most are 0.75 h or 0.25 h apart or less than an hour: the usual distance is less.
        assert kept.series.quarters[3:] == [1608]
        kept.arrive(at([402.5]), [402.5], "gas_volume")
        kept.roll_up()
        assert kept.series.quarters[4:] == [2]


def test_a_history_cut_short_while_it_was_made_anew_is_made_again():
    at_ms = START_MS + np.arange(9) * 4 * 3_600_000
    with stores(meter=SILENT) as kept:
        kept.arrive(at_ms, range(9), "gas_volume")
        kept.roll_up()
        assert learnt.usual_s(kept.engine, "m") == {"gas_volume": 4 * 3600.0}
        learnt.forget(kept.engine, "m", ["gas_volume"])  # as it stands between the two writes
        blank = kept.figures(Resolution.QUARTER)
        kept.series.write_intervals(Resolution.QUARTER, "m", "gas", Intervals.measured(blank.start_s, blank.amount * 0))
        kept.arrive(at_ms[-1:], [8.0], "gas_volume")
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.sum() == pytest.approx(8.0)


class Overtaken(SqliteSeries):
    """The real store, in which something else happens after the evidence was read and before figures are written."""

    meanwhile: Callable[[], None] | None = None

    def samples_of(self, *asked: Any) -> dict[tuple[str, str], Evidence]:
        evidence = super().samples_of(*asked)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return evidence


def test_what_one_process_makes_of_old_evidence_never_stands_over_what_another_made_of_newer(tmp_path):
    at_ms = START_MS + np.arange(5) * QUARTER_MS
    with stores() as kept:
        kept.arrive(at_ms[[0, 4]], [0.0, 8.0])
        url, path = str(kept.engine.url), kept.series._path

        def other_process() -> None:
            other = Stores(open_records(url), SqliteSeries(path), METER)
            other.arrive(at_ms[1:4], [1.0, 2.0, 3.0])
            other.roll_up()
            other.series.close()
            other.engine.dispose()

        process = Thread(target=other_process)

        def start_it() -> None:
            process.start()
            process.join(1.5)  # time enough for all of it, were it not made to wait

        kept.series.close()
        kept.series = Overtaken(path)
        kept.series.meanwhile = start_it
        kept.roll_up()
        process.join(30)
        assert not process.is_alive()
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0, 1.0, 1.0, 5.0]
        assert not work.dirty_windows(kept.engine)


def test_what_another_process_has_made_is_not_made_again():
    with stores() as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0])
        kept.arrive([START_MS + 2 * QUARTER_MS], [2.0])
        ((ids, _),) = work.dirty_windows(kept.engine).values()
        work.done(kept.engine, ids[:1])
        with leased(kept.engine, ["m"]) as lease:
            assert lease.waiting["m"][0] == ids[1:]
        assert kept.roll_up() == 1
