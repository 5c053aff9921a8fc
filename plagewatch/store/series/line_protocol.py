"""Text that InfluxDB takes in and asks for: line protocol and InfluxQL, with every name from outside made harmless."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol
from urllib.parse import quote, unquote

import numpy as np
import orjson
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Row
from plagewatch.metering.readings import Quality, Samples
from plagewatch.store.names import (
    AMOUNT,
    COVERAGE,
    ESTIMATED,
    INTERPOLATED,
    KNOWN,
    MANUAL,
    SAMPLE,
    SPREAD,
    TAG_CARRIER,
    TAG_FLOW,
    TAG_METER,
    TAG_QUALITY,
    TAG_REGISTER,
    TAG_TOLD_BY,
    known_field,
)
from plagewatch.store.series.protocol import NOT_TOLD_MS, Figures, Points, SeriesError, gathered

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

EARLIEST_NS, LATEST_NS = -9_223_372_036_854_775_806, 9_223_372_036_854_775_806

# Line protocol cannot say a backslash before a separator, nor a line break in a tag.
_UNWRITABLE = re.compile(r"[%\\\x00-\x1f\x7f]")
_NOT_PLAIN = re.compile(r"[%\\\x00-\x1f\x7f,= ]")

_SPECIAL = re.compile(r"[.+*?()|\[\]{}^$/]")  # in a pattern; a backslash stands in no tag

MQTT = "mqtt:"
"""How the sources begin that are devices."""


def tag_value(name: str) -> str:
    """A name as it stands in a tag: as it is, but for what line protocol cannot hold, which becomes %XX.

    >>> tag_value("mrs-tournesol.gas"), tag_value("50%\\n")
    ('mrs-tournesol.gas', '50%25%0A')
    """
    return _UNWRITABLE.sub(lambda match: quote(match[0], safe=""), name)


def name_of_tag(value: str) -> str:
    """The name behind a tag value.

    >>> name_of_tag("50%25%0A")
    '50%\\n'
    """
    return unquote(value)


def quoted(text: str) -> str:
    """A string literal of InfluxQL; nothing in `text` can end it.

    >>> print(quoted("x' OR meter =~ /.*/ --"))
    'x\\' OR meter =~ /.*/ --'
    """
    return "'" + tag_value(text).replace("'", "\\'") + "'"


def time_ns(instant: int, ns_per_unit: int) -> int:
    """An instant in nanoseconds, brought within what InfluxDB can hold.

    >>> time_ns(2, NS_PER_S), time_ns(10**15, NS_PER_S) == LATEST_NS
    (2000000000, True)
    """
    return min(max(instant * ns_per_unit, EARLIEST_NS), LATEST_NS)


def where(tags: Mapping[str, str], start_ns: int, end_ns: int) -> str:
    """The condition that picks one series in [start_ns, end_ns).

    >>> where({"meter": "m"}, 0, 5)
    '"meter" = \\'m\\' AND time >= 0 AND time < 5'
    """
    parts = [f'"{tag}" = {quoted(value)}' for tag, value in tags.items()]
    return " AND ".join([*parts, f"time >= {start_ns}", f"time < {end_ns}"])


def where_any(tag: str, values: Sequence[str], start_ns: int, end_ns: int) -> str:
    """The condition that picks the series of any of these values in [start_ns, end_ns).

    >>> print(where_any("meter", ["a.b", "c/d"], 0, 5))
    "meter" =~ /^(a\\.b|c\\/d)$/ AND time >= 0 AND time < 5
    """
    # A pattern: InfluxDB answers it in a third of the time of as many equations.
    names = "|".join(_SPECIAL.sub(r"\\\g<0>", tag_value(value)) for value in values)
    return f'"{tag}" =~ /^({names})$/ AND time >= {start_ns} AND time < {end_ns}'


def fingerprint(value: Floats) -> NDArray[np.int64]:
    """A number in 0...999 999 that depends on the value alone and is the same on every machine.

    It stands in the nanoseconds below a sample's millisecond, so that two values of one instant are two points.

    >>> fingerprint(np.array([0.0, -0.0, 1.0, 1.0000001]))
    array([     0,      0, 550566, 241349])
    """
    mixed = (value + 0.0).view(np.uint64)  # -0.0 is the same value as 0.0, with other bits
    # The finaliser of splitmix64, a published mixing of 64 bits in which every input bit moves every output bit.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed % np.uint64(NS_PER_MS)).astype(np.int64)


Places = slice | list[int]
"""Which lines, by number."""


class Lines(Protocol):
    """Lines of points, made into text as far as they are asked for."""

    def __len__(self) -> int:
        """How many there are."""

    def body(self, places: Places) -> bytes:
        """The text of some of them."""

    def by_time(self, start: int, stop: int) -> list[int]:
        """The numbers of the lines from `start` to `stop`, those of near instants beside each other where they know."""


@dataclass(frozen=True, slots=True)
class FigureLines:
    """Lines that are text already."""

    text: list[str]

    def __len__(self) -> int:
        return len(self.text)

    def body(self, places: Places) -> bytes:
        some = self.text[places] if isinstance(places, slice) else [self.text[place] for place in places]
        return "\n".join(some).encode()

    def by_time(self, start: int, stop: int) -> list[int]:
        return list(range(start, min(stop, len(self.text))))


@dataclass(frozen=True, slots=True)
class SampleLines:
    """Evidence, one line a sample in the order of the blocks, as columns.

    block: the number of the block that each line is of.
    """

    heads: list[str]
    value: NDArray[np.float64]
    tails: list[str]
    at_ns: NDArray[np.int64]
    block: list[int]

    def __len__(self) -> int:
        return len(self.heads)

    def body(self, places: Places) -> bytes:
        if isinstance(places, slice):
            heads, tails = self.heads[places], self.tails[places]
        else:
            heads, tails = [self.heads[place] for place in places], [self.tails[place] for place in places]
        cells = [""] * (4 * len(heads))
        cells[0::4], cells[1::4], cells[2::4] = heads, _texts(self.value[places], ""), tails
        cells[3::4] = _texts(self.at_ns[places], "\n")
        return "".join(cells).encode()

    def by_time(self, start: int, stop: int) -> list[int]:
        order = np.argsort(self.at_ns[start:stop], kind="stable")
        return [start + int(place) for place in order]


def sample_lines(blocks: Sequence[Samples]) -> SampleLines:
    """Evidence as points.

    Who told it is a tag where it stays the same for a meter's register, and a field for files, of which there may be
    one a day. The moment of receipt stands with the first instant of a block alone: each field more costs the store a
    quarter of a point. Raises SeriesError for what is no number or no instant that InfluxDB can hold.

    >>> lines = sample_lines([Samples("m", "gas_volume", [1, 2], [0.0, 0.0], "mqtt:attic", 9)])
    >>> print(lines.body([1]).decode().strip())
    sample,meter=m,register=gas_volume,told_by=mqtt:attic value=0.0 2000000
    """
    at_ms, value = gathered(blocks)
    if len(at_ms) and not EARLIEST_NS // NS_PER_MS < at_ms.min() <= at_ms.max() < LATEST_NS // NS_PER_MS:
        raise SeriesError("Evidence has an instant beyond what InfluxDB can hold (years 1677 to 2262)", retryable=False)
    heads: list[str] = []
    tails: list[str] = []
    owners: list[int] = []
    for number, block in enumerate(blocks):
        start, count = len(heads), len(block.at_ms)
        if not count:
            continue
        head, tail = _sample_frame(block)
        heads += [head] * count
        tails += [tail] * count
        owners += [number] * count
        if block.received_ms != NOT_TOLD_MS:
            first = start + (int(at_ms[start : start + count].argmin()) if count > 1 else 0)
            tails[first] = f",received_ms={block.received_ms}.0{tail}"
    return SampleLines(heads, value, tails, at_ms * NS_PER_MS + fingerprint(value), owners)


def _texts(numbers: NDArray[np.float64] | NDArray[np.int64], end: str) -> list[str]:
    # Half the time that Python's own way takes; both write the shortest text that reads as the same number.
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1]
    return (text.replace(",", f"{end},") + end).split(",")


def _sample_frame(block: Samples) -> tuple[str, str]:
    """What stands before a sample's value, and between it and its instant."""
    meter, register, source = block.meter, block.register, block.source
    tagged = source.startswith(MQTT)
    if tagged and block.quality is Quality.MEASURED and meter and not _NOT_PLAIN.search(meter + register + source):
        # Nearly all evidence, packet by packet: what follows below, in a third of the time.
        return f"{SAMPLE},{TAG_METER}={meter},{TAG_REGISTER}={register},{TAG_TOLD_BY}={source} value=", " "
    # A measured sample has no tag of its quality: it stands in the series in which it stood before there was one.
    quality = "" if block.quality is Quality.MEASURED else quality_word(block.quality)
    told_by = source if tagged else ""
    tags = {TAG_METER: meter, TAG_REGISTER: register, TAG_QUALITY: quality, TAG_TOLD_BY: told_by}
    escaped = source.replace("\\", "\\\\").replace('"', '\\"')
    return f"{_head(SAMPLE, tags)}value=", " " if tagged else f',source="{escaped}" '


