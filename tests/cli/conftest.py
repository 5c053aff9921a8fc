"""Commands as a person or a script starts them."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from plagewatch.cli import main


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A command in this process, through the same entry point: a process of its own takes seconds to load."""

    def start(*words: str, env: dict[str, str] | None = None, stdin: str = "") -> Told:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["plagewatch", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Told(int(ended.value.code or 0), said.out, said.err)

    return start
