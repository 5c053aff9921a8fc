"""The migrations make exactly the tables that the code speaks of, and an old database opens with all that is in it."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.metering.readings import Reason
from plagewatch.store import tables
from plagewatch.store.engine import SCHEMA, migrate, newest, open_records
from plagewatch.store.records import quarantine, registry, replays, work

FROZEN = sorted((Path(__file__).parent / "frozen").glob("*.sql"))


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(SCHEMA))
    return made


def test_the_migrations_make_the_tables(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_keys_and_indexes_are_those_of_the_tables(engine):
    made = keys_and_indexes(engine)
    tables.metadata.drop_all(engine)
    tables.metadata.create_all(engine)
    assert made == keys_and_indexes(engine)
    assert made["ticket"]["unique"]


def keys_and_indexes(engine) -> dict[str, dict[str, Any]]:
    there = inspect(engine)
    return {
        name: {
            "key": there.get_pk_constraint(name),
            "unique": sorted(map(str, there.get_unique_constraints(name))),
            "foreign": sorted(map(str, there.get_foreign_keys(name))),
            "indexes": sorted(map(str, there.get_indexes(name))),
        }
        for name in tables.metadata.tables
    }


def test_the_migrations_are_one_line():
    script = ScriptDirectory.from_config(config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert script.get_current_head() == newest()  # by which an open database is known to be up to date


def test_opening_twice_changes_nothing(engine):
    registry.save(engine, [Site("s", "Site")])
    migrate(engine)
    assert [site.id for site in registry.sites(engine)] == ["s"]


def opened_from(frozen: Path, folder: Path) -> Engine:
    """Records as they were kept by an older version, opened by this one."""
    url = f"sqlite:///{folder / 'records.db'}"
    old = create_engine(url)
    with old.begin() as connection:
        for statement in frozen.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    old.dispose()
    return open_records(url)


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.stem)
def test_a_frozen_old_database_opens_with_all_that_is_in_it(frozen, tmp_path):
    opened = opened_from(frozen, tmp_path)
    assert registry.sites(opened) == [Site("linde", "De Linde", "north", "Europe/Brussels", 50.86, 4.35)]
    assert registry.meters(opened) == [
        Meter("linde.gas", "linde", "Gas", Carrier.GAS, Kind.INDEX, "m3", 900, "541448000000000001", "boiler room")
    ]
    assert registry.facts_of(opened, "linde.gas") == [MeterFacts("linde.gas", 0, 5, 3, 1.0, None)]
    assert registry.bindings(opened) == [Binding("logger-1", "gas_volume", "linde.gas", 5)]
    with opened.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == ScriptDirectory.from_config(config()).get_current_head()
    opened.dispose()


def test_there_is_a_frozen_database_of_the_first_schema():
    assert [path.stem for path in FROZEN][0].startswith("0001")


def test_what_0002_held_of_the_one_spool_goes_on_under_the_empty_name(tmp_path):
    (frozen,) = [path for path in FROZEN if path.stem.startswith("0002")]
    opened = opened_from(frozen, tmp_path)
    kept = quarantine.quarantined(opened)
    assert [(one.source, one.payload, one.spool_id, one.spool) for one in kept] == [
        ("file:a.csv:3", b"a,b", None, ""),
        ("mqtt:loggers/x/readings", b"{}", 7, ""),
    ]
    assert quarantine.counts(opened) == {Reason.UNKNOWN_DEVICE: 1, Reason.MALFORMED: 1}
    assert [(one.device, one.since_ms) for one in replays.replays(opened)] == [("x", 500)]
    assert work.mark(opened, "rules") == 1_790_000_000
    opened.dispose()
