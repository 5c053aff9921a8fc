"""A real InfluxDB that refuses, stands still, is killed or full: nothing is dropped, and everything catches up."""

import json
import os
import secrets
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from collector.pipeline import Pipeline
from collector.spool import Spool
from plagewatch.bench import services
from plagewatch.bench.services import Influx, NoService, Service
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Samples
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.registry import save
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.protocol import SamplesRefused, SeriesError
from tests.services.proxies import moody, passing

pytestmark = pytest.mark.service

NOW_MS = 1_795_169_702_000
T0_S = NOW_MS // 1000 - 100_000
OLD_S = 1_577_836_800  # 2020-01-01, in a shard of its own
GAS = "gas_volume"


@dataclass(frozen=True)
class Server:
    service: Service
    where: Influx

    def organisation(self) -> Influx:
        """An organisation of its own, its buckets not made yet."""
        org, at, token = f"org-{secrets.token_hex(4)}", f"{self.where.url}/api/v2", self.where.token
        made = services.post(f"{at}/orgs", {"name": org}, token)
        # InfluxQL asks the organisation that a token is of, whatever else it may do.
        rights = [
            {"action": action, "resource": {"type": kind, "id" if kind == "orgs" else "orgID": made["id"]}}
            for kind in ("buckets", "orgs")
            for action in ("read", "write")
        ]
        grant = services.post(f"{at}/authorizations", {"orgID": made["id"], "permissions": rights}, token)
        return Influx(self.where.url, str(grant["token"]), org)


@contextmanager
def _started(folder: Path, missing: Callable[[str], None]) -> Iterator[Server]:
    try:
        service, where = services.influxd(folder)
    except NoService as reason:
        missing(f"NO INFLUXDB: {reason}")
    service.start()
    try:
        services.set_up(where)
        yield Server(service, where)
    finally:
        if service.process is not None and service.running:
            service.process.send_signal(signal.SIGCONT)
        service.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Server]:
    """A server of these tests alone: they kill it."""
    with _started(tmp_path_factory.mktemp("influxdb"), missing) as started:
        yield started


def series_at(where: Influx, url: str | None = None, timeout_s: float = 10.0) -> InfluxSeries:
    return InfluxSeries(url or where.url, where.token, where.org, timeout_s)


@pytest.fixture
def ready(server: Server) -> Influx:
    """An organisation whose buckets are there."""
    where = server.organisation()
    with closing(series_at(where)) as series:
        series.set_up()
    return where


@dataclass
class Door:
    """A spool, records, and what brings one into the other and into a series store."""

    spool: Spool
    engine: Engine
    sent: list[tuple[int, float]]

    def accept(self, at_s: list[int], received_ms: int = NOW_MS) -> None:
        """A packet for each instant, with a value of its own."""
        packets = []
        for at in at_s:
            value = len(self.sent) + 0.25
            body = {"at": at, "registers": {"gas_index": {"value": value, "unit": "m3"}}}
            packets.append(Packet("loggers/cellar/readings", json.dumps(body).encode(), received_ms))
            self.sent.append((at * 1000, value))
        self.spool.append(packets)

    def drain(self, series: InfluxSeries) -> str:
        """Bring all that waits into a store; why it stopped before."""
        return Pipeline(self.spool, series, self.engine).drain(NOW_MS).stopped

    def caught_up(self, where: Influx) -> bool:
        """Whether the store has what was sent, no more and no less, and nothing waits or is in quarantine."""
        with closing(series_at(where)) as series:
            self.drain(series)
            return stored(series) == sorted(self.sent) and self.spool.waiting() == 0 and not quarantined(self.engine)


def stored(series: InfluxSeries) -> list[tuple[int, float]]:
    evidence = series.samples("m1", GAS, 0, 1 << 50)
    return list(zip(evidence.at_ms.tolist(), evidence.value.tolist(), strict=True))


@pytest.fixture
def door(tmp_path: Path, engine: Engine) -> Iterator[Door]:
    meter = Meter("m1", "site", "m1", Carrier.GAS, Kind.INDEX, "m3")
    save(engine, [Site("site", "Site"), meter, Binding("cellar", GAS, "m1")])
    spool = Spool(tmp_path / "spool.db")
    yield Door(spool, engine, [])
    spool.close()


def test_packets_with_points_of_another_type_go_to_quarantine_and_all_others_are_kept(ready, door):
    with closing(series_at(ready)) as series:
        _spoil(ready)
        # The fourth and the sixth fall in a shard where somebody wrote text.
        door.accept([T0_S, T0_S + 1, T0_S + 2, OLD_S, T0_S + 3, OLD_S + 9, T0_S + 4])
        assert door.drain(series) == ""
        kept = [pair for pair in sorted(door.sent) if pair[0] >= T0_S * 1000]
        assert len(kept) == 5
        assert stored(series)[-5:] == kept
        items = quarantined(door.engine)
        assert sorted(json.loads(item.payload or b"")["at"] for item in items) == [OLD_S, OLD_S + 9]
        assert all("type conflict" in item.detail and "0x" not in item.detail for item in items)
        assert door.spool.waiting() == 0


