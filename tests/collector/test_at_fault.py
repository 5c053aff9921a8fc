"""One packet that cannot be written, while the stores are well: it is set apart, and those behind it come through."""

import json
import random
from contextlib import closing

import pytest
from sqlalchemy import Engine, text

from collector.decoders.sparkplug_b.schema import Payload
from collector.pipeline import BATCH_BYTES, Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from collector.spool_newest import SMALL_BYTES
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.engine import RecordsError, open_records
from plagewatch.store.records import replays
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.registry import save
from plagewatch.store.records.spools import KnownSpool, seen
from plagewatch.store.records.work import dirty_windows
from plagewatch.store.series.sqlite import SqliteSeries

pytestmark = pytest.mark.records

NOW_MS = 1_795_169_702_000
AT_S = 1_795_169_600


def reading(value: int, device: str = "cellar", size: int = 0) -> Packet:
    body = {"at": AT_S + value, "registers": {"gas_index": {"value": value, "unit": "m3"}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode().ljust(size), NOW_MS)


def birth() -> Packet:
    payload = Payload(timestamp=NOW_MS, seq=0)
    payload.metrics.add(timestamp=NOW_MS, name="Import Total", alias=7, datatype=8, long_value=5)
    return Packet("spBv1.0/campus/NBIRTH/edge", payload.SerializeToString(), NOW_MS)


def meter(name: str) -> Meter:
    return Meter(name, "site", name, Carrier.GAS, Kind.INDEX, "m3")


@pytest.fixture
def pipeline(tmp_path, series, engine):
    save(engine, [Site("site", "Site"), meter("m1"), meter("m2")])
    save(engine, [Binding("cellar", "gas_volume", "m1"), Binding("attic", "gas_volume", "m2")])
    with closing(Spool(tmp_path / "spool.db")) as spool:
        yield Pipeline(spool, series, engine)


def refuse(engine: Engine, table: str, when: str) -> None:
    """Have the database refuse rows, as it would refuse a value that it cannot hold."""
    if engine.dialect.name == "sqlite":
        do(engine, f"CREATE TRIGGER poison BEFORE INSERT ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, 'bad'); END")
        return
    raising = "CREATE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'bad'; END $$"
    each = f"CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION bad()"
    do(engine, raising, each)


def refuse_no_more(engine: Engine, table: str) -> None:
    do(engine, "DROP TRIGGER poison" + ("" if engine.dialect.name == "sqlite" else f" ON {table}"))


def do(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def stored(series: SqliteSeries, name: str = "m1") -> list[float]:
    return [float(value) for value in series.samples(name, "gas_volume", 0, 1 << 50).value]


def marked(engine: Engine) -> dict[str, set[int]]:
    """The instants of the windows that are to be made, by meter [s after AT_S]."""
    return {
        name: {at for window in windows for at in (window.from_ms // 1000 - AT_S, window.to_ms // 1000 - AT_S)}
        for name, (_, windows) in dirty_windows(engine).items()
    }


def others_came_through(pipeline: Pipeline, series: SqliteSeries, engine: Engine) -> bool:
    return (
        pipeline.waiting() == 0
        and stored(series) == [float(value) for value in range(20)]
        and {0, 19} <= marked(engine)["m1"]
    )


def among_others(poison: Packet) -> list[Packet]:
    return [*(reading(value) for value in range(13)), poison, *(reading(value) for value in range(13, 20))]


def test_a_packet_whose_quarantine_is_refused_is_kept_without_a_name(pipeline, series, engine):
    refuse(engine, "quarantine", "NEW.device = 'poison'")
    pipeline.accept(among_others(reading(5, "poison")))
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.quarantined, report.stopped) == (21, 20, 1, "")
    assert others_came_through(pipeline, series, engine)
    (item,) = quarantined(engine)
    assert (item.device, item.reason, item.spool_id, item.payload) == ("", Reason.MALFORMED, 14, b"")
    assert item.detail == "cannot be kept here; the spool has it"


def test_a_packet_whose_windows_are_refused_is_kept_whole_with_the_error(pipeline, series, engine):
    refuse(engine, "dirty_window", "NEW.meter = 'm2'")
    poison = reading(5, "attic")
    pipeline.accept(among_others(poison))
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.quarantined, report.stopped) == (21, 1, "")
    assert others_came_through(pipeline, series, engine)
    assert "m2" not in marked(engine)
    (item,) = quarantined(engine)
    assert (item.device, item.reason, item.payload) == ("attic", Reason.MALFORMED, poison.payload)
    told = {"sqlite": "IntegrityError: bad", "postgresql": "RaiseException: bad"}
    assert item.detail.startswith(told[engine.dialect.name])


def test_what_a_packet_at_fault_told_is_made_when_its_windows_can_be_marked(pipeline, series, engine):
    """Its evidence is in the store before its serial number is refused."""
    refuse(engine, "serial_seen", "NEW.serial = '666'")
    body = {"at": AT_S + 5, "serial": {"gas_index": "666"}, "registers": {"gas_index": {"value": 5, "unit": "m3"}}}
    pipeline.accept(among_others(Packet("loggers/attic/readings", json.dumps(body).encode(), NOW_MS)))
    assert pipeline.drain(NOW_MS).samples == 21
    assert others_came_through(pipeline, series, engine)
    assert (stored(series, "m2"), marked(engine)["m2"]) == ([5.0], {5})
    assert [item.device for item in quarantined(engine)] == ["attic"]


def test_a_packet_whose_memory_is_refused_teaches_nothing_and_holds_nobody_up(pipeline, series, engine):
    refuse(engine, "device_memory", "NEW.key LIKE 'campus/%'")
    pipeline.accept(among_others(birth()))
    assert pipeline.drain(NOW_MS).stopped == ""
    assert others_came_through(pipeline, series, engine)
    assert Reason.MALFORMED in {item.reason for item in quarantined(engine, device="campus/edge")}
    assert pipeline.records.known.memory == {}


def test_a_packet_that_cannot_even_be_planned_is_set_apart(pipeline, series, engine):
    save(engine, [Binding("odd", "field.total", "m2", as_register="gas_volume", unit="l")])
    do(engine, "UPDATE binding SET as_register = 'no word at all' WHERE device = 'odd'")
    pipeline.accept(among_others(Packet("senml/odd", b'[{"n": "total", "v": 1}]', NOW_MS)))
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.quarantined, report.stopped) == (21, 1, "")
    assert others_came_through(pipeline, series, engine)
    assert "no word at all" in quarantined(engine)[0].detail


def test_what_cannot_be_kept_at_all_stays_in_the_spool_and_is_counted(pipeline, series, engine):
    refuse(engine, "quarantine", "NEW.spool_id = 14")
    poison = reading(5, "poison")
    pipeline.accept(among_others(poison))
    assert pipeline.drain(NOW_MS).stopped == ""
    assert others_came_through(pipeline, series, engine)
    assert (quarantined(engine), pipeline.tally.unkept) == ([], 1)
    assert pipeline.spool.read_after(13, 1)[0].packet == poison


def test_batches_written_ahead_of_a_packet_at_fault_are_finished_behind_it(pipeline, series, engine):
    refuse(engine, "dirty_window", "NEW.meter = 'm2'")
    alone = [reading(value, "attic" if value in (1, 4) else "cellar", BATCH_BYTES + SMALL_BYTES) for value in range(6)]
    pipeline.accept(alone)
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.quarantined, report.stopped, pipeline.waiting()) == (6, 2, "", 0)
    assert (stored(series), marked(engine)) == ([0.0, 2.0, 3.0, 5.0], {"m1": {0, 2, 3, 5}})
    assert sorted(item.spool_id or 0 for item in quarantined(engine)) == [2, 5]


