"""Lines of text as rows of cells, each line by itself: a stray quote costs a line and not the rest of the file."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

Line = tuple[int, list[str]]
"""Line number, from 1, and the cells."""

# A quoted note may run over a few lines; what runs further was never closed.
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no row of cells."""

    text: str
    why: str


def lines_of(text: Iterable[str], separator: str) -> Iterator[tuple[int, list[str] | Unreadable]]:
    r"""Rows of a text with the number of their first line; empty lines are passed over, their numbers are not.

    >>> list(lines_of(['a,b\n', '\n', '"1,5",2\n'], ","))
    [(1, ['a', 'b']), (3, ['1,5', '2'])]
    >>> [row for _, row in lines_of(['"open,1\n', 'x,2\n'], ",")]
    [Unreadable(text='"open,1', why='a quote is opened and not closed'), ['x', '2']]
    """
    source, waiting, number, width = iter(text), deque[str](), 0, 0
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        number += 1
        bare = line.rstrip("\r\n")
        if not bare:
            continue
        row = bare.split(separator) if '"' not in bare else _cells([line], separator)
        taken = [line]
        if row is None:
            more = iter(lambda: waiting.popleft() if waiting else next(source, None), None)
            for following in islice(more, MOST_LINES - 1):
                taken.append(following)
                joined = _cells(taken, separator)
                if joined is not None and len(joined) == width:
                    row = joined
                    break
        if row is None:
            waiting.extendleft(reversed(taken[1:]))
            yield number, Unreadable(bare, "a quote is opened and not closed")
            continue
        width = width or len(row)
        yield number, row
        number += len(taken) - 1


def _cells(lines: list[str], separator: str) -> list[str] | None:
    """The cells of one record; None where a quote is still open at its end."""
    try:
        records = list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        if len(lines) > 1 or "unexpected end of data" in str(error):
            return None
        # A quote inside a cell, as people type it (`="5414..."`), is a quote.
        return lines[0].rstrip("\r\n").split(separator)
    return records[0] if len(records) == 1 else None
