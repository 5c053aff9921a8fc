"""Evidence in any order and in any pieces gives the same figures as all of it at once."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from collector import ledger_check, rollup_job
from plagewatch.metering.course import Found, Note
from plagewatch.metering.intervals import Floats, Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site, Swap
from plagewatch.metering.readings import Quality, Samples
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import accounts, findings, learnt, registry, work
from plagewatch.store.series.protocol import Evidence, Figures, SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

TZ = "Europe/Brussels"
START_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000
QUARTER_MS = 900_000
EVER = (0, 2**33)
NOW_S = START_MS // 1000 + 10**7
INDEX = "energy_import_total"
METER = Meter("m", "site", "Main meter", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)


@contextmanager
def stores(*entries, meter: Meter = METER) -> Iterator["Stores"]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_records(f"sqlite:///{folder}/records.db")
        series = SqliteSeries(Path(folder) / "series.db")
        registry.save(engine, [Site("site", "Site", timezone=TZ), meter, *entries])
        yield Stores(engine, series, meter)
        series.close()
        engine.dispose()


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[tuple[Engine, SqliteSeries]]:
    """One pair of stores for many examples, each with meters of its own: making the tables takes longest."""
    folder = tmp_path_factory.mktemp("shared")
    engine, series = open_records(f"sqlite:///{folder}/records.db"), SqliteSeries(folder / "series.db")
    registry.save(engine, [Site("site", "Site", timezone=TZ)])
    yield engine, series
    series.close()
    engine.dispose()


def new_meter(shared: tuple[Engine, SqliteSeries], facts: MeterFacts, interval_s: int | None = 900) -> "Stores":
    engine, series = shared
    meter = replace(METER, id=f"m{len(registry.meters(engine))}", interval_s=interval_s)
    registry.save(engine, [meter, replace(facts, meter=meter.id)])
    return Stores(engine, series, meter)


class Stores:
    def __init__(self, engine: Engine, series: SqliteSeries, meter: Meter) -> None:
        self.engine, self.series, self.meter = engine, series, meter

    def arrive(self, at_ms, value, register: str = INDEX, quality: Quality = Quality.MEASURED) -> None:
        at_ms, value = [int(at) for at in at_ms], list(map(float, value))
        self.series.write_samples([Samples(self.meter.id, register, at_ms, value, "test", NOW_S, quality)])
        work.mark_dirty(self.engine, [work.DirtyWindow(self.meter.id, min(at_ms), max(at_ms))])

    def roll_up(self) -> int:
        return rollup_job.run(self.engine, self.series, NOW_S)

    def figures(self, resolution: Resolution, flow="main") -> Intervals:
        return self.series.intervals(resolution, self.meter.id, *EVER, flow)

    def found(self) -> list[Found]:
        return sorted((one.found for one in findings.newest(self.engine, 10_000, self.meter.id)), key=str)


def assert_same(one: Intervals, other: Intervals) -> None:
    np.testing.assert_array_equal(one.start_s, other.start_s)
    for name in ("amount", "coverage", "interpolated", "spread", "estimated", "manual"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6, err_msg=name)


@st.composite
def histories(draw):
    """A register's samples with things that happen to it, and an order in which they arrive, in pieces."""
    count = draw(st.integers(3, 500))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rises = random.integers(0, draw(st.sampled_from([2, 30])), count)
    value: Floats = (np.cumsum(rises) / 10.0 + 500.0).astype(np.float64)
    for _ in range(draw(st.integers(0, 5))):
        place, lasts = random.integers(0, count), random.integers(1, draw(st.sampled_from([2, 8, 130])))
        step = draw(st.sampled_from([-500.0, -0.1, 700.0, -30.0]))
        value[place : None if draw(st.booleans()) else place + lasts] += step
    value = np.asarray(np.round(np.abs(value), 1), np.float64)
    distance_ms = draw(st.sampled_from([QUARTER_MS, 420_000, 10_000]))  # a live logger tells many times a quarter
    at_ms = START_MS + np.cumsum(random.choice([1, 1, 1, 1, 2, 9], count)) * distance_ms
    again = random.integers(0, count, draw(st.integers(0, 4)))
    at_ms, value = np.concatenate([at_ms, at_ms[again]]), np.concatenate([value, value[again] + 40.0])
    late = draw(st.sampled_from([0.0, 3.0, 1000.0]))  # how far packets overtake each other
    order = np.argsort(np.arange(len(at_ms)) + late * random.random(len(at_ms)), kind="stable")
    cuts = sorted(random.integers(1, len(at_ms), min(draw(st.integers(0, 6)), len(at_ms) - 1)))
    facts = MeterFacts("m", decimals=draw(st.sampled_from([None, 1])), max_power_kw=draw(st.sampled_from([None, 50.0])))
    quality = random.choice(draw(st.sampled_from([[0], [0, 0, 0, 1, 2], [0, 2]])), len(at_ms))
    return at_ms[order], value[order], quality[order], cuts, facts


