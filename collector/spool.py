"""The collector's disk queue: a packet that is in here may be acknowledged, whatever fails afterwards.

SQLite in WAL mode with synchronous=FULL: `append` returns when the packets have reached the disk. Packets stay after
they were handled, until `prune`, so that they can be replayed.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plagewatch.metering.readings import Packet

_SCHEMA = """
CREATE TABLE IF NOT EXISTS packet (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS watermark (
    consumer TEXT PRIMARY KEY,
    spool_id INTEGER NOT NULL
);
"""
_NAMED = """
CREATE TABLE IF NOT EXISTS identity (name TEXT NOT NULL);
INSERT INTO identity SELECT CASE WHEN EXISTS (SELECT 1 FROM watermark) THEN '' ELSE lower(hex(randomblob(8))) END
    WHERE NOT EXISTS (SELECT 1 FROM identity);
"""
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DAY_MS = 86_400_000


class SpoolError(Exception):
    """The spool did not do what was asked, and nothing of it was kept.

    `retryable`: true for a full, read-only or busy disk, which somebody can put right; false for a damaged file.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class SpoolInUse(SpoolError):
    """Another process has the spool: its collector runs."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A packet and its place in the spool. Places rise and are never used twice."""

    id: int
    packet: Packet


class Spool:
    """One spool file. Threads may share it; a lock beside the file keeps other processes out.

    name: born with the file, as places begin at 1 again in another; a file from before there were names has none.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the spool.

        Raises SpoolError where the file cannot be written, is no spool, or another process has it open.
        """
        self._path = path
        self._lock = threading.Lock()
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = self._claimed()
        try:
            self._open()
        except BaseException:
            os.close(self._claim)
            raise

    def _claimed(self) -> int:
        """The lock beside the file, held until it is closed or the process ends, however it ends."""
        claim = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(claim)
            raise SpoolInUse(
                f"the spool in {self._path.parent} is in use by another plagewatch: stop that one, or give this one "
                "another data folder",
                retryable=False,
            ) from error
        except OSError:
            os.close(claim)
            raise
        return claim

    def _open(self) -> None:
        with self._told():
            self._connection = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {_NAMED} COMMIT;")
            self.name = str(self._connection.execute("SELECT name FROM identity").fetchone()[0])

    def append(self, packets: Sequence[Packet]) -> list[int]:
        """Keep packets in one commit; their places, in the order given. On SpoolError none of them is kept."""
        rows = [(packet.received_ms, packet.topic, packet.payload) for packet in packets]
        with self._told(), self._transaction() as connection:
            connection.executemany("INSERT INTO packet (received_ms, topic, payload) VALUES (?, ?, ?)", rows)
            # Nobody else writes within the transaction: the places follow one another.
            last = int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])
        return list(range(last - len(rows) + 1, last + 1))

    def read_after(self, spool_id: int, limit: int, max_bytes: int = 16 << 20) -> list[Spooled]:
        """The next packets behind a place: `limit` or about `max_bytes` at most, at least one if there is one."""
        batch: list[Spooled] = []
        size = 0
        query = "SELECT id, topic, payload, received_ms FROM packet WHERE id > ? ORDER BY id LIMIT ?"
        with self._told(), self._lock:
            for number, topic, payload, received_ms in self._connection.execute(query, (spool_id, limit)):
                batch.append(Spooled(number, Packet(topic, payload, received_ms)))
                size += len(payload)
                if size >= max_bytes:
                    break
        return batch

    def watermark(self, consumer: str = "pipeline") -> int:
        """The place up to which a consumer has handled everything; 0 = nothing yet."""
        return self._number("SELECT spool_id FROM watermark WHERE consumer = ?", consumer)

    def set_watermark(self, spool_id: int, consumer: str = "pipeline") -> None:
        """Remember that a consumer has handled everything up to a place. Set it back to replay."""
        with self._told(), self._transaction() as connection:
            connection.execute(
                "INSERT INTO watermark VALUES (?, ?) ON CONFLICT (consumer) DO UPDATE SET spool_id = excluded.spool_id",
                (consumer, spool_id),
            )

    def last_id(self) -> int:
        """The place of the newest packet; 0 = the spool is empty."""
        return self._number("SELECT max(id) FROM packet")

    def waiting(self, consumer: str = "pipeline") -> int:
        """How many packets a consumer has not handled yet."""
        return self._number("SELECT count(*) FROM packet WHERE id > ?", self.watermark(consumer))

    def place_before(self, since_ms: int) -> int:
        """The place just before the first packet received at or after an instant: the watermark for a replay."""
        first = self._number("SELECT min(id) FROM packet WHERE received_ms >= ?", since_ms)
        return first - 1 if first else self.last_id()

    def prune(self, now_ms: int, keep_days: float = 30.0, keep_bytes: int = 2 << 30) -> int:
        """Let go of handled packets older than `keep_days`, and of the oldest beyond `keep_bytes`; how many went.

        A packet that some consumer has not handled never goes.
        """
        with self._told(), self._transaction() as connection:
            handled = connection.execute("SELECT min(spool_id) FROM watermark").fetchone()[0] or 0
            gone = connection.execute(
                "DELETE FROM packet WHERE id <= ? AND received_ms < ?", (handled, now_ms - int(keep_days * _DAY_MS))
            ).rowcount
            keep = self._oldest_within(connection, keep_bytes)
            gone += connection.execute("DELETE FROM packet WHERE id <= ? AND id < ?", (handled, keep)).rowcount
        return gone

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            if self._claim >= 0:
                os.close(self._claim)
                self._claim = -1

    @staticmethod
    def _oldest_within(connection: sqlite3.Connection, keep_bytes: int) -> int:
        total = connection.execute("SELECT coalesce(sum(length(payload)), 0) FROM packet").fetchone()[0]
        if total <= keep_bytes:
            return 0
        for number, length in connection.execute("SELECT id, length(payload) FROM packet ORDER BY id"):
            if total <= keep_bytes:
                return int(number)
            total -= length
        return 1 << 62

    def _number(self, query: str, *values: object) -> int:
        with self._told(), self._lock:
            row = self._connection.execute(query, values).fetchone()
        return int(row[0] or 0) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, a full disk among them.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            closed = isinstance(error, sqlite3.ProgrammingError)
            raise SpoolError(f"spool {self._path}: {error}", retryable=code not in _CORRUPT and not closed) from error
        except OSError as error:
            raise SpoolError(f"spool {self._path}: {error}", retryable=True) from error