def test_the_refused_are_found_among_thousands(ready):
    with closing(series_at(ready)) as series:
        _spoil(ready)
        blocks = []
        for number in range(300):
            at_ms = [(T0_S + number * 1000 + place) * 1000 for place in range(100)]
            if number == 137:
                at_ms[50] = OLD_S * 1000
            if number in (201, 260):  # one in each of the two bodies that are sent
                at_ms = [(OLD_S + number * 100 + place) * 1000 for place in range(100)]
            blocks.append(Samples(f"m{number}", GAS, at_ms, [float(place) for place in range(100)], "mqtt:a", NOW_MS))
        # A key longer than InfluxDB takes: it refuses the whole body, and keeps nothing of it.
        blocks[20] = blocks[20]._replace(meter="x" * 70_000, at_ms=[T0_S * 1000], value=[1.0])
        with pytest.raises(SamplesRefused, match=r"never takes 202 of 29901 samples") as refused:
            series.write_samples(blocks)
        assert refused.value.why.keys() == {20, 137, 201, 260}
        assert "unable to parse" in refused.value.why[20]
        assert len(str(refused.value)) < 1_000
        found = series.samples_of([f"m{number}" for number in range(300)], T0_S * 1000, 1 << 50)
        expected = {(f"m{number}", GAS): 100 for number in range(300) if number not in (20, 201, 260)}
        assert {pair: len(evidence.at_ms) for pair, evidence in found.items()} == expected | {("m137", GAS): 99}


def test_points_that_a_bucket_is_too_young_for_go_to_quarantine(server, door):
    where = server.organisation()
    with closing(series_at(where)) as series:
        series.set_up()
        _keep(where, 86_400)
        now_s = int(time.time())
        door.accept([now_s - 60, OLD_S, now_s], now_s * 1000)
        assert door.drain(series) == ""
        assert stored(series) == [door.sent[0], door.sent[2]]
        (item,) = quarantined(door.engine)
        assert "retention" in item.detail.lower()


def test_a_wrong_token_stops_and_a_right_one_catches_up(ready, door):
    door.accept([T0_S, T0_S + 1])
    with closing(series_at(replace(ready, token="wrong"))) as series:
        said = door.drain(series)
    assert "PLAGEWATCH_INFLUX_TOKEN" in said
    assert "wrong" not in said.replace("wrong token", "")
    assert (door.spool.waiting(), quarantined(door.engine)) == (2, [])
    assert door.caught_up(ready)


def test_a_bucket_that_is_not_there_stops_and_catches_up_once_it_is_made(server, door):
    where = server.organisation()
    door.accept([T0_S, T0_S + 1])
    with closing(series_at(where)) as series:
        said = door.drain(series)
        assert "`evidence`" in said
        assert "plagewatch store init" in said
        assert door.spool.waiting() == 2
        series.set_up()
        assert door.drain(series) == ""
    assert door.caught_up(where)


def test_a_frozen_server_is_told_soon_and_catches_up(server, ready, door):
    assert server.service.process is not None
    with closing(series_at(ready, timeout_s=90.0)) as series:
        door.accept([T0_S])
        assert door.drain(series) == ""
        door.accept([T0_S + 1])
        server.service.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(SeriesError, match="no answer in time") as failed:
                series.check()
            assert time.monotonic() - began < 30
            assert failed.value.retryable
            with closing(series_at(ready, timeout_s=0.5)) as hasty:
                assert "no answer in time" in door.drain(hasty)
            assert door.spool.waiting() == 1
        finally:
            server.service.process.send_signal(signal.SIGCONT)
        assert door.drain(series) == ""
    assert door.caught_up(ready)


def test_a_server_killed_in_the_middle_of_writes_has_everything_once(server, ready, door):
    door.accept([T0_S + place for place in range(12_000)])
    stops: list[str] = []

    def drain() -> None:
        with closing(series_at(ready)) as series:
            while door.spool.waiting():
                stops.append(door.drain(series))

    draining = threading.Thread(target=drain)
    draining.start()
    while door.spool.watermark() == 0 and draining.is_alive():
        time.sleep(0.001)
    server.service.kill()
    with closing(series_at(ready)) as series, pytest.raises(SeriesError, match=r"Connection refused") as failed:
        series.check()
    assert "0x" not in str(failed.value)
    server.service.start()
    draining.join(30)
    assert any(stops)
    assert door.caught_up(ready)


def test_a_busy_server_is_asked_again_after_the_time_it_names(ready, door):
    with moody(ready.url) as (url, moods), closing(series_at(ready, url)) as series:
        moods.next = [(503, {"Retry-After": "0.05"}), (429, {}), (503, {})]
        door.accept([T0_S])
        assert door.drain(series) == ""
        assert moods.asked == 4
        moods.next = [(503, {"Retry-After": "3600"})]
        door.accept([T0_S + 1])
        assert "503" in door.drain(series)
        moods.next = [(500, {})]
        assert "500" in door.drain(series)
        assert door.spool.waiting() == 1
    assert door.caught_up(ready)


