"""`broker config` as a person starts it: what it writes, adds, keeps and refuses."""

import base64
import csv
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from plagewatch.cli.broker.passwords import hashed
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.engine import open_records
from plagewatch.store.records.registry import save

MADE_BY_MOSQUITTO = (
    "$7$101$RggtOU2UjUpiVWjh$j9d+TcsgLjwjoTXZgZVmsAI/79Hfte1SweUtlG9vPP00XY5z3iR53kNQ9Jeozwmr6nr+0u8taPv8p1rczvnjUQ=="
)
HOST = ("--certificates", "--host", "localhost", "--host", "192.0.2.7")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def config(run, tmp_path: Path, out: Path):
    def start(*words: str, loggers: str | None = None):
        if loggers is not None:
            (tmp_path / "loggers.csv").write_text(loggers, encoding="utf-8")
            words = (*words, "--loggers", str(tmp_path / "loggers.csv"))
        return run("broker", "config", "--out", str(out), *words)

    return start


def users(out: Path) -> set[str]:
    return {line.rpartition(":")[0] for line in (out / "broker" / "passwords").read_text().splitlines()}


def rights(out: Path, user: str) -> list[str]:
    """The lines of a user in the access list."""
    blocks = (out / "broker" / "acl").read_text(encoding="utf-8").split("\n\n")
    return next(block.splitlines()[1:] for block in blocks if block.startswith(f"user {user}\n"))


def test_the_hash_is_the_one_that_mosquitto_makes():
    """Made by `mosquitto_passwd -c FILE cellar` of Mosquitto 2.0.11 for the password `geheim`."""
    line = MADE_BY_MOSQUITTO
    _, _, _, salt, _ = line.split("$")
    assert hashed("geheim", base64.b64decode(salt)) == line


def test_devices_of_the_records_and_of_a_file_are_let_in_under_their_own_names(config, out, tmp_path):
    data = tmp_path / ".plagewatch"
    data.mkdir()
    engine = open_records(f"sqlite:///{data / 'records.db'}")
    save(engine, [Site("site", "Site"), Meter("m1", "site", "m1", Carrier.GAS, Kind.INDEX, "m3")])
    devices = ["bound", "campus/edge/m1", "campus/edge/m2", "ended", "a+b"]
    save(engine, [Binding(device, f"pulse_count.{number}", "m1") for number, device in enumerate(devices)])
    save(engine, [Binding("ended", "pulse_count.3", "m1", to_ms=1_000)])
    engine.dispose()
    told = config(loggers="logger;family;topics\ncellar;dsmr_p1;\nplc;;site/plc/data  site/plc/state\n")
    assert told.returncode == 0
    assert users(out) == {"plagewatch-collector", "bound", "campus/edge", "cellar", "plc"}
    assert "'a+b'" in told.stderr
    assert rights(out, "cellar") == ["topic write dsmr/cellar/#"]
    assert rights(out, "plc") == ["topic write site/plc/data", "topic write site/plc/state"]
    assert "topic write spBv1.0/campus/DDATA/edge/+" in rights(out, "campus/edge")
    assert {line.split()[1] for line in rights(out, "bound")} == {"read", "write"}
    assert all("bound" in line or "/announce" in line or " read " in line for line in rights(out, "bound"))
    assert told.stdout.splitlines()[-1].endswith("4 loggers, 5 new users")


def test_secrets_are_for_their_owner_only_and_certificates_are_sane(config, out):
    config(*HOST, loggers="logger,family\ncellar,dsmr_p1\n")
    secret = [out / "passwords.csv", out / "broker" / "passwords", *out.rglob("*.key")]
    assert len(secret) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    server = x509.load_pem_x509_certificate((out / "broker" / "certs" / "server.crt").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "192.0.2.7"]
    assert server.not_valid_after_utc.year - server.not_valid_before_utc.year in (2, 3)
    with (out / "passwords.csv").open(encoding="utf-8") as file:
        assert {row["user"]: len(row["password"]) for row in csv.DictReader(file)} == {
            "plagewatch-collector": 32,
            "cellar": 32,
        }


