"""A table as it would be read: the mapping that is proposed, and its first rows read with it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from collector.imports.evidence import Bookkeeper
from collector.imports.proposing import Proposal, propose
from collector.imports.refusals import Refusals
from collector.imports.stores import ImportStore
from collector.imports.table import TableReader
from collector.imports.work import Import, Order
from plagewatch.store.engine import Engine

FIRST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """first_rows: what would be made of the first rows, or why not, one text for each value."""

    proposal: Proposal
    first_rows: tuple[str, ...]


def preview(order: Order, engine: Engine, series: ImportStore, now_ms: int) -> Preview:
    """Look at a table and say how it would be read. Writes nothing. Raises ImportRefused."""
    refusals = Refusals("", now_ms)
    work = Import(order, engine, series, now_ms, refusals, Bookkeeper(engine, series, "", now_ms))
    proposal = propose(work)
    reader = TableReader(work, proposal.mapping)
    told: list[str] = []
    for count, (line, row) in enumerate(reader.rows()):
        if count == FIRST_ROWS:
            break
        for found in reader.take(line, row):
            at = datetime.fromtimestamp(found.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            told.append(f"line {line}: {found.subject} {found.register} {at} = {found.value:g}")
    return Preview(proposal, tuple(told) + tuple(refusals.examples[:FIRST_ROWS]))
