"""Evidence out of the points in which InfluxDB has it: one series for each quality and each device that told it."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats
from plagewatch.metering.readings import Quality
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.names import TAG_METER, TAG_QUALITY, TAG_REGISTER, TAG_TOLD_BY
from plagewatch.store.series.blocks import Row
from plagewatch.store.series.influx_answers import Found, Piece, found_in, together
from plagewatch.store.series.line_protocol import NS_PER_MS, name_of_tag, quality_word, time_ns
from plagewatch.store.series.protocol import NOT_TOLD_MS, Evidence

BY_SERIES = f"GROUP BY {TAG_QUALITY}, {TAG_TOLD_BY}"

QUALITY_OF_TAG = {quality_word(quality): quality for quality in Quality}


def fields_of(without: Sequence[SourceSpan]) -> str:
    """The fields to be asked for: who told it only where somebody is to be passed over."""
    return "value, source" if without else "value"


def evidence(parts: Sequence[Found], without: Sequence[SourceSpan]) -> Evidence:
    """All series of a register in one, by time and then value, each value of an instant once."""
    columns = [_columns(part, _standing(part, without)) for part in parts]
    at_ms, value, quality, received_ms = (
        np.concatenate([np.zeros(0, dtype), *(column[place] for column in columns)])
        for place, dtype in enumerate((np.int64, np.float64, np.int8, np.int64))
    )
    if len(parts) == 1 and (np.diff(at_ms) > 0).all():
        return Evidence(at_ms, value, quality, received_ms)  # as nearly always
    order = np.lexsort((quality, value, at_ms))  # the store has them in order of the fingerprint
    found = Evidence(at_ms[order], value[order], quality[order], received_ms[order])
    # Each quality and device is a series of its own: of a value told twice, both points are there.
    again = (np.diff(found.at_ms) == 0) & (np.diff(found.value) == 0)
    return found.where(~np.concatenate([[False], again])) if again.any() else found


def evidence_of_each(pieces: Iterable[Piece]) -> dict[tuple[str, str], Evidence]:
    """The evidence of many registers of which each has a few samples, by meter and register.

    pieces: rows of instant [ns], value and moment of receipt [ms].
    """
    by_register: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        by_register.setdefault(register_of(piece), []).append(piece)
    # Nearly every register is one series: the columns of all these are made at once, and each has its part of them.
    plain = [pair for pair, some in by_register.items() if len(some) == 1 and not some[0].tags.get(TAG_QUALITY)]
    lengths = np.array([len(by_register[pair][0].rows) for pair in plain], np.int64)
    ends = np.cumsum(lengths)
    at_ns, value, told_ms = _side_by_side(row for pair in plain for row in by_register[pair][0].rows)
    at_ms, received_ms = at_ns // NS_PER_MS, received(told_ms, np.repeat(ends - lengths, lengths))
    quality = np.full(len(at_ms), Quality.MEASURED, np.int8)
    again = np.flatnonzero(np.diff(at_ms) <= 0) + 1  # within a register: instants that stand there twice
    unclear = set(np.searchsorted(ends, again[~np.isin(again, ends)], side="right").tolist())
    found = {}
    for place, (pair, end, length) in enumerate(zip(plain, ends.tolist(), lengths.tolist(), strict=True)):
        if place not in unclear:
            part = slice(end - length, end)
            found[pair] = Evidence(at_ms[part], value[part], quality[part], received_ms[part])
    for pair in by_register.keys() - found.keys():
        found[pair] = evidence(together(found_in(by_register[pair])), ())
    return found


def _side_by_side(rows: Iterable[Sequence[float | None]]) -> tuple[NDArray[np.int64], Floats, Floats]:
    times, value, told_ms = tuple(zip(*rows, strict=True)) or ((), (), ())
    return np.array(times, np.int64), np.array(value, np.float64), np.array(told_ms, np.float64)


def standing_ms(part: Found, without: Sequence[SourceSpan]) -> NDArray[np.int64]:
    """The instants of a series that count."""
    at_ms: NDArray[np.int64] = part.columns["time"][_standing(part, without)] // NS_PER_MS
    return at_ms


def received(told_ms: Floats, begins: NDArray[np.int64] | int = 0) -> NDArray[np.int64]:
    """When each sample of a series came: as its packet's first says, which alone has it.

    begins: where several series stand one after the other, the place at which each sample's own begins.

    >>> received(np.array([np.nan, 7.0, np.nan, 9.0]))
    array([-1,  7,  7,  9])
    >>> received(np.array([7.0, np.nan, np.nan]), np.array([0, 0, 2]))
    array([ 7,  7, -1])
    """
    known = ~np.isnan(told_ms)
    # The place of the last known one up to here, counted from 1.
    last = np.maximum.accumulate(np.where(known, np.arange(1, len(told_ms) + 1), 0))
    last = np.where(last > begins, last, 0)
    filled = np.concatenate([[NOT_TOLD_MS], np.where(known, told_ms, NOT_TOLD_MS)])
    return filled[last].astype(np.int64)


def register_of(part: Found | Piece) -> tuple[str, str]:
    """Meter and register of a series."""
    return name_of_tag(part.tags[TAG_METER]), name_of_tag(part.tags[TAG_REGISTER])


def rows_told(pieces: Iterable[Found]) -> Iterator[list[Row]]:
    """Pieces of a register's series as rows that each say who told them and when."""
    told_ms: dict[tuple[str, str], float] = {}  # by series: where a piece ends, the next one goes on
    for piece in pieces:
        quality, told_by = piece.tags.get(TAG_QUALITY, ""), name_of_tag(piece.tags.get(TAG_TOLD_BY, ""))
        told = np.concatenate([[told_ms.get((quality, told_by), np.nan)], piece.columns["received_ms"]])
        received_ms = received(told)[1:]
        told_ms[quality, told_by] = float(received_ms[-1])
        number = int(QUALITY_OF_TAG.get(quality, Quality.MEASURED))
        sources = [told_by] * len(piece) if told_by else [source or "" for source in piece.columns["source"]]
        at_ms, value = (piece.columns["time"] // NS_PER_MS).tolist(), piece.columns["value"].tolist()
        yield list(zip(at_ms, value, [number] * len(piece), received_ms.tolist(), sources, strict=True))


def _columns(part: Found, keep: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    quality = QUALITY_OF_TAG.get(part.tags.get(TAG_QUALITY, ""), Quality.MEASURED)
    received_ms = received(part.columns["received_ms"])[keep]
    at_ms = part.columns["time"][keep] // NS_PER_MS
    return at_ms, part.columns["value"][keep], np.full(len(at_ms), quality, np.int8), received_ms


def _standing(part: Found, without: Sequence[SourceSpan]) -> NDArray[np.bool_]:
    """Which rows count, with those left out that sources told in their spans."""
    at_ns, keep = part.columns["time"], np.ones(len(part), np.bool_)
    told_by = name_of_tag(part.tags.get(TAG_TOLD_BY, ""))
    for span in without:
        start_ns, end_ns = time_ns(span.from_ms, NS_PER_MS), time_ns(span.to_ms, NS_PER_MS)
        here = (at_ns >= start_ns) & (at_ns < end_ns)
        # Where no tag says it, a field does, row by row.
        keep &= ~(here & ((part.columns["source"] == span.source) if not told_by else told_by == span.source))
    return keep
