"""What the collector does by itself about its disk."""

import threading

import pytest

from collector.spool import Spool, SpoolError
from collector.spool_state import DAMAGED, Limits
from plagewatch.cli.collecting import opened
from plagewatch.cli.spool_watch import SpoolWatch
from plagewatch.health import PartState
from plagewatch.metering.readings import Packet

NOW_S = 1_795_000_000.0  # 2026-11-18 11:06:40 UTC


def damage(spool: Spool) -> None:
    """Overwrite pages in the middle, as a dying disk does, and let a reader find them."""
    spool.append([Packet("t", b"x" * 500, 1)] * 2_000)
    spool._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(spool.path.read_bytes())
    content[8_192:600_000] = b"\xff" * (600_000 - 8_192)
    spool.path.write_bytes(content)
    spool._reader.execute("PRAGMA cache_size=0")
    spool._newest.clear()
    with pytest.raises(SpoolError):
        spool.read_after(0, 2_000)


def test_a_damaged_spool_is_changed_for_a_new_one_between_two_batches(spool) -> None:
    damage(spool)
    turn = threading.Lock()
    watch = SpoolWatch(spool, Limits(free_bytes=0, free_share=0), turn)
    turn.acquire()  # a batch is under way
    looking = threading.Thread(target=watch.look, args=[NOW_S])
    looking.start()
    looking.join(0.3)
    assert looking.is_alive()
    assert spool.damaged
    turn.release()
    looking.join(10)
    assert (spool.damaged, spool.last_id()) == ("", 0)
    assert spool.append([Packet("t", b"", 1)]) == [1]
    told = watch.health(NOW_S)
    assert told.state is PartState.DEGRADED
    assert [alarm.text for alarm in told.alarms] == [DAMAGED]
    assert "spool.db.damaged-20261118T110640" in told.detail


def test_a_spool_that_does_not_open_is_set_aside_at_the_start(tmp_path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is no database, and long enough to be seen as none" * 50)
    made = opened(path)
    assert made.append([Packet("t", b"", 1)]) == [1]
    (aside,) = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")
    made.close()


def test_a_spool_in_use_is_no_damaged_one(spool) -> None:
    with pytest.raises(SpoolError, match="in use"):
        opened(spool.path)
    assert list(spool.path.parent.glob("*damaged*")) == []


def test_handled_packets_go_before_their_time_where_the_disk_is_short_and_others_never(spool) -> None:
    spool.append([Packet("t", b"x" * 3_000, int(NOW_S * 1000))] * 1_000)
    spool.set_watermark(900)
    watch = SpoolWatch(spool, Limits(free_bytes=1 << 60, free_share=0), threading.Lock())  # no disk has that much
    watch.look(NOW_S)
    assert (spool.figures().kept, spool.waiting()) == (100, 100)