def test_a_next_run_needs_only_what_changes_and_keeps_what_was_handed_out(config, out):
    config(*HOST, "--plain", "10.0.0.5", "--at", "/etc/mosquitto", loggers="logger,family\ncellar,dsmr_p1\n")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "revoked.pem"}
    told = config()
    assert {path: path.read_bytes() for path in before} == before
    assert told.stdout.splitlines() == [f"{out}: 1 loggers, 0 new users"]
    told = config(loggers="logger,family\nattic,senml\n")
    assert "new: attic, its password stands in" in told.stdout
    assert "certificate made: attic" in told.stdout
    assert "cellar" not in told.stdout
    text = (out / "broker" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "listener 1883 10.0.0.5\n" in text
    assert "cafile /etc/mosquitto/certs/ca.crt\n" in text
    told = config("--host", "localhost")
    assert told.stdout.startswith("certificate made: the broker (localhost)\n")


def test_a_revoked_logger_stays_out_until_somebody_lets_it_in_and_its_certificate_for_ever(config, out):
    config(*HOST, loggers="logger,family\ncellar,dsmr_p1\nattic,senml\n")
    old = x509.load_pem_x509_certificate((out / "loggers" / "cellar" / "client.crt").read_bytes())
    assert "revoked: cellar" in config("--revoke", "cellar").stdout
    config(loggers="logger,family\ncellar,dsmr_p1\n")
    assert users(out) == {"plagewatch-collector", "attic"}
    assert "user cellar" not in (out / "broker" / "acl").read_text(encoding="utf-8")
    state = json.loads((out / "loggers.json").read_text(encoding="utf-8"))
    (out / "loggers.json").write_text(json.dumps({**state, "revoked": []}), encoding="utf-8")
    for path in (out / "loggers" / "cellar").iterdir():
        path.unlink()
    assert "new: cellar" in config().stdout
    listed = x509.load_pem_x509_crl((out / "broker" / "certs" / "revoked.pem").read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(old.serial_number) is not None
    new = x509.load_pem_x509_certificate((out / "loggers" / "cellar" / "client.crt").read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(new.serial_number) is None


@pytest.mark.parametrize(
    ("words", "loggers", "said"),
    [
        (("--certificates",), None, "--host broker.example.org"),
        (("--revoke", "nobody"), None, "no logger 'nobody'"),
        ((), "name,family\na,senml\n", "logger, family, topics"),
        ((), "logger,family\na,zigbee\n", "line 2: 'zigbee' is no family"),
        ((), "logger,family\ntele,tasmota\n", "line 2: 'tele' cannot be the name of a device"),
        ((), "logger,family\na:b,senml\n", "line 2: 'a:b' cannot be a user"),
        ((), "logger,family\na/b,senml\n", "line 2: 'a/b' has several levels"),
        ((), "logger,family\nedge,sparkplug_b\n", "write it as GROUP/EDGE"),
        ((), f"logger,family\n{'x' * 65},senml\n", "longer than the 64 characters"),
        ((), "logger,topics\na,#\n", "'#' is no filter of one logger's own"),
        ((), "logger,topics\na,site/+/data\nb,site/b/#\n", "one could speak as the other"),
        ((), "logger,family\nplagewatch-collector,senml\n", "is a collector and a logger"),
        (("--collector", "a/b"), None, "cannot be a collector's name"),
        (("--at", "/a\nb"), None, "cannot stand in Mosquitto's configuration"),
        (("--loggers", "nowhere.csv"), None, "nowhere.csv cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(config, out, words, loggers, said):
    told = config(*words, loggers=loggers)
    assert told.returncode == 2
    assert said in told.stderr
    assert not out.exists()


def test_a_folder_of_something_else_is_left_alone(config, out):
    out.mkdir()
    (out / "loggers.json").write_text("[]", encoding="utf-8")
    told = config()
    assert told.returncode == 2
    assert "cannot be added to" in told.stderr
    assert [path.name for path in out.iterdir()] == ["loggers.json"]
