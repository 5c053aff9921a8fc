"""A device was bound to the wrong meter: moved from a past date, nothing is counted twice; moved back, nothing is lost.

One reading a minute, each 0.5 m3 above the one before, from 100 m3 on: 241 of them are 120 m3 in four hours.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from collector import ledger_check, rollup_job
from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from plagewatch.metering.claiming import Claim
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site, VirtualFormula
from plagewatch.metering.readings import Packet, Samples
from plagewatch.store.records import audit, claims, registry, work
from plagewatch.store.records.life_cycle import By
from plagewatch.store.records.withdrawals import counting, passed_over
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.sqlite import SqliteSeries
from tests.collector.ledger_stores import START_MS

MINUTE_MS = 60_000
NOW_MS = START_MS + 600 * MINUTE_MS
CLAIM = Claim("attic", "gas_volume", "old", START_MS, "els")
MIDDLE_MS = START_MS + 120 * MINUTE_MS
METERS = [Meter(name, "site", name, Carrier.GAS, Kind.INDEX, "m3", 60) for name in ("old", "new")]


class House:
    def __init__(self, engine, series, spool: Spool) -> None:
        self.engine, self.series = engine, series
        self.pipeline = Pipeline(spool, series, engine)
        self.replayer = Replayer(self.pipeline)

    def receive(self, numbers, name: str = "gas_index", unit: str | None = "m3") -> None:
        self.pipeline.accept([packet(number, name, unit) for number in numbers])
        assert not self.pipeline.drain(NOW_MS).stopped

    def claim(self, **changes: Any) -> None:
        claims.claim(self.engine, self.series, replace(CLAIM, **changes), NOW_MS)

    def settle(self) -> None:
        while self.replayer.step(NOW_MS):
            pass
        rollup_job.run(self.engine, self.series, NOW_MS // 1000)
        assert all(account.balanced for account in ledger_check.check(self.engine, self.series, None))

    def totals(self, meter: str) -> list[float]:
        """What stands at each resolution, unknown as nothing."""
        every = (self.series.intervals(resolution, meter, 0, 2**33) for resolution in Resolution)
        return [round(float(np.nansum(one.amount)), 6) for one in every]

    def waiting(self) -> list[work.DirtyWindow]:
        return [window for _, windows in work.dirty_windows(self.engine).values() for window in windows]


def packet(number: int, name: str = "gas_index", unit: str | None = "m3") -> Packet:
    at_ms = START_MS + number * MINUTE_MS
    value = 100 + number / 2
    said = {"registers": {name: {"value": value, "unit": unit}}} if unit else {name: value}
    body = {"at": at_ms // 1000, **said}
    return Packet("loggers/attic/readings", json.dumps(body).encode(), at_ms + 300)


@pytest.fixture(params=["sqlite", pytest.param("influx", marks=pytest.mark.service)])
def house(request, engine, tmp_path) -> Iterator[House]:
    series: SqliteSeries | InfluxSeries
    if request.param == "sqlite":
        series = SqliteSeries(tmp_path / "series.db")
    else:
        found = request.getfixturevalue("influx")
        series = InfluxSeries(found.url, found.token, found.org, 30)
        series.set_up()
    spool = Spool(tmp_path / "spool.db")
    registry.save(engine, [Site("site", "Site"), *METERS])
    yield House(engine, series, spool)
    spool.close()
    series.close()


def test_moved_from_a_past_date_each_reading_counts_for_one_meter(house):
    house.receive(range(241))
    house.claim()
    house.settle()
    assert house.totals("old") == [120.0] * 4

    house.claim(meter="new", from_ms=MIDDLE_MS)
    # Exactly the readings 120 to 240 change the old meter; the new one's windows come with the replay.
    assert house.waiting() == [work.DirtyWindow("old", MIDDLE_MS, START_MS + 240 * MINUTE_MS)]
    house.settle()
    # Readings 0 to 119 rise by 59.5, readings 120 to 240 by 60: the step between them is neither's.
    assert house.totals("old") == [59.5] * 4
    assert house.totals("new") == [60.0] * 4
    (account,) = ledger_check.check(house.engine, house.series, "old")
    assert (account.first_index, account.last_index) == (100.0, 159.5)
    assert account.booked == pytest.approx(59.5)

    (passed,) = passed_over(house.engine, house.series, "attic")
    assert (passed.withdrawal.meter, passed.readings) == ("old", 121)
    assert (passed.first_ms, passed.last_ms) == (MIDDLE_MS, START_MS + 240 * MINUTE_MS)
    line = next(line for line in audit.lines(house.engine, "old") if line.what == "evidence_withdrawn")
    assert (line.who, line.after["readings"], line.after["source"]) == ("els", 121, "mqtt:attic")
    # Nothing was deleted: the evidence is there, and is passed over where figures are made.
    assert len(house.series.samples("old", "gas_volume", 0, NOW_MS).value) == 241
    standing = counting(house.engine, house.series)
    assert len(standing.samples("old", "gas_volume", 0, NOW_MS).value) == 120
    assert standing.latest_sample_ms()["old"] == START_MS + 119 * MINUTE_MS


def test_moved_back_all_of_it_counts_again_and_the_other_meter_has_nothing(house):
    house.receive(range(241))
    house.claim()
    house.settle()
    house.claim(meter="new", from_ms=MIDDLE_MS)
    house.settle()
    house.claim(from_ms=MIDDLE_MS)
    house.settle()
    assert house.totals("old") == [120.0] * 4
    assert house.totals("new") == [0.0] * 4
    assert not house.series.intervals(Resolution.QUARTER, "new", 0, 2**33).known.any()
    assert ledger_check.check(house.engine, house.series, "new") == []
    assert "new" not in counting(house.engine, house.series).latest_sample_ms()
    assert [line.what for line in audit.lines(house.engine, "old")].count("evidence_restored") == 1
    # Readings that come from now on are the old meter's, and change nothing else.
    house.receive(range(241, 361))
    house.settle()
    assert (house.totals("old"), house.totals("new")) == ([180.0] * 4, [0.0] * 4)


def test_ended_from_a_past_date_and_claimed_for_another_nothing_is_twice(house):
    house.receive(range(241))
    house.claim()
    house.settle()
    claims.release(house.engine, house.series, "attic", "gas_volume", MIDDLE_MS, By("els", NOW_MS))
    house.settle()
    assert house.totals("old") == [59.5] * 4
    house.claim(meter="new", from_ms=MIDDLE_MS)
    house.settle()
    assert (house.totals("old"), house.totals("new")) == ([59.5] * 4, [60.0] * 4)


def test_what_others_told_of_the_meter_stays(house):
    house.receive(range(241))
    house.claim()
    house.settle()
    # The real meter stood at 159.5 all the time, as a file says: of the device's reading at minute 130, the same.
    at_ms = [START_MS + minute * MINUTE_MS for minute in (119, 125, 240)]
    house.series.write_samples([Samples("old", "gas_volume", at_ms, [159.5, 162.5, 160.0], "file:x.csv", NOW_MS)])
    house.claim(meter="new", from_ms=MIDDLE_MS)
    house.settle()
    standing = counting(house.engine, house.series).samples("old", "gas_volume", MIDDLE_MS, NOW_MS)
    # At minute 125 the device told 162.5 too: the file says it of this meter, so it counts.
    assert standing.value.tolist() == [162.5, 160.0]


def test_a_packet_that_was_handled_with_the_old_binding_does_not_count(house):
    house.receive(range(200))
    house.claim()
    house.settle()
    house.receive(range(200, 201))  # the pipeline has looked at the bindings just now
    house.claim(meter="new", from_ms=MIDDLE_MS)
    house.series.write_samples(
        [Samples("old", "gas_volume", [START_MS + 201 * MINUTE_MS], [200.5], "mqtt:attic", NOW_MS)]
    )
    work.mark_dirty(house.engine, [work.DirtyWindow("old", START_MS + 201 * MINUTE_MS, START_MS + 201 * MINUTE_MS)])
    house.settle()
    assert house.totals("old") == [59.5] * 4


def test_a_unit_said_wrongly_is_said_anew(house):
    house.receive(range(241), "count", None)
    house.claim(register="field.count", as_register="gas_volume", unit="m3")
    house.settle()
    assert house.totals("old") == [120.0] * 4
    house.claim(register="field.count", as_register="gas_volume", unit="l")
    house.settle()
    # 120 litres, and no contradiction with what was believed before.
    assert house.totals("old") == [0.12] * 4


HOUR_MS = 3_600_000


def told(house: House, register: str, at_ms: list[int], value: list[float], source: str) -> None:
    house.series.write_samples([Samples("hours", register, at_ms, value, source, NOW_MS)])
    work.mark_dirty(house.engine, [work.DirtyWindow("hours", min(at_ms), max(at_ms))])


@pytest.fixture
def hours(house):
    """A meter that tells hours, another that could, and one computed from the first; a logger is bound to the first."""
    power = Meter("hours", "site", "hours", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 3600)
    twice = Meter("twice", "site", "twice", Carrier.ELECTRICITY, Kind.VIRTUAL, "kWh")
    formula = VirtualFormula("twice", "2 * [hours]")
    bound = [Binding("logger", register, "hours") for register in ("energy_interval", "energy_import_total")]
    registry.save(house.engine, [power, replace(power, id="theirs"), twice, formula, *bound])
    return house


def of_theirs(register: str, from_ms: int) -> Claim:
    return Claim("logger", register, "theirs", from_ms, "els")


def test_hours_that_are_withdrawn_are_unknown_in_all_that_is_made_of_them(hours):
    told(hours, "energy_interval", [START_MS + n * HOUR_MS for n in range(30)], [1.0] * 30, "mqtt:logger")
    hours.settle()
    assert hours.totals("hours") == [0.0, 30.0, 30.0, 30.0]
    assert hours.totals("twice")[1:] == [60.0] * 3
    claims.claim(hours.engine, hours.series, of_theirs("energy_interval", START_MS + 10 * HOUR_MS), NOW_MS)
    hours.settle()
    # The first ten hours stay, all of the first day.
    assert hours.totals("hours") == [0.0, 10.0, 10.0, 10.0]
    assert hours.totals("twice")[1:] == [20.0] * 3


def test_what_another_register_tells_comes_in_the_place_of_what_is_withdrawn(hours):
    # A file tells 1 kWh an hour for 12 hours; an index, 3 kWh an hour, was wrongly bound from the fourth on.
    told(hours, "energy_interval", [START_MS + n * HOUR_MS for n in range(12)], [1.0] * 12, "file:x.csv")
    at_ms = [START_MS + n * HOUR_MS for n in range(4, 11)]
    told(hours, "energy_import_total", at_ms, [100.0 + 3 * n for n in range(7)], "mqtt:logger")
    hours.settle()
    # Six hours of the index are 18 kWh; the other six hours are the file's.
    assert hours.totals("hours")[1:] == [24.0] * 3
    claims.claim(hours.engine, hours.series, of_theirs("energy_import_total", START_MS + 7 * HOUR_MS), NOW_MS)
    hours.settle()
    # Readings at the hours 4, 5, 6 stay: two hours, 6 kWh; the file tells the other ten.
    assert hours.totals("hours")[1:] == [16.0] * 3
    claims.claim(hours.engine, hours.series, of_theirs("energy_import_total", 0), NOW_MS)
    hours.settle()
    assert hours.totals("hours") == [0.0, 12.0, 12.0, 12.0]
    back = replace(of_theirs("energy_import_total", 0), meter="hours")
    claims.claim(hours.engine, hours.series, back, NOW_MS)
    claims.claim(hours.engine, hours.series, replace(back, from_ms=START_MS + 7 * HOUR_MS), NOW_MS)
    hours.settle()
    assert hours.totals("hours")[1:] == [24.0] * 3
