"""What a series store does. Two implementations, SQLite and InfluxDB, pass the same contract tests."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution, Row
from plagewatch.metering.readings import Flow, Samples
from plagewatch.metering.withdrawals import SourceSpan

_Number = TypeVar("_Number", np.int64, np.float64)


class SeriesError(Exception):
    """The series store did not do what was asked. `retryable` says whether the same call may succeed later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class SamplesRefused(SeriesError):
    """A store will never take some of the evidence; all the rest is kept.

    why: the reason by the number of the block in what was to be written.
    """

    def __init__(self, message: str, why: Mapping[int, str]) -> None:
        super().__init__(message, retryable=False)
        self.why = why


NOT_TOLD_MS = -1
"""In place of the moment of receipt, where the store was not told it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Stored samples of one meter register, by time and then value; two values at one instant are both here.

    at_ms, received_ms: milliseconds since 1970 UTC. value: unit of the register word. quality: numbers of `Quality`,
    of a value told with two the smaller. received_ms: of the packet that told it; where a store keeps it once a packet,
    that of the nearest earlier sample of the same source that has one, and NOT_TOLD_MS before the first. All of one
    length.
    """

    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int8]
    received_ms: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> Self:
        """The samples that a mask of the same length keeps."""
        return type(self)(self.at_ms[keep], self.value[keep], self.quality[keep], self.received_ms[keep])


@dataclass(frozen=True, slots=True)
class Points:
    """Rows of one series of figures (weather, plage, ...): one start, one value per field, NaN = not known."""

    start_s: NDArray[np.int64]
    fields: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one flow of a meter at several resolutions, to be written together.

    Few of them come as rows: arrays of one or two values cost a hundred times what the values do.
    """

    meter: str
    carrier: str
    flow: Flow
    by_resolution: Mapping[Resolution, Intervals | Sequence[Row]]

    def rows(self) -> Iterator[tuple[Resolution, Iterable[Row]]]:
        """All of them one by one, by resolution."""
        for resolution, made in self.by_resolution.items():
            yield resolution, made.rows() if isinstance(made, Intervals) else made


def gathered(blocks: Sequence[Samples]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants [ms since 1970 UTC] and values of all blocks, one after another.

    Raises SeriesError, not to be tried again, for evidence that is no number: whoever decodes keeps that in quarantine.

    >>> at_ms, value = gathered([Samples("m", "gas_volume", [1, 2], [0.5, 1.5], "s", 9)])
    >>> at_ms.tolist(), value.tolist()
    ([1, 2], [0.5, 1.5])
    """
    try:
        at_ms = _joined([block.at_ms for block in blocks], np.dtype(np.int64))
        value = _joined([block.value for block in blocks], np.dtype(np.float64))
    except OverflowError as error:
        raise SeriesError("Evidence has an instant beyond what a store can hold", retryable=False) from error
    wrong = [block for block in blocks if len(block.at_ms) != len(block.value)]
    if wrong or not np.isfinite(value).all():
        wrong += [block for block in blocks if not np.isfinite(block.value).all()]
        raise SeriesError(
            f"Evidence of {wrong[0].meter} {wrong[0].register} has values that are no numbers, or no instants for them",
            retryable=False,
        )
    return at_ms, value


def _joined(columns: Sequence[Sequence[float]], dtype: np.dtype[_Number]) -> NDArray[_Number]:
    # Thousands of short lists are walked through faster than each is made an array.
    if columns and isinstance(columns[0], np.ndarray):
        return np.concatenate([np.asarray(column, dtype) for column in columns])
    return np.fromiter(chain.from_iterable(columns), dtype)


@dataclass(frozen=True, slots=True)
class FiguresHeld:
    """A series of figures that a store holds: of a meter's flow at one resolution."""

    resolution: Resolution
    meter: str
    carrier: str
    flow: Flow


@dataclass(frozen=True, slots=True)
class PointsHeld:
    """A series of points that a store holds."""

    measurement: str
    tags: Mapping[str, str]


class SeriesStore(Protocol):
    """Evidence and figures over time. Every write is idempotent; every method may raise SeriesError."""

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        """Keep evidence. The same (meter, register, instant, value) again changes nothing; another value is kept.

        Told again with another quality, the better one holds, whichever came first. Told by several sources, it is of
        the last of them at least: a store may keep that others told it too. Raises SamplesRefused where the store will
        never take some of it, and has the rest.
        """

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        """Evidence in [start_ms, end_ms), but for what the sources to do without told in their spans."""

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        """Evidence in [start_ms, end_ms) and the nearest `beyond` instants before it and from its end on."""

    def samples_of(self, meters: Collection[str], start_ms: int, end_ms: int) -> dict[tuple[str, str], Evidence]:
        """Evidence of all registers of several meters in [start_ms, end_ms), by meter and register, in one question.

        A register without any is absent. For hundreds of meters and a short stretch; all of it comes into memory.
        """

    def blocks(self, meter: str, register: str, start_ms: int, end_ms: int) -> Iterator[Samples]:
        """Evidence in [start_ms, end_ms) as it was told, each block ready to be written to another store.

        By time where one source told it. A value told by several sources comes once of each that the store knows. What
        is read before it is handed out is bounded, however much there is.
        """

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        """All instants of which there is evidence, rising, each once; cheaper than the evidence itself."""

    def registers(self, meter: str) -> list[str]:
        """Registers of which the meter has evidence, sorted."""

    def registers_held(self) -> list[tuple[str, str]]:
        """All meters and registers of which there is evidence, sorted."""

    def evidence_ends_ms(self, meters: Collection[str]) -> dict[str, tuple[int, int]]:
        """The oldest and the newest evidence of those of these meters that have any, withdrawn or not [ms]."""

    def latest_sample_ms(self) -> dict[str, int]:
        """The newest evidence of each meter, milliseconds since 1970 UTC."""

    def write_intervals(
        self, resolution: Resolution, meter: str, carrier: str, intervals: Intervals, flow: Flow = "main"
    ) -> None:
        """Write figures over what stood there; a NaN amount overwrites a known one (known = 0)."""

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        """Write figures of several meters and resolutions, as `write_intervals` does, in one go."""

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        """Figures that start in [start_s, end_s), unknown ones as NaN; an interval never written is absent."""

    def intervals_of(
        self, resolution: Resolution, meters: Collection[str], start_s: int, end_s: int
    ) -> dict[tuple[str, Flow], Intervals]:
        """Figures of all flows of several meters that start in [start_s, end_s), by meter and flow, in one question.

        A flow without any is absent.
        """

    def figures_held(self) -> list[FiguresHeld]:
        """All series of figures, by resolution, meter and flow."""

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        """Write rows of figures; each must bring all fields of its measurement, NaN where not known."""

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        """Rows of one series (all its tags given) that start in [start_s, end_s)."""

    def points_held(self) -> list[PointsHeld]:
        """All series of points, by measurement and tags."""

    def check(self) -> None:
        """Return where the store answers and is set up; SeriesError says what is wrong and what to do."""

    def close(self) -> None:
        """Let go of connections and files."""
