"""Real services for tests: each is started once on a free port, or named by its URL variable, or skipped loudly.

`--require-services` turns such a skip into a failure; `.ci/run` uses it.
"""

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url

from collector.spool import Spool
from plagewatch.bench import services
from plagewatch.bench.services import Influx, NoService, Service, free_port
from plagewatch.store.engine import open_records
from plagewatch.store.series.sqlite import SqliteSeries

__all__ = ["Broker", "Influx", "free_port", "wait_until"]

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


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Broker]:
    """A real Mosquitto that loses nothing; tests keep apart by their topics and client names."""
    try:
        service, port = services.mosquitto(tmp_path_factory.mktemp("mosquitto"))
    except NoService as reason:
        missing(f"NO BROKER: {reason}")
    with _running(service):
        yield Broker(services.HOST, port)


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Iterator[Influx]:
    """A real InfluxDB 2.x; its first organisation is only for setting up."""
    try:
        service, where = services.influxd(tmp_path_factory.mktemp("influxdb"))
    except NoService as reason:
        missing(f"NO INFLUXDB: {reason}")
    with _running(service):
        services.set_up(where)
        yield where


@contextmanager
def _running(service: Service) -> Iterator[None]:
    service.start()
    try:
        yield
    finally:
        service.stop()


@pytest.fixture
def influx(influx_server: Influx) -> Influx:
    """An organisation of its own with its empty buckets, so that tests never meet."""
    org = f"org-{secrets.token_hex(4)}"
    made = services.post(f"{influx_server.url}/api/v2/orgs", {"name": org}, influx_server.token)
    resources = ["buckets", "orgs", "dashboards", "authorizations", "dbrp"]
    rights = [
        # An organisation itself is named by its own id, what it holds by the organisation's.
        {"action": action, "resource": {"type": kind, "id" if kind == "orgs" else "orgID": made["id"]}}
        for kind in resources
        for action in ("read", "write")
    ]
    grant = services.post(
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


@pytest.fixture(scope="session")
def postgres_server(missing: Callable[[str], None]) -> Iterator[URL]:
    """A real PostgreSQL; the database of the URL has migrated, empty records, to be copied for each test."""
    # Not under pytest's own folder: that is closed to the user as whom PostgreSQL runs where root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="plagewatch-postgres-", dir="/tmp"))
    try:
        service, url = services.postgres(folder)
    except NoService as reason:
        missing(f"NO POSTGRESQL: {reason}")
    with _running(service):
        template = make_url(url).set(database="migrated")
        _ask(make_url(url), "CREATE DATABASE migrated")
        open_records(str(template)).dispose()
        yield template
    shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """Empty records in a PostgreSQL database of the test's own."""
    name = f"records_{secrets.token_hex(4)}"
    _ask(postgres_server.set(database="postgres"), f"CREATE DATABASE {name} TEMPLATE {postgres_server.database}")
    yield postgres_server.set(database=name).render_as_string(hide_password=False)
    _ask(postgres_server.set(database="postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def _ask(url: URL, statement: str) -> None:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(False), autocommit=True) as connection:
        connection.execute(statement.encode())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where the records are the subject, as in tests/store or under the mark `records`, a test runs on both of them."""
    marked = metafunc.definition.path.parent.name == "store" or metafunc.definition.get_closest_marker("records")
    if "records_url" in metafunc.fixturenames and marked:
        both = ["sqlite", pytest.param("postgresql", marks=pytest.mark.service)]
        metafunc.parametrize("records_url", both, indirect=True)


@pytest.fixture
def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a test's empty records are: in SQLite, if nothing else is said."""
    if getattr(request, "param", "sqlite") == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'records.db'}"


@pytest.fixture
def engine(records_url: str) -> Iterator[Engine]:
    """Empty records."""
    opened = open_records(records_url)
    yield opened
    opened.dispose()


@pytest.fixture
def series(tmp_path: Path) -> Iterator[SqliteSeries]:
    """An empty embedded series store."""
    opened = SqliteSeries(tmp_path / "series.db")
    yield opened
    opened.close()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An empty spool."""
    opened = Spool(tmp_path / "spool.db")
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
