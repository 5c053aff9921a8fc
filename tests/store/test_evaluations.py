"""Which unit is looked at next, and by whom."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from plagewatch.metering.meters import Site
from plagewatch.store.engine import RecordsError, open_records
from plagewatch.store.records import evaluations, registry

TICK_S = 3600
UNITS = ("a", "b", "c", "d")


@pytest.fixture
def enrolled(engine: Engine) -> Engine:
    registry.save(engine, [Site(unit, unit) for unit in UNITS])
    evaluations.enrol(engine, UNITS)
    return engine


@pytest.fixture
def workers(postgres_url: str) -> Iterator[tuple[Engine, Engine]]:
    """The same records, as two workers have them open."""
    both = open_records(postgres_url), open_records(postgres_url)
    registry.save(both[0], [Site(unit, unit) for unit in UNITS])
    evaluations.enrol(both[0], UNITS)
    yield both
    for each in both:
        each.dispose()


def test_what_was_looked_at_is_not_due_until_the_next_tick(enrolled: Engine) -> None:
    assert evaluations.looked_upto_s(enrolled) is None
    with evaluations.lease(enrolled, TICK_S, "", 10) as leased:
        assert leased.looked_s == dict.fromkeys(UNITS)
        leased.done += UNITS
    assert evaluations.looked_upto_s(enrolled) == TICK_S
    assert not evaluations.any_due(enrolled, TICK_S)
    with evaluations.lease(enrolled, TICK_S, "", 10) as leased:
        assert leased.looked_s == {}
    assert evaluations.any_due(enrolled, 2 * TICK_S)
    with evaluations.lease(enrolled, 2 * TICK_S, "b", 10) as leased:
        assert leased.looked_s == {"c": TICK_S, "d": TICK_S}


def test_what_was_not_done_stays_due_though_the_others_were(enrolled: Engine) -> None:

    def fails_half_way() -> None:
        with evaluations.lease(enrolled, TICK_S, "", 10) as leased:
            leased.done += ["a", "b"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_half_way()
    assert evaluations.looked_s(enrolled) == {"a": TICK_S, "b": TICK_S, "c": None, "d": None}
    assert evaluations.looked_upto_s(enrolled) is None


def test_a_unit_that_comes_later_begins_where_the_others_are(enrolled: Engine) -> None:
    evaluations.set_looked(enrolled, UNITS, TICK_S)
    registry.save(enrolled, [Site("e", "e")])
    evaluations.enrol(enrolled, [*UNITS[1:], "e"])
    assert evaluations.looked_s(enrolled) == dict.fromkeys((*UNITS[1:], "e"), TICK_S)


def test_a_look_that_comes_late_takes_nothing_back(enrolled: Engine) -> None:
    evaluations.set_looked(enrolled, UNITS, 2 * TICK_S)
    evaluations.set_looked(enrolled, UNITS, TICK_S)
    assert evaluations.looked_upto_s(enrolled) == 2 * TICK_S


@pytest.mark.service
def test_two_workers_share_the_units(workers: tuple[Engine, Engine]) -> None:
    one, other = workers
    with evaluations.lease(one, TICK_S, "", 2) as ours, evaluations.lease(other, TICK_S, "", 10) as theirs:
        assert list(ours.looked_s) == ["a", "b"]
        assert list(theirs.looked_s) == ["c", "d"]
        ours.done += ["a", "b"]
    assert evaluations.looked_s(one) == {"a": TICK_S, "b": TICK_S, "c": None, "d": None}


@pytest.mark.service
def test_what_a_worker_had_is_free_when_its_connection_ends(workers: tuple[Engine, Engine]) -> None:
    one, other = workers

    def loses_its_connection() -> None:
        with evaluations.lease(one, TICK_S, "", 2) as ours:
            assert list(ours.looked_s) == ["a", "b"]
            with other.begin() as connection:
                connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
                )
            with evaluations.lease(other, TICK_S, "", 10) as theirs:
                assert list(theirs.looked_s) == list(UNITS)
            ours.done += ["a", "b"]

    with pytest.raises(RecordsError):
        loses_its_connection()
    assert evaluations.looked_s(other) == dict.fromkeys(UNITS)


def test_a_job_of_any_worker_is_done_by_one_of_them(enrolled: Engine) -> None:
    now_s = 1_800_000_000
    assert evaluations.pulse(enrolled, "plage", now_s, 900)
    assert not evaluations.pulse(enrolled, "plage", now_s + 899, 900)
    assert evaluations.pulse(enrolled, "plage", now_s + 900, 900)
    assert not evaluations.pulse(enrolled, "plage", now_s + 900, 900)
    # The clock that said so was an hour ahead.
    assert evaluations.pulse(enrolled, "plage", now_s - 3600, 900)
