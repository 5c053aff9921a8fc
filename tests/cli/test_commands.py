"""The command line as a person or a script meets it: exit codes, sentences, and no stub that pretends."""

import os
import socket
import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "words",
    [
        "savings folder --meter m --baseline a/b --reporting c/d",
        "plage dossier --sample --out x",
        "bench web",
        "bench boards",
        "bench digest",
        "audit verify",
        "backup --to x",
        "restore --from x",
        "dashboards check",
    ],
)
def test_what_is_not_built_says_so(run, words: str) -> None:
    told = run(*words.split())
    assert told.returncode == 2
    assert "not built yet: issue" in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize(
    ("words", "env", "sentence"),
    [
        ("import no-such-folder", {}, "no-such-folder"),
        ("backtest no-such-folder --out out", {}, "no-such-folder"),
        ("backtest --out out", {}, "Give a folder, or --store"),
        ("backtest x --store --out out", {}, "one of the two"),
        ("backtest --store --out out --rules noise", {}, "There is no rule 'noise'; there are no_data"),
        ("backtest --store --out out --rules no_data:colour=3", {}, "no_data has no number 'colour'; it has"),
        ("backtest --store --out out --rules no_data:least_h=x", {}, "no_data:least_h must be a number above 0"),
        ("backtest --store --out out --from yesterday", {}, "'yesterday' is no day"),
        ("backtest --store --out out --from 2026-02-01 --to 2026-01-01", {}, "No day lies between"),
        ("validate no-such-folder --out out", {}, "no-such-folder holds no set"),
        ("import x --format nonsense", {}, "There is no format 'nonsense'"),
        ("export hours --meter nobody --out x.csv", {}, "There is no meter 'nobody'"),
        ("ledger check --meter nobody", {}, "There is no meter 'nobody'"),
        ("digest --out x --week 2026-W60", {}, "is no week"),
        ("digest --out x --week 0001-W01", {}, "is no week"),
        ("digest send", {}, "PLAGEWATCH_SMTP_HOST"),
        ("ledger check", {}, "There is nothing to check"),
        ("simulate live --broker mqtt://127.0.0.1:99999", {}, "mqtt://HOST:PORT"),
        ("dashboards push", {}, "PLAGEWATCH_GRAFANA_URL"),
        ("simulate live --broker 127.0.0.1", {}, "mqtt://HOST:PORT"),
        ("serve kitchen", {}, "There is no room 'kitchen'"),
        ("plage status", {"PLAGEWATCH_HTTP_PORT": "many"}, "PLAGEWATCH_HTTP_PORT"),
        ("serve", {"PLAGEWATCH_MQTT_TOPICS": "a#b"}, "'a#b' is no topic filter"),
        ("serve", {"PLAGEWATCH_MQTT_TOPICS": ""}, "is no topic filter"),
        ("serve", {"PLAGEWATCH_MQTT_VERSION": "7"}, "PLAGEWATCH_MQTT_VERSION"),
        ("ledger check", {"PLAGEWATCH_INFLUX_TOKEN": "tok€"}, "printable ASCII"),
        ("ledger check", {"PLAGEWATCH_INFLUX_URL": "http://[::1"}, "is no address"),
        ("ledger check", {"PLAGEWATCH_INFLUX_URL": "http://me:secret@host"}, "holds no user and password"),
        ("plage status", {"PLAGEWATCH_PLAGE_PORTFOLIO": "gone.toml"}, "gone.toml"),
        ("ledger check", {"PLAGEWATCH_INFLUX_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("ledger check", {"PLAGEWATCH_INFLUX_URL": "not a url"}, "not a url"),
        ("store init", {"PLAGEWATCH_INFLUX_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("ledger check", {"PLAGEWATCH_RECORDS_URL": "nonsense"}, "PLAGEWATCH_RECORDS_URL"),
    ],
)
def test_misuse_is_one_sentence(run, words: str, env: dict[str, str], sentence: str) -> None:
    told = run(*words.split(), env=env)
    assert told.returncode == 2, told.stderr
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def test_demo_says_that_its_port_is_in_use(run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = run("demo", "--port", str(port), "--no-browser")
    assert told.returncode == 2
    assert f"Port {port} is in use" in told.stderr


def test_demo_does_not_empty_a_folder_it_did_not_make(run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    told = run("demo", "--fresh", "--data", "mine", "--no-browser", "--port", "0")
    assert told.returncode == 2
    told = run("demo", "--fresh", "--data", "mine", "--no-browser", "--port", "18765")
    assert told.returncode == 2
    assert "which no demo made" in told.stderr
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


def test_a_data_folder_that_cannot_be_written(run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = run("plage", "status", "--data", "file/inside")
    assert told.returncode == 2
    assert "cannot be written" in told.stderr


def test_decode_shows_what_is_made_of_a_payload(run) -> None:
    payload = '{"at": "2026-11-20T10:15:00Z", "registers": {"water_index": {"value": 1500, "unit": "l"}}}'
    told = run("decode", "--topic", "loggers/cellar/readings", stdin=payload)
    assert told.returncode == 0, told.stderr
    assert '"water_volume"' in told.stdout
    assert '"value": 1.5' in told.stdout


def test_help_names_every_command(run) -> None:
    told = run("--help")
    assert told.returncode == 0
    for command in (
        "demo",
        "serve",
        "simulate",
        "import",
        "backtest",
        "validate",
        "savings",
        "plage",
        "digest",
        "dashboards",
        "ledger",
    ):
        assert command in told.stdout


def test_a_process_of_its_own_ends_with_the_same_code(plagewatch_command: list[str], tmp_path: Path) -> None:
    told = subprocess.run(
        [*plagewatch_command, "bench", "web"], capture_output=True, text=True, cwd=tmp_path, env=os.environ, timeout=120
    )
    assert told.returncode == 2
    assert told.stderr.startswith("web: not built yet")
    assert told.stdout == ""


def test_a_register_that_there_is_not_is_no_other_register(run) -> None:
    told = run("export", "hours", "--meter", "m", "--register", "exprot", "--out", "x.csv")
    assert told.returncode == 2


def test_a_folder_for_mails_that_cannot_be_made(run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = run("digest", "--out", "file/inside")
    assert told.returncode == 2
    assert "file/inside cannot be written" in told.stderr


def test_a_broken_line_is_told_with_its_place(run, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "meters.csv").write_text(
        "meter,site,carrier,kind,unit,interval_s,timezone,country,latitude,longitude,note\n"
        "m,s,electricity,interval,kWh,3600,UTC,,,,\n"
    )
    (tmp_path / "set" / "readings.csv").write_text(
        "meter,start,value\nm,2026-01-01T00:00:00Z,1\nm,2026-01-01T01:00:00Z,many\n"
    )
    told = run("import", "set")
    assert told.returncode == 1
    assert "readings.csv, line 3, column value: not_a_number" in told.stderr
    assert "left out: 1 row: not_a_number" in told.stdout
    assert "imported 1 reading of 1 meter" in told.stdout
