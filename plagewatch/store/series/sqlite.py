"""The embedded series store: one SQLite file, write-ahead log, many readers beside one writer."""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import FLOWS, Flow, Samples
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.names import INTERVAL_FIELDS
from plagewatch.store.series.blocks import told
from plagewatch.store.series.protocol import Evidence, Figures, FiguresHeld, Points, PointsHeld, SeriesError, gathered
from plagewatch.store.series.sqlite_held import figures_held, points_held, registers_held, rows_told
from plagewatch.store.series.sqlite_rows import floats, passed_over, put, tag_key, whole
from plagewatch.store.series.sqlite_schema import SCHEMA, SCHEMA_VERSION, UPGRADES

# The first write of a sample stands, but for its quality, the better one of all that were told, and for its source, the
# last that told it: what a person withdraws of one source still counts once another tells it.
SAMPLE_COLUMNS = "sample (register, at_ms, value, received_ms, source, quality)"
BETTER = (
    "ON CONFLICT DO UPDATE SET quality = min(quality, excluded.quality), source = excluded.source "
    "WHERE excluded.quality < sample.quality OR excluded.source <> sample.source"
)

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
            put(connection, f"INSERT INTO {SAMPLE_COLUMNS}", 6, rows, BETTER)

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        standing, spans = passed_over(without)
        query = (
            "SELECT at_ms, value, quality, received_ms FROM sample "
            f"WHERE register = ? AND at_ms >= ? AND at_ms < ?{standing}"
        )
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
            rows = connection.execute(query, (number, start_ms, end_ms, *spans)).fetchall()
        return Evidence(whole(rows, 0), floats(rows, 1), whole(rows, 2).astype(np.int8), whole(rows, 3))

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        standing, spans = passed_over(without)
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

    def samples_of(self, meters: Collection[str], start_ms: int, end_ms: int) -> dict[tuple[str, str], Evidence]:
        # A file of this machine is asked as fast many times as once.
        pairs = [(meter, register) for meter in meters for register in self.registers(meter)]
        found = {pair: self.samples(*pair, start_ms, end_ms) for pair in pairs}
        return {pair: evidence for pair, evidence in found.items() if len(evidence.at_ms)}

    def blocks(self, meter: str, register: str, start_ms: int, end_ms: int) -> Iterator[Samples]:
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
        for rows in rows_told(self._reading, number, start_ms, end_ms):
            yield from told(meter, register, rows)

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        standing, spans = passed_over(without)
        query = f"SELECT DISTINCT at_ms FROM sample WHERE register = ?{standing}"
        with self._reading() as connection:
            number = self._known_id(connection, "register", meter=meter, register=register)
            rows = connection.execute(query, (number, *spans)).fetchall()
        return whole(rows, 0)

    def registers(self, meter: str) -> list[str]:
        query = (
            "SELECT register FROM register WHERE meter = ? "
            "AND EXISTS (SELECT 1 FROM sample WHERE sample.register = register.id) ORDER BY register"
        )
        with self._reading() as connection:
            return [register for (register,) in connection.execute(query, (meter,))]

    def registers_held(self) -> list[tuple[str, str]]:
        with self._reading() as connection:
            return registers_held(connection)

    def evidence_ends_ms(self, meters: Collection[str]) -> dict[str, tuple[int, int]]:
        end = "(SELECT {}(at_ms) FROM sample WHERE sample.register = register.id)"
        query = f"SELECT min({end.format('min')}), max({end.format('max')}) FROM register WHERE meter = ?"
        with self._reading() as connection:
            found = {meter: connection.execute(query, (meter,)).fetchone() for meter in meters}
        return {meter: (first_ms, last_ms) for meter, (first_ms, last_ms) in found.items() if first_ms is not None}

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
                for resolution, rows in one.rows():
                    numbered = ((number, *row) for row in rows)
                    put(connection, f'INSERT OR REPLACE INTO "{resolution}"', 2 + len(INTERVAL_FIELDS), numbered)

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        query = (
            f'SELECT start_s, {", ".join(INTERVAL_FIELDS)} FROM "{resolution}" '
            "WHERE flow = ? AND start_s >= ? AND start_s < ?"
        )
        with self._reading() as connection:
            number = self._known_id(connection, "flow", meter=meter, flow=flow)
            rows = connection.execute(query, (number, start_s, end_s)).fetchall()
        return Intervals(whole(rows, 0), *(floats(rows, column) for column in range(1, 1 + len(INTERVAL_FIELDS))))

    def intervals_of(
        self, resolution: Resolution, meters: Collection[str], start_s: int, end_s: int
    ) -> dict[tuple[str, Flow], Intervals]:
        pairs = [(meter, flow) for meter in meters for flow in FLOWS]
        found = {(meter, flow): self.intervals(resolution, meter, start_s, end_s, flow) for meter, flow in pairs}
        return {pair: intervals for pair, intervals in found.items() if len(intervals)}

    def figures_held(self) -> list[FiguresHeld]:
        with self._reading() as connection:
            return figures_held(connection)

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        starts = points.start_s.tolist()
        with self._writing() as connection:
            for field, values in points.fields.items():
                number = self._id(connection, "point_series", measurement=measurement, tags=tag_key(tags), field=field)
                rows = zip(repeat(number), starts, values.tolist(), strict=False)
                put(connection, "INSERT OR REPLACE INTO point", 3, rows)

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        fields = "SELECT field, id FROM point_series WHERE measurement = ? AND tags = ?"
        query = "SELECT start_s, value FROM point WHERE series = ? AND start_s >= ? AND start_s < ?"
        with self._reading() as connection:
            read = {
                field: connection.execute(query, (number, start_s, end_s)).fetchall()
                for field, number in connection.execute(fields, (measurement, tag_key(tags))).fetchall()
            }
        starts = np.unique(np.concatenate([np.zeros(0, np.int64), *(whole(rows, 0) for rows in read.values())]))
        values = {field: np.full(len(starts), np.nan) for field in read}
        for field, rows in read.items():
            values[field][np.searchsorted(starts, whole(rows, 0))] = floats(rows, 1)
        return Points(starts, values)

    def points_held(self) -> list[PointsHeld]:
        with self._reading() as connection:
            return points_held(connection)

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
