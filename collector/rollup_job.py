"""Makes figures of evidence: dirty windows become quarters, hours, local days and months, and hours of weather.

A window is forgotten after its figures are written, so a kill anywhere only makes the same figures once more. The
figures of a meter are read, made and written by one process at a time, which leases it: else one that stood still in
between would write what it made of old evidence over what another made of newer. A meter that is computed from others
is marked when theirs are made, and leased by itself.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from collector.ahead import Ahead, Span, read_ahead
from collector.figures import make_figures
from collector.making import Making, Stores
from collector.plain_figures import make_plain
from collector.subjects import Subject, subjects
from collector.unwritten import Unwritten
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.metering.tails import Tail
from plagewatch.store.engine import Engine, RecordsError
from plagewatch.store.records import findings, rule_news, work
from plagewatch.store.records.leases import JOB, Lease, leased, waiting_meters
from plagewatch.store.records.withdrawals import counting
from plagewatch.store.records.work import DirtyWindow
from plagewatch.store.series.protocol import SeriesError, SeriesStore

__all__ = ["JOB", "FiguresFailed", "run"]

# So many meters are leased at once, and so many of them read ahead for and written.
TOGETHER = 1_500
A_PART = 500

# Windows closer to each other than this are made as one.
NEAR_MS = 7 * 86_400_000


class FiguresFailed(Exception):
    """Figures of some meters could not be made; their windows wait. All other meters were done."""


@dataclass(slots=True)
class Run:
    """What came of a run so far. marked: computed meters that are to be made in it. failed: why, by meter."""

    done: int = 0
    marked: set[str] = field(default_factory=set)
    failed: dict[str, Exception] = field(default_factory=dict)


def run(engine: Engine, series: SeriesStore, now_s: int) -> int:
    """Make the figures of all windows that wait now, and tell how many windows were done.

    The moment of the last run stands in the records as progress mark `rollup`. Raises SeriesError where the series
    store fails; the windows not yet done wait for the next run. A meter whose figures raise something else keeps no
    other waiting: FiguresFailed tells it at the end.
    """
    so_far, last = Run(), ""
    # From meter to meter, each once: what is marked again behind the cursor waits for the next run.
    while meters := waiting_meters(engine, last, TOGETHER):
        _make_some(so_far, engine, series, meters)
        last = meters[-1]
    while so_far.marked:
        # Computed from what was just made, and others from them: each further round is of fewer meters.
        marked, so_far.marked = sorted(so_far.marked - so_far.failed.keys()), set()
        for first in range(0, len(marked), TOGETHER):
            _make_some(so_far, engine, series, marked[first : first + TOGETHER])
    work.set_mark(engine, JOB, now_s)
    if so_far.failed:
        meter = min(so_far.failed)
        error = so_far.failed[meter]
        others = f" (and {len(so_far.failed) - 1} more)" if len(so_far.failed) > 1 else ""
        told = f"figures of meter {meter}{others} cannot be made: {type(error).__name__}: {error}"
        raise FiguresFailed(told) from error
    return so_far.done


def _make_some(so_far: Run, engine: Engine, series: SeriesStore, meters: Sequence[str]) -> None:
    """Make the figures of a few meters; where the store refuses them for good, of each alone."""
    try:
        _make(so_far, engine, series, meters)
    except SeriesError as error:
        if error.retryable:
            raise
        series.check()  # the store itself is at fault: that is told, and all waits
        if len(meters) == 1:
            so_far.failed[meters[0]] = error
            return
        for meter in meters:
            _make_some(so_far, engine, series, [meter])


def _make(so_far: Run, engine: Engine, series: SeriesStore, meters: Sequence[str]) -> None:
    """Make the figures of a few meters while no other process does, and forget their windows."""
    with ThreadPoolExecutor(1, "reading ahead") as reader, leased(engine, meters) as lease:
        if not lease.waiting:
            return
        # Read once they are had: a fact entered before its window was marked is then always in it.
        known, standing = subjects(engine, list(lease.waiting)), counting(engine, series)
        spans = {
            meter: coalesced((w.from_ms, w.to_ms) for w in windows) for meter, (_, windows) in lease.waiting.items()
        }
        told = findings.registers(engine, lease.waiting)
        stores = Stores(engine, standing, Unwritten(standing, lease.still_held), told)
        names = list(spans)
        parts = [{name: spans[name] for name in names[at : at + A_PART]} for at in range(0, len(names), A_PART)]
        # The next parts are read while one is made and written: else the store is waited for half of the time.
        reading = [reader.submit(read_ahead, standing, lease.tails, known, part) for part in parts]
        try:
            for part, read in zip(parts, reading, strict=True):
                ahead = read.result()
                _make_part(so_far, lease, stores, [(known[name], part[name], ahead.get(name)) for name in part])
        finally:
            reader.shutdown(wait=False, cancel_futures=True)
        lease.finished.marked = united(lease.finished.marked)


def _make_part(
    so_far: Run, lease: Lease, stores: Stores, part: Iterable[tuple[Subject, Sequence[Span], Ahead | None]]
) -> None:
    for subject, spans_ms, ahead in part:
        try:
            made = _made(stores, subject, spans_ms, ahead)
        except (SeriesError, *RecordsError):
            raise
        except Exception as error:  # one meter's trouble keeps no other waiting
            so_far.failed[subject.meter.id] = error
        else:
            stores.unwritten.then(partial(_finish, so_far, lease, subject.meter, made))
    stores.unwritten.write()


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of a meter: where it stands now, and which others change with it."""

    tail: Tail | None
    marked: Sequence[DirtyWindow]