def arrive(kept: Stores, at_ms, value, quality) -> None:
    for told in Quality:
        if (quality == told).any():
            kept.arrive(at_ms[quality == told], value[quality == told], INDEX, told)


@pytest.mark.parametrize("interval_s", [900, None], ids=["entered", "learnt"])
@settings(max_examples=60, deadline=None)
@given(history=histories())
def test_neither_order_nor_pieces_change_a_figure(shared, interval_s, history):
    at_ms, value, quality, cuts, facts = history
    pieces, at_once = new_meter(shared, facts, interval_s), new_meter(shared, facts, interval_s)
    for part in np.split(np.arange(len(at_ms)), cuts):
        if len(part):
            arrive(pieces, at_ms[part], value[part], quality[part])
            pieces.roll_up()
    arrive(at_once, at_ms, value, quality)
    at_once.roll_up()
    for resolution in Resolution:
        assert_same(pieces.figures(resolution), at_once.figures(resolution))
    assert pieces.found() == at_once.found()
    for kept in (pieces, at_once):
        assert all(balance.balanced for balance in ledger_check.check(kept.engine, kept.series, kept.meter.id))


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "late"])
def test_a_logger_that_tells_many_times_a_quarter_fills_it_piece_by_piece(shared, order):
    # Quarterly readings, some minutes of silence, then one every ten seconds, rolled up after each.
    seldom, often = np.arange(300) * QUARTER_MS, 300 * QUARTER_MS + 472_000 + np.arange(120) * 10_000
    at_ms = START_MS + np.concatenate([seldom, often])
    value = np.round(500.0 + (at_ms - START_MS) / 1e5, 3)
    pieces, at_once = new_meter(shared, MeterFacts("m")), new_meter(shared, MeterFacts("m"))
    pieces.arrive(at_ms[:300], value[:300])
    pieces.roll_up()
    for place in np.arange(300, 420)[::order]:
        pieces.arrive(at_ms[[place]], value[[place]])
        pieces.roll_up()
    at_once.arrive(at_ms, value)
    at_once.roll_up()
    for resolution in Resolution:
        assert_same(pieces.figures(resolution), at_once.figures(resolution))


def test_a_spike_that_comes_late_can_change_what_a_jump_long_before_it_was(shared):
    # The fall ends the jump, until the spike tells that it was a drop that returned.
    at_ms, value = START_MS + np.arange(230) * QUARTER_MS, 500.0 + np.arange(230) / 10
    value[62:] += 700.0
    value[144:] -= 500.0
    value[187] += 700.0
    pieces, at_once = new_meter(shared, MeterFacts("m")), new_meter(shared, MeterFacts("m"))
    for part in (slice(0, 184), slice(184, 230)):
        pieces.arrive(at_ms[part], value[part])
        pieces.roll_up()
    at_once.arrive(at_ms, value)
    at_once.roll_up()
    assert_same(pieces.figures(Resolution.QUARTER), at_once.figures(Resolution.QUARTER))


def test_a_reading_that_comes_after_a_long_jump_leaves_the_jump_set_aside(shared):
    at_ms, value = START_MS + np.arange(400) * QUARTER_MS, 500.0 + np.arange(400) / 10
    value[100:170] += 700.0
    for place in range(150, 300, 10):
        kept = new_meter(shared, MeterFacts("m", decimals=1))
        late = np.arange(400) == place
        kept.arrive(at_ms[~late], value[~late])
        kept.roll_up()
        kept.arrive(at_ms[late], value[late])
        kept.roll_up()
        np.testing.assert_allclose(kept.figures(Resolution.QUARTER).amount, 0.1, atol=1e-9)


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
        with pytest.raises(SeriesError):
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


