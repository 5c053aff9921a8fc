"""Who has the embedded stores of a folder open: any number of commands, or one that moves them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "in-use.lock"


class InUse(Exception):
    """The folder is not to be had now; the message says why, and what to do."""


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Have the stores of a folder open, beside others. Raises InUse where they are being moved."""
    with _claim(folder, fcntl.LOCK_SH, f"The stores in {folder} are being moved (`store move`): wait until that ends."):
        yield


@contextmanager
def for_one(folder: Path) -> Iterator[None]:
    """Have the stores of a folder for oneself. Raises InUse where any other command has them open."""
    why = f"The stores in {folder} are in use (serve, demo, import, ...): end that first, then move them."
    with _claim(folder, fcntl.LOCK_EX, why):
        yield


@contextmanager
def _claim(folder: Path, how: int, otherwise: str) -> Iterator[None]:
    # The lock ends with its process, however that ends.
    claim = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(claim, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(otherwise) from None
        yield
    finally:
        os.close(claim)
