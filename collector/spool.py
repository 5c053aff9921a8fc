"""The collector's disk queue: a packet that is in here may be acknowledged, whatever fails afterwards.

SQLite in WAL mode with synchronous=FULL: `append` returns when the packets have reached the disk. Packets stay after
they were handled, until `prune`, so that they can be replayed. Room that these leave in the file is used again; the
file itself does not become smaller, so a disk that was filled by a backlog has room for the next one.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path

from collector.spool_aside import finish_setting_aside, set_aside
from collector.spool_figures import SpoolFigures
from collector.spool_newest import SMALL_BYTES, Newest, Spooled
from collector.spool_pruning import let_go
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
_ROWS_TOGETHER = 128  # in one statement: half the time of a statement for each
_WAL_KEPT_BYTES = 32 << 20  # a large commit must not leave its size behind for ever


@lru_cache(_ROWS_TOGETHER)
def _insertion(rows: int) -> str:
    return f"INSERT INTO packet (topic, payload, received_ms) VALUES {', '.join(['(?, ?, ?)'] * rows)}"


class SpoolError(Exception):
    """The spool did not do what was asked, and nothing of it was kept.

    `retryable`: true for a full, read-only or busy disk, which somebody can put right; false for a damaged file.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class SpoolDamaged(SpoolError):
    """The file is no sound database: `set_aside` puts it out of the way, and a new one can be begun."""


class SpoolInUse(SpoolError):
    """Another process has the spool: its collector runs."""