def test_each_meter_is_come_by_once_in_a_run_however_many_are_marked_again_meanwhile(tmp_path):
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

    def samples_around(self, *asked: Any) -> Evidence:
        evidence = super().samples_around(*asked)
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
        assert work.still_waiting(kept.engine, ids) == set(ids)
        work.done(kept.engine, ids[:1])
        assert work.still_waiting(kept.engine, ids) == set(ids[1:])
        assert kept.roll_up() == 1


def test_findings_stand_once_and_go_when_evidence_clears_them():
    at_ms = START_MS + np.arange(6) * QUARTER_MS
    with stores() as kept:
        kept.arrive(at_ms[:5], [0.0, 1.0, 2.0, 3.0, 0.0])
        for _ in range(2):
            work.mark_dirty(kept.engine, [work.DirtyWindow("m", START_MS, START_MS)])
            kept.roll_up()
            assert [(one.note, one.from_ms) for one in kept.found()] == [(Note.SUSPECT, at_ms[4])]
        kept.arrive(at_ms[5:], [5.0])
        kept.roll_up()
        assert [(one.note, one.from_ms, one.step) for one in kept.found()] == [(Note.EXCURSION, at_ms[4], -3.0)]
        assert findings.counts(kept.engine) == {"m": {Note.EXCURSION: 1}}
        (newest,) = findings.newest(kept.engine, 1)
        assert (newest.meter, newest.register) == ("m", INDEX)
        assert findings.newest(kept.engine, 5, "other") == []


def test_pulses_without_a_weight_are_told_once_until_somebody_enters_it():
    with stores() as kept:
        for quarter in range(4):
            kept.arrive([START_MS + quarter * QUARTER_MS], [10 * quarter], "pulse_count.1")
            kept.roll_up()
        (found,) = kept.found()
        assert (found.note, found.from_ms, found.to_ms) == (
            Note.NO_PULSE_WEIGHT,
            START_MS,
            START_MS + 3 * QUARTER_MS,
        )
        assert np.isnan(kept.figures(Resolution.DAY).amount).all()
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.quarantined, balance.booked, balance.balanced) == (30.0, 0.0, True)
        registry.save(kept.engine, [MeterFacts("m", pulse_weight=0.5)])
        work.mark_dirty(kept.engine, [work.DirtyWindow("m", START_MS, START_MS + 3 * QUARTER_MS)])
        kept.roll_up()
        assert kept.found() == []
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [5.0, 5.0, 5.0]
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.quarantined, balance.booked, balance.balanced) == (0.0, 30.0, True)


def test_an_estimate_stands_until_the_meter_was_read():
    at_ms = START_MS + np.arange(4) * QUARTER_MS
    with stores() as kept:
        kept.arrive(at_ms[[0, 1, 3]], [0.0, 1.0, 6.0])
        kept.arrive(at_ms[[2]], [4.0], INDEX, Quality.ESTIMATED)
        kept.roll_up()
        day = kept.figures(Resolution.DAY)
        assert (day.amount.tolist(), day.estimated.tolist()) == ([6.0], [5.0])
        assert day.coverage[0] == pytest.approx(1 / 96)
        kept.arrive(at_ms[[2]], [3.0])
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0, 2.0, 3.0]
        assert kept.figures(Resolution.MONTH).estimated.tolist() == [0.0]
        assert kept.found() == []


@pytest.mark.parametrize("register", ["energy_interval", "energy_interval.2"])
def test_estimated_intervals_count_and_cover_nothing_until_they_are_read(register):
    meter = Meter("m", "site", "Network operator", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900)
    at_ms = START_MS + np.arange(4) * QUARTER_MS
    with stores(meter=meter) as kept:
        kept.arrive(at_ms[:2], [1.0, 2.0], register)
        kept.arrive(at_ms[2:3], [3.0], register, Quality.ESTIMATED)
        kept.arrive(at_ms[3:], [4.0], register, Quality.MANUAL)
        kept.roll_up()
        hour = kept.figures(Resolution.HOUR)
        parts = hour.amount[0], hour.coverage[0], hour.estimated[0], hour.manual[0]
        assert parts == (10.0, 0.75, 3.0, 4.0)
        kept.arrive(at_ms[2:3], [3.5], register)
        kept.roll_up()
        hour = kept.figures(Resolution.HOUR)
        assert (hour.amount[0], hour.coverage[0], hour.estimated[0]) == (10.5, 1.0, 0.0)


