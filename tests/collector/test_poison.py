"""Packets that no database can hold as they are: each is dealt with, and those behind it come through."""

import json
import random
import string

import pytest

from collector.decoders.sparkplug_b.schema import Payload
from collector.pipeline import Pipeline
from collector.quarantining import refused
from collector.spool import Spool
from collector.spool_newest import Spooled
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.records.quarantine import counts, keep, quarantined
from plagewatch.store.records.registry import save
from plagewatch.store.records.serials import serials_of

pytestmark = pytest.mark.records

NOW_MS = 1_795_169_702_000


@pytest.fixture
def pipeline(tmp_path, series, engine):
    save(engine, [Site("site", "Site"), Meter("m1", "site", "m1", Carrier.GAS, Kind.INDEX, "m3")])
    save(engine, [Binding("cellar", "gas_volume", "m1")])
    spool = Spool(tmp_path / "spool.db")
    yield Pipeline(spool, series, engine)
    spool.close()


def reading(value: int, serial: str) -> Packet:
    registers = {"gas_index": {"value": value, "unit": "m3"}}
    body = {"at": NOW_MS // 1000 - 60 + value, "serial": {"gas_index": serial}, "registers": registers}
    return Packet("loggers/cellar/readings", json.dumps(body).encode(), NOW_MS)


def birth(group: str) -> Packet:
    payload = Payload(timestamp=NOW_MS, seq=0)
    payload.metrics.add(timestamp=NOW_MS, name="Import Total", alias=7, datatype=8, long_value=5)
    return Packet(f"spBv1.0/{group}/NBIRTH/cellar", payload.SerializeToString(), NOW_MS)


def wide(random_: random.Random, length: int) -> str:
    return "".join(chr(random_.randrange(0x20000, 0x2A000)) for _ in range(length))


def test_a_name_and_a_reason_in_letters_of_four_bytes_can_be_kept(engine):
    chosen = random.Random(1)
    packet = Packet(f"spBv1.0/{wide(chosen, 190)}/NDATA/cellar", b"", NOW_MS)
    keep(engine, [refused(Spooled(1, packet), wide(chosen, 2_000))], "0123456789abcdef")
    (item,) = quarantined(engine)
    assert packet.topic.split("/")[1] in item.device
    assert len(item.detail) == 400


@pytest.mark.parametrize("serial", ["\ud800", "\x00", "4530\x00", "7" * 100_000], ids=["half", "nul", "in it", "long"])
def test_a_serial_number_that_is_none_blocks_nothing(pipeline, series, engine, serial):
    pipeline.accept([reading(1, serial), reading(2, "4711")])
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.stopped, pipeline.waiting()) == (2, 2, "", 0)
    assert series.samples("m1", "gas_volume", 0, 1 << 50).value.tolist() == [1.0, 2.0]
    met = [one.serial for one in serials_of(engine, "m1")]
    assert met[-1] == "4711"
    assert max(map(len, met)) <= 201


def test_a_name_that_no_key_can_hold_blocks_nothing(pipeline, series, engine):
    # Of random letters: PostgreSQL would make a name that repeats itself short enough.
    letters = random.Random(1).choices(string.ascii_letters + string.digits, k=6_000)
    pipeline.accept([birth("".join(letters)), birth("é" * 400), reading(2, "4711")])
    report = pipeline.drain(NOW_MS)
    assert (report.packets, report.samples, report.stopped, pipeline.waiting()) == (3, 1, "", 0)
    assert counts(engine)[Reason.MALFORMED] == 1
    assert series.samples("m1", "gas_volume", 0, 1 << 50).value.tolist() == [2.0]
