"""How much is in a spool."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpoolFigures:
    """What is in a spool.

    appended: packets since the file was born. kept: packets in it; waiting: of these not handled yet.
    oldest_waiting_ms: receipt of the first of those; None = none waits. file_bytes, wal_bytes: on the disk; free_bytes:
    of the file, to be used again.
    """

    name: str = ""
    appended: int = 0
    kept: int = 0
    waiting: int = 0
    oldest_waiting_ms: int | None = None
    file_bytes: int = 0
    free_bytes: int = 0
    wal_bytes: int = 0

    @property
    def waiting_bytes(self) -> int:
        """About how much of the file waits."""
        return int((self.file_bytes - self.free_bytes) * self.waiting / self.kept) if self.kept else 0
