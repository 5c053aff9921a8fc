"""`collector replay`: by itself where no collector runs, by the running one where one does."""

import json
import sys
from pathlib import Path

import pytest

from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from plagewatch.cli import main
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet
from plagewatch.store.engine import open_records
from plagewatch.store.records import registry, replays
from plagewatch.store.series.sqlite import SqliteSeries

START_MS = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
MINUTE_MS = 60_000


@pytest.fixture
def house(tmp_path: Path):
    engine, series = open_records(f"sqlite:///{tmp_path / 'records.db'}"), SqliteSeries(tmp_path / "series.db")
    registry.save(engine, [Site("site", "Site"), Meter("m", "site", "m", Carrier.GAS, Kind.INDEX, "m3", 60)])
    spool = Spool(tmp_path / "spool.db")
    pipeline = Pipeline(spool, series, engine)
    pipeline.accept([packet(number) for number in range(60)])
    pipeline.drain(START_MS + 3_600_000)
    registry.save(engine, [Binding("attic", "gas_volume", "m")])
    yield engine, series, spool, pipeline
    series.close()
    engine.dispose()


def packet(number: int) -> Packet:
    at_ms = START_MS + number * MINUTE_MS
    body = {"at": at_ms // 1000, "registers": {"gas_index": {"value": number, "unit": "m3"}}}
    return Packet("loggers/attic/readings", json.dumps(body).encode(), at_ms)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def start(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["plagewatch", "collector", "replay", *words, "--data", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return start


def test_without_a_collector_it_does_the_work_itself(house, run):
    _, series, spool, _ = house
    spool.close()
    code, out, _ = run("--since", "2026-11-18T11:36:40Z", "--device", "attic")
    assert (code, out) == (0, "replay 1: 30 packets, 30 readings stored or there already\n")
    assert len(series.samples("m", "gas_volume", 0, 1 << 50).value) == 30
    code, out, _ = run("--since", "2026-11-18")
    assert (code, out) == (0, "replay 2: 60 packets, 60 readings stored or there already\n")


def test_beside_a_running_collector_it_only_asks(house, run):
    engine, series, spool, pipeline = house
    code, out, _ = run("--since", "2026-11-01")
    assert code == 0
    assert out.startswith("replay 1 is asked for; the running collector works it off")
    assert len(series.samples("m", "gas_volume", 0, 1 << 50).value) == 0
    replayer = Replayer(pipeline)
    while replayer.step(START_MS + 3_600_000):
        pass
    (done,) = replays.replays(engine)
    assert (done.id, done.samples) == (1, 60)
    spool.close()


@pytest.mark.parametrize("since", ["yesterday", "2026-11-18T11:36:40", "2026-13-01"])
def test_a_moment_that_is_none_is_refused(house, run, since):
    house[2].close()
    code, _, err = run("--since", since)
    assert code == 2
    assert since in err
    assert replays.replays(house[0]) == []


def test_a_replay_ends_where_it_is_told(house, run):
    house[2].close()
    code, out, _ = run("--since", "2026-11-18T11:36:40Z", "--until", "2026-11-18T11:46:40Z")
    assert (code, out) == (0, "replay 1: 10 packets, 10 readings stored or there already\n")
    code, _, err = run("--since", "2026-11-18T11:36:40Z", "--until", "2026-11-18T11:36:40Z")
    assert (code, "is not after" in err) == (2, True)


def test_a_spool_that_was_set_aside_is_salvaged(house, tmp_path, monkeypatch, capsys):
    _, _, spool, _ = house
    spool.set_watermark(50)
    spool.close()
    aside = tmp_path / "spool.db.damaged-20261118T110640"
    (tmp_path / "spool.db").rename(aside)
    monkeypatch.setattr(sys, "argv", ["plagewatch", "collector", "salvage", str(aside), "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert capsys.readouterr().out.startswith("10 packets are in the spool")
    assert (tmp_path / "spool.db.damaged-20261118T110640.salvaged").exists()
    again = Spool(tmp_path / "spool.db")
    assert again.waiting() == 10
    again.close()
