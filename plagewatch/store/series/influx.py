"""The series store for production: InfluxDB 2.x, written by line protocol, read by InfluxQL."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Flow, Samples
from plagewatch.metering.withdrawals import SourceSpan
from plagewatch.store.names import (
    ENERGY_BUCKET,
    EVIDENCE_BUCKET,
    KNOWN,
    SAMPLE,
    TAG_CARRIER,
    TAG_FLOW,
    TAG_METER,
    TAG_REGISTER,
)
from plagewatch.store.series import blocks as rows
from plagewatch.store.series.influx_answers import Piece
from plagewatch.store.series.influx_connection import Gzip, InfluxConnection
from plagewatch.store.series.influx_evidence import (
    BY_SERIES,
    evidence,
    evidence_of_each,
    fields_of,
    register_of,
    rows_told,
    standing_ms,
)
from plagewatch.store.series.influx_figures import (
    FIGURE_FIELDS,
    figures_held,
    flow_of,
    intervals,
    points,
    points_held,
)
from plagewatch.store.series.influx_rights import EVERYTHING, Rights
from plagewatch.store.series.influx_setup import Keeping, Token, make_buckets, make_tokens
from plagewatch.store.series.line_protocol import (
    EARLIEST_NS,
    LATEST_NS,
    NS_PER_MS,
    NS_PER_S,
    FigureLines,
    figure_lines,
    name_of_tag,
    point_lines,
    quoted,
    sample_lines,
    time_ns,
    where,
    where_any,
)
from plagewatch.store.series.protocol import (
    Evidence,
    Figures,
    FiguresHeld,
    Points,
    PointsHeld,
    SamplesRefused,
    SeriesError,
)

# Meters asked for in one question.
METERS_TOGETHER = 500


class InfluxSeries:
    """Series in the buckets `evidence` and `energy` of an organisation. Safe to use from several threads."""

    def __init__(
        self, url: str, token: str, org: str, timeout_s: float, gzip: Gzip = "auto", needs: Rights = EVERYTHING
    ) -> None:
        self._influx = InfluxConnection(url, token, org, timeout_s, gzip)
        self._needs = needs

    def set_up(self, wanted: Keeping | None = None, fix: bool = False) -> list[str]:
        """Make the buckets that are not there; what was done and what is amiss, in sentences. Raises SeriesError."""
        return make_buckets(self._influx, wanted or Keeping(), fix)

    def tokens(self) -> list[Token]:
        """A token for each room, made where there is none yet. Raises SeriesError."""
        return make_tokens(self._influx)

    def write_samples(self, blocks: Sequence[Samples]) -> None:
        lines = sample_lines(blocks)
        refused = self._influx.write(EVIDENCE_BUCKET, lines)
        if refused:
            why = {lines.block[place]: reason for place, reason in refused.items()}
            first = min(refused)
            at = np.datetime64(int(lines.at_ns[first]) // NS_PER_MS, "ms")
            block = blocks[lines.block[first]]
            raise SamplesRefused(
                f"The bucket `{EVIDENCE_BUCKET}` never takes {len(refused)} of {len(lines)} samples, the first of "
                f"{block.meter[:200]} {block.register} at {at} UTC: {refused[first]}",
                why,
            )

    def samples(
        self, meter: str, register: str, start_ms: int, end_ms: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        condition = _of_register(meter, register, time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS))
        query = f"SELECT {fields_of(without)}, received_ms FROM {SAMPLE} WHERE {condition} {BY_SERIES}"
        return evidence(self._influx.found(EVIDENCE_BUCKET, query), without)

    def samples_of(self, meters: Collection[str], start_ms: int, end_ms: int) -> dict[tuple[str, str], Evidence]:
        told: list[Piece] = []
        for condition in _of_meters(meters, time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS)):
            query = (
                f"SELECT value, received_ms FROM {SAMPLE} WHERE {condition} {BY_SERIES}, {TAG_METER}, {TAG_REGISTER}"
            )
            told += self._influx.rows(EVIDENCE_BUCKET, query)
        return evidence_of_each(told)

    def blocks(self, meter: str, register: str, start_ms: int, end_ms: int) -> Iterator[Samples]:
        condition = _of_register(meter, register, time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS))
        query = f"SELECT value, received_ms, source FROM {SAMPLE} WHERE {condition} {BY_SERIES}"
        for some in rows_told(self._influx.pieces(EVIDENCE_BUCKET, query)):
            yield from rows.told(meter, register, some)

    def samples_around(
        self, meter: str, register: str, start_ms: int, end_ms: int, beyond: int, without: Sequence[SourceSpan] = ()
    ) -> Evidence:
        start_ns, end_ns = time_ns(start_ms, NS_PER_MS), time_ns(end_ms, NS_PER_MS)
        before, after = (EARLIEST_NS, start_ns, "DESC"), (end_ns, LATEST_NS, "ASC")
        earlier = self._nearest_ms(meter, register, before, beyond, without)
        later = self._nearest_ms(meter, register, after, beyond, without)
        first_ms, end_ms = min([start_ms, *earlier[-beyond:]]), max([end_ms, *(at + 1 for at in later[:beyond])])
        return self.samples(meter, register, first_ms, end_ms, without)

    def instants_ms(self, meter: str, register: str, without: Sequence[SourceSpan] = ()) -> NDArray[np.int64]:
        condition = _of_register(meter, register, EARLIEST_NS, LATEST_NS)
        groups = BY_SERIES if without else ""
        query = f"SELECT {fields_of(without)} FROM {SAMPLE} WHERE {condition} {groups}"
        parts = [standing_ms(part, without) for part in self._influx.found(EVIDENCE_BUCKET, query)]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))

    def registers(self, meter: str) -> list[str]:
        query = f"SHOW TAG VALUES FROM {SAMPLE} WITH KEY = {TAG_REGISTER} WHERE {TAG_METER} = {quoted(meter)}"
        names = (part.columns["value"] for part in self._influx.found(EVIDENCE_BUCKET, query, text=True))
        return sorted(name_of_tag(name) for part in names for name in part)

    def registers_held(self) -> list[tuple[str, str]]:
        query = f"SELECT last(value) FROM {SAMPLE} GROUP BY {TAG_METER}, {TAG_REGISTER}"
        return sorted(register_of(found) for found in self._influx.found(EVIDENCE_BUCKET, query))

    def evidence_ends_ms(self, meters: Collection[str]) -> dict[str, tuple[int, int]]:
        first, last = (self._end_ms(meters, end) for end in ("first", "last"))
        return {meter: (at_ms, last[meter]) for meter, at_ms in first.items() if meter in last}

    def _end_ms(self, meters: Collection[str], end: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for condition in _of_meters(meters, EARLIEST_NS, LATEST_NS):
            query = f"SELECT {end}(value) FROM {SAMPLE} WHERE {condition} GROUP BY {TAG_METER}"
            for one in self._influx.found(EVIDENCE_BUCKET, query):
                found[name_of_tag(one.tags[TAG_METER])] = int(one.columns["time"][0]) // NS_PER_MS
        return found

    def latest_sample_ms(self) -> dict[str, int]:
        found = self._influx.found(EVIDENCE_BUCKET, f"SELECT last(value) FROM {SAMPLE} GROUP BY {TAG_METER}")
        return {name_of_tag(one.tags[TAG_METER]): int(one.columns["time"][0]) // NS_PER_MS for one in found}

    def write_intervals(
        self, resolution: Resolution, meter: str, carrier: str, intervals: Intervals, flow: Flow = "main"
    ) -> None:
        self.write_figures([Figures(meter, carrier, flow, {resolution: intervals})])

    def write_figures(self, all_figures: Sequence[Figures]) -> None:
        self._write(ENERGY_BUCKET, chain.from_iterable(map(figure_lines, all_figures)))

    def intervals(self, resolution: Resolution, meter: str, start_s: int, end_s: int, flow: Flow = "main") -> Intervals:
        condition = where({TAG_METER: meter, TAG_FLOW: flow}, time_ns(start_s, NS_PER_S), time_ns(end_s, NS_PER_S))
        return intervals(
            self._influx.found(ENERGY_BUCKET, f"SELECT {FIGURE_FIELDS} FROM {resolution} WHERE {condition}")
        )

    def intervals_of(
        self, resolution: Resolution, meters: Collection[str], start_s: int, end_s: int
    ) -> dict[tuple[str, Flow], Intervals]:
        told: dict[tuple[str, Flow], Intervals] = {}
        for condition in _of_meters(meters, time_ns(start_s, NS_PER_S), time_ns(end_s, NS_PER_S)):
            query = f"SELECT {FIGURE_FIELDS} FROM {resolution} WHERE {condition} GROUP BY {TAG_METER}, {TAG_FLOW}"
            told |= {flow_of(found): intervals([found]) for found in self._influx.found(ENERGY_BUCKET, query)}
        return told

    def figures_held(self) -> list[FiguresHeld]:
        by = f"GROUP BY {TAG_METER}, {TAG_FLOW}, {TAG_CARRIER}"
        held = []
        for resolution in Resolution:
            query = f"SELECT last({KNOWN}) FROM {resolution} {by}"
            held += figures_held(resolution, self._influx.found(ENERGY_BUCKET, query))
        return held

    def write_points(self, measurement: str, tags: Mapping[str, str], points: Points) -> None:
        self._write(ENERGY_BUCKET, point_lines(measurement, tags, points))

    def points(self, measurement: str, tags: Mapping[str, str], start_s: int, end_s: int) -> Points:
        condition = where(tags, time_ns(start_s, NS_PER_S), time_ns(end_s, NS_PER_S))
        return points(self._influx.found(ENERGY_BUCKET, f'SELECT *::field FROM "{measurement}" WHERE {condition}'))

    def points_held(self) -> list[PointsHeld]:
        found = self._influx.found(ENERGY_BUCKET, "SHOW MEASUREMENTS", text=True)
        names = sorted({name for one in found for name in one.columns["name"]} - set(Resolution))
        held = []
        for name in names:
            held += points_held(
                name, self._influx.found(ENERGY_BUCKET, f'SELECT last({KNOWN}) FROM "{name}" GROUP BY *')
            )
        return held

    def check(self) -> None:
        self._influx.ping()
        for bucket in (EVIDENCE_BUCKET, ENERGY_BUCKET):
            if bucket in self._needs.writes:
                self._influx.check_write(bucket)
            if bucket in self._needs.reads:
                self._influx.check_read(bucket)

    def close(self) -> None:
        self._influx.close()

    def _nearest_ms(
        self, meter: str, register: str, span: tuple[int, int, str], count: int, without: Sequence[SourceSpan]
    ) -> list[int]:
        """The instants that stand in a span, rising; of those nearest to its end or start at least `count`."""
        # Contradictions stand at one instant as several points, and not all may count: ask until enough are there.
        limit, groups = count + 2, BY_SERIES if without else ""
        start_ns, end_ns, order = span
        condition = _of_register(meter, register, start_ns, end_ns)
        while True:
            rows = f"{SAMPLE} WHERE {condition} {groups} ORDER BY time {order} LIMIT {limit}"
            query = f"SELECT {fields_of(without)} FROM {rows}"
            found = self._influx.found(EVIDENCE_BUCKET, query)
            parts = [np.unique(standing_ms(part, without)) for part in found]
            # The limit is each series' own: one that was cut must bring enough by itself.
            if all(len(part) < limit or len(kept) >= count for part, kept in zip(found, parts, strict=True)):
                return [int(at_ms) for at_ms in np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))]
            limit *= 4

    def _write(self, bucket: str, lines: Iterable[str]) -> None:
        made = FigureLines(list(lines))
        refused = self._influx.write(bucket, made)
        if refused:
            first = min(refused)
            raise SeriesError(
                f"The bucket `{bucket}` never takes {len(refused)} of {len(made)} figures, the first of them "
                f"{made.text[first]!r}: {refused[first]}",
                retryable=False,
            )


def _of_register(meter: str, register: str, start_ns: int, end_ns: int) -> str:
    return where({TAG_METER: meter, TAG_REGISTER: register}, start_ns, end_ns)


def _of_meters(meters: Collection[str], start_ns: int, end_ns: int) -> Iterator[str]:
    """Conditions that together pick several meters, each of bounded length: they stand in the address asked."""
    names = iter(sorted(meters))
    while some := list(islice(names, METERS_TOGETHER)):
        yield where_any(TAG_METER, some, start_ns, end_ns)
