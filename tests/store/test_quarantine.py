"""Quarantine is bounded, and its counts are those of all that came."""

from sqlalchemy import func, select

from plagewatch.metering.readings import Reason
from plagewatch.store import tables
from plagewatch.store.records.quarantine import Quarantined, counts, keep, quarantined


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
