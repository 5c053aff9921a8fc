"""What stood in the records before spools had names goes on under the empty name."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from plagewatch.metering.readings import Reason
from plagewatch.store.engine import SCHEMA, engine_at, migrate
from plagewatch.store.records import quarantine, replays
from plagewatch.store.records.quarantine import Quarantined

BEFORE = """
INSERT INTO quarantine (spool_id, received_ms, source, device, reason, detail, payload)
    VALUES (7, 1000, 'mqtt:a', 'a', 'unknown_device', 'x', :payload);
INSERT INTO quarantine_count (device, reason, number, spool_id, received_ms, first_ms)
    VALUES ('a', 'unknown_device', 12, 7, 1000, 500);
INSERT INTO replay (device, template, since_ms, who, asked_ms, next_id, last_id, counted, packets, samples, gone,
    trouble) VALUES ('a', '', 0, 'els', 10, 5, 9, 3, 2, 1, 0, 'the store is away');
INSERT INTO replay (device, template, since_ms, who, asked_ms, counted, packets, samples, gone, trouble)
    VALUES ('b', '', 0, 'els', 20, 0, 0, 0, 0, '')
"""


@pytest.fixture
def old(records_url: str):
    """Records of the schema before, with something in them."""
    if records_url.startswith("postgresql"):  # the database comes with the newest schema
        engine = engine_at(records_url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    engine = engine_at(records_url)
    config = Config()
    config.set_main_option("script_location", str(SCHEMA))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in BEFORE.split(";\n"):
            values = {"payload": b"abc"} if ":payload" in statement else {}
            connection.execute(text(statement), values)
    yield engine
    engine.dispose()


def test_quarantine_and_replays_go_on(old: Engine) -> None:
    migrate(old)
    (kept,) = quarantine.quarantined(old)
    assert kept == Quarantined(1000, "mqtt:a", "a", Reason.UNKNOWN_DEVICE, "x", b"abc", 7, "")
    quarantine.keep(old, [kept])  # the last one counted, of the spool that has no name
    assert quarantine.counts(old) == {Reason.UNKNOWN_DEVICE: 12}
    quarantine.keep(old, [kept], "another")
    assert quarantine.counts(old) == {Reason.UNKNOWN_DEVICE: 13}
    current = replays.waiting(old, "")
    assert current is not None
    part = current.part("")
    assert part is not None
    assert (current.device, current.packets, current.samples, current.counted) == ("a", 2, 1, 3)
    assert (part.next_id, part.last_id, current.trouble) == (5, 9, "the store is away")
    replays.finish(old, part, 100, 0, "")
    following = replays.waiting(old, "")
    assert following is not None
    assert (following.device, following.begun) == ("b", False)
