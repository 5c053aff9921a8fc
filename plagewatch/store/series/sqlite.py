"""The embedded series store: one SQLite file, write-ahead log, many readers beside one writer."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice, repeat
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow, Samples
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.names import INTERVAL_FIELDS
from plagewatch.store.series.protocol import Evidence, Figures, Points, SeriesError, gathered

SCHEMA_VERSION = 2

# Names are kept once and rows carry a number; without a rowid the primary key is the table.
SCHEMA = f"""
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE register (id INTEGER PRIMARY KEY, meter TEXT NOT NULL, register TEXT NOT NULL, UNIQUE (meter, register));
CREATE TABLE sample (
    register INTEGER NOT NULL, at_ms INTEGER NOT NULL, value REAL NOT NULL,
    received_ms INTEGER NOT NULL, source INTEGER NOT NULL, quality INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (register, at_ms, value)) WITHOUT ROWID;
CREATE TABLE flow (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, flow TEXT NOT NULL, carrier TEXT NOT NULL, UNIQUE (meter, flow));
{
    "".join(
        f'''CREATE TABLE "{resolution}" (
    flow INTEGER NOT NULL, start_s INTEGER NOT NULL, {" REAL, ".join(INTERVAL_FIELDS)} REAL,
    PRIMARY KEY (flow, start_s)) WITHOUT ROWID;
'''
        for resolution in Resolution
    )
}
CREATE TABLE point_series (id INTEGER PRIMARY KEY, measurement TEXT NOT NULL, tags TEXT NOT NULL, field TEXT NOT NULL,
    UNIQUE (measurement, tags, field));
CREATE TABLE point (
    series INTEGER NOT NULL, start_s INTEGER NOT NULL, value REAL,
    PRIMARY KEY (series, start_s)) WITHOUT ROWID;