class Spool:
    """One spool file. Threads may share it; a lock beside the file keeps other processes out.

    name: born with the file, as places begin at 1 again in another; a file from before there were names has none.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the spool.

        Raises SpoolError where the file cannot be written, is no spool, or another process has it open.
        """
        self.path = path
        self.damaged = ""  # what was found when the file turned out to be no sound database
        # Two connections, so that nothing that is read keeps packets waiting that arrive.
        self._newest = Newest()
        self._reading, self._lock = threading.Lock(), threading.Lock()  # whoever takes both takes them in this order
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = self._claimed()
        try:
            with self._told():
                finish_setting_aside(path)
            self._open()
        except BaseException:
            os.close(self._claim)
            raise

    def _claimed(self) -> int:
        """The lock beside the file, held until it is closed or the process ends, however it ends."""
        claim = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(claim)
            raise SpoolInUse(
                f"the spool in {self.path.parent} is in use by another plagewatch: stop that one, or give this one "
                "another data folder",
                retryable=False,
            ) from error
        except OSError:
            os.close(claim)
            raise
        return claim

    def _open(self) -> None:
        with self._told():
            connection = self._connected("FULL")
            try:
                connection.execute(f"PRAGMA journal_size_limit={_WAL_KEPT_BYTES}")
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {_NAMED} COMMIT;")
                self.name = str(connection.execute("SELECT name FROM identity").fetchone()[0])
                reader = self._connected("NORMAL")
            except BaseException:
                connection.close()  # closed later it would take the -wal of the file that is here by then
                raise
            self._connection, self._reader = connection, reader

    def _connected(self, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={synchronous}")
        except BaseException:
            connection.close()
            raise
        return connection

    def append(self, packets: Sequence[Packet]) -> list[int]:
        """Keep packets in one commit; their places, in the order given. On SpoolError none of them is kept."""
        with self._told(), self._transaction() as connection:
            for first in range(0, len(packets), _ROWS_TOGETHER):
                some = packets[first : first + _ROWS_TOGETHER]
                connection.execute(_insertion(len(some)), tuple(chain.from_iterable(some)))
            # Nobody else writes within the transaction: the places follow one another.
            end = int(connection.execute("SELECT last_insert_rowid()").fetchone()[0]) + 1
        self._newest.add(end - len(packets), packets)
        return list(range(end - len(packets), end))

    def read_after(self, spool_id: int, limit: int, max_bytes: int = 16 << 20) -> list[Spooled]:
        """The next packets behind a place: `limit` or about `max_bytes` at most, at least one if there is one.

        max_bytes: of the payloads, of each what is beyond SMALL_BYTES.
        """
        if batch := self._newest.after(spool_id, limit, max_bytes):
            return batch
        size = 0
        query = "SELECT id, topic, payload, received_ms FROM packet WHERE id > ? ORDER BY id LIMIT ?"
        with self._told(), self._reading:
            for number, topic, payload, received_ms in self._reader.execute(query, (spool_id, limit)):
                batch.append(Spooled(number, Packet(topic, payload, received_ms)))
                size += max(0, len(payload) - SMALL_BYTES)
                if size >= max_bytes:
                    break
        return batch

    def watermark(self, consumer: str = "pipeline") -> int:
        """The place up to which a consumer has handled everything; 0 = nothing yet."""
        return self._number("SELECT spool_id FROM watermark WHERE consumer = ?", consumer)

    def set_watermark(self, spool_id: int, consumer: str = "pipeline") -> None:
        """Remember that a consumer has handled everything up to a place. Set it back to replay.

        It reaches the disk with the next packets: without power it may be an older one, and a batch is done again.
        """
        with self._told(), self._reading, self._lock:
            self._reader.execute(
                "INSERT INTO watermark VALUES (?, ?) ON CONFLICT (consumer) DO UPDATE SET spool_id = excluded.spool_id",
                (consumer, spool_id),
            )

    def last_id(self) -> int:
        """The place of the newest packet; 0 = the spool is empty."""
        return self._number("SELECT max(id) FROM packet")

    def waiting(self, consumer: str = "pipeline") -> int:
        """How many packets a consumer has not handled yet."""
        # Places have no gaps, and what is not handled is not pruned.
        return max(0, self.last_id() - max(self.watermark(consumer), self._number("SELECT min(id) FROM packet") - 1))

    def figures(self) -> SpoolFigures:
        """How much is in the spool; cheap, however much that is."""
        first, mark = self._number("SELECT min(id) FROM packet"), self.watermark()
        last, waiting = self.last_id(), self.waiting()
        oldest_ms = None
        if waiting:
            oldest_ms = self._number("SELECT received_ms FROM packet WHERE id > ? ORDER BY id LIMIT 1", mark)
        page = self._number("PRAGMA page_size")
        wal = self.path.with_name(f"{self.path.name}-wal")
        return SpoolFigures(
            self.name,
            self._number("SELECT seq FROM sqlite_sequence WHERE name = 'packet'"),
            last - first + 1 if last else 0,
            waiting,
            oldest_ms,
            page * self._number("PRAGMA page_count"),
            page * self._number("PRAGMA freelist_count"),
            self._size_of(wal),
        )

    def _size_of(self, file: Path) -> int:
        with self._told():
            try:
                return file.stat().st_size
            except FileNotFoundError:  # it may go at any moment
                return 0

    def place_before(self, since_ms: int) -> int:
        """The place just before the first packet received at or after an instant: the watermark for a replay."""
        first = self._number("SELECT min(id) FROM packet WHERE received_ms >= ?", since_ms)
        return first - 1 if first else self.last_id()

    def prune(self, now_ms: int, keep_days: float = 30.0, keep_bytes: int = 20 << 30) -> int:
        """Let go of handled packets older than `keep_days`, and of the oldest beyond `keep_bytes`; how many went.

        keep_bytes: of the file's pages that are in use, so that nothing has to be added up. A packet that some consumer
        has not handled never goes. Done piece by piece: packets that arrive need not wait for all of it.
        """
        gone = 0
        while went := self._prune_some(now_ms - int(keep_days * _DAY_MS), keep_bytes):
            gone += went
        return gone

    def _prune_some(self, before_ms: int, keep_bytes: int) -> int:
        with self._told(), self._transaction() as connection:
            gone = let_go(connection, before_ms, keep_bytes)
        if gone:
            self._newest.clear()
        return gone

    def begin_anew(self, now_ms: int) -> Path:
        """Put the damaged file out of the way and begin a new one; where the old one is now."""
        with self._told(), self._reading, self._lock:
            self._close()
            aside = set_aside(self.path, now_ms)
            self._open()
            self.damaged = ""
        return aside

    def close(self) -> None:
        """Let go of the file."""
        with self._reading, self._lock:
            self._close()
            if self._claim >= 0:
                os.close(self._claim)
                self._claim = -1

    def _close(self) -> None:
        self._newest.clear()
        self._reader.close()
        self._connection.close()

    def _number(self, query: str, *values: object) -> int:
        with self._told(), self._reading:
            row = self._reader.execute(query, values).fetchone()
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
            if code in _CORRUPT:
                self.damaged = str(error)
                raise SpoolDamaged(f"spool {self.path}: {error}", retryable=False) from error
            raise SpoolError(f"spool {self.path}: {error}", retryable=not closed) from error
        except OSError as error:
            raise SpoolError(f"spool {self.path}: {error}", retryable=True) from error
