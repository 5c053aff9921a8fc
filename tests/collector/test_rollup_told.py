"""Findings, qualities, and flows that several registers tell."""

from datetime import date
from itertools import permutations

import numpy as np
import pytest

from collector import ledger_check
from plagewatch.metering.course import Note
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Carrier, Kind, Meter, MeterFacts
from plagewatch.metering.readings import Quality
from plagewatch.store.records import findings, registry, work
from tests.collector.ledger_stores import (
    EVER,
    INDEX,
    QUARTER_MS,
    START_MS,
    TZ,
    Stores,
    new_meter,
    stores,
)


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
        instants, each = HISTORY[register]
        value = np.full(len(instants), 4 * each) if "interval" in register else (instants - instants[0]) * each
        for piece in np.array_split(np.arange(len(instants)), 3)[:: 1 if order[0] < order[1] else -1]:
            kept.arrive(START_MS + (instants[piece] * QUARTER_MS).astype(np.int64), value[piece], register)
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
