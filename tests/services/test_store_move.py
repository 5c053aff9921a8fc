"""Records and series of a folder on PostgreSQL and InfluxDB: all of them, to the last bit, whatever cuts a move off."""

import json
import os
import signal
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from shutil import copytree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, text

from api.app import create_app
from plagewatch.cli.in_use import for_one, in_use
from plagewatch.metering.meters import Site
from plagewatch.store.engine import RecordsUnreachable, open_records
from plagewatch.store.move import comparison
from plagewatch.store.move.records import batches, tables_in_order
from plagewatch.store.records import outbox, registry, work
from plagewatch.store.series.opening import series_at
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries
from tests.api.centre import NOW_S, Centre
from tests.conftest import Influx
from tests.services.moving_data import AUDITED, INDEX, LINES, MAIN, QUARTERS, fill_folder

pytestmark = pytest.mark.service

PAGES = ["/", "/data", "/tickets", "/meters/noord.elec", "/meters/tournesol.water?period=day&until=2026-11-18"]
API = ["/api/v1/meters", "/api/v1/tickets", "/api/v1/quarantine", "/api/v1/ledger/accounts", "/api/v1/ledger/findings"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "data"
    fill_folder(folder)
    return folder


@pytest.fixture
def there(filled: Path, tmp_path: Path) -> Path:
    return copytree(filled, tmp_path / "there")


class Here:
    """Production: an empty PostgreSQL and an empty InfluxDB, named by settings."""

    def __init__(self, command: list[str], folder: Path, url: str, influx: Influx) -> None:
        self.command, self.folder, self.url, self.influx = command, folder, url, influx
        self.environment = {
            **os.environ,
            "PLAGEWATCH_DATA_DIR": str(folder / "production"),
            "PLAGEWATCH_RECORDS_URL": url,
            "PLAGEWATCH_INFLUX_URL": influx.url,
            "PLAGEWATCH_INFLUX_TOKEN": influx.token,
            "PLAGEWATCH_INFLUX_ORG": influx.org,
        }

    def start(self, *words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )

    def run(self, *words: object) -> tuple[int, str, str]:
        running = self.start(*words)
        said, told = running.communicate(timeout=120)
        return running.returncode, said, told

    def series(self) -> SeriesStore:
        return series_at(self.folder, self.influx.url, self.influx.token, self.influx.org, 30)


@pytest.fixture
def here(plagewatch_command: list[str], tmp_path: Path, postgres_url: str, influx: Influx) -> Here:
    return Here(plagewatch_command, tmp_path, postgres_url, influx)


def assert_same(here: Here, there: Path) -> None:
    """By our own look at both, beside what the command says."""
    engines = [open_records(url) for url in (f"sqlite:///{there / 'records.db'}", here.url)]
    old, new = SqliteSeries(there / "series.db"), here.series()
    with closing(old), closing(new):
        kept = old.samples(MAIN.id, INDEX, 0, 2 * NOW_S * 1000), new.samples(MAIN.id, INDEX, 0, 2 * NOW_S * 1000)
        assert len(kept[0].at_ms) == QUARTERS
        assert kept[0].value.tolist() == kept[1].value.tolist()
        assert answers(Centre(engines[0], old, there)) == answers(Centre(engines[1], new, there))  # type: ignore[arg-type]
        for compare in (comparison.evidence, comparison.points):
            assert compare(old, new).differences == []
    for engine in engines:
        engine.dispose()


def answers(centre: Centre) -> dict[str, str]:
    with TestClient(create_app(centre.context()), base_url="http://127.0.0.1") as client:
        found = {path: client.get(path) for path in PAGES + API}
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(PAGES + API, 200)
    return {path: answer.text for path, answer in found.items()}


def checked(here: Here, **settings: str) -> object:
    here.environment.update(settings)
    code, said, told = here.run("ledger", "check", "--json")
    assert code == 0, told
    return json.loads(said)


def test_a_folder_moves_to_production_and_back(here: Here, there: Path) -> None:
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert code == 0, told
    assert said.splitlines()[-1] == "verdict: moved, all the same; 5 of 5 registers add up in the target"
    assert_same(here, there)
    new_numbers_come_behind_the_old_ones(here)
    back = there.parent / "back"
    code, said, told = here.run("store", "move", "--from", "settings", "--to", back)
    assert code == 0, told
    accounts = checked(here)
    unset = dict.fromkeys(["PLAGEWATCH_RECORDS_URL", "PLAGEWATCH_INFLUX_URL"])
    for name in unset:
        del here.environment[name]
    assert checked(here, PLAGEWATCH_DATA_DIR=str(back)) == accounts
    assert checked(here, PLAGEWATCH_DATA_DIR=str(there)) == accounts


def new_numbers_come_behind_the_old_ones(here: Here) -> None:
    engine = open_records(here.url)
    highest = max(item.id for item in outbox.due(engine, NOW_S))
    outbox.enqueue(engine, "digest", "digest:2026-W47", ["cell"], NOW_S)
    assert max(item.id for item in outbox.due(engine, NOW_S)) > highest
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE kind = 'digest'"))
    engine.dispose()


def test_a_move_that_is_killed_again_and_again_ends_as_if_it_never_was(here: Here, there: Path) -> None:
    chance = Random(7)
    markers = [
        "records ...",
        "site:",
        "quarantine:",
        "series ...",
        "evidence:",
        "figures:",
        "comparing ...",
        None,
        None,
    ]
    for marker in markers:
        killed = here.start("store", "move", "--from", there, "--to", "settings")
        assert killed.stderr is not None
        if marker is None:
            with pytest.raises(subprocess.TimeoutExpired):
                killed.wait(chance.uniform(0.2, 1.5))
        else:
            assert any(line.startswith(marker) for line in killed.stderr), marker
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        if marker is not None:
            with pytest.raises(RecordsUnreachable, match="is not over"):
                open_records(here.url)
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert code == 0, told
    assert "goes on where it was" in told
    assert f"{QUARTERS + 9} values, all the same" in said
    assert_same(here, there)
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert (code, said.splitlines()[0]) == (0, "this move is over: nothing is brought again")


@pytest.mark.parametrize("half", ["records", "series"])
def test_each_half_moves_alone(here: Here, there: Path, half: str) -> None:
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings", "--only", half)
    assert code == 0, told
    assert ("evidence: " in said, "tables with" in said) == (half == "series", half == "records")
    assert "5 of 5 registers add up in the target" in said


def test_only_the_half_that_has_another_place_moves(here: Here, there: Path) -> None:
    del here.environment["PLAGEWATCH_RECORDS_URL"]
    here.environment["PLAGEWATCH_DATA_DIR"] = str(there)
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert code == 0, told
    assert f"the records stay where they are: sqlite:///{there / 'records.db'}" in told
    assert "evidence: " in said


def test_a_url_moves_one_half_and_hides_its_password(here: Here, there: Path) -> None:
    url = make_url(here.url).set(password="hush-hush").render_as_string(False)
    code, said, told = here.run("store", "move", "--from", there, "--to", url)
    assert code == 0, told
    assert "hush-hush" not in said + told
    assert f"tables with {AUDITED}"[:11] in said


def test_a_target_with_other_data_is_refused_and_keeps_them(here: Here, there: Path) -> None:
    engine = open_records(here.url)
    registry.save(engine, [Site("theirs", "Theirs")])
    engine.dispose()
    code, _, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert code == 2
    assert "holds data already (site)" in told
    engine = open_records(here.url)
    assert [site.id for site in registry.sites(engine)] == ["theirs"]
    engine.dispose()


def test_whoever_has_stores_open_keeps_a_move_out_and_a_move_keeps_others_out(here: Here, there: Path) -> None:
    with in_use(there):
        code, _, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert (code, "are in use" in told) == (2, True)
    with for_one(there):
        code, _, told = here.run("ledger", "check", "--data", there)
    assert (code, "are being moved" in told) == (2, True)
    engine = open_records(here.url)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        code, _, told = here.run("store", "move", "--from", there, "--to", "settings")
    assert (code, "connections of plagewatch" in told) == (2, True)
    engine.dispose()


def test_a_source_that_went_on_is_told_and_brought_once_more(here: Here, there: Path) -> None:
    killed = here.start("store", "move", "--from", there, "--to", "settings")
    assert killed.stderr is not None
    assert any(line.startswith("evidence:") for line in killed.stderr)
    killed.kill()
    killed.communicate()
    engine = open_records(f"sqlite:///{there / 'records.db'}")
    registry.save(engine, [replace(registry.sites(engine)[0], name="Renamed")])
    work.set_mark(engine, "job", 5)
    engine.dispose()
    code, said, _ = here.run("store", "move", "--from", there, "--to", "settings")
    assert code == 1
    assert "table site: rows differ" in said
    assert "verdict: not the same" in said
    code, said, told = here.run("store", "move", "--from", there, "--to", "settings", "--again")
    assert code == 0, told
    assert_same(here, there)


def test_every_table_is_compared_row_by_row(there: Path, tmp_path: Path) -> None:
    source = open_records(f"sqlite:///{there / 'records.db'}")
    seen = {table.name: sum(len(rows) for rows, _ in batches(source, table, [])) for table in tables_in_order()}
    assert seen["audit"] > AUDITED
    assert seen["quarantine"] >= LINES
    copy = copytree(there, tmp_path / "copy")
    other = open_records(f"sqlite:///{copy / 'records.db'}")
    assert comparison.records(source, other).differences == []
    least = "UPDATE audit SET after = :other WHERE id = (SELECT max(id) - :back FROM audit)"
    with other.begin() as connection:  # 1 / 7, and the next number that a computer can hold
        connection.execute(text(least), {"other": '{"pulse": 0.14285714285714288}', "back": AUDITED - 2})
    assert comparison.records(source, other).differences == ["table audit: rows differ"]
    source.dispose()
    other.dispose()