def test_a_meter_that_turns_out_to_tell_hours_has_no_quarters():
    meter = Meter("m", "site", "Network operator", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", None)
    with stores(meter=meter) as kept:
        for hour in range(3):
            kept.arrive([START_MS + hour * 3_600_000], [6.0], "energy_interval")
            kept.roll_up()
        assert not kept.figures(Resolution.QUARTER).known.any()
        assert kept.figures(Resolution.HOUR).amount.tolist() == [6.0, 6.0, 6.0]
        assert kept.figures(Resolution.DAY).amount.tolist() == [18.0]


def test_day_and_night_make_the_main_flow_and_a_total_is_never_added():
    with stores() as kept:
        at_ms = START_MS + np.arange(5) * QUARTER_MS
        kept.arrive(at_ms, [0.0, 1.0, 2.0, 2.0, 2.0], "energy_import_day")
        kept.arrive(at_ms, [0.0, 0.0, 0.0, 3.0, 6.0], "energy_import_night")
        kept.arrive(at_ms, [0.0, 0.5, 0.5, 0.5, 0.5], "energy_export_total")
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0, 1.0, 3.0, 3.0]
        assert kept.figures(Resolution.QUARTER, "export").amount.tolist() == [0.5, 0.0, 0.0, 0.0]
        balances = ledger_check.check(kept.engine, kept.series, None)
        assert [(b.register, b.booked, b.balanced) for b in balances] == [
            ("energy_import_day", 2.0, True),
            ("energy_import_night", 6.0, True),
            ("energy_export_total", 0.5, True),
        ]
        kept.arrive(at_ms, [0.0, 1.0, 2.0, 5.0, 8.5], "energy_import_total")
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [1.0, 1.0, 3.0, 3.5]


HISTORY = {  # register -> instants in quarters, amount of each quarter; each tells a stretch, some of them both
    "energy_interval": (np.arange(0, 400, 4), 1.0),  # hours, as the network operator told them
    "energy_import_day": (np.arange(200, 700), 2.0),
    "energy_import_night": (np.arange(200, 700), 3.0),
    "energy_import_total": (np.arange(500.5, 620.5), 7.0),
}


