"""`bench ingest`: from publish at QoS 1 to visible in InfluxDB, through our collector, everything on this machine."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from plagewatch.bench import ingest_ceiling, ingest_faults, ingest_known
from plagewatch.bench.figures import Figure
from plagewatch.bench.ingest_packets import Load, Shape
from plagewatch.bench.ingest_rig import Consumer, Rig, Taken, collector_on, rig
from plagewatch.bench.ingest_telegraf import fair, telegraf, with_defaults

DAY_S = 86_400
WARMING = 10  # a tenth of the load goes before, unmeasured: caches, the shard of the database


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is published. singles: packets of one reading; frames: packets of a hundred; known: known meters."""

    singles: int
    frames: int
    known: int
    devices: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised of a shape: readings a second at least, and the goal; CPU of one at most [µs], and the goal."""

    what: str
    rate: tuple[float, float]
    cpu_us: tuple[float | None, float | None] = (None, None)


PROMISES = {
    Shape.SINGLE: Promise("one reading a message", (20_000, 30_000)),
    Shape.FRAME: Promise("frames of 100 readings", (140_000, 250_000), (6.9, 4.0)),
}
RSS_MB = 150.0
ROWS = ("single", "frame", "ceiling", "kills", "poison", "known", "peer")


def measure(folder: Path, sizes: Sizes, rows: Collection[str] = ROWS, peer: str | None = None) -> Iterator[Figure]:
    """The figures of some rows, one after the other. peer: a Telegraf binary. Raises NoService, Lost."""
    start_s = (int(time.time()) // DAY_S - 25) * DAY_S
    with rig(folder, sizes.devices, start_s) as made:
        singles = Load(Shape.SINGLE, sizes.singles, sizes.devices, 0)
        frames = Load(Shape.FRAME, sizes.frames, sizes.devices, 0)
        ours = collector_on(made)
        rates: dict[Shape, float] = {}
        for load in (singles, frames):
            if load.shape in rows:
                for figure in through(made, ours, load, promised=True):
                    rates.setdefault(load.shape, figure.value)  # the first tells the rate, live
                    yield figure
        if "ceiling" in rows:
            yield from ingest_ceiling.measure(made, frames, rates.get(Shape.FRAME))
        if "kills" in rows:
            yield from ingest_faults.kills(made, ours, frames)
        if "poison" in rows:
            yield from ingest_faults.poison(made, ours, sizes.devices)
        if "known" in rows:
            yield from ingest_known.measure(made, ours, sizes.known)
        if peer is not None and "peer" in rows:
            yield from _peer(made, peer, singles, frames)


def _peer(made: Rig, program: str, singles: Load, frames: Load) -> Iterator[Figure]:
    points = replace(frames, shape=Shape.POINTS)
    for load in (singles, points):
        yield from through(made, telegraf(made, program, load.shape, fair(load.shape)), load)
    yield from with_defaults(made, program, points)


def through(made: Rig, consumer: Consumer, load: Load, *, promised: bool = False) -> Iterator[Figure]:
    """A load through a consumer, live and then as a queue that gathered while it was away."""
    promise = PROMISES[Shape.SINGLE if load.shape is Shape.SINGLE else Shape.FRAME]
    what = f"{consumer.name}, {promise.what}"
    service = consumer.start()
    made.live(consumer, service, replace(load, packets=max(load.devices, load.packets // WARMING)))
    live = made.live(consumer, service, load)
    yield from _figures(f"{what}, live", live, promise if promised else None)
    peak_mb = service.peak_rss_mb()
    service.stop()
    queued, peak_later_mb = made.queued(consumer, load)
    yield from _figures(f"{what}, draining a queue", queued, promise if promised else None)
    made.forget(consumer)
    yield Figure(f"{what}: greatest memory", max(peak_mb, peak_later_mb), "MB", RSS_MB if promised else None)


def _figures(what: str, taken: Taken, promise: Promise | None) -> Iterator[Figure]:
    rate, cpu = (promise.rate, promise.cpu_us) if promise else ((None, None), (None, None))
    yield Figure(what, taken.per_s, "readings/s", rate[0], rate[1], more_is_better=True)
    yield Figure(f"{what}: its CPU", taken.cpu_us, "µs/reading", cpu[0], cpu[1])
    yield Figure(f"{what}: CPU of the broker and of the database", taken.others_us, "µs/reading")
    yield Figure(f"{what}: lost", taken.lost, "readings", 0 if promise else None)
