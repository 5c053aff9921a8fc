"""Rows into a SQLite file many at a time, and out of it into numpy."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.withdrawals import SourceSpan

# A statement of many rows takes half the time of as many statements; more rows than this gain nothing.
ROWS_TOGETHER = 100


def put(
    connection: sqlite3.Connection, insert: str, width: int, rows: Iterable[tuple[float, ...]], otherwise: str = ""
) -> None:
    cells = chain.from_iterable(rows)
    row = f"({', '.join('?' * width)})"
    while some := tuple(islice(cells, width * ROWS_TOGETHER)):
        connection.execute(f"{insert} VALUES {', '.join([row] * (len(some) // width))} {otherwise}", some)


def passed_over(without: Sequence[SourceSpan]) -> tuple[str, list[str | int]]:
    """The condition that passes over what sources told in their spans, and its values."""
    one = " AND NOT (source IN (SELECT id FROM source WHERE name = ?) AND at_ms >= ? AND at_ms < ?)"
    return one * len(without), [value for span in without for value in (span.source, span.from_ms, span.to_ms)]


def tag_key(tags: Mapping[str, str]) -> str:
    return repr(sorted(tags.items()))


def whole(rows: Sequence[tuple[float | None, ...]], column: int) -> NDArray[np.int64]:
    return np.fromiter(map(itemgetter(column), rows), np.int64, len(rows))


def floats(rows: Sequence[tuple[float | None, ...]], column: int) -> NDArray[np.float64]:
    values: Iterable[float | None] = [row[column] for row in rows]
    return np.array(values, np.float64)  # None, which stands for NaN in the file, becomes NaN again