def _made(stores: Stores, subject: Subject, spans_ms: Sequence[Span], ahead: Ahead | None) -> Made:
    meter, making = subject.meter, Making()
    if meter.carrier is Carrier.WEATHER and subject.stations[0] != meter.id:
        # All gauges of a site make its weather together: under the lease of the first of them.
        return Made(None, [DirtyWindow(subject.stations[0], *span) for span in spans_ms])
    marked = []
    for span_ms in spans_ms:
        making = Making(ahead)
        made_s = make_plain(stores, making, subject, span_ms)
        if made_s is None:
            making = Making(None if ahead is None or ahead.young else ahead)
            made = make_figures(stores, making, subject, span_ms)
            made_s = [(int(fine.start_s[0]), int(fine.start_s[-1])) for fine in made]
        for first_s, last_s in made_s:
            for computed in subject.virtual.beyond(meter.id):
                marked.append(DirtyWindow(computed, first_s * 1000, last_s * 1000))
    return Made(making.tail(), marked)


def _finish(so_far: Run, lease: Lease, of: Meter, made: Made) -> None:
    meter = of.id
    ids = lease.waiting[meter][0]
    so_far.done += len(ids)
    so_far.marked.update(window.meter for window in made.marked)
    lease.finished.windows.update(ids)
    lease.finished.marked += made.marked
    if made.tail is not None or meter in lease.tails:
        lease.finished.tails[meter] = made.tail
    if of.carrier in rule_news.CARRIERS:
        lease.finished.news.add(meter)


def united(windows: Iterable[DirtyWindow]) -> list[DirtyWindow]:
    """Windows, those of a meter that overlap or are near each other made one.

    >>> united([DirtyWindow("v", 0, 5), DirtyWindow("w", 0, 5), DirtyWindow("v", 3, 9)])
    [DirtyWindow(meter='v', from_ms=0, to_ms=9), DirtyWindow(meter='w', from_ms=0, to_ms=5)]
    """
    spans: dict[str, list[Span]] = {}
    for window in windows:
        spans.setdefault(window.meter, []).append((window.from_ms, window.to_ms))
    return [DirtyWindow(meter, *span) for meter, of_meter in spans.items() for span in coalesced(of_meter)]


def coalesced(spans_ms: Iterable[Span]) -> list[Span]:
    """Spans, overlapping and near ones made one, by time.

    >>> coalesced([(10**9, 2 * 10**9), (0, 5), (5, 9)])
    [(0, 9), (1000000000, 2000000000)]
    """
    merged: list[Span] = []
    for first_ms, last_ms in sorted(spans_ms):
        if merged and first_ms - merged[-1][1] <= NEAR_MS:
            merged[-1] = merged[-1][0], max(merged[-1][1], last_ms)
        else:
            merged.append((first_ms, last_ms))
    return merged
