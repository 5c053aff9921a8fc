"""Reads the rows of a CSV file, gzipped or not, and keeps account of what could not be read."""

import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from collector.decoders.door import moment_ms, plausible, shown
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records.quarantine import Quarantined, keep

Progress = Callable[[str], None]
"""Called now and then with a line that says how far the import has come."""

KEPT_PER_FILE = 1_000
EXAMPLES = 20
PROGRESS_ROWS = 50_000


class ImportRefused(Exception):
    """The folder cannot be imported as it is. The text names file, line and column, and what to do."""


class RowRefused(Exception):
    """One row cannot be taken; the others can."""

    def __init__(self, reason: Reason, column: str, detail: str, device: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.column = column
        self.detail = detail
        self.device = device


@dataclass(slots=True)
class Refusals:
    """Rows that were not taken: counted by reason, the first of each file kept whole in quarantine."""

    folder: str
    now_ms: int
    counts: dict[Reason, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    kept: list[Quarantined] = field(default_factory=list)
    _per_file: dict[str, int] = field(default_factory=dict)

    def add(self, file: str, line: int, row: Sequence[str], refused: RowRefused) -> None:
        """Take account of one row, or one cell of it."""
        self.counts[refused.reason] = self.counts.get(refused.reason, 0) + 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{file}, line {line}, column {refused.column}: {refused.reason}: {refused.detail}")
        number = self._per_file[file] = self._per_file.get(file, 0) + 1
        if number > KEPT_PER_FILE:
            return
        source, payload = f"file:{self.folder}/{file}:{line}", ",".join(row).encode("utf-8", "backslashreplace")
        detail = f"column {refused.column}: {refused.detail}"
        self.kept.append(Quarantined(self.now_ms, source, shown(refused.device), refused.reason, detail, payload))

    def store(self, engine: Engine) -> None:
        """Put what was gathered in quarantine."""
        keep(engine, self.kept)
        self.kept.clear()


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose header has the columns that are needed. column: place of each column of the header."""

    path: Path
    column: Mapping[str, int]

    @property
    def name(self) -> str:
        """The file's name, as messages tell it."""
        return self.path.name

    def rows(self, progress: Progress | None = None) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each row under the header; empty lines are passed over."""
        with _opened(self.path) as lines:
            reader = csv.reader(lines)
            try:
                next(reader)
                for count, row in enumerate(reader, 1):
                    if progress and count % PROGRESS_ROWS == 0:
                        progress(f"{self.name}: {count} rows")
                    if row:
                        yield reader.line_num, row
            except (csv.Error, EOFError, OSError, zlib.error) as error:
                raise ImportRefused(f"{self.name}, line {reader.line_num + 1}: cannot be read: {error}") from error

    def cell(self, row: Sequence[str], column: str) -> str:
        """A cell without surrounding blanks; empty where the file does not have the column. Raises RowRefused."""
        place = self.column.get(column)
        if place is None:
            return ""
        if place >= len(row):
            raise RowRefused(Reason.MALFORMED, column, f"the row has {len(row)} cells of {len(self.column)}")
        return row[place].strip()


def open_csv(folder: Path, name: str, required: Sequence[str]) -> CsvFile | None:
    """The file `name`.csv.gz or `name`.csv of a folder with its header read; None where there is neither.

    Raises ImportRefused where the header lacks a required column.
    """
    path = next((p for p in (folder / f"{name}.csv.gz", folder / f"{name}.csv") if p.is_file()), None)
    if path is None:
        return None
    try:
        with _opened(path) as lines:
            header = [cell.strip() for cell in next(csv.reader(lines), [])]
    except (csv.Error, EOFError, OSError, zlib.error) as error:
        raise ImportRefused(f"{path.name}, line 1: cannot be read: {error}") from error
    for column in required:
        if column not in header:
            found = ", ".join(header) or "nothing"
            raise ImportRefused(f"{path.name}, line 1: column `{column}` is missing; the header has: {found}")
    return CsvFile(path, {column: place for place, column in enumerate(header)})


def moment_of(text: str, column: str, now_ms: int, device: str = "") -> int:
    """Milliseconds of a UTC instant. Raises RowRefused for what is none, or cannot have been meant."""
    at_ms = moment_ms(text)
    if at_ms is None:
        raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no instant like 2016-01-01T00:00:00Z", device)
    if not plausible(at_ms, now_ms):
        raise RowRefused(Reason.TIME_IMPLAUSIBLE, column, f"{shown(text)} is before 2000 or after tomorrow", device)
    return at_ms


def number_of(text: str, column: str, device: str = "") -> float:
    """A finite number. Raises RowRefused.

    >>> number_of("12.5", "value")
    12.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Python reads 1_000 as a number; no meter writes it.
    if not math.isfinite(value) or "_" in text:
        raise RowRefused(Reason.NOT_A_NUMBER, column, shown(text) or "empty", device)
    return value


def optional_number(text: str, column: str) -> float | None:
    """A finite number, or None for an empty cell. Raises RowRefused."""
    return number_of(text, column) if text else None


def optional_whole(text: str, column: str) -> int | None:
    """A whole number, or None for an empty cell. Raises RowRefused."""
    value = optional_number(text, column)
    if value is not None and not value.is_integer():
        raise RowRefused(Reason.NOT_A_NUMBER, column, f"{shown(text)} is not whole")
    return None if value is None else int(value)


def _opened(path: Path) -> TextIO:
    # What is not UTF-8 must cost the row it stands in, not the file.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
