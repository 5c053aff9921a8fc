"""What an import did not take: rows with their place and reason, counted, the first of them kept whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from collector.decoders.door import shown
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records.quarantine import Quarantined, keep

Progress = Callable[[str], None]
"""Called now and then with a line that says how far the import has come."""

KEPT_PER_FILE = 1_000
EXAMPLES = 20


class ImportRefused(Exception):
    """The file or folder cannot be imported as it is. The text names file, line and column, and what to do."""


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
    """Rows that were not taken: counted by reason, the first of each file kept whole in quarantine.

    folder: the folder's name before each file's, empty where a file was imported by itself.
    """

    folder: str
    now_ms: int
    counts: dict[Reason, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    kept: list[Quarantined] = field(default_factory=list)
    _per_file: dict[str, int] = field(default_factory=dict)

    def add(self, file: str, line: int, row: Sequence[object], refused: RowRefused) -> None:
        """Take account of one row, or one cell of it."""
        self.counts[refused.reason] = self.counts.get(refused.reason, 0) + 1
        column = f"column {refused.column}: " if refused.column else ""
        if len(self.examples) < EXAMPLES:
            place = f"{file}, line {line}, {column}" if column else f"{file}, line {line}: "
            self.examples.append(f"{place}{refused.reason}: {refused.detail}")
        number = self._per_file[file] = self._per_file.get(file, 0) + 1
        if number > KEPT_PER_FILE:
            return
        source = f"file:{self.folder}/{file}:{line}" if self.folder else f"file:{file}:{line}"
        payload = ",".join("" if cell is None else str(cell) for cell in row).encode("utf-8", "backslashreplace")
        detail = f"{column}{refused.detail}"
        self.kept.append(Quarantined(self.now_ms, source, shown(refused.device), refused.reason, detail, payload))

    def store(self, engine: Engine) -> None:
        """Put what was gathered in quarantine."""
        keep(engine, self.kept)
        self.kept.clear()
