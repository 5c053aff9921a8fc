"""What a device sent before somebody said whose it is comes into the ledger whole, whatever stops the collector."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from collector import ledger_check, rollup_job
from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool, SpoolError
from plagewatch.metering.claiming import Claim
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Packet, Reason
from plagewatch.store.engine import open_records
from plagewatch.store.records import claims, device_memory, quarantine, replays
from plagewatch.store.records.registry import save
from plagewatch.store.records.replay_progress import Replay
from plagewatch.store.records.replays import Asked
from plagewatch.store.records.spools import KnownSpool, seen
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.series.sqlite import SqliteSeries

START_MS = 1_795_000_000_000
MINUTE_MS = 60_000
COUNT = 3_000
NOW_MS = START_MS + 5_000 * MINUTE_MS
METERS = [Meter(name, "site", name, Carrier.GAS, Kind.INDEX, "m3", 60) for name in ("m", "other")]


def packet(number: int, device: str = "attic", register: str = "gas_index", unit: str = "m3") -> Packet:
    """One reading a minute, each 0.5 m3 above the one before."""
    at_ms = START_MS + number * MINUTE_MS
    body = {"at": at_ms // 1000, "registers": {register: {"value": 100 + number / 2, "unit": unit}}}
    return Packet(f"loggers/{device}/readings", json.dumps(body).encode(), at_ms + 300)


class House:
    """The stores of one installation, that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.engine: Engine = open_records(f"sqlite:///{self.folder / 'records.db'}")
        self.series = SqliteSeries(self.folder / "series.db")
        self.spool = Spool(self.folder / "spool.db")
        seen(self.engine, KnownSpool(self.spool.name, "house:spool.db", NOW_MS))
        self.pipeline = Pipeline(self.spool, self.series, self.engine)
        self.replayer = Replayer(self.pipeline)

    def close(self) -> None:
        self.spool.close()
        self.series.close()
        self.engine.dispose()

    def receive(self, packets: list[Packet]) -> None:
        self.pipeline.accept(packets)
        assert not self.pipeline.drain(NOW_MS).stopped

    def claim(self, **changes: Any) -> int:
        wanted = Claim("attic", "gas_volume", "m", START_MS, "els")
        return claims.claim(self.engine, self.series, replace(wanted, **changes), NOW_MS)

    def replay(self) -> None:
        while self.replayer.step(NOW_MS):
            pass

    def replayed(self, number: int) -> Replay:
        found = replays.replay(self.engine, number)
        assert found is not None
        return found

    def values(self, meter: str = "m", register: str = "gas_volume") -> list[float]:
        return list(self.series.samples(meter, register, 0, 1 << 50).value.tolist())

    def counts(self, device: str = "attic") -> dict[Reason, int]:
        return {count.reason: count.number for count in quarantine.counted(self.engine, device)}


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    save(made.engine, [Site("site", "Site"), *METERS])
    yield made
    made.close()


