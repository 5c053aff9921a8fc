"""From the spool to the stores: nothing lost, nothing twice, nothing that blocks."""

import json
import shutil
import sqlite3
from collections.abc import Sequence

import pytest
from sqlalchemy import event

from collector.known import MOST_TOLD
from collector.pipeline import Pipeline
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason, Samples
from plagewatch.store.records.quarantine import counts, quarantined
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import dirty_windows
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

NOW_MS = 1_795_169_702_000
AT_MS = 1_795_169_700_000


def packet(value: object, device: str = "cellar", register: str = "gas_index", at: object = AT_MS // 1000) -> Packet:
    body = {"at": at, "registers": {register: {"value": value, "unit": "m3"}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode(), NOW_MS)


def meter(meter_id: str) -> Meter:
    return Meter(meter_id, "site", meter_id, Carrier.GAS, Kind.INDEX, "m3")


@pytest.fixture
def pipeline(spool, series, engine):
    save(engine, [Site("site", "Site"), meter("m1"), meter("m2"), Binding("cellar", "gas_volume", "m1")])
    return Pipeline(spool, series, engine)


def stored(series, meter_id="m1", register="gas_volume"):
    evidence = series.samples(meter_id, register, 0, 1 << 50)
    return list(zip(evidence.at_ms.tolist(), evidence.value.tolist(), strict=True))


def windows(engine):
    return [(w.meter, w.from_ms, w.to_ms) for _, found in dirty_windows(engine).values() for w in found]


def test_a_packet_becomes_evidence_and_its_figures_are_marked(pipeline, spool, series, engine):
    assert pipeline.accept([packet(5), packet(6, at=AT_MS // 1000 + 900)]) == [1, 2]
    assert pipeline.waiting() == 2
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.quarantined, report.stopped) == (2, 2, 0, "")
    assert stored(series) == [(AT_MS, 5.0), (AT_MS + 900_000, 6.0)]
    assert windows(engine) == [("m1", AT_MS, AT_MS + 900_000)]
    assert (spool.watermark(), pipeline.waiting()) == (2, 0)
    assert pipeline.drain(NOW_MS).packets == 0


def test_the_same_packet_again_changes_nothing(pipeline, spool, series):
    pipeline.accept([packet(5), packet(5)])
    pipeline.drain(NOW_MS)
    spool.set_watermark(0)  # killed before the watermark moved
    assert pipeline.drain(NOW_MS).packets == 2
    assert stored(series) == [(AT_MS, 5.0)]


def test_without_a_clock_the_receipt_counts(pipeline, series):
    pipeline.accept([packet(5, at=None)])
    pipeline.drain(NOW_MS)
    assert stored(series) == [(NOW_MS, 5.0)]


def test_an_unknown_device_waits_with_what_was_seen_and_once_however_often_it_is_replayed(pipeline, spool, engine):
    pipeline.accept([packet(5, device="attic")])
    for _ in range(2):
        assert pipeline.drain(NOW_MS).quarantined == 1
        spool.set_watermark(0)
    (item,) = quarantined(engine)
    assert (item.device, item.reason, item.spool_id) == ("attic", Reason.UNKNOWN_DEVICE, 1)
    assert item.detail == "gas_volume=5"
    assert item.payload == packet(5, device="attic").payload


def test_a_device_that_nobody_bound_fills_neither_the_records_nor_the_time(pipeline, spool, engine):
    queries: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    for first in range(0, 250, 10):
        pipeline.accept([packet(first + place, device="attic") for place in range(10)])
        pipeline.drain(NOW_MS)
    assert sum("FROM binding" in query for query in queries) == 2  # whether they changed, and what they are
    kept = [item.spool_id for item in reversed(quarantined(engine))]
    assert kept == [*range(1, 21), *range(171, 251)]
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 250}
    for _ in range(2):
        spool.set_watermark(0)
        pipeline.drain(NOW_MS)
    assert [item.spool_id for item in reversed(quarantined(engine))] == kept
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 250}


def test_a_binding_made_meanwhile_counts_soon_and_a_replay_brings_the_rest(pipeline, spool, series, engine):
    pipeline.accept([packet(5, device="attic")])
    pipeline.drain(NOW_MS)
    save(engine, [Binding("attic", "gas_volume", "m2")])
    pipeline.accept([packet(6, device="attic", at=AT_MS // 1000 + 60)])
    assert pipeline.drain(NOW_MS + 2_000).samples == 1
    spool.set_watermark(spool.place_before(0))
    pipeline.drain(NOW_MS)
    assert stored(series, "m2") == [(AT_MS, 5.0), (AT_MS + 60_000, 6.0)]


def test_a_replay_right_after_the_binding_finds_it(pipeline, spool, series, engine):
    pipeline.accept([packet(5, device="attic")])
    pipeline.drain(NOW_MS)
    save(engine, [Binding("attic", "gas_volume", "m2")])
    spool.set_watermark(0)
    pipeline.drain(NOW_MS + 1)
    assert stored(series, "m2") == [(AT_MS, 5.0)]


def test_a_changed_binding_is_followed_within_seconds_and_by_its_date(pipeline, series, engine):
    pipeline.accept([packet(1)])
    pipeline.drain(NOW_MS)
    save(engine, [Binding("cellar", "gas_volume", "m2", AT_MS + 1)])
    frame = {"register": "gas_index", "unit": "m3", "start": AT_MS // 1000, "step_s": 60, "values": [1, 2, 3]}
    pipeline.accept([Packet("loggers/cellar/readings", json.dumps({"frames": [frame]}).encode(), NOW_MS)])
    pipeline.drain(NOW_MS + 6_000)
    assert stored(series) == [(AT_MS, 1.0)]
    assert stored(series, "m2") == [(AT_MS + 60_000, 2.0), (AT_MS + 120_000, 3.0)]


def test_what_lies_before_the_binding_waits(spool, series, engine):
    save(engine, [Site("site", "Site"), meter("m1"), Binding("cellar", "gas_volume", "m1", AT_MS + 1)])
    pipeline = Pipeline(spool, series, engine)
    pipeline.accept([packet(5)])
    pipeline.drain(NOW_MS)
    assert stored(series) == []
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 1}


def test_a_spare_register_of_a_known_device_is_told_once(pipeline, engine):
    pipeline.accept([packet(value, register="water_index") for value in (1, 2, 3)])
    report = pipeline.drain(NOW_MS)
    assert (report.samples, report.quarantined, report.unbound) == (0, 1, 3)
    pipeline.accept([packet(4, register="water_index")])
    assert pipeline.drain(NOW_MS).quarantined == 0
    assert [item.reason for item in quarantined(engine)] == [Reason.UNKNOWN_REGISTER]


def test_the_phases_of_a_bound_total_are_neither_added_nor_reported(pipeline, series, engine):
    save(engine, [Meter("e", "site", "e", Carrier.ELECTRICITY, Kind.INDEX, "kWh")])
    save(engine, [Binding("shellypro3em-a", "energy_import_total", "e")])
    state = {"total_act": 6000, "total_act_ret": 0, "a_total_act_energy": 1000, "b_total_act_energy": 5000}
    params = {"ts": AT_MS / 1000, "emdata:0": state}
    body = {"src": "shellypro3em-a", "method": "NotifyStatus", "params": params}
    pipeline.accept([Packet("shellypro3em-a/events/rpc", json.dumps(body).encode(), NOW_MS)])
    report = pipeline.drain(NOW_MS)
    assert (report.samples, report.unbound, report.quarantined) == (1, 3, 0)
    assert series.registers("e") == ["energy_import_total"]
    assert stored(series, "e", "energy_import_total") == [(AT_MS, 6.0)]


def test_poison_is_kept_and_does_not_block(pipeline, spool, series, engine):
    bad = [
        Packet("loggers/cellar/readings", b"\xff", NOW_MS),
        Packet("nobody/knows", b"{}", NOW_MS),
        Packet("\x00\ud800", b"", NOW_MS),
        packet(float("nan")),
        packet(1, at="1970-01-01T00:00:00Z"),
        packet(1, at="2099-01-01T00:00:00Z"),
    ]
    with pytest.raises(UnicodeEncodeError):
        spool.append([bad.pop(2)])  # the broker never hands on such a topic
    pipeline.accept([*bad, packet(5)])
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.quarantined) == (6, 1, 5)
    assert counts(engine) == {
        Reason.MALFORMED: 1,
        Reason.UNKNOWN_TOPIC: 1,
        Reason.NOT_A_NUMBER: 1,
        Reason.TIME_IMPLAUSIBLE: 2,
    }
    assert stored(series) == [(AT_MS, 5.0)]


def test_a_locked_store_stops_the_drain_and_a_later_one_goes_on(pipeline, spool, series, tmp_path):
    pipeline.accept([packet(5)])
    series._writer.execute("PRAGMA busy_timeout=50")
    blocker = sqlite3.connect(tmp_path / "series.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    report = pipeline.drain(NOW_MS)
    assert report.packets == 0
    assert report.stopped
    assert spool.watermark() == 0
    blocker.execute("ROLLBACK")
    blocker.close()
    assert pipeline.drain(NOW_MS).samples == 1
    assert spool.watermark() == 1


def test_hostile_names_are_kept_in_a_form_that_every_database_takes(pipeline, engine):
    registers = ", ".join(f'"{"n" * 200}{place}\\u0000\\ud800": 1' for place in range(50))
    shelly = (
        '{"src": "\\u0000\\ud800", "method": "NotifyStatus", "params": {"em:0": {"total_act_power": 1}, "em:x": 1}}'
    )
    pipeline.accept(
        [
            Packet("loggers/cellar/readings", f'{{"registers": {{{registers}}}}}'.encode(), NOW_MS),
            Packet("shelly/events/rpc", shelly.encode(), NOW_MS),
        ]
    )
    assert pipeline.drain(NOW_MS).quarantined == 2
    for item in quarantined(engine):
        for text in (item.source, item.device, item.detail):
            assert "\x00" not in text
            assert len(text.encode()) < 2_000


class Choosy(SqliteSeries):
    """The real store with one more rule: it never takes the value 13, as InfluxDB refuses a type conflict."""

    well = True

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        if any(13.0 in block.value for block in blocks):
            raise SeriesError("type conflict", retryable=False)
        super().write_samples(blocks)

    def check(self) -> None:
        if not self.well:
            raise SeriesError("the token may not write", retryable=False)


@pytest.fixture
def choosy(tmp_path):
    opened = Choosy(tmp_path / "choosy.db")
    yield opened
    opened.close()


def test_a_packet_that_the_store_never_takes_is_found_and_the_others_are_kept(pipeline, spool, choosy, engine):
    pipeline.accept([packet(value, at=AT_MS // 1000 + value) for value in range(40)])
    report = Pipeline(spool, choosy, engine).drain(NOW_MS)
    assert (report.packets, report.samples, report.quarantined) == (40, 39, 1)
    assert "type conflict" in quarantined(engine)[0].detail
    assert [value for _, value in stored(choosy)] == [float(value) for value in range(40) if value != 13]
    assert spool.watermark() == 40


def test_a_store_that_refuses_everything_is_no_packets_fault(pipeline, spool, choosy, engine):
    choosy.well = False
    pipeline.accept([packet(13)])
    assert "may not write" in Pipeline(spool, choosy, engine).drain(NOW_MS).stopped
    assert (spool.watermark(), quarantined(engine)) == (0, [])


def test_thousands_of_packets_go_in_bounded_batches(pipeline, spool, series):
    pipeline.accept([packet(value, at=AT_MS // 1000 - 900 * value) for value in range(4_500)])
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples) == (4_500, 4_500)
    assert len(stored(series)) == 4_500


def test_a_lost_data_folder_is_an_error_and_not_a_silence(pipeline, spool, engine, tmp_path):
    pipeline.accept([packet(5, device="attic")])
    engine.dispose()
    for path in tmp_path.glob("records.db*"):
        shutil.move(path, tmp_path / f"gone-{path.name}")
    with pytest.raises(Exception, match="no such table"):
        pipeline.drain(NOW_MS)
    assert spool.watermark() == 0


def test_a_known_device_with_ever_new_names_of_registers_takes_a_bounded_place(spool, series, engine):
    save(engine, [Site("site", "Site"), meter("m1"), Binding("hall", "field.total", "m1", as_register="gas_volume")])
    pipeline = Pipeline(spool, series, engine)
    for first in range(0, MOST_TOLD + 5_000, 5_000):
        names = {f"name{first + place}": 1 for place in range(5_000)}
        pipeline.accept([Packet("modbus/hall/data", json.dumps(names).encode(), NOW_MS + first)])
    assert pipeline.drain(NOW_MS).unbound == MOST_TOLD + 5_000
    told = pipeline.records.known.told
    assert MOST_TOLD // 2 <= len(told) <= MOST_TOLD
    assert ("hall", f"field.name{MOST_TOLD + 4_999}") in told