@pytest.mark.parametrize("order", list(permutations(HISTORY)), ids=lambda order: "-".join(o[7:11] for o in order))
def test_each_stretch_is_told_by_the_best_register_there_whatever_came_first(shared, order):
    kept = new_meter(shared, MeterFacts("m"))
    for register in order:
        quarters, each = HISTORY[register]
        value = np.full(len(quarters), 4 * each) if "interval" in register else (quarters - quarters[0]) * each
        for piece in np.array_split(np.arange(len(quarters)), 3)[:: 1 if order[0] < order[1] else -1]:
            kept.arrive(START_MS + (quarters[piece] * QUARTER_MS).astype(np.int64), value[piece], register)
            kept.roll_up()
    # Hours up to 200, day and night to 500, the total from the middle of that quarter to that of 619, day and night on.
    hours = kept.figures(Resolution.HOUR)
    np.testing.assert_allclose(hours.amount[:50], 4.0)
    np.testing.assert_allclose(hours.amount[50:125], 20.0)
    np.testing.assert_allclose(hours.amount[125:126], 3.5 + 3 * 7.0)
    np.testing.assert_allclose(hours.amount[126:154], 28.0)
    assert kept.figures(Resolution.DAY).amount.sum() == pytest.approx(hours.amount.sum())
    assert kept.figures(Resolution.MONTH).amount.sum() == pytest.approx(hours.amount.sum())
    quarters = kept.figures(Resolution.QUARTER)
    at_s = ((quarters.start_s - START_MS // 1000) // 900).tolist()
    amount = dict(zip(at_s, quarters.amount.tolist(), strict=True))
    assert [round(amount[n], 6) for n in (200, 499, 500, 501, 618, 619, 620, 698)] == [5, 5, 3.5, 7, 7, 3.5, 5, 5]
    assert max(at_s) == 698
    balances = ledger_check.check(kept.engine, kept.series, kept.meter.id)
    assert [(b.register, b.balanced) for b in balances] == [
        (register, True) for register in ("energy_import_total", "energy_import_day", "energy_import_night")
    ]


@pytest.mark.parametrize(
    ("length_s", "there"),
    [(300, [4, 1, 1, 1]), (900, [12, 3, 1, 1]), (1800, [0, 6, 1, 1]), (3600, [0, 12, 1, 1]), (86_400, [0, 0, 12, 1])],
)
def test_nothing_finer_than_was_said_is_invented(length_s, there):
    meter = Meter("m", "site", "Network operator", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", length_s)
    start_s = day_start_s(date(2026, 3, 2), TZ)
    with stores(meter=meter) as kept:
        kept.arrive((start_s + np.arange(12) * length_s) * 1000, np.full(12, 0.25), "energy_interval")
        kept.roll_up()
        figures = [kept.figures(resolution) for resolution in Resolution]
        assert [len(rows) for rows in figures] == there
        assert all(rows.amount.sum() == 3.0 for rows in figures if len(rows))


def test_two_amounts_for_one_interval_are_both_left_out():
    meter = Meter("m", "site", "Network operator", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900)
    with stores(meter=meter) as kept:
        kept.arrive(START_MS + np.arange(4) * QUARTER_MS, [1.0, 2.0, 3.0, 4.0], "energy_interval")
        kept.roll_up()
        kept.arrive([START_MS + QUARTER_MS], [9.0], "energy_interval")
        kept.roll_up()
        hour = kept.figures(Resolution.HOUR)
        assert (hour.amount.tolist(), hour.coverage.tolist()) == ([8.0], [0.75])


def test_gauges_of_a_station_become_hours_of_weather():
    station = Meter("t", "site", "Thermometer", Carrier.WEATHER, Kind.GAUGE, "°C", 900)
    sun = Meter("sun", "site", "Pyranometer", Carrier.WEATHER, Kind.GAUGE, "W/m2", 900)
    with stores(sun, meter=station) as kept:
        kept.arrive(START_MS + np.arange(6) * QUARTER_MS, [1.0, 2.0, 3.0, 4.0, 7.0, 9.0], "temperature")
        kept.roll_up()
        Stores(kept.engine, kept.series, sun).arrive([START_MS + 10 * QUARTER_MS], [300.0], "irradiance")
        kept.roll_up()
        points = kept.series.points("weather", {"site": "site"}, *EVER)
        np.testing.assert_array_equal(points.fields["temp_c"], [2.5, 8.0, np.nan])
        np.testing.assert_array_equal(points.fields["ghi_wm2"], [np.nan, np.nan, 300.0])


def test_ledger_check_sees_a_figure_that_is_wrong():
    with stores() as kept:
        kept.arrive(START_MS + np.arange(5) * QUARTER_MS, [0.0, 1.0, 2.0, 3.0, 4.0])
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([5.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert not balance.balanced
        assert balance.booked == 8.0
        assert "booked 8.000000" in balance.explain()


def test_an_account_is_in_units_of_the_index_whatever_its_factor_was_at_the_time():
    # 3 units at 20 and 2 at 40: 140 kWh; one kWh too much in a quarter of each is 1/20 and 1/40 of an index unit.
    facts = [MeterFacts("m", 0, multiplier=20.0), MeterFacts("m", START_MS + 3 * QUARTER_MS, multiplier=40.0)]
    with stores(*facts) as kept:
        kept.arrive(START_MS + np.arange(6) * QUARTER_MS, np.arange(6.0))
        kept.roll_up()
        assert kept.figures(Resolution.QUARTER).amount.tolist() == [20.0, 20.0, 20.0, 40.0, 40.0]
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.booked, balance.balanced) == (5.0, True)
        forged = Intervals.measured(START_MS // 1000 + np.array([0, 3600]), np.array([21.0, 41.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert balance.booked == pytest.approx(5.0 + 0.05 + 0.025)
        assert not balance.balanced


def test_a_stored_figure_of_pulses_without_a_weight_is_seen():
    with stores() as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [0, 10], "pulse_count")
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([5.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        (balance,) = ledger_check.check(kept.engine, kept.series, "m")
        assert (balance.booked, balance.balanced) == (5.0, False)


@pytest.mark.parametrize(
    ("carrier", "unit", "register", "word"),
    [
        (Carrier.ELECTRICITY, "kWh", INDEX, "total"),
        (Carrier.ELECTRICITY, "kWh", "energy_import_night.2", "night.2"),
        (Carrier.ELECTRICITY, "kWh", "energy_export_total", "export"),
        (Carrier.ELECTRICITY, "kWh", "energy_export_day", "energy_export_day"),
        (Carrier.SOLAR, "kWh", "solar_energy_total", "total"),
        (Carrier.HEAT, "kWh", "heat_energy_total", "total"),
        (Carrier.GAS, "m3", "gas_volume", "total"),
        (Carrier.GAS, "kWh", INDEX, "total"),
        (Carrier.WATER, "m3", "pulse_count.1", "pulse_count.1"),
    ],
)
def test_a_register_is_named_as_in_a_folder(carrier, unit, register, word):
    with stores(MeterFacts("m", pulse_weight=1.0), meter=replace(METER, carrier=carrier, unit=unit)) as kept:
        kept.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0], register)
        kept.roll_up()
        (told,) = [balance.as_json() for balance in ledger_check.check(kept.engine, kept.series, "m")]
        assert (told["register"], told["register_word"], told["booked"]) == (word, register, 1.0)
        assert "folder_word" not in told


def test_the_ledger_is_checked_once_a_night_and_its_accounts_are_kept(capsys):
    noon_s = day_start_s(date(2026, 3, 10), TZ) + 12 * 3600
    with stores(replace(METER, id="other")) as kept:
        kept.arrive(START_MS + np.arange(3) * QUARTER_MS, [0.0, 1.0, 2.0])
        other = Stores(kept.engine, kept.series, replace(METER, id="other"))
        other.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0], "energy_import_day")
        assert len(ledger_check.nightly(kept.engine, kept.series, noon_s)) == 2  # figures are made first
        assert {(a.meter, a.register): (a.booked, a.balanced) for a in accounts.all_accounts(kept.engine)} == {
            ("m", INDEX): (2.0, True),
            ("other", "energy_import_day"): (1.0, True),
        }
        assert accounts.all_accounts(kept.engine)[0].checked_ms == noon_s * 1000
        night_s = day_start_s(date(2026, 3, 11), TZ) + 3 * 3600
        assert ledger_check.nightly(kept.engine, kept.series, night_s - 1) == []
        gone = replace(accounts.all_accounts(kept.engine)[0], register="gas_volume")
        accounts.save(kept.engine, [gone])
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([9.0]))
        kept.series.write_intervals(Resolution.QUARTER, "m", "electricity", forged)
        assert len(ledger_check.nightly(kept.engine, kept.series, night_s)) == 2
        assert [(a.meter, a.register, a.balanced) for a in accounts.all_accounts(kept.engine)] == [
            ("m", INDEX, False),
            ("other", "energy_import_day", True),
        ]
        told = capsys.readouterr().out
        assert "register does not add up" in told
        assert "plagewatch ledger check --meter" in told
        assert ledger_check.nightly(kept.engine, kept.series, night_s) == []


class Arriving(SqliteSeries):
    """The real store of a live meter: while its figures are read, one reading more has come."""

    comes: Callable[[], None] | None = None

    def intervals(self, *asked: Any, **named: Any) -> Intervals:
        found = super().intervals(*asked, **named)
        if self.comes is not None and asked[0] is Resolution.QUARTER and asked[2] < 0:
            comes, self.comes = self.comes, None
            comes()
        return found


def test_a_reading_that_arrives_during_the_check_is_no_error_of_the_ledger(tmp_path):
    with stores() as kept:
        kept.series.close()
        live = kept.series = Arriving(tmp_path / "live.db")
        kept.arrive(START_MS + np.arange(3) * QUARTER_MS, [0.0, 1.0, 2.0])
        other = Stores(kept.engine, live, replace(METER, id="m2"))
        registry.save(kept.engine, [other.meter])
        kept.roll_up()
        forged = Intervals.measured(np.array([START_MS // 1000]), np.array([9.0]))
        live.write_intervals(Resolution.QUARTER, "m", "electricity", forged)

        def comes() -> None:
            kept.arrive([START_MS, START_MS + QUARTER_MS], [0.0, 1.0])

        live.comes = comes
        (balance,) = ledger_check.settled(kept.engine, live, None, NOW_S)
        assert balance.balanced