def test_a_replay_goes_on_behind_a_packet_at_fault(pipeline, series, engine):
    seen(engine, KnownSpool(pipeline.spool.name, "here:spool.db", NOW_MS))
    pipeline.accept(among_others(reading(5, "attic")))
    pipeline.drain(NOW_MS)
    refuse(engine, "dirty_window", "NEW.meter = 'm2'")
    number = replays.ask_now(engine, replays.Asked("els", NOW_MS, 0))
    replayer = Replayer(pipeline)
    while replayer.step(NOW_MS):
        pass
    done = replays.replay(engine, number)
    assert done is not None
    assert done.done_ms == NOW_MS
    assert [item.device for item in quarantined(engine)] == ["attic"]


@pytest.mark.parametrize("table", ["dirty_window", "quarantine"])
def test_records_without_a_table_are_no_packets_fault(pipeline, series, engine, table):
    do(engine, f"ALTER TABLE {table} RENAME TO away")
    pipeline.accept(among_others(reading(5, "unbound")))
    with pytest.raises(RecordsError):
        pipeline.drain(NOW_MS)
    assert (pipeline.waiting(), pipeline.tally.unkept) == (21, 0)
    do(engine, f"ALTER TABLE away RENAME TO {table}")
    assert pipeline.drain(NOW_MS).stopped == ""
    assert others_came_through(pipeline, series, engine)
    assert [item.reason for item in quarantined(engine)] == [Reason.UNKNOWN_DEVICE]


def test_records_that_take_nothing_into_quarantine_are_no_packets_fault(pipeline, series, engine):
    refuse(engine, "quarantine", "NEW.reason <> ''")
    pipeline.accept(among_others(reading(5, "unbound")))
    with pytest.raises(RecordsError):
        pipeline.drain(NOW_MS)
    assert (pipeline.waiting(), pipeline.tally.unkept) == (21, 0)
    refuse_no_more(engine, "quarantine")
    assert pipeline.drain(NOW_MS).stopped == ""
    assert others_came_through(pipeline, series, engine)


@pytest.mark.service
def test_a_key_that_is_too_long_is_no_trouble_of_the_database_though_it_looks_like_one(tmp_path, series, postgres_url):
    """PostgreSQL calls it operational, like a full disk."""
    engine = open_records(postgres_url)
    save(engine, [Site("site", "Site"), meter("m1"), Binding("cellar", "gas_volume", "m1")])
    do(engine, "CREATE INDEX ON quarantine (payload)")
    with closing(Spool(tmp_path / "spool.db")) as spool:
        pipeline = Pipeline(spool, series, engine)
        pipeline.accept(among_others(Packet("loggers/odd/readings", random.Random(1).randbytes(9_000), NOW_MS)))
        assert pipeline.drain(NOW_MS).stopped == ""
        assert others_came_through(pipeline, series, engine)
    assert [(item.device, item.spool_id) for item in quarantined(engine)] == [("", 14)]
    engine.dispose()
