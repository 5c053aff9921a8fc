"""What each series store says when it cannot do its work, and whether trying again can help."""

import gzip
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.readings import Quality, Samples
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.line_protocol import fingerprint, sample_lines
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries


def failing(store: InfluxSeries) -> SeriesError:
    try:
        with pytest.raises(SeriesError) as failed:
            store.check()
        return failed.value
    finally:
        store.close()


def test_an_influxdb_that_is_not_there_may_come():
    failed = failing(InfluxSeries("http://127.0.0.1:9", "token", "org", 2))
    assert failed.retryable
    assert "PLAGEWATCH_INFLUX_URL" in str(failed)


@pytest.mark.service
def test_a_wrong_token_names_the_setting(influx):
    failed = failing(InfluxSeries(influx.url, "wrong", influx.org, 10))
    assert not failed.retryable
    assert "PLAGEWATCH_INFLUX_TOKEN" in str(failed)


@pytest.mark.service
def test_a_missing_bucket_names_the_command_that_makes_it(influx):
    failed = failing(InfluxSeries(influx.url, influx.token, influx.org, 10))
    assert not failed.retryable
    assert "`evidence`" in str(failed)
    assert "plagewatch store init" in str(failed)


@pytest.mark.service
def test_set_up_twice_keeps_what_is_there(influx):
    store = InfluxSeries(influx.url, influx.token, influx.org, 10)
    store.set_up()
    store.write_samples([Samples("m", "gas_volume", [1000], [1.0], "s", 1000)])
    store.set_up()
    store.check()
    assert store.registers("m") == ["gas_volume"]
    store.close()


@pytest.mark.service
def test_points_of_before_sources_were_tags_are_read_beside_newer_ones(influx):
    store = InfluxSeries(influx.url, influx.token, influx.org, 10)
    store.set_up()
    old = [f'sample,meter=m,register=gas_volume value={n}.0,received_ms=9.0,source="mqtt:a" {n}000000' for n in (1, 2)]
    with InfluxDBClient(influx.url, influx.token, org=influx.org) as client:
        client.write_api(write_options=SYNCHRONOUS).write("evidence", record=old)
    store.write_samples([Samples("m", "gas_volume", [3], [3.0], "mqtt:a", 5)])
    store.write_samples([Samples("m", "gas_volume", [2], [2.0], "mqtt:b", 5)])
    found = store.samples("m", "gas_volume", 0, 10)
    assert found.at_ms.tolist() == [1, 2, 3]
    assert found.received_ms.tolist()[::2] == [9, 5]
    assert store.samples("m", "gas_volume", 0, 10, [SourceSpan("mqtt:a", 0, 10)]).at_ms.tolist() == [2]
    store.close()


