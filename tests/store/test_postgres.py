"""PostgreSQL as the records' database: how it is opened, what it says when it cannot be, and what it lives through."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from plagewatch.metering.meters import Site
from plagewatch.store import postgres
from plagewatch.store.engine import RecordsError, RecordsUnreachable, open_records
from plagewatch.store.records import registry

pytestmark = pytest.mark.service

OPEN = "import sys; from plagewatch.store.engine import open_records; open_records(sys.argv[1]).dispose()"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_each_way_to_write_the_url_opens_it(postgres_url, scheme):
    engine = open_records(postgres_url.replace("postgresql+psycopg", scheme))
    registry.save(engine, [Site("s", "Site")])
    assert [site.id for site in registry.sites(engine)] == ["s"]
    with engine.connect() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "plagewatch"
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "2min"
    engine.dispose()


def test_what_the_url_says_itself_holds(postgres_url):
    engine = open_records(f"{postgres_url}?application_name=other")
    with engine.connect() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "other"
    engine.dispose()


def test_processes_that_start_together_make_the_tables_once(postgres_url):
    engine = open_records(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, postgres_url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = [process.communicate(timeout=120)[1] for process in starting]
    assert [process.returncode for process in starting] == [0] * 4, told


def refused(url: str) -> str:
    with pytest.raises(RecordsUnreachable) as caught:
        open_records(url)
    assert "hush-hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_database_that_is_not_there_is_told_with_what_to_do(postgres_url):
    said = refused(make_url(postgres_url).set(database="elsewhere", password="hush-hush").render_as_string(False))
    assert "there is no such database: CREATE DATABASE elsewhere" in said


def test_nobody_listening_is_told(missing):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        said = refused(f"postgresql://plagewatch:hush-hush@127.0.0.1:{port}/plagewatch")
    assert "nobody listens there" in said
    assert "plagewatch:***@127.0.0.1" in said


def test_a_url_that_cannot_be_read_does_not_tell_its_password():
    assert "cannot be read" in refused("postgresql//plagewatch:hush-hush@host/plagewatch")
    assert "cannot be read" in refused("postgresql://plagewatch:hush-hush@host:port/plagewatch")


def test_a_wrong_password_is_told(postgres_server, tmp_path):
    url = locked(postgres_server)
    said = refused(url)
    assert "user and password are not those of the database" in said


def locked(server) -> str:
    """The server lets a user in by password only where its pg_hba.conf says so."""
    owner = open_records(server.render_as_string(False))
    with owner.connect() as connection:
        file = Path(str(connection.execute(text("SHOW hba_file")).scalar()))
        before = file.read_text()
        if "guarded" not in before:
            file.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{before}")
        connection.execute(text("DROP ROLE IF EXISTS guarded"))
        connection.execute(text("CREATE ROLE guarded LOGIN PASSWORD 'another'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.commit()
    owner.dispose()
    url: str = server.set(username="guarded", password="hush-hush", database="postgres").render_as_string(False)
    return url


def test_an_encoding_that_cannot_hold_names_is_refused(postgres_server):
    owner = open_records(postgres_server.render_as_string(False))
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"))
    owner.dispose()
    assert "UTF8 is needed" in refused(postgres_server.set(database="latin").render_as_string(False))


def test_a_schema_of_a_newer_version_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer plagewatch" in refused(engine.url.render_as_string(False))


def test_odd_text_is_kept_and_found_again(postgres_url):
    engine = open_records(postgres_url)
    registry.save(engine, [Site("s\x00", "half \ud800 \x00 pair")])
    assert registry.sites(engine) == [Site("s\\x00", "half \\ud800 \\x00 pair")]
    registry.save(engine, [Site("s\x00", "again")])
    assert [site.name for site in registry.sites(engine)] == ["again"]
    engine.dispose()


def test_a_connection_that_the_server_ended_is_foreseen_trouble_and_the_next_one_works(postgres_url):
    engine = open_records(postgres_url)
    killer = open_records(postgres_url)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plagewatch' "
    others += "AND datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection, killer.connect() as ending:
        connection.execute(text("SELECT 1"))
        ending.execute(text(others))
        with pytest.raises(RecordsError):
            connection.execute(text("SELECT 1"))
    assert registry.sites(engine) == []
    with killer.connect() as ending:
        ending.execute(text(others))  # while it lies idle in the pool
    assert registry.sites(engine) == []
    engine.dispose()
    killer.dispose()


@pytest.fixture
def swallowing(postgres_url) -> Iterator["Swallowing"]:
    proxy = Swallowing(make_url(postgres_url).port or 0)
    yield proxy
    proxy.close()


class Swallowing:
    """A way to the server on which, from a moment on, nothing arrives any more though everything stays open."""

    def __init__(self, port: int) -> None:
        self.deaf = threading.Event()
        self._there = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._door]
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._open, daemon=True).start()

    def close(self) -> None:
        for one in self._sockets:
            one.close()

    def _open(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._there))
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                if not self.deaf.is_set():
                    sink.sendall(data)
        except OSError:
            return


def test_a_server_that_says_nothing_any_more_is_given_up(postgres_url, swallowing, monkeypatch):
    monkeypatch.setattr(postgres.PatientConnection, "patience_s", 0.5)
    engine = open_records(make_url(postgres_url).set(port=swallowing.port).render_as_string(False))
    began = time.monotonic()
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        swallowing.deaf.set()
        with pytest.raises(RecordsError):
            connection.execute(text("SELECT 1"))
    assert time.monotonic() - began < 30
    swallowing.deaf.clear()
    assert registry.sites(engine) == []
    engine.dispose()
