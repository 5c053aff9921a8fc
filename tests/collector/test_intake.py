"""From the network to the spool: what goes wrong there is told and tried again, whatever it is."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.intake import Intake, Received
from collector.spool import Spool, SpoolError
from plagewatch.metering.readings import Packet
from tests.conftest import wait_until


class Door:
    """A spool, and a broker that counts its answers; each has trouble first."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.keeping: list[Exception] = []
        self.answering: list[Exception] = []
        self.met: list[str] = []
        self.answered: list[int] = []
        self.intake = Intake(self.keep, self.answer, 100)

    def keep(self, packets: Sequence[Packet]) -> None:
        if self.keeping:
            raise self.keeping.pop(0)
        self.met.append(self.intake.trouble)
        self.spool.append(packets)

    def answer(self, batch: Sequence[Received]) -> None:
        if self.answering:
            raise self.answering.pop(0)
        self.answered += [mid for one in batch for mid in one.mids]

    def put(self, mid: int) -> None:
        assert self.intake.put(Received.of([Packet("a", str(mid).encode(), mid)], [mid], 1))

    def answers(self, mids: list[int]) -> None:
        wait_until(lambda: self.answered == mids, f"the answers {mids}")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    spool = Spool(tmp_path / "spool.db")
    made = Door(spool)
    yield made
    made.intake.stop()
    spool.close()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        sqlite3.OperationalError("disk I/O error"),
        ValueError("a\nb"),
        SpoolError("full", retryable=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_keeps_packets_from_the_disk_is_told_and_tried_again(door: Door, error: Exception) -> None:
    door.keeping = [error]
    door.intake.start()
    door.put(1)
    door.answers([1])
    assert door.met[0].endswith(str(error))
    assert door.met[0] != ""
    door.put(2)
    door.answers([1, 2])
    assert (door.intake.trouble, door.intake.alive) == ("", True)
    assert [item.packet.payload for item in door.spool.read_after(0, 10)] == [b"1", b"2"]


def test_packets_whose_answer_fails_are_kept_and_the_next_are_answered(door: Door) -> None:
    door.answering = [MemoryError()]
    door.intake.start()
    door.put(1)
    wait_until(lambda: not door.answering, "the answer that fails")
    door.put(2)
    door.answers([2])
    assert door.intake.alive
    assert door.spool.last_id() == 2


def test_told_to_stop_while_the_disk_takes_nothing_it_ends_and_answers_nothing(door: Door) -> None:
    door.keeping = [MemoryError() for _ in range(100)]
    door.intake.start()
    door.put(1)
    wait_until(lambda: door.intake.trouble != "", "the trouble")
    door.intake.stop()
    assert (door.intake.alive, door.answered, door.spool.last_id()) == (False, [], 0)
