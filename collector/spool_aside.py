"""Puts a damaged spool out of the way, whole: whatever ends the process in between, it is gone on with.

A file's -wal that stood beside a new file would be taken for the new one's, or thrown away as that of a file that is
gone. So where it all goes is noted first, the -wal goes before its file, and no file is opened while there is a note.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

_ENDINGS = ("-wal", "-shm", "")


def set_aside(path: Path, now_ms: int) -> Path:
    """Rename a damaged spool with what belongs to it, never delete it; its new name. Raises OSError."""
    note, draft = _note(path), path.with_name(f"{path.name}.setting-aside.new")
    if note.exists():  # something of it may be under that name already
        aside = path.with_name(note.read_text())
        finish_setting_aside(path)
        return aside
    aside = _free_name(path, now_ms)
    with draft.open("w") as writing:
        writing.write(aside.name)
        writing.flush()
        os.fsync(writing.fileno())
    draft.replace(note)
    finish_setting_aside(path)
    return aside


def finish_setting_aside(path: Path) -> None:
    """Go on where `set_aside` was ended; nothing where it was not. Raises OSError."""
    note = _note(path)
    try:
        aside = path.with_name(note.read_text())
    except FileNotFoundError:
        return
    _to_disk(path.parent)
    for ending in _ENDINGS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    _to_disk(path.parent)
    note.unlink()


def _free_name(path: Path, now_ms: int) -> Path:
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{stamp}" + (f"-{number}" if number > 1 else ""))
        if not any(aside.with_name(aside.name + ending).exists() for ending in _ENDINGS):
            break
    return aside


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.setting-aside")


def _to_disk(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
