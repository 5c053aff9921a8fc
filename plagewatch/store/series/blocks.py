"""Rows of evidence as the blocks in which they were told, to be written to another store."""

from collections.abc import Iterable, Iterator

from plagewatch.metering.readings import Quality, Samples

ROWS_A_PIECE = 10_000
"""Rows that are read before any is handed out: a year of quarter-hours is four pieces."""

Row = tuple[int, float, int, int, str]
"""Instant [ms], value, number of the quality, moment of receipt [ms], source."""


def told(meter: str, register: str, rows: Iterable[Row]) -> Iterator[Samples]:
    """The rows of one meter's register, those of one source, quality and moment of receipt together.

    >>> rows = [(1, 0.5, 0, 9, "a"), (2, 1.5, 0, 9, "b"), (3, 2.5, 0, 9, "a")]
    >>> [block.value for block in told("m", "gas_volume", rows)]
    [[0.5, 2.5], [1.5]]
    """
    together: dict[tuple[str, int, int], tuple[list[int], list[float]]] = {}
    for at_ms, value, quality, received_ms, source in rows:
        instants, values = together.setdefault((source, quality, received_ms), ([], []))
        instants.append(at_ms)
        values.append(value)
    for (source, quality, received_ms), (instants, values) in together.items():
        yield Samples(meter, register, instants, values, source, received_ms, Quality(quality))
