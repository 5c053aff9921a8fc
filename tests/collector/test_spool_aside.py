"""A damaged spool is put out of the way whole, at whatever point the process is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from collector.spool import Spool
from collector.spool_aside import set_aside
from plagewatch.metering.readings import Packet

NOW_MS = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
NAME = "spool.db.damaged-20261118T110640"

KILLED = """
import os, sys
from pathlib import Path
from collector.spool import Spool
from collector.spool_aside import set_aside
from plagewatch.metering.readings import Packet

path, kill_at, seen = Path(sys.argv[1]), int(sys.argv[2]), 0

def kill(event, args):
    global seen
    if event in ("os.rename", "os.remove"):
        seen += 1
        if seen == kill_at:
            os._exit(9)

spool = Spool(path)
spool.append([Packet("a", b"1", 1)] * 5)
sys.addaudithook(kill)
set_aside(path, int(sys.argv[3]))
os._exit(0)
"""


@pytest.mark.parametrize("kill_at", [1, 2, 3, 4, 5, 6], ids=["note", "wal", "shm", "file", "end", "never"])
def test_killed_at_any_point_the_file_and_what_belongs_to_it_are_together(tmp_path: Path, kill_at: int) -> None:
    path = tmp_path / "spool.db"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path), str(kill_at), str(NOW_MS)], check=False)
    assert ended.returncode == (9 if kill_at < 6 else 0)
    spool = Spool(path)
    begun_anew = kill_at > 1
    assert spool.last_id() == (0 if begun_anew else 5)
    assert (tmp_path / NAME).exists() == begun_anew
    assert not (tmp_path / "spool.db.setting-aside").exists()
    spool.append([Packet("b", b"2", 2)])
    spool.close()
    if begun_anew:
        # The five packets were in the -wal alone.
        assert (tmp_path / f"{NAME}-wal").stat().st_size > 0
        aside = Spool(tmp_path / NAME)
        assert [item.packet.topic for item in aside.read_after(0, 10)] == ["a"] * 5
        aside.close()


def test_two_files_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    names = []
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        aside = set_aside(path, NOW_MS)
        names.append((aside.name, aside.read_bytes()))
    assert names == [(NAME, b"one"), (f"{NAME}-2", b"two"), (f"{NAME}-3", b"three")]
