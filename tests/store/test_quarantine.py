"""Quarantine is bounded, and its counts are those of all that came."""

from sqlalchemy import func, select

from plagewatch.metering.readings import Reason
from plagewatch.store import tables
from plagewatch.store.records.quarantine import (
    MOST_PAIRS,
    Quarantined,
    Stretch,
    counted,
    counts,
    forget_empty,
    keep,
    keep_again,
    quarantined,
    withdraw,
)


def packet(place: int, received_ms: int = 0, reason: Reason = Reason.UNKNOWN_DEVICE, device: str = "d") -> Quarantined:
    return Quarantined(received_ms or place, f"mqtt:{device}", device, reason, f"at {place}", b"x", place)


def line(number: int) -> Quarantined:
    return Quarantined(0, f"file:a.csv:{number}", "d", Reason.UNKNOWN_DEVICE, "no number", b"x")


def test_one_large_batch_keeps_the_first_and_the_newest_and_counts_all(engine):
    keep(engine, [packet(place) for place in range(1, 2_001)])
    assert [item.spool_id for item in reversed(quarantined(engine))] == [*range(1, 21), *range(1_921, 2_001)]
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 2_000}


def test_each_device_and_reason_has_its_own_places(engine):
    keep(engine, [packet(place, device=device) for place in range(1, 151) for device in ("a", "b")])
    keep(engine, [packet(7, reason=Reason.MALFORMED)])
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.quarantine)).scalar() == 201
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 300, Reason.MALFORMED: 1}


def test_a_new_spool_whose_places_begin_again_is_counted(engine):
    keep(engine, [packet(place) for place in range(1, 11)])
    keep(engine, [packet(1, received_ms=1_000), packet(2, received_ms=1_001)])
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 12}


def test_the_lines_of_files_all_stay_and_do_not_push_packets_out(engine):
    for _ in range(2):
        keep(engine, [line(number) for number in range(150)])
    keep(engine, [packet(place) for place in range(1, 101)])
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 250}
    assert len(quarantined(engine, 1_000)) == 250


def test_a_count_knows_when_its_first_packet_came(engine):
    keep(engine, [packet(place, received_ms=1_000 + place) for place in range(5, 200)])
    keep(engine, [packet(place, received_ms=1_000 + place) for place in range(200, 210)])
    (count,) = counted(engine)
    assert (count.number, count.first_ms, count.last_ms) == (205, 1_005, 1_209)


def test_ever_new_names_do_not_fill_the_records(engine):
    keep(engine, [packet(place, device=f"made-up-{place}") for place in range(1, MOST_PAIRS + 301)])
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: MOST_PAIRS + 300}
    by_device = {count.device: count.number for count in counted(engine)}
    assert len(by_device) == MOST_PAIRS + 1
    assert by_device[""] == 300
    # Those that are known are counted under their name all the same.
    keep(engine, [packet(MOST_PAIRS + 301, device="made-up-1")])
    assert {count.device: count.number for count in counted(engine)}["made-up-1"] == 2


def test_what_a_replay_still_refuses_is_counted_once_beside_live_packets(engine):
    keep(engine, [packet(place) for place in range(1, 301)])
    with engine.begin() as connection:
        assert withdraw(connection, ["d"], Stretch("", 0)) == 300
    assert counted(engine) == []
    keep(engine, [packet(place) for place in range(301, 311)])  # live, while the replay goes on
    with engine.begin() as connection:
        keep_again(connection, [packet(place) for place in range(1, 151)], Stretch("", 0))
    with engine.begin() as connection:
        keep_again(connection, [packet(place) for place in range(151, 301)], Stretch("", 0))
    (count,) = counted(engine)
    assert (count.number, count.first_ms, count.last_ms) == (310, 1, 310)
    assert [item.spool_id for item in reversed(quarantined(engine))] == [*range(1, 21), *range(231, 311)]
    keep(engine, [packet(310)])  # the last live packet again: it was counted
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 310}


def test_withdrawing_leaves_the_lines_of_files(engine):
    keep(engine, [line(number) for number in range(7)])
    keep(engine, [packet(place) for place in range(1, 201)])
    with engine.begin() as connection:
        assert withdraw(connection, None, Stretch("", 0)) == 200
        forget_empty(connection, "")
    assert counts(engine) == {Reason.UNKNOWN_DEVICE: 7}
    assert counted(engine) == []  # no packets wait any more