def assert_whole(house: House, count: int = COUNT) -> None:
    """All readings are there, the ledger adds up, and nothing waits any more."""
    assert house.values() == [100 + number / 2 for number in range(count)]
    rollup_job.run(house.engine, house.series, NOW_MS // 1000)
    (account,) = ledger_check.check(house.engine, house.series, "m")
    assert (account.first_index, account.last_index) == (100.0, 100 + (count - 1) / 2)
    assert account.balanced
    # One reading a minute, all of them used: what was booked is the movement, by hand (count - 1) x 0.5 m3.
    assert account.booked == pytest.approx((count - 1) / 2, abs=1e-9)
    assert house.counts() == {}
    assert quarantine.quarantined(house.engine, device="attic") == []


def test_all_that_was_sent_before_the_claim_is_in_the_ledger(house):
    house.receive([packet(number) for number in range(COUNT)])
    assert house.counts() == {Reason.UNKNOWN_DEVICE: COUNT}
    number = house.claim()
    house.replay()
    done = house.replayed(number)
    assert (done.packets, done.samples, done.counted, done.gone, done.trouble) == (COUNT, COUNT, COUNT, 0, "")
    assert done.done_ms == NOW_MS
    assert_whole(house)


def test_a_replay_neither_moves_the_watermark_nor_touches_other_devices(house):
    house.receive([packet(number, device) for number in range(700) for device in ("attic", "cellar")])
    mark = house.spool.watermark()
    house.claim()
    house.replay()
    assert house.spool.watermark() == mark
    assert house.counts("cellar") == {Reason.UNKNOWN_DEVICE: 700}
    assert_whole(house, 700)


def test_live_packets_come_between_two_batches_of_a_replay(house):
    house.receive([packet(number) for number in range(1_200)])
    house.claim()
    assert house.replayer.step(NOW_MS)  # begun
    assert house.replayer.step(NOW_MS)  # its first 500
    house.receive([packet(number) for number in range(1_200, 1_210)])
    assert len(house.values()) == 510
    house.replay()
    assert_whole(house, 1_210)


def test_packets_between_claim_and_replay_are_neither_lost_nor_left_in_quarantine(house):
    house.receive([packet(number) for number in range(100)])
    house.claim()
    # The pipeline looked at the bindings a moment ago: it does not know of the claim yet.
    house.pipeline.accept([packet(number) for number in range(100, 150)])
    house.pipeline.drain(NOW_MS + 1)
    assert house.counts() == {Reason.UNKNOWN_DEVICE: 150}
    house.replay()
    assert_whole(house, 150)


class Killed(BaseException):
    """The process ends here."""


def killing(house: House, after: int) -> Callable[[], bool]:
    """End the process at its n-th access to a store, whichever that is. Returns whether it came to that."""
    left = [after]

    def count(*_told: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def inner(*args: object) -> object:
            count()
            made = call(*args)
            count()
            return made

        return inner

    event.listen(house.engine, "before_cursor_execute", count)
    event.listen(house.engine, "commit", count)
    for store, access in ((house.series, "write_samples"), (house.spool, "set_watermark")):
        setattr(store, access, counted(getattr(store, access)))
    return lambda: left[0] <= 0


def test_killed_anywhere_and_begun_again_gives_the_same(house, tmp_path):
    """The process ends at each of its accesses in turn: live packets and a replay, each time a little further."""
    house.receive([packet(number) for number in range(520)] + [Packet("loggers/attic/readings", b"{", START_MS + 300)])
    house.claim()
    house.pipeline.accept([packet(number) for number in range(520, 530)])
    house.close()
    after, survived = 1, False
    while not survived:
        one = House(shutil.copytree(house.folder, tmp_path.parent / f"{tmp_path.name}-{after}"))
        killed = killing(one, after)
        try:
            one.replay()
            one.pipeline.drain(NOW_MS)
        except Killed:
            pass
        survived = not killed()
        one.close()
        one.open()
        one.replay()
        one.pipeline.drain(NOW_MS)
        assert one.values() == [100 + number / 2 for number in range(530)], after
        assert one.counts() == {Reason.MALFORMED: 1}, after
        assert len(quarantine.quarantined(one.engine)) == 1, after
        (done,) = replays.replays(one.engine)
        assert (done.packets, done.samples) == (521, 520), after
        one.close()
        after += 1
    house.open()  # the fixture closes it
    assert after > 30  # it was killed at many places


def test_a_store_that_asks_to_wait_is_told_and_waited_for(house, monkeypatch):
    house.receive([packet(number) for number in range(10)])
    number = house.claim()
    assert house.replayer.step(NOW_MS)
    write = house.series.write_samples

    def full(blocks):
        raise SeriesError("the disk is full", retryable=True)

    house.series.write_samples = full
    assert not house.replayer.step(NOW_MS)
    assert house.replayed(number).trouble == "the disk is full"
    house.series.write_samples = write
    house.replay()
    assert house.replayed(number).trouble == ""
    assert_whole(house, 10)


def test_what_the_spool_no_longer_has_is_told(house):
    house.receive([packet(number) for number in range(1_000)])
    day_ms = 86_400_000
    # Of the thousand minutes the first 400 go: kept is what is younger than 600 minutes.
    gone = house.spool.prune(START_MS + 1_000 * MINUTE_MS, keep_days=600 * MINUTE_MS / day_ms)
    assert gone == 400
    number = house.claim()
    house.replay()
    done = house.replayed(number)
    assert (done.counted, done.packets, done.gone) == (1_000, 600, 400)
    assert done.complete_from_ms == START_MS + 400 * MINUTE_MS + 300
    assert done.trouble == (
        "400 packets received before 2026-11-18 17:46 UTC are no longer in the spool; it is complete from then on"
    )
    assert house.values() == [100 + number / 2 for number in range(400, 1_000)]
    assert house.counts() == {}


def test_a_spool_that_is_gone_altogether_is_told(house):
    house.receive([packet(number) for number in range(50)])
    house.close()
    (house.folder / "spool.db").unlink()
    house.open()
    number = house.claim()
    house.replay()
    done = house.replayed(number)
    assert (done.gone, done.packets, done.complete_from_ms) == (50, 0, NOW_MS)


def test_claims_one_after_the_other_are_worked_off_in_turn(house):
    sent = [packet(number) for number in range(300)]
    pulses = [packet(number, register="pulse_count", unit="1") for number in range(300)]
    house.receive([one for pair in zip(sent, pulses, strict=True) for one in pair])
    house.claim()
    house.claim(register="pulse_count", meter="other")
    house.replay()
    assert len(house.values()) == 300
    assert len(house.values("other", "pulse_count")) == 300
    assert house.counts() == {}


def test_a_replay_from_a_date_on_leaves_what_is_older(house):
    house.receive([packet(number) for number in range(200)])
    save(house.engine, [Binding("attic", "gas_volume", "m")])
    replays.ask_now(house.engine, Asked("els", NOW_MS, START_MS + 150 * MINUTE_MS, device="attic"))
    house.replay()
    assert house.values() == [100 + number / 2 for number in range(150, 200)]
    kept = quarantine.quarantined(house.engine, device="attic")
    assert max(item.received_ms for item in kept) < START_MS + 150 * MINUTE_MS
    replays.ask_now(house.engine, Asked("els", NOW_MS, 0))
    house.replay()
    assert_whole(house, 200)


def test_topics_that_somebody_said_are_read_again_and_then_claimed(house):
    sent = [Packet("site/hall/0017/data", packet(number).payload, packet(number).received_ms) for number in range(150)]
    house.receive([*sent, Packet("weather/today", b"{}", START_MS)])
    assert house.counts("site/hall/0017/data") == {Reason.UNKNOWN_TOPIC: 150}
    claims.route(house.engine, "site/+/{device}/data", "plain_json", "els", NOW_MS)
    house.replay()
    assert house.counts("site/hall/0017/data") == {}
    assert house.counts("0017") == {Reason.UNKNOWN_DEVICE: 150}
    assert house.counts("weather/today") == {Reason.UNKNOWN_TOPIC: 1}
    house.claim(device="0017")
    house.replay()
    assert house.counts("0017") == {}
    assert_whole(house, 150)
    house.receive([Packet("site/x/0017/data", packet(150).payload, packet(150).received_ms)])
    assert len(house.values()) == 151


def test_a_field_becomes_what_the_claim_says(house):
    sent = [
        Packet("modbus/hall/data", json.dumps({"counter": 1_000 * number}).encode(), packet(number).received_ms)
        for number in range(60)
    ]
    house.receive(sent)
    assert house.counts("hall") == {Reason.UNKNOWN_DEVICE: 60}
    house.claim(device="hall", register="field.counter", as_register="gas_volume", unit="l")
    house.replay()
    assert house.values() == [float(number) for number in range(60)]  # 1 000 l are 1 m3
    assert house.counts("hall") == {}


def test_a_claim_takes_only_what_comes_after_its_date(house):
    house.receive([packet(number) for number in range(100)])
    house.claim(from_ms=START_MS + 40 * MINUTE_MS)
    house.replay()
    assert house.values() == [100 + number / 2 for number in range(40, 100)]
    assert house.counts() == {Reason.UNKNOWN_DEVICE: 40}


def test_a_damaged_spool_is_not_taken_for_a_finished_replay(house):
    house.receive([packet(number) for number in range(10)])
    number = house.claim()
    house.replayer.step(NOW_MS)
    house.spool.close()
    with pytest.raises(SpoolError):
        house.replayer.step(NOW_MS)
    assert house.replayed(number).done_ms is None


def test_memory_of_a_replay_is_its_own_until_it_is_done(house):
    device_memory.remember(house.engine, {"node": ("sparkplug_b", "live"), "node#seq": ("sparkplug_b", "7")})
    with house.engine.begin() as connection:
        changes = {"node#seq": ("sparkplug_b", "3"), "older": ("sparkplug_b", "birth")}
        device_memory.remember_apart(connection, (1, "a"), changes)
    assert device_memory.memory(house.engine) == {"node": "live", "node#seq": "7"}
    assert device_memory.memory(house.engine, (1, "a")) == {"node": "live", "node#seq": "3", "older": "birth"}
    assert device_memory.memory(house.engine, (11, "a")) == {"node": "live", "node#seq": "7"}
    with house.engine.begin() as connection:
        device_memory.end_replay(connection, (1, "a"))
    assert device_memory.memory(house.engine) == {"node": "live", "node#seq": "7", "older": "birth"}
