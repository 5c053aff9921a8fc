"""Real services for tests: each is started once on a free port, or named by its URL variable, or skipped loudly.

`--require-services` turns such a skip into a failure; `.ci/run` uses it.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine

from plagewatch.store.engine import open_records
from plagewatch.store.series.sqlite import SqliteSeries

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data" / "dev"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-services", action="store_true", help="a missing service or data set fails the test")


@pytest.fixture(scope="session")
def missing(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Skip with a loud reason, or fail under --require-services."""

    def say(what: str) -> None:
        if pytestconfig.getoption("--require-services"):
            pytest.fail(what)
        pytest.skip(what)

    return say


@pytest.fixture(scope="session")
def dev_data(missing: Callable[[str], None]) -> Path:
    """The folder of development data sets."""
    if not SHARED_DATA.is_dir():
        missing(f"NO DEVELOPMENT DATA: {SHARED_DATA.parent.parent.name}/data/dev is not beside the checkout")
    return SHARED_DATA


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Ask again and again until it is so; fail with the name of what did not come."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come within {seconds:g} s")
        time.sleep(0.02)


@dataclass(frozen=True)
class Broker:
    host: str
    port: int


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Broker]:
    """A real Mosquitto that loses nothing; tests keep apart by their topics and client names."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if binary is None:
        missing("NO BROKER: install mosquitto (Debian package `mosquitto`)")
    folder, port = tmp_path_factory.mktemp("mosquitto"), free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
        f"persistence true\npersistence_location {folder}/\n"
    )
    process = subprocess.Popen([str(binary), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: _listens(port), "Mosquitto")
    yield Broker("127.0.0.1", port)
    process.terminate()
    process.wait(10)


@dataclass(frozen=True)
class Influx:
    url: str
    token: str
    org: str


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _post(url: str, body: Mapping[str, object], token: str | None = None) -> dict[str, object]:
    request = urllib.request.Request(url, orjson.dumps(body), {"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Token {token}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(orjson.loads(answer.read()))


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Influx]:
    """A real InfluxDB 2.x; its first organisation is only for setting up."""
    binary = shutil.which("influxd") or shutil.which("influxd", path=str(Path.home() / ".local" / "bin"))
    if binary is None:
        missing("NO INFLUXDB: run scripts/install-influxd, or put influxd 2.x on the PATH")
    folder, port = tmp_path_factory.mktemp("influxdb"), free_port()
    command = [str(binary), "--bolt-path", f"{folder}/bolt", "--engine-path", f"{folder}/engine"]
    command += ["--sqlite-path", f"{folder}/sqlite", "--http-bind-address", f"127.0.0.1:{port}"]
    command += ["--reporting-disabled", "--log-level", "error"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    wait_until(lambda: _answers(f"{url}/health"), "InfluxDB", 60)
    setup = {"username": "tests", "password": secrets.token_hex(8), "org": "setup", "bucket": "setup", "token": token}
    _post(f"{url}/api/v2/setup", setup)
    yield Influx(url, token, "setup")
    process.terminate()
    process.wait(20)


@pytest.fixture
def influx(influx_server: Influx) -> Influx:
    """An organisation of its own with its empty buckets, so that tests never meet."""
    org = f"org-{secrets.token_hex(4)}"
    made = _post(f"{influx_server.url}/api/v2/orgs", {"name": org}, influx_server.token)
    resources = ["buckets", "orgs", "dashboards", "authorizations", "dbrp"]
    rights = [
        # An organisation itself is named by its own id, what it holds by the organisation's.
        {"action": action, "resource": {"type": kind, "id" if kind == "orgs" else "orgID": made["id"]}}
        for kind in resources
        for action in ("read", "write")
    ]
    grant = _post(
        f"{influx_server.url}/api/v2/authorizations", {"orgID": made["id"], "permissions": rights}, influx_server.token
    )
    return Influx(influx_server.url, str(grant["token"]), org)


@pytest.fixture(scope="session")
def chromium(missing: Callable[[str], None]) -> str:
    """The path of a real Chromium."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        missing("NO BROWSER: install chromium (Debian package `chromium`)")
    return str(binary)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Empty records in SQLite."""
    opened = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def series(tmp_path: Path) -> Iterator[SqliteSeries]:
    """An empty embedded series store."""
    opened = SqliteSeries(tmp_path / "series.db")
    yield opened
    opened.close()


@pytest.fixture
def plagewatch_command() -> list[str]:
    """How a test starts the command line as its user would."""
    return [sys.executable, "-m", "plagewatch"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PLAGEWATCH_")]:
        monkeypatch.delenv(name)