def quality_word(quality: Quality) -> str:
    """A quality as it stands in the tag.

    >>> quality_word(Quality.ESTIMATED)
    'estimated'
    """
    return quality.name.lower()


def figure_lines(figures: Figures) -> Iterator[str]:
    """Figures of a flow at all their resolutions, each of which is a measurement."""
    tags = _head("", {TAG_METER: figures.meter, TAG_FLOW: figures.flow, TAG_CARRIER: figures.carrier})
    for resolution, rows in figures.rows():
        yield from interval_lines(f"{resolution.value}{tags}", rows)


def interval_lines(head: str, rows: Iterable[Row]) -> Iterator[str]:
    """Figures, every field in every point: InfluxDB merges fields, and one left out would keep its old value.

    head: all that stands before the fields.
    """
    for row in rows:
        start_s, amount, coverage, interpolated, spread, estimated, manual = row
        known = 1.0
        if not isfinite(amount + coverage + interpolated + spread + estimated + manual):
            known = float(amount == amount)
            amount, coverage, interpolated, spread, estimated, manual = map(_number, row[1:])
        yield (
            f"{head}{AMOUNT}={amount!r},{COVERAGE}={coverage!r},{INTERPOLATED}={interpolated!r},{SPREAD}={spread!r},"
            f"{ESTIMATED}={estimated!r},{MANUAL}={manual!r},{KNOWN}={known!r} {start_s}000000000"
        )


