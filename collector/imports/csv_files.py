"""CSV files of a canonical folder, gzipped or not: rows under a header, read line by line."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from collector.imports.lines import Line, Unreadable, lines_of
from collector.imports.refusals import ImportRefused, Progress, Refusals, RowRefused
from plagewatch.metering.readings import Reason

PROGRESS_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose header has the columns that are needed. column: place of each column of the header."""

    path: Path
    column: Mapping[str, int]

    @property
    def name(self) -> str:
        """The file's name, as messages tell it."""
        return self.path.name

    def rows(self, refusals: Refusals, progress: Progress | None = None) -> Iterator[Line]:
        """Line number and cells of each row under the header; empty lines are passed over.

        A row with a quote that nothing closes, or with cells that the header has no column for, is refused alone.
        """
        line, width = 1, len(self.column)
        with opened(self.path) as text:
            try:
                rows = lines_of(text, ",")
                next(rows, None)
                for count, (line, row) in enumerate(rows, 1):
                    if progress and count % PROGRESS_ROWS == 0:
                        progress(f"{self.name}: {count} rows")
                    if isinstance(row, Unreadable):
                        refusals.add(self.name, line, [row.text], RowRefused(Reason.MALFORMED, "", row.why))
                    elif len(row) > width:
                        why = f"the row has {len(row)} cells of {width}"
                        refusals.add(self.name, line, row, RowRefused(Reason.MALFORMED, "", why))
                    else:
                        yield line, row
            except (EOFError, OSError, zlib.error) as error:
                raise ImportRefused(f"{self.name}, line {line + 1}: cannot be read: {error}") from error

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
        with opened(path) as lines:
            header = [cell.strip() for cell in next(csv.reader(lines), [])]
    except (csv.Error, EOFError, OSError, zlib.error) as error:
        raise ImportRefused(f"{path.name}, line 1: cannot be read: {error}") from error
    for column in required:
        if column not in header:
            found = ", ".join(header) or "nothing"
            raise ImportRefused(f"{path.name}, line 1: column `{column}` is missing; the header has: {found}")
    return CsvFile(path, {column: place for place, column in enumerate(header)})


def opened(path: Path, encoding: str = "utf-8-sig") -> TextIO:
    """A text file, gzipped or not. What is not in the encoding costs the row it stands in, not the file."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, errors="replace", newline="")
    return path.open(encoding=encoding, errors="replace", newline="")
