"""What a process tells Prometheus, and that the table people read has all of it."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from plagewatch.cli.collecting import Collecting, collector_of
from plagewatch.cli.health_port import HealthPort
from plagewatch.cli.metrics import scrape
from plagewatch.cli.opening import Stores
from plagewatch.cli.rooms import Running, Tick
from plagewatch.health import PartHealth, PartState
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet
from plagewatch.settings import Settings
from plagewatch.store.records.registry import save
from tests.conftest import free_port

DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
NOW_S = 1_795_000_000


@pytest.fixture
def collecting(engine, series, tmp_path) -> Iterator[Collecting]:
    made = collector_of(Stores(Settings(data_dir=tmp_path), engine, series))
    yield made
    made.pipeline.spool.close()


def reading(device: str, value: str) -> Packet:
    body = f'{{"at": {NOW_S}, "registers": {{"gas_index": {{"value": {value}, "unit": "m3"}}}}}}'
    return Packet(f"loggers/{device}/readings", body.encode(), NOW_S * 1000)


def told(answer: bytes) -> dict[tuple[str, ...], float]:
    """Values by the name of the sample and its labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.decode())
        for sample in family.samples
    }


def test_what_happened_is_counted(collecting, engine) -> None:
    save(engine, [Site("s", "S"), Meter("m", "s", "m", Carrier.GAS, Kind.INDEX, "m3"), Binding("a", "gas_volume", "m")])
    pipeline = collecting.pipeline
    pipeline.accept(
        [reading("a", "1"), reading("a", "2"), reading("unknown", "3"), Packet("loggers/a/readings", b"{", 1)]
    )
    collecting.disk.look(NOW_S + 100.0)
    before = told(scrape(Running(collecting.ticks), collecting, collecting.figures)())
    assert before["plagewatch_spool_waiting_packets",] == 4
    assert before["plagewatch_spool_appended_packets_total",] == 4
    pipeline.drain(NOW_S * 1000)
    collecting.figures.look()
    collecting.disk.look(NOW_S + 100.0)
    values = told(scrape(Running(collecting.ticks), collecting, collecting.figures)())
    assert values["plagewatch_pipeline_packets_total",] == 4
    assert values["plagewatch_pipeline_readings_total",] == 2
    assert values["plagewatch_pipeline_quarantined_total", "unknown_device"] == 1
    assert values["plagewatch_pipeline_quarantined_total", "malformed"] == 1
    assert values["plagewatch_pipeline_batch_seconds_count",] == 1
    assert values["plagewatch_spool_waiting_packets",] == 0
    assert values["plagewatch_rollup_windows_waiting",] == 1
    collecting.figures.make()
    collecting.figures.look()
    values = told(scrape(Running(collecting.ticks), collecting, collecting.figures)())
    assert values["plagewatch_rollup_windows_total",] == 1
    assert values["plagewatch_rollup_behind_seconds",] == 0
    assert values["plagewatch_mqtt_connected",] == 0
    assert values["plagewatch_spool_disk_free_bytes",] > 0


def test_a_tick_that_fails_is_counted() -> None:
    def work() -> None:
        raise OSError("the mail server is away")

    tick = Tick("mail", 20.0, work)
    tick()
    values = told(scrape(Running([tick]), None, None)())
    assert values["plagewatch_tick_failures_total", "mail"] == 1
    assert values["plagewatch_part_state", "mail"] == 1


def test_every_metric_stands_in_the_table_with_its_kind(collecting) -> None:
    collecting.disk.look(float(NOW_S))
    collecting.figures.look()
    text = scrape(Running(collecting.ticks), collecting, collecting.figures)().decode()
    exposed = {(name, kind) for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)}
    ours = {(name, kind) for name, kind in exposed if name.startswith("plagewatch_")}
    listed = set(re.findall(r"^\| `(plagewatch_[a-z_]+)(?:\{[a-z, ]+\})?` \| (\w+) \|", DOC, re.MULTILINE))
    assert listed == ours
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= {name for name, _ in exposed}


@pytest.mark.parametrize(("state", "status"), [(PartState.DEGRADED, 200), (PartState.DOWN, 503)])
def test_the_port_of_a_process_without_pages(state: PartState, status: int) -> None:
    parts = [PartHealth("mqtt", state, "said by the test", 7.5), PartHealth("series store", PartState.WELL, "", 3.0)]
    number = free_port()
    port = HealthPort("127.0.0.1", number, lambda: parts, lambda: b"plagewatch_x 1\n")
    port.start()
    try:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{number}/healthz", timeout=5) as answer:
                got, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            got, body = error.code, error.read()
        assert got == status
        health = orjson.loads(body)
        assert (health["state"], health["data_age_s"]) == (state.value, 3.0)
        assert health["parts"][0] == {
            "part": "mqtt",
            "state": state.value,
            "detail": "said by the test",
            "data_age_s": 7.5,
        }
        with urllib.request.urlopen(f"http://127.0.0.1:{number}/metrics", timeout=5) as answer:
            assert answer.read() == b"plagewatch_x 1\n"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{number}/", timeout=5)
    finally:
        port.stop()