def _number(value: float) -> float:
    return 0.0 if value != value else min(max(value, -sys.float_info.max), sys.float_info.max)


def point_lines(measurement: str, tags: Mapping[str, str], points: Points) -> Iterator[str]:
    """Rows of figures: each field and whether it is known, and `known` = 1 where any of them is."""
    head = _head(measurement, tags)
    columns: list[list[float]] = []
    any_known = np.zeros(len(points.start_s), np.bool_)
    for values in points.fields.values():
        known = ~np.isnan(values)
        any_known |= known
        columns += [np.nan_to_num(values).tolist(), known.astype(np.float64).tolist()]
    names = [name for field in points.fields for name in (field, known_field(field))]
    form = head.replace("%", "%%") + ",".join(f"{name}=%r" for name in (*names, KNOWN)) + " %d000000000"
    for row in zip(*columns, any_known.astype(np.float64).tolist(), points.start_s.tolist(), strict=True):
        yield form % row


def _head(measurement: str, tags: Mapping[str, str]) -> str:
    # An empty tag cannot be written; asked for, it finds the points that have none.
    pairs = (f"{tag}={_escaped(value)}" for tag, value in sorted(tags.items()) if value)
    return ",".join([measurement, *pairs]) + " "


def _escaped(value: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", tag_value(value)) if _NOT_PLAIN.search(value) else value
