"""Serial numbers in telegrams: kept where they change, whatever arrives first."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.store.records import audit, registry
from plagewatch.store.records.serials import SerialSeen, in_force, note_seen, serials_of

REGISTER = "energy_import_total"


def seen(at_ms: int, serial: str, meter: str = "m", register: str = REGISTER) -> SerialSeen:
    return SerialSeen(meter, register, at_ms, serial)


def with_meter(engine: Engine) -> Engine:
    meters = [Meter(id_, "s", id_, Carrier.ELECTRICITY, Kind.INDEX, "kWh") for id_ in ("m", "n")]
    registry.save(engine, [Site("s", "Site"), *meters])
    return engine


@given(
    exchanges=st.lists(st.integers(1, 99), max_size=1),
    telegrams=st.lists(st.integers(0, 100), min_size=1, unique=True),
    order=st.randoms(),
)
def test_one_exchange_is_found_in_any_order_and_in_any_pieces(exchanges, telegrams, order):
    told = [seen(at_ms, "new" if exchanges and at_ms >= exchanges[0] else "old") for at_ms in telegrams]
    at_once = in_force([], told)
    expected = [
        min((one for one in told if one.serial == serial), key=lambda one: one.at_ms, default=None)
        for serial in ("old", "new")
    ]
    assert at_once == [one for one in expected if one]
    order.shuffle(told)
    known: list[SerialSeen] = []
    for one in [*told, *told]:
        known = in_force(known, [one])
    assert known == at_once


def test_rows_are_kept_for_each_register_and_meter_apart(engine):
    with_meter(engine)
    note_seen(engine, [seen(90, "b"), seen(10, "a"), seen(10, "a", register="gas_volume"), seen(5, "z", meter="n")])
    note_seen(engine, [seen(50, "b"), seen(60, "b", register="gas_volume"), seen(70, "")])
    assert [(one.register, one.at_ms, one.serial) for one in serials_of(engine, "m")] == [
        (REGISTER, 10, "a"),
        (REGISTER, 50, "b"),
        ("gas_volume", 10, "a"),
        ("gas_volume", 60, "b"),
    ]
    assert serials_of(engine, "n") == [seen(5, "z", meter="n")]


def test_what_is_known_is_read_once_and_nothing_is_written(engine):
    with_meter(engine)
    packets = [seen(at_ms, "a", meter) for at_ms in range(200) for meter in ("m", "n")]
    note_seen(engine, packets)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    note_seen(engine, packets)
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


def test_a_line_of_the_audit_is_there_with_its_change_or_not_at_all(engine):
    with engine.begin() as connection:
        audit.line(connection, 5, "cell", "share moved", "m", None, {"building": "b"})
    try:
        with engine.begin() as connection:
            audit.line(connection, 6, "cell", "share moved", "m", {"building": "b"}, None)
            raise RuntimeError("killed")
    except RuntimeError:
        pass
    (only,) = audit.lines(engine, "m")
    assert (only.at_ms, only.who, only.before, only.after) == (5, "cell", None, {"building": "b"})


def test_lines_of_a_subject_come_newest_first_and_no_more_than_asked(engine):
    with engine.begin() as connection:
        for at_ms, subject in enumerate(["m", "n", "m", "m"]):
            audit.line(connection, at_ms, "cell", "x", subject)
    assert [one.at_ms for one in audit.lines(engine, "m", limit=2)] == [3, 2]
    assert [one.at_ms for one in audit.lines(engine)] == [3, 2, 1, 0]
