"""What can be read of a damaged spool is saved, packet by packet around the damage."""

from pathlib import Path

import pytest

from collector.spool import Spool, SpoolDamaged
from collector.spool_salvage import Salvaged, salvage
from plagewatch.metering.readings import Packet

COUNT, HANDLED = 3_000, 500


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A spool of 3 000 packets, one on each page but for the first, of which 500 were handled."""
    spool = Spool(tmp_path / "old.db")
    spool.append([Packet(f"t/{number}", bytes([number % 256]) * 3_000, number) for number in range(1, COUNT + 1)])
    spool.set_watermark(HANDLED)
    spool._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool.close()
    return tmp_path / "old.db"


@pytest.fixture
def into(tmp_path: Path):
    opened = Spool(tmp_path / "new" / "spool.db")
    yield opened
    opened.close()


def test_all_that_was_not_handled_is_saved_from_a_sound_file(left, into):
    assert salvage(left, into) == Salvaged(COUNT - HANDLED, 0)
    saved = into.read_after(0, COUNT)
    assert [one.packet.topic for one in saved] == [f"t/{number}" for number in range(HANDLED + 1, COUNT + 1)]
    assert saved[0].packet == Packet("t/501", bytes([501 % 256]) * 3_000, 501)


def test_packets_on_damaged_pages_are_counted_as_lost_and_all_others_saved(left, into):
    content = bytearray(left.read_bytes())
    for page in range(1_500, 1_510):  # in the middle of the packets
        content[page * 4_096 : (page + 1) * 4_096] = b"\xff" * 4_096
    left.write_bytes(content)
    done = salvage(left, into)
    assert 8 <= done.lost <= 10  # a page between two of packets may be one of the ten
    assert done.saved == COUNT - HANDLED - done.lost
    topics = [one.packet.topic for one in into.read_after(0, COUNT)]
    assert len(set(topics)) == done.saved
    assert topics[0] == "t/501"
    assert topics[-1] == f"t/{COUNT}"


def test_a_file_that_cannot_be_read_at_all_is_told(tmp_path, into):
    (tmp_path / "old.db").write_bytes(b"this is no database, and long enough to be seen as none" * 50)
    with pytest.raises(SpoolDamaged, match="recover"):
        salvage(tmp_path / "old.db", into)
    assert into.last_id() == 0
