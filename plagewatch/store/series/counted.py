"""A series store as the ledger counts with it: evidence that somebody withdrew is passed over."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow, Samples
from plagewatch.metering.withdrawals import SourceSpan, Withdrawal
from plagewatch.store.series.protocol import Evidence, Figures, FiguresHeld, Points, PointsHeld, SeriesStore

EVER_MS = (-(10**14), 10**14)


def counted(series: SeriesStore, withdrawals: Iterable[Withdrawal]) -> SeriesStore:
    """The store without what is withdrawn; the store itself where nothing is."""
    spans: dict[tuple[str, str], list[SourceSpan]] = {}
    for one in withdrawals:
        spans.setdefault((one.meter, one.register), []).append(one.span)
    return CountedSeries(series, spans) if spans else series


class CountedSeries:
    """A SeriesStore that reads another one without the sources and spans given, by meter and register."""

    def __init__(self, series: SeriesStore, spans: Mapping[tuple[str, str], Sequence[SourceSpan]]) -> None:
        self._series, self._spans = series, spans

    def withdraws(self, meter: str) -> bool:
        """Whether anything of a meter is withdrawn."""
        return any(name == meter for name, _ in self._spans)

    def passed_over(self, meter: str, start_ms: int, end_ms: int) -> list[str]:
        """Registers of a meter of which readings in [start_ms, end_ms) are withdrawn."""
        found = []
        for name, register in sorted(self._spans):
            if name == meter:
                there = self._series.samples(meter, register, start_ms, end_ms)
                if len(there.at_ms) > len(self.samples(meter, register, start_ms, end_ms).at_ms):
                    found.append(register)
        return found

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        self._series.write_samples(blocks)

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        return self._series.samples(meter, register, start_ms, end_ms, self._all(meter, register, without))

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        spans = self._all(meter, register, without)
        return self._series.samples_around(meter, register, start_ms, end_ms, beyond, spans)

    def samples_of(self, meters: Collection[str], start_ms: int, end_ms: int) -> dict[tuple[str, str], Evidence]:
        found = self._series.samples_of(meters, start_ms, end_ms)
        for meter, register in found.keys() & self._spans.keys():
            standing = self.samples(meter, register, start_ms, end_ms)
            if len(standing.at_ms):
                found[meter, register] = standing
            else:
                del found[meter, register]
        return found

    def blocks(self, meter: str, register: str, start_ms: int, end_ms: int) -> Iterator[Samples]:
        return self._series.blocks(meter, register, start_ms, end_ms)  # what is withdrawn stays evidence

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        return self._series.instants_ms(meter, register, self._all(meter, register, without))

    def registers(self, meter: str) -> list[str]:
        there = self._series.registers(meter)
        return [one for one in there if (meter, one) not in self._spans or self._newest_ms(meter, one) is not None]

    def registers_held(self) -> list[tuple[str, str]]:
        return self._series.registers_held()

    def evidence_ends_ms(self, meters: Collection[str]) -> dict[str, tuple[int, int]]:
        return self._series.evidence_ends_ms(meters)

    def latest_sample_ms(self) -> dict[str, int]:
        latest = self._series.latest_sample_ms()
        for meter in {meter for meter, _ in self._spans} & latest.keys():
            newest = [self._newest_ms(meter, register) for register in self._series.registers(meter)]
            del latest[meter]
            if standing := [at_ms for at_ms in newest if at_ms is not None]:
                latest[meter] = max(standing)
        return latest

    def write_intervals(
        self, resolution: Resolution, meter: str, carrier: str, intervals: Intervals, flow: Flow = "main"
    ) -> None:
        self._series.write_intervals(resolution, meter, carrier, intervals, flow)

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        self._series.write_figures(all_figures)

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        return self._series.intervals(resolution, meter, start_s, end_s, flow)

    def intervals_of(
        self, resolution: Resolution, meters: Collection[str], start_s: int, end_s: int
    ) -> dict[tuple[str, Flow], Intervals]:
        return self._series.intervals_of(resolution, meters, start_s, end_s)

    def figures_held(self) -> list[FiguresHeld]:
        return self._series.figures_held()

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        self._series.write_points(measurement, tags, points)

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        return self._series.points(measurement, tags, start_s, end_s)

    def points_held(self) -> list[PointsHeld]:
        return self._series.points_held()

    def check(self) -> None:
        self._series.check()

    def close(self) -> None:
        self._series.close()

    def _all(self, meter: str, register: str, without: Sequence[SourceSpan]) -> Sequence[SourceSpan]:
        return [*self._spans.get((meter, register), ()), *without]

    def _newest_ms(self, meter: str, register: str) -> int | None:
        last = self.samples_around(meter, register, EVER_MS[1], EVER_MS[1], 1).at_ms
        return int(last[-1]) if len(last) else None
