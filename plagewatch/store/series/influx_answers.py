"""What InfluxDB answers to InfluxQL, decoded while it comes in: columns in numpy, never the whole answer as rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from plagewatch.store.series.protocol import SeriesError

Column = NDArray[Any]

# A question that took too long, was one too many, or met a server that is just ending.
_PASSES = ("timeout", "exceeded", "interrupted", "closed")


class Piece(NamedTuple):
    """Rows of one series as they came in: its tags, and the names of what each row holds, the instant first."""

    tags: Mapping[str, str]
    names: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one series: its tags, and its columns by name, all of one length, NaN where a field is not there."""

    tags: Mapping[str, str]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def found_in(pieces: Iterable[Piece], text: bool = False) -> Iterator[Found]:
    """Pieces of an answer as columns. text: they are names, and not figures."""
    for piece in pieces:
        yield Found(piece.tags, _columns(piece.names, piece.rows, text))


def pieces(stream: Iterable[bytes]) -> Iterator[Piece]:
    """The pieces of an answer in MessagePack.

    Raises SeriesError where InfluxDB says in the middle of it that it cannot go on, and where the end is missing.
    """
    unpacker, sent, more = msgpack.Unpacker(), 0, True
    for received in stream:
        unpacker.feed(received)
        sent += len(received)
        for message in unpacker:
            (result,) = message["results"]
            if "error" in result:
                error = str(result["error"])
                raise SeriesError(_explained(error), retryable=any(word in error for word in _PASSES))
            more = bool(result.get("partial"))
            for series in result.get("series", ()):
                yield Piece(series.get("tags", {}), series["columns"], series["values"])
    if more or unpacker.tell() != sent:
        raise SeriesError("InfluxDB's answer was cut off before its end", retryable=True)


def _explained(error: str) -> str:
    _, missing, bucket = error.partition("database not found: ")
    if not missing:
        return f"InfluxDB did not answer: {error}"
    return (
        f"InfluxDB has no bucket `{bucket}` that this token may read: check PLAGEWATCH_INFLUX_TOKEN and its rights, "
        "then `plagewatch store init`"
    )


def together(pieces: Iterable[Found]) -> list[Found]:
    """The pieces of each series joined, in the order in which they first came."""
    by_tags: dict[tuple[tuple[str, str], ...], list[Found]] = {}
    for piece in pieces:
        by_tags.setdefault(tuple(sorted(piece.tags.items())), []).append(piece)
    return [_joined(parts) for parts in by_tags.values()]


def _joined(parts: Sequence[Found]) -> Found:
    first = parts[0]
    if len(parts) == 1:
        return first
    return Found(first.tags, {name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns})


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]], text: bool) -> dict[str, Column]:
    values = zip(*rows, strict=True)
    return {name: _column(name, column, text) for name, column in zip(names, values, strict=True)}


def _column(name: str, values: Sequence[Any], text: bool) -> Column:
    if text or name == "source":
        return np.array(values, np.object_)
    if name == "time":
        return np.array(values, np.int64)
    return np.array(values, np.float64)