def test_a_body_that_is_too_large_for_somebody_on_the_way_is_halved(ready, door):
    with moody(ready.url) as (url, moods), closing(series_at(ready, url)) as series:
        moods.next = [(413, {}), (413, {})]
        door.accept([T0_S + place for place in range(40)])
        assert door.drain(series) == ""
        assert moods.asked == 5  # all, a half, its two quarters, the other half
    assert door.caught_up(ready)


def test_what_is_long_goes_compressed_to_another_machine_only(ready):
    at_ms = [(T0_S + place) * 1000 for place in range(1_000)]
    block = Samples("m1", GAS, at_ms, [float(place) for place in range(1_000)], "mqtt:a", NOW_MS)
    with moody(ready.url) as (url, moods):
        with closing(InfluxSeries(url, ready.token, ready.org, 10, gzip="on")) as series:
            series.write_samples([block])
            series.write_samples([block._replace(at_ms=at_ms[:5], value=block.value[:5])])
            assert stored(series) == list(zip(at_ms, block.value, strict=True))
        with closing(series_at(ready, url)) as here:
            here.write_samples([block])
        assert moods.encodings == ["gzip", None, None]


def test_a_way_that_is_cut_while_lines_go_through_loses_nothing(ready, door):
    with passing(ready.url) as (url, way), closing(series_at(ready, url)) as series:
        door.accept([T0_S + place for place in range(1_000)])
        way.cut_sent = 20_000
        assert "cut off" in door.drain(series)
        assert way.cuts == 1
        assert door.spool.waiting() == 1_000
        way.cut_sent = None
        assert door.drain(series) == ""
    assert door.caught_up(ready)


def test_an_answer_that_is_cut_is_an_error_and_never_a_shorter_answer(ready):
    with passing(ready.url) as (url, way), closing(series_at(ready, url)) as series:
        at_ms = [(T0_S + place) * 1000 for place in range(30_000)]
        series.write_samples([Samples("m1", GAS, at_ms, [float(place) for place in range(30_000)], "mqtt:a", NOW_MS)])
        assert len(series.samples("m1", GAS, 0, 1 << 50).at_ms) == 30_000
        for cut in (300, 5_000, 400_000):  # in the headers, in the first piece, in the last one
            way.cut_answered = cut
            with pytest.raises(SeriesError, match="cut off") as failed:
                series.samples("m1", GAS, 0, 1 << 50)
            assert failed.value.retryable
            with pytest.raises(SeriesError):
                list(series.blocks("m1", GAS, 0, 1 << 50))
        way.cut_answered = None
        assert len(series.samples("m1", GAS, 0, 1 << 50).at_ms) == 30_000


def test_a_full_disk_drops_nothing_and_all_catches_up(tmp_path, missing, door):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], stderr=subprocess.DEVNULL, check=False
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("NO FULL DISK: this process may not mount a small file system to fill")
    try:
        with _started(folder / "influxdb", missing) as server:
            where = server.organisation()
            with closing(series_at(where)) as series:
                series.set_up()
                door.accept([T0_S])
                assert door.drain(series) == ""
                assert stored(series) == door.sent, quarantined(door.engine)
                filling = folder / "filling"
                with filling.open("wb") as file:
                    _fill(file.fileno())
                door.accept([T0_S + place for place in range(1, 400)])
                said = door.drain(series)
                assert "no space left" in said, said
                assert quarantined(door.engine) == []
                assert door.spool.waiting() > 0
                filling.unlink()
                # A shard that InfluxDB could not open while its disk was full it opens at its next start.
                server.service.stop()
                server.service.start()
                assert door.drain(series) == ""
            assert door.caught_up(where)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(handle: int) -> None:
    for size in (1 << 20, 4096):
        try:
            while True:
                os.write(handle, b"\x01" * size)
        except OSError:
            continue


def _spoil(where: Influx) -> None:
    """Text where figures belong, in the shard of the old instant: what a foreign program may have written."""
    url = f"{where.url}/api/v2/write?org={where.org}&bucket=evidence&precision=s"
    line = f'sample,meter=foreign,register={GAS} value="text" {OLD_S}'
    request = urllib.request.Request(url, line.encode(), {"Authorization": f"Token {where.token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 204


def _keep(where: Influx, seconds: int) -> None:
    """Give the bucket of evidence a retention, as an operator may."""
    with closing(series_at(where)) as series:
        buckets = series._influx.client.buckets_api()
        (bucket,) = [one for one in buckets.find_buckets_iter(org=where.org) if one.name == "evidence"]
        bucket.retention_rules = [{"type": "expire", "everySeconds": seconds, "shardGroupDurationSeconds": 3600}]
        buckets.update_bucket(bucket)
