from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulators import truth
from simulators.faults import FaultKind
from simulators.profiles import QUARTER_S
from simulators.world import World

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY_S = 86_400
HOUR_S = 3600


def night_flow_m3_h(world: World, meter: str, night_s: int) -> float:
    found = next(r for r in world.registers() if r.meter == meter)
    steps = world.counted_steps(found, np.array([night_s, night_s + 3 * HOUR_S]))
    return float((steps[1] - steps[0]) / found.steps_per_unit / 3)


def local_night_s(now_s: int, days_ago: int) -> int:
    """One o'clock at night in Brussels, so many local days ago."""
    today = datetime.fromtimestamp(now_s, BRUSSELS).date() - timedelta(days=days_ago)
    return int(datetime(today.year, today.month, today.day, 1, tzinfo=BRUSSELS).timestamp())


def test_the_toilet_that_runs_on_is_in_the_night_flow(world, now_s):
    before = [night_flow_m3_h(world, "mrs-tournesol.water", local_night_s(now_s, days)) for days in range(8, 40)]
    since = [night_flow_m3_h(world, "mrs-tournesol.water", local_night_s(now_s, days)) for days in range(5)]
    assert np.mean(since) - np.mean(before) > 0.15
    assert np.mean(since) - np.mean(before) < 0.21
    assert min(since) > max(before)


def test_the_seeping_valve_came_and_went(world, now_s):
    def mean(first: int, last: int) -> float:
        nights = range(first, last)
        return float(np.mean([night_flow_m3_h(world, "wzc-eik.water", local_night_s(now_s, d)) for d in nights]))

    assert mean(112, 119) - mean(121, 140) > 0.09
    assert abs(mean(100, 110) - mean(121, 140)) < 0.03


def test_ventilation_left_on_adds_its_power_night_and_day(world, now_s):
    found = next(r for r in world.registers() if r.meter == "kantoor-west.elec")

    def night_kw(days_ago: int) -> float:
        night_s = local_night_s(now_s, days_ago)
        steps = world.counted_steps(found, np.array([night_s, night_s + 3 * HOUR_S]))
        return float((steps[1] - steps[0]) / found.steps_per_unit / 3)

    usual = [night_kw(days) for days in range(4, 30)]
    assert 11.0 < np.mean([night_kw(days) for days in range(3)]) - np.mean(usual) < 13.0


def test_the_silent_loggers_go_on_counting(world, now_s):
    parc = next(device for device in world.devices if device.id == "logger-ant-parc")
    at_s = np.arange(now_s - 40 * HOUR_S, now_s + 40 * HOUR_S, QUARTER_S)
    quiet = at_s[world.silent(parc, at_s)]
    assert quiet[0] - (now_s - 30 * HOUR_S) < QUARTER_S
    assert now_s + HOUR_S < quiet[-1] < now_s + 12 * HOUR_S
    erables = next(device for device in world.devices if device.id == "logger-erables")
    outage = next(f for f in world.faults if f.target == "logger-erables")
    assert world.start_s < outage.start_s < now_s - 30 * DAY_S
    assert outage.end_s is not None
    assert 1.9 * DAY_S < outage.end_s - outage.start_s < 2.2 * DAY_S
    for found in erables.registers:
        steps = world.counted_steps(found, np.array([outage.start_s, outage.end_s]))
        assert steps[1] > steps[0]


def test_every_other_device_always_speaks(world, now_s):
    at_s = np.arange(world.start_s, now_s, QUARTER_S)
    told = {device.id for device in world.devices if world.silent(device, at_s).any()}
    assert told == {"logger-ant-parc", "logger-erables"}


def test_the_truth_names_each_fault_and_each_meter_of_a_silent_device(world, now_s):
    rows = list(truth.rows(world, now_s))
    assert [(meter, kind, size) for meter, _, _, kind, size in rows if kind != FaultKind.SILENT] == [
        ("mrs-tournesol.water", "leak", 0.18),
        ("kantoor-west.elec", "left_on", 12.0),
        ("wzc-eik.water", "leak", 0.12),
    ]
    silent = {meter for meter, _, _, kind, _ in rows if kind == FaultKind.SILENT}
    assert silent == {"ant-parc.gas", "ant-parc.water", "erables.elec", "erables.gas", "erables.water"}
    assert all(start_s < end_s <= now_s for _, start_s, end_s, _, _ in rows)
