"""Two collectors, each with its own spool, on the same records: nothing is counted twice, nothing is left out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector.decoders.sparkplug_b.schema import Payload
from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from plagewatch.metering.claiming import Claim
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.records import claims, quarantine, replays, spools
from plagewatch.store.records.registry import save
from plagewatch.store.records.replay_progress import Replay
from plagewatch.store.records.replays import Asked
from plagewatch.store.records.spools import KnownSpool
from plagewatch.store.series.sqlite import SqliteSeries

pytestmark = pytest.mark.records

START_MS = 1_795_000_000_000
MINUTE_MS = 60_000
NOW_MS = START_MS + 10_000 * MINUTE_MS


def packet(number: int, device: str = "attic") -> Packet:
    at_ms = START_MS + number * MINUTE_MS
    body = {"at": at_ms // 1000, "registers": {"gas_index": {"value": 100 + number, "unit": "m3"}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode(), at_ms + 300)


class Collector:
    """One collector as far as its spool, its pipeline and its replays go."""

    def __init__(self, name: str, folder: Path, engine: Engine, series: SqliteSeries) -> None:
        self.spool = Spool(folder / name / "spool.db")
        self.place = f"{name}:{self.spool.path.name}"
        self.pipeline = Pipeline(self.spool, series, engine)
        self.replayer = Replayer(self.pipeline)
        self.seen(NOW_MS)

    def seen(self, now_ms: int) -> None:
        spools.seen(self.pipeline.engine, KnownSpool(self.spool.name, self.place, now_ms))

    def receive(self, packets: list[Packet], now_ms: int = NOW_MS) -> None:
        self.pipeline.accept(packets)
        assert not self.pipeline.drain(now_ms).stopped

    def replay(self) -> None:
        while self.replayer.step(NOW_MS):
            pass


@pytest.fixture
def two(tmp_path, engine, series):
    save(engine, [Site("site", "Site"), Meter("m", "site", "m", Carrier.GAS, Kind.INDEX, "m3", 60)])
    made = [Collector(name, tmp_path, engine, series) for name in ("a", "b")]
    yield made
    for collector in made:
        collector.spool.close()


def replayed(engine: Engine, number: int) -> Replay:
    found = replays.replay(engine, number)
    assert found is not None
    return found


def test_packets_of_two_spools_with_the_same_places_are_all_counted_and_kept(two, engine):
    for collector, parity in zip(two, (0, 1), strict=True):
        collector.receive([packet(number) for number in range(parity, 200, 2)])
    (count,) = quarantine.counted(engine)
    assert (count.number, count.first_ms, count.last_ms) == (200, packet(0).received_ms, packet(199).received_ms)
    assert quarantine.counts(engine) == {Reason.UNKNOWN_DEVICE: 200}
    kept = quarantine.packets_of(engine, "attic")
    assert [item.received_ms for item in kept] == [packet(number).received_ms for number in range(200)]
    two[0].spool.set_watermark(0)
    two[0].pipeline.drain(NOW_MS)  # killed before it moved its watermark, say
    assert quarantine.counts(engine) == {Reason.UNKNOWN_DEVICE: 200}


def test_a_claim_replays_both_spools_and_ends_with_the_later_one(two, engine, series):
    for collector, parity in zip(two, (0, 1), strict=True):
        collector.receive([packet(number) for number in range(parity, 1_200, 2)])
    number = claims.claim(engine, series, Claim("attic", "gas_volume", "m", START_MS, "els"), NOW_MS)
    first, second = two
    first.replay()
    half = replayed(engine, number)
    assert (half.begun, half.done_ms, half.packets, half.samples, half.counted) == (True, None, 600, 600, 600)
    assert quarantine.counts(engine) == {Reason.UNKNOWN_DEVICE: 600}
    assert not first.replayer.step(NOW_MS)  # it has done its part
    second.replay()
    done = replayed(engine, number)
    assert (done.done_ms, done.packets, done.samples, done.counted, done.gone) == (NOW_MS, 1_200, 1_200, 1_200, 0)
    assert (done.trouble, quarantine.counts(engine)) == ("", {})
    assert list(series.samples("m", "gas_volume", 0, 1 << 50).value) == [100.0 + number for number in range(1_200)]


def test_each_spool_goes_on_to_its_next_replay_without_waiting_for_the_other(two, engine, series):
    for collector in two:
        collector.receive([packet(number) for number in range(10)])
    numbers = [replays.ask_now(engine, Asked("els", NOW_MS, 0)) for _ in range(2)]
    two[0].replay()
    assert [replayed(engine, number).done_ms for number in numbers] == [None, None]
    assert [len(replayed(engine, number).parts) for number in numbers] == [1, 1]
    two[1].replay()
    assert [replayed(engine, number).done_ms for number in numbers] == [NOW_MS, NOW_MS]


def test_a_spool_that_nobody_has_seen_for_a_month_is_not_waited_for_and_named(two, engine):
    two[0].receive([packet(0)])
    number = replays.ask_now(engine, Asked("els", NOW_MS, 0))
    two[0].replay()
    replays.settle(engine, NOW_MS + spools.GIVEN_UP_MS - 1)
    assert replayed(engine, number).done_ms is None
    replays.settle(engine, NOW_MS + spools.GIVEN_UP_MS)
    done = replayed(engine, number)
    assert done.done_ms == NOW_MS + spools.GIVEN_UP_MS
    assert done.trouble == "the packets in the spool b:spool.db were not replayed"


def test_a_replay_ends_where_it_was_told_and_leaves_the_counts(two, engine, series):
    first = two[0]
    first.receive([packet(number) for number in range(100)])
    claim = Claim("attic", "gas_volume", "m", START_MS, "els")
    claims.claim(engine, series, replace(claim, device="cellar"), NOW_MS)  # any other: only bindings are wanted here
    save(engine, [replace(binding, device="attic") for binding in _bindings(engine)])
    for collector in two:
        collector.replay()
    since_ms, until_ms = packet(20).received_ms, packet(30).received_ms
    number = replays.ask_now(engine, Asked("els", NOW_MS, since_ms, until_ms, "attic"))
    for collector in two:
        collector.replay()
    done = replayed(engine, number)
    assert (done.packets, done.samples) == (10, 10)
    assert list(series.samples("m", "gas_volume", 0, 1 << 50).value) == [100.0 + number for number in range(20, 30)]
    kept = {item.received_ms for item in quarantine.packets_of(engine, "attic")}
    assert not kept & {packet(number).received_ms for number in range(20, 30)}
    assert len(kept) == 90


def _bindings(engine):
    from plagewatch.store.records.registry import bindings

    return bindings(engine)


def test_names_that_one_collector_heard_are_known_to_the_other(two, engine):
    """A birth goes to one collector of a group, the data that need its names to another."""
    birth, data = Payload(), Payload()
    for place, payload in enumerate((birth, data)):
        payload.timestamp, payload.seq = START_MS + place * MINUTE_MS, place
    metric = birth.metrics.add()
    metric.name, metric.alias, metric.timestamp, metric.datatype, metric.float_value = "gas", 7, START_MS, 9, 1.0
    metric = data.metrics.add()
    metric.alias, metric.timestamp, metric.datatype, metric.float_value = 7, START_MS + MINUTE_MS, 9, 2.0
    first, second = two
    second.receive([Packet("loggers/other/readings", b"{}", START_MS)])  # it has read the memory: nothing is in it
    first.receive([Packet("spBv1.0/g/NBIRTH/node", birth.SerializeToString(), START_MS)])
    second.receive([Packet("spBv1.0/g/NDATA/node", data.SerializeToString(), START_MS + MINUTE_MS)], NOW_MS + 300)
    assert Reason.NO_BIRTH not in quarantine.counts(engine)
