"""Rooms of one installation may start at the same moment on records that are not there yet."""

import subprocess
import sys
from pathlib import Path

OPEN = "import sys; from plagewatch.store.engine import open_records; open_records(sys.argv[1]).dispose()"


def test_processes_that_start_together_make_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = [process.communicate(timeout=120)[1] for process in starting]
    assert [process.returncode for process in starting] == [0] * 4, told
