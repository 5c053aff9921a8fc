"""Tables that people and companies send: CSV in any encoding and separator, Excel. Rows of text, one at a time."""

import codecs
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zipfile import BadZipFile

from collector.imports.csv_files import opened
from collector.imports.lines import Line, Unreadable, lines_of
from collector.imports.refusals import ImportRefused, Progress

SEPARATORS = ";\t,|"
EXCEL = (".xlsx", ".xlsm")
HEAD_BYTES = 1 << 18
HEAD_ROWS = 200
PROGRESS_ROWS = 50_000

Rows = Iterator[tuple[int, list[str] | Unreadable]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a file is read. separator: empty for Excel; sheet: name of the Excel sheet, empty for the first.

    Numbers and dates that Excel knows as such come as text: `2026-03-29 00:15:00`, and numbers with `decimal`.
    """

    path: Path
    encoding: str = ""
    separator: str = ""
    sheet: str = ""

    def rows(self, decimal: str = ".", progress: Progress | None = None) -> Rows:
        """Rows with the number of their line, from 1; empty ones are passed over. Raises ImportRefused."""
        source = _excel_rows(self.path, self.sheet, decimal) if is_excel(self.path) else self._text_rows()
        for count, (line, row) in enumerate(source, 1):
            if progress and count % PROGRESS_ROWS == 0:
                progress(f"{self.path.name}: {count} rows")
            yield line, row

    def head(self) -> list[Line]:
        """The first rows that can be read, at most HEAD_ROWS."""
        found: list[Line] = []
        for line, row in self.rows():
            if not isinstance(row, Unreadable):
                found.append((line, row))
            if len(found) >= HEAD_ROWS:
                break
        return found

    def _text_rows(self) -> Rows:
        line = 0
        try:
            with opened(self.path, self.encoding) as text:
                for line, row in lines_of(text, self.separator):  # noqa: B007 - told where reading fails
                    yield line, row
        except (EOFError, OSError, zlib.error) as error:
            raise ImportRefused(f"{self.path.name}, line {line + 1}: cannot be read: {error}") from error


def is_excel(path: Path) -> bool:
    """Whether a file is read as Excel."""
    return path.suffix.lower() in EXCEL


def sheet_of(path: Path) -> Sheet:
    """A file with its encoding and separator found out. Raises ImportRefused."""
    if path.suffix.lower() == ".xls":
        raise ImportRefused(f"{path.name} is an Excel file of before 2007: open it and save it as .xlsx or .csv")
    if is_excel(path):
        return Sheet(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise ImportRefused(f"{path.name}, line 1: cannot be read: {error}") from error
    if b"\x00" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefused(f"{path.name} is no text file: give CSV or Excel (.xlsx)")
    encoding = _encoding(head)
    return Sheet(path, encoding, _separator(head.decode(encoding, "replace")))


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(text: str) -> str:
    """The sign that stands equally often in the most lines: a comma in numbers does not."""
    lines = [line for line in text.splitlines()[:HEAD_ROWS] if line.strip()]
    best, most = SEPARATORS[0], 0
    for sign in SEPARATORS:
        counts = Counter(line.count(sign) for line in lines)
        counts.pop(0, None)
        alike = max(counts.values(), default=0)
        if alike > most:
            best, most = sign, alike
    return best


def _excel_rows(path: Path, sheet: str, decimal: str) -> Rows:
    # A second of loading that an import of text need not wait for.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise ImportRefused(f"{path.name} cannot be read as Excel: {error}") from error
    try:
        if sheet and sheet not in book.sheetnames:
            raise ImportRefused(f"{path.name} has no sheet {sheet!r}; it has: {', '.join(book.sheetnames)}")
        found = book[sheet] if sheet else book.worksheets[0]
        for line, cells in enumerate(found.iter_rows(values_only=True), 1):
            row = [_text(cell, decimal) for cell in cells]
            while row and not row[-1]:
                row.pop()
            if len(row) == 1 and row[0].count(";") > 1:  # a CSV file that was opened and saved as it was
                row = row[0].split(";")
            if row:
                yield line, row
    finally:
        book.close()


def _text(cell: object, decimal: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    if isinstance(cell, float):
        return (str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)).replace(".", decimal)
    return str(cell)
