"""What a newcomer is told when the machine lacks something: one sentence, exit code 2, nothing half made."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "make-venv"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "scripts" / "make-venv")
    return folder


def python_that(folder: Path, body: str) -> str:
    """A Python of another machine, as far as the script asks it."""
    path = folder / "other-python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def run(checkout: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "scripts" / "make-venv"],
        env={"PYTHON": python, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_no_python(checkout: Path) -> None:
    told = run(checkout, "/nowhere/python3")
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "there is no /nowhere/python3" in told.stderr


def test_python_too_old(checkout: Path, tmp_path: Path) -> None:
    old = python_that(tmp_path, 'case "$1" in -V) echo "Python 3.9.2";; *) exit 1;; esac')
    told = run(checkout, old)
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in told.stderr
    assert "3.9.2" in told.stderr


def test_venv_module_missing(checkout: Path, tmp_path: Path) -> None:
    bare = python_that(tmp_path, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    told = run(checkout, bare)
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "apt-get install python3-venv" in told.stderr


def test_folder_cannot_be_written(checkout: Path, tmp_path: Path) -> None:
    # A file where the folder would be made stops root as well, whom permissions do not.
    (checkout / ".venv").write_text("")
    told = run(checkout, python_that(tmp_path, "exit 0"))
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "cannot be written" in told.stderr
