"""Evidence in any order and in any pieces gives the same figures as all of it at once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from collector import ledger_check, rollup_job
from plagewatch.metering.intervals import Floats, Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts, Site, Swap
from plagewatch.metering.readings import Samples
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.records import registry, work
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

TZ = "Europe/Brussels"
START_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000
QUARTER_MS = 900_000
EVER = (0, 2**33)
NOW_S = START_MS // 1000 + 10**7
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


def new_meter(shared: tuple[Engine, SqliteSeries], facts: MeterFacts) -> "Stores":
    engine, series = shared
    meter = replace(METER, id=f"m{len(registry.meters(engine))}")
    registry.save(engine, [meter, replace(facts, meter=meter.id)])
    return Stores(engine, series, meter)


class Stores:
    def __init__(self, engine: Engine, series: SqliteSeries, meter: Meter) -> None:
        self.engine, self.series, self.meter = engine, series, meter

    def arrive(self, at_ms, value, register: str = "energy_import_total") -> None:
        at_ms = [int(at) for at in at_ms]
        self.series.write_samples([Samples(self.meter.id, register, at_ms, list(map(float, value)), "test", NOW_S)])
        work.mark_dirty(self.engine, [work.DirtyWindow(self.meter.id, min(at_ms), max(at_ms))])

    def roll_up(self) -> int:
        return rollup_job.run(self.engine, self.series, NOW_S)

    def figures(self, resolution: Resolution, flow="main") -> Intervals:
        return self.series.intervals(resolution, self.meter.id, *EVER, flow)


def assert_same(one: Intervals, other: Intervals) -> None:
    np.testing.assert_array_equal(one.start_s, other.start_s)
    for name in ("amount", "coverage", "interpolated", "spread"):
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
    return at_ms[order], value[order], cuts, facts


@settings(max_examples=60, deadline=None)
@given(histories())
def test_neither_order_nor_pieces_change_a_figure(shared, history):
    at_ms, value, cuts, facts = history
    pieces, at_once = new_meter(shared, facts), new_meter(shared, facts)
    for part_at_ms, part_value in zip(np.split(at_ms, cuts), np.split(value, cuts), strict=True):
        if len(part_at_ms):
            pieces.arrive(part_at_ms, part_value)
            pieces.roll_up()
    at_once.arrive(at_ms, value)
    at_once.roll_up()
    for resolution in Resolution:
        assert_same(pieces.figures(resolution), at_once.figures(resolution))
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