"""

# What brings a file of a version to the next one, in place: a year of evidence is not copied.
UPGRADES = {1: "ALTER TABLE sample ADD COLUMN quality INTEGER NOT NULL DEFAULT 0"}

# The first write of a sample stands, but for its quality, the better one of all that were told, and for its source, the
# last that told it: what a person withdraws of one source still counts once another tells it.
SAMPLE_COLUMNS = "sample (register, at_ms, value, received_ms, source, quality)"
BETTER = (
    "ON CONFLICT DO UPDATE SET quality = min(quality, excluded.quality), source = excluded.source "
    "WHERE excluded.quality < sample.quality OR excluded.source <> sample.source"
)

# A statement of many rows takes half the time of as many statements; more rows than this gain nothing.
ROWS_TOGETHER = 100

# A later try may find the lock gone or the disk cleaned up; a file that is no database stays one.
_RETRYABLE = ("locked", "busy", "full", "disk i/o")


class SqliteSeries:
    """Series in one file. Safe to use from several threads, and from several processes on one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._idle_readers: list[sqlite3.Connection] = []
        self._ids: dict[tuple[str, ...], int] = {}
        with self._told():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SeriesError(f"The folder {path.parent} cannot be made: {error}", retryable=False) from error
            self._writer = self._connect()
            self._make_tables()

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        gathered(blocks)
        with self._writing() as connection:
            rows = chain.from_iterable(
                zip(
                    repeat(self._id(connection, "register", meter=block.meter, register=block.register)),
                    block.at_ms,
                    block.value,
                    repeat(block.received_ms),
                    repeat(self._id(connection, "source", name=block.source)),
                    repeat(int(block.quality)),
                    strict=False,
                )
                for block in blocks
            )
            _put(connection, f"INSERT INTO {SAMPLE_COLUMNS}", 6, rows, BETTER)

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        standing, spans = _standing(without)
        query = (
            "SELECT at_ms, value, quality, received_ms FROM sample "
            f"WHERE register = ? AND at_ms >= ? AND at_ms < ?{standing}"
        )
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
            rows = connection.execute(query, (number, start_ms, end_ms, *spans)).fetchall()
        return Evidence(_whole(rows, 0), _floats(rows, 1), _whole(rows, 2).astype(np.int8), _whole(rows, 3))

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        standing, spans = _standing(without)
        instants = "SELECT DISTINCT at_ms FROM sample WHERE register = ? AND at_ms"
        before = f"{instants} < ?{standing} ORDER BY at_ms DESC LIMIT ?"
        after = f"{instants} >= ?{standing} ORDER BY at_ms LIMIT ?"
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
            earlier = connection.execute(before, (number, start_ms, *spans, beyond)).fetchall()
            later = connection.execute(after, (number, end_ms, *spans, beyond)).fetchall()
        first_ms = earlier[-1][0] if earlier else start_ms
        end_ms = later[-1][0] + 1 if later else end_ms
        return self.samples(meter, register, first_ms, end_ms, without)

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        standing, spans = _standing(without)
        query = f"SELECT DISTINCT at_ms FROM sample WHERE register = ?{standing}"
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
            rows = connection.execute(query, (number, *spans)).fetchall()
        return _whole(rows, 0)

    def registers(self, meter: str) -> list[str]:
        query = (
            "SELECT register FROM register WHERE meter = ? "
            "AND EXISTS (SELECT 1 FROM sample WHERE sample.register = register.id) ORDER BY register"
        )
        with self._reading() as connection:
            return [register for (register,) in connection.execute(query, (meter,))]

    def latest_sample_ms(self) -> dict[str, int]:
        # The inner question reads one entry at the end of the key; a plain GROUP BY would read all samples.
        query = "SELECT meter, (SELECT max(at_ms) FROM sample WHERE sample.register = register.id) FROM register"
        latest: dict[str, int] = {}
        with self._reading() as connection:
            for meter, at_ms in connection.execute(query):
                if at_ms is not None:
                    latest[meter] = max(at_ms, latest.get(meter, at_ms))
        return latest

    def write_intervals(
        self, resolution: Resolution, meter: str, carrier: str, intervals: Intervals, flow: Flow = "main"
    ) -> None:
        self.write_figures([Figures(meter, carrier, flow, {resolution: intervals})])

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        with self._writing() as connection:
            for one in all_figures:
                number = self._id(connection, "flow", meter=one.meter, flow=one.flow, beside={"carrier": one.carrier})
                for resolution, intervals in one.by_resolution.items():
                    columns = [getattr(intervals, name).tolist() for name in INTERVAL_FIELDS]
                    rows = zip(repeat(number), intervals.start_s.tolist(), *columns, strict=False)
                    _put(connection, f'INSERT OR REPLACE INTO "{resolution}"', 2 + len(columns), rows)

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        query = (
            f'SELECT start_s, {", ".join(INTERVAL_FIELDS)} FROM "{resolution}" '
            "WHERE flow = ? AND start_s >= ? AND start_s < ?"
        )
        with self._reading() as connection:
            number = self._known_id(connection, "flow", meter=meter, flow=flow)
            rows = connection.execute(query, (number, start_s, end_s)).fetchall()
        return Intervals(_whole(rows, 0), *(_floats(rows, column) for column in range(1, 1 + len(INTERVAL_FIELDS))))

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        starts = points.start_s.tolist()
        with self._writing() as connection:
            for field, values in points.fields.items():
                number = self._id(connection, "point_series", measurement=measurement, tags=_tag_key(tags), field=field)
                rows = zip(repeat(number), starts, values.tolist(), strict=False)
                _put(connection, "INSERT OR REPLACE INTO point", 3, rows)

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        fields = "SELECT field, id FROM point_series WHERE measurement = ? AND tags = ?"
        query = "SELECT start_s, value FROM point WHERE series = ? AND start_s >= ? AND start_s < ?"
        with self._reading() as connection:
            read = {
                field: connection.execute(query, (number, start_s, end_s)).fetchall()
                for field, number in connection.execute(fields, (measurement, _tag_key(tags))).fetchall()
            }
        starts = np.unique(np.concatenate([np.zeros(0, np.int64), *(_whole(rows, 0) for rows in read.values())]))
        values = {field: np.full(len(starts), np.nan) for field in read}
        for field, rows in read.items():
            values[field][np.searchsorted(starts, _whole(rows, 0))] = _floats(rows, 1)
        return Points(starts, values)

    def check(self) -> None:
        with self._reading() as connection:
            connection.execute("SELECT count(*) FROM register").fetchone()

    def close(self) -> None:
        with self._write_lock:
            self._writer.close()
            while self._idle_readers:
                self._idle_readers.pop().close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        # A packet is acknowledged and forgotten after this store has it: it must survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16000")
        return connection

    def _make_tables(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise SeriesError(f"{self._path} was written by a newer plagewatch: update this one", retryable=False)
        if version < SCHEMA_VERSION:
            with self._writing() as connection:
                # Asked again: rooms that start together all find the file old, and one of them was first.
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                statements = (
                    SCHEMA.split(";") if version == 0 else [UPGRADES[v] for v in range(version, SCHEMA_VERSION)]
                )
                if version < SCHEMA_VERSION:
                    for statement in (*statements, f"PRAGMA user_version = {SCHEMA_VERSION}"):
                        connection.execute(statement)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # Numbers given out in this transaction are taken back with it.
                self._ids.clear()
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            try:
                connection = self._idle_readers.pop()
            except IndexError:
                connection = self._connect()
            try:
                yield connection
            finally:
                self._idle_readers.append(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            again = any(word in text.lower() for word in _RETRYABLE)
            raise SeriesError(f"The series store {self._path}: {text}", retryable=again) from error

    def _id(
        self, connection: sqlite3.Connection, table: str, beside: Mapping[str, str] | None = None, **names: str
    ) -> int:
        key = (table, *names.values())
        if key not in self._ids:
            row = {**names, **(beside or {})}
            places = ", ".join("?" * len(row))
            connection.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values())
            )
            self._ids[key] = self._asked_id(connection, table, names)
        return self._ids[key]

    def _known_id(self, connection: sqlite3.Connection, table: str, **names: str) -> int:
        # A number given out in a write that is still under way is no harm here: it has no rows yet.
        return self._ids.get((table, *names.values())) or self._asked_id(connection, table, names)

    @staticmethod
    def _asked_id(connection: sqlite3.Connection, table: str, names: Mapping[str, str]) -> int:
        where = " AND ".join(f"{name} = ?" for name in names)
        row = connection.execute(f"SELECT id FROM {table} WHERE {where}", tuple(names.values())).fetchone()
        return int(row[0]) if row else -1