@pytest.fixture
def other_server() -> Iterator[str]:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_what_is_no_influxdb_is_told_apart(other_server):
    failed = failing(InfluxSeries(other_server, "token", "org", 5))
    assert not failed.retryable
    assert "no InfluxDB" in str(failed)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "series.db").write_bytes(b"not a database, though long enough to look like one " * 100)
    with pytest.raises(SeriesError, match=r"series\.db") as failed:
        SqliteSeries(tmp_path / "series.db")
    assert not failed.value.retryable


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    SqliteSeries(tmp_path / "series.db").close()
    connection = sqlite3.connect(tmp_path / "series.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SeriesError, match="newer"):
        SqliteSeries(tmp_path / "series.db")


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A file as the first released store wrote it, with a contradiction at its second instant."""
    path = tmp_path / "series.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "frozen" / "series-1.db.gz").read_bytes()))
    return path


def test_a_file_of_the_first_version_opens_with_all_that_is_in_it(first_version):
    for _ in range(2):
        store = SqliteSeries(first_version)
        kept = store.samples("m", "energy_import_total", 0, 2**60)
        assert (kept.at_ms - 1_774_738_800_000).tolist() == [0, 900_000, 900_000]
        assert kept.value.tolist() == [1.0, 2.5, 7.5]
        assert kept.quality.tolist() == [0, 0, 0]
        assert store.samples("g", "gas_volume", 6, 2**60).value.tolist() == [0.25]
        assert store.intervals(Resolution.QUARTER, "m", 0, 2**40).amount.tolist() == [1.5]
        assert store.points("weather", {"site": "s"}, 0, 2**40).fields["temp_c"].tolist() == [9.5]
        store.write_samples([Samples("g", "gas_volume", [5], [9.0], "s", 5, Quality.ESTIMATED)])
        assert store.samples("g", "gas_volume", 0, 2**60).quality.tolist() == [2, 0]
        store.close()


def test_rooms_that_start_together_bring_an_old_file_up_to_date_once(first_version):
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(lambda _: SqliteSeries(first_version), range(4)):
            assert store.latest_sample_ms()["g"] == 1_774_738_800_000
            store.close()


def lines(*blocks: Samples) -> list[str]:
    return sample_lines(blocks).body(slice(None)).decode().splitlines()


def test_who_told_a_sample_is_a_tag_where_it_is_a_device_and_a_field_where_it_is_a_file():
    # 550 566 is the fingerprint of 1.0, in the nanoseconds below the millisecond.
    block = Samples("m", "gas_volume", [1], [1.0], "mqtt:attic", 5)
    assert lines(block) == ["sample,meter=m,register=gas_volume,told_by=mqtt:attic value=1.0,received_ms=5.0 1550566"]
    estimated = Samples("m 1", "gas_volume", [1], [0.0], "mqtt:a,b#c", 5, Quality.ESTIMATED)
    tags = "meter=m\\ 1,quality=estimated,register=gas_volume,told_by=mqtt:a\\,b#c"
    assert lines(estimated) == [f"sample,{tags} value=0.0,received_ms=5.0 1000000"]
    of_file = Samples("m", "gas_volume", [1], [0.0], 'file:a "b" \\', 5)
    told = 'received_ms=5.0,source="file:a \\"b\\" \\\\"'
    assert lines(of_file) == [f"sample,meter=m,register=gas_volume value=0.0,{told} 1000000"]


def test_the_moment_of_receipt_stands_with_the_first_instant_of_a_block():
    blocks = [Samples("m", "gas_volume", [3, 1, 2], [0.0] * 3, "mqtt:a", 5), Samples("n", "co2", [7], [0.0], "s", 6)]
    assert ["received_ms" in line for line in lines(*blocks)] == [False, True, False, True]
    made = sample_lines(blocks)
    assert [made.body([place]).decode().strip() for place in range(4)] == lines(*blocks)
    assert (made.block, made.by_time(0, 3)) == ([0, 0, 0, 1], [1, 2, 0])
    assert len(sample_lines([Samples("m", "gas_volume", [], [], "mqtt:a", 5)])) == 0


def test_an_instant_that_no_store_can_hold_is_refused_before_anything_is_kept():
    for at_ms in (2**70, 10**13):
        with pytest.raises(SeriesError, match="beyond") as failed:
            lines(Samples("m", "gas_volume", [1, at_ms], [1.0, 2.0], "s", 1))
        assert not failed.value.retryable


def test_text_of_a_number_reads_as_the_same_number():
    values = [0.1 + 0.2, 1e-300, 5e-324, -1.7976931348623157e308, 1e16, 123456789.123456789, 3.0]
    told = lines(Samples("m", "gas_volume", [1] * len(values), values, "mqtt:a", -1))
    assert [float(line.split("value=")[1].split()[0]) for line in told] == values


def test_what_was_written_is_there_after_opening_again(tmp_path):
    first = SqliteSeries(tmp_path / "deep" / "series.db")
    first.write_samples([Samples("m", "gas_volume", [1000], [1.0], "s", 1000)])
    first.close()
    again = SqliteSeries(tmp_path / "deep" / "series.db")
    assert again.latest_sample_ms() == {"m": 1000}
    again.close()


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    store = SqliteSeries(tmp_path / "series.db")
    with pytest.raises(SeriesError):
        store.write_samples([Samples("m", "gas_volume", [1000, 2**70], [1.0, 2.0], "s", 1000)])
    assert store.registers("m") == []
    store.write_samples([Samples("m", "gas_volume", [2000], [1.0], "s", 1000)])
    assert store.latest_sample_ms() == {"m": 2000}
    store.close()


def test_the_fingerprint_of_stored_evidence_never_changes():
    values = np.array([0.0, 1.0, -1.0, 123456.7, 1e-300, 1.7976931348623157e308])
    assert fingerprint(values).tolist() == [0, 550566, 602119, 852486, 490411, 693385]
