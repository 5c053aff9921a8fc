"""The spool keeps what it was given, in order, through kills and full disks."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from collector.spool import Spool, SpoolDamaged, SpoolError
from plagewatch.metering.readings import Packet

DAY_MS = 86_400_000


def packets(number: int, received_ms: int = 0, size: int = 1) -> list[Packet]:
    return [Packet(f"t/{place}", b"x" * size, received_ms) for place in range(number)]


@pytest.fixture
def spool(tmp_path: Path):
    opened = Spool(tmp_path / "deep" / "spool.db")
    yield opened
    opened.close()


def test_packets_come_back_in_order_and_places_are_never_used_twice(spool):
    first, second = spool.append(packets(3)), spool.append(packets(2))
    assert first + second == [1, 2, 3, 4, 5]
    assert [(item.id, item.packet.topic) for item in spool.read_after(1, 3)] == [(2, "t/1"), (3, "t/2"), (4, "t/0")]
    spool.set_watermark(5)
    assert spool.prune(now_ms=40 * DAY_MS) == 5
    assert spool.last_id() == 0
    assert spool.append(packets(1)) == [6]


def test_a_batch_is_bounded_by_bytes_and_never_empty(spool):
    spool.append(packets(4, size=1000))
    assert len(spool.read_after(0, 10, max_bytes=1500)) == 2
    assert len(spool.read_after(0, 10, max_bytes=1)) == 1


def test_what_was_appended_is_there_after_a_kill(tmp_path):
    path = tmp_path / "spool.db"
    program = (
        "import os, sys; from pathlib import Path; from collector.spool import Spool\n"
        "from plagewatch.metering.readings import Packet\n"
        f"spool = Spool(Path({str(path)!r}))\n"
        "spool.append([Packet('a', b'1', 5), Packet('b', b'2', 6)]); spool.set_watermark(1); os._exit(9)\n"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 9
    spool = Spool(path)
    assert [item.packet for item in spool.read_after(spool.watermark(), 10)] == [Packet("b", b"2", 6)]
    spool.close()


def test_a_second_process_is_refused_and_may_have_it_afterwards(spool):
    program = (
        "import sys; from pathlib import Path; from collector.spool import Spool, SpoolError\n"
        f"try: Spool(Path({str(spool.path)!r})).close()\n"
        "except SpoolError as error: sys.exit(f'{error.retryable} {error}')\n"
    )

    def other() -> subprocess.CompletedProcess[str]:
        root = Path(__file__).parents[2]
        return subprocess.run([sys.executable, "-c", program], cwd=root, check=False, capture_output=True, text=True)

    refused = other()
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"False the spool in {spool.path.parent} is in use")
    spool.append(packets(1))
    spool.close()
    assert other().returncode == 0


def test_a_spool_that_does_not_open_holds_no_lock(tmp_path):
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is no database, and long enough to be seen as none" * 50)
    with pytest.raises(SpoolError):
        Spool(path)
    path.unlink()
    Spool(path).close()


def test_each_consumer_has_its_own_watermark_and_the_slowest_keeps_the_packets(spool):
    spool.append(packets(4))
    spool.set_watermark(4)
    spool.set_watermark(1, "replay")
    assert (spool.watermark(), spool.watermark("replay"), spool.watermark("other")) == (4, 1, 0)
    assert spool.waiting("replay") == 3
    assert spool.prune(now_ms=40 * DAY_MS) == 1
    spool.set_watermark(4, "replay")
    assert spool.prune(now_ms=40 * DAY_MS) == 3


def test_unhandled_packets_are_never_pruned(spool):
    spool.append(packets(3, size=100))
    assert spool.prune(now_ms=400 * DAY_MS, keep_bytes=0) == 0
    assert spool.waiting() == 3


def test_the_oldest_go_where_bytes_are_short(spool):
    spool.append(packets(3_000, received_ms=DAY_MS, size=2_000))  # one on each page of 4 096 bytes
    spool.set_watermark(2_900)
    kept = 6_000_000
    gone = spool.prune(now_ms=DAY_MS, keep_bytes=kept)
    figures = spool.figures()
    assert kept - 51 * 4_096 < figures.file_bytes - figures.free_bytes <= kept
    assert [item.id for item in spool.read_after(0, 2)] == [gone + 1, gone + 2]
    assert spool.prune(now_ms=DAY_MS, keep_bytes=1) == 2_900 - gone  # what waits stays, however short bytes are
    assert spool.waiting() == 100


def test_room_that_packets_leave_is_used_again(spool):
    spool.append(packets(2_000, size=2_000))
    spool.set_watermark(2_000)
    before = spool.figures()
    spool.prune(now_ms=400 * DAY_MS)
    assert spool.figures().free_bytes > 0.9 * before.file_bytes
    spool.append(packets(1_500, size=2_000))
    assert spool.figures().file_bytes <= before.file_bytes
    assert spool.figures().free_bytes < 0.4 * before.file_bytes


def test_figures_of_a_spool(spool):
    assert spool.figures().waiting == 0
    spool.append([Packet("a", b"x" * 10, 10), Packet("b", b"x" * 10, 20), Packet("c", b"x" * 10, 30)])
    figures = spool.figures()
    assert (figures.appended, figures.kept, figures.waiting, figures.oldest_waiting_ms) == (3, 3, 3, 10)
    spool.set_watermark(1)
    figures = spool.figures()
    assert (figures.waiting, figures.oldest_waiting_ms) == (2, 20)
    spool.set_watermark(3)
    spool.prune(now_ms=400 * DAY_MS)
    figures = spool.figures()
    assert (figures.appended, figures.kept, figures.waiting, figures.oldest_waiting_ms) == (3, 0, 0, None)


def test_a_name_is_born_with_the_file_and_one_from_before_names_has_none(tmp_path):
    first = Spool(tmp_path / "a.db")
    name = first.name
    first.append(packets(1))
    first.set_watermark(1)
    first.close()
    assert len(name) == 16
    again = Spool(tmp_path / "a.db")
    assert again.name == name
    again._connection.execute("DROP TABLE identity")  # what a file of before looks like
    again.close()
    old, other = Spool(tmp_path / "a.db"), Spool(tmp_path / "b.db")
    assert old.name == ""
    assert other.name not in ("", name)
    old.close()
    other.close()


def test_a_damaged_spool_is_set_aside_whole_and_a_new_one_begun(tmp_path):
    spool = Spool(tmp_path / "spool.db")
    name = spool.name
    spool.append(packets(2_000, size=500))
    spool._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(spool.path.read_bytes())
    content[8_192:600_000] = b"\xff" * (600_000 - 8_192)  # pages in the middle, as a dying disk leaves them
    spool.path.write_bytes(content)
    spool._reader.execute("PRAGMA cache_size=0")
    spool._newest.clear()
    with pytest.raises(SpoolDamaged) as caught:
        spool.read_after(0, 2_000)
    assert not caught.value.retryable
    assert spool.damaged
    aside = spool.begin_anew(now_ms=1_795_000_000_000)
    assert aside.name == "spool.db.damaged-20261118T110640"
    assert aside.read_bytes() == bytes(content)
    assert (spool.damaged, spool.last_id()) == ("", 0)
    assert spool.name not in ("", name)
    assert spool.append(packets(1)) == [1]
    spool.close()


def test_the_place_before_an_instant_is_where_a_replay_begins(spool):
    spool.append([Packet("a", b"", 10), Packet("b", b"", 20), Packet("c", b"", 30)])
    assert [spool.place_before(since) for since in (0, 20, 21, 99)] == [0, 1, 2, 3]


def test_threads_share_one_spool(spool):
    workers = [threading.Thread(target=lambda: [spool.append(packets(5)) for _ in range(20)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    topics = [item.packet.topic for item in spool.read_after(0, 1000)]
    assert topics == [f"t/{place}" for place in range(5)] * 80  # each group stays whole


def test_a_full_disk_keeps_nothing_of_the_group_and_takes_it_later(tmp_path):
    path = tmp_path / "spool.db"
    spool = Spool(path)
    spool.append(packets(1))
    spool._connection.execute(f"PRAGMA max_page_count={spool._connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(SpoolError, match="full") as caught:
        spool.append(packets(3, size=100_000))
    assert caught.value.retryable
    assert spool.last_id() == 1
    spool._connection.execute("PRAGMA max_page_count=1000000")
    assert spool.append(packets(3, size=100_000)) == [2, 3, 4]
    spool.close()


def test_a_disk_that_turned_read_only_is_told_and_may_be_put_right(spool):
    spool._connection.execute("PRAGMA query_only=1")
    with pytest.raises(SpoolError, match="readonly") as caught:
        spool.append(packets(1))
    assert caught.value.retryable
    spool._connection.execute("PRAGMA query_only=0")
    assert spool.append(packets(1)) == [1]


def test_a_file_in_the_way_and_a_file_that_is_no_spool_are_told_apart(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SpoolError) as in_the_way:
        Spool(tmp_path / "file" / "spool.db")
    (tmp_path / "other.db").write_bytes(b"this is no database, and long enough to be seen as none" * 50)
    with pytest.raises(SpoolError) as no_spool:
        Spool(tmp_path / "other.db")
    assert (in_the_way.value.retryable, no_spool.value.retryable) == (True, False)


def test_every_commit_reaches_the_disk(tmp_path):
    spool = Spool(tmp_path / "spool.db")
    full = 2
    assert spool._connection.execute("PRAGMA synchronous").fetchone()[0] == full
    assert spool._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    spool.close()
    with pytest.raises(SpoolError):
        spool.append(packets(1))
    assert sqlite3.connect(tmp_path / "spool.db").execute("SELECT count(*) FROM packet").fetchone() == (0,)


def test_figures_are_told_while_the_file_beside_it_comes_and_goes(spool):
    wal, done = spool.path.with_name(f"{spool.path.name}-wal"), threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            wal.touch()
            wal.unlink()

    wal.unlink()
    coming = threading.Thread(target=come_and_go)
    coming.start()
    try:
        assert {spool.figures().wal_bytes for _ in range(1_000)} == {0}
    finally:
        done.set()
        coming.join()