def _put(
    connection: sqlite3.Connection, insert: str, width: int, rows: Iterable[tuple[float, ...]], otherwise: str = ""
) -> None:
    cells = chain.from_iterable(rows)
    row = f"({', '.join('?' * width)})"
    while some := tuple(islice(cells, width * ROWS_TOGETHER)):
        connection.execute(f"{insert} VALUES {', '.join([row] * (len(some) // width))} {otherwise}", some)


def _standing(without: Sequence[SourceSpan]) -> tuple[str, list[str | int]]:
    """The condition that passes over what sources told in their spans, and its values."""
    one = " AND NOT (source IN (SELECT id FROM source WHERE name = ?) AND at_ms >= ? AND at_ms < ?)"
    return one * len(without), [value for span in without for value in (span.source, span.from_ms, span.to_ms)]


def _tag_key(tags: Mapping[str, str]) -> str:
    return repr(sorted(tags.items()))


def _whole(rows: Sequence[tuple[float | None, ...]], column: int) -> NDArray[np.int64]:
    return np.fromiter(map(itemgetter(column), rows), np.int64, len(rows))


def _floats(rows: Sequence[tuple[float | None, ...]], column: int) -> NDArray[np.float64]:
    values: Iterable[float | None] = [row[column] for row in rows]
    return np.array(values, np.float64)  # None, which stands for NaN in the file, becomes NaN again
