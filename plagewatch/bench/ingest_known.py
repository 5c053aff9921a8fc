"""The ingest bench's row about many meters: how long the collector takes to start with them, and its memory."""

import time
from collections.abc import Iterator

from plagewatch.bench.figures import Figure
from plagewatch.bench.ingest_packets import Load, Shape, meter
from plagewatch.bench.ingest_rig import Consumer, Lost, Publisher, Rig, register

START_S, RSS_MB = 5.0, 150.0
LOOK_S, LONGEST_S = 0.02, 120.0


def measure(made: Rig, consumer: Consumer, known: int) -> Iterator[Figure]:
    """A reading of each of many meters waits at the broker; the collector starts, and takes them."""
    register(made.folder / "data", known)
    consumer.start().stop()  # from here on the broker keeps what comes
    load = made.next_load(Load(Shape.SINGLE, known, known, 0))
    publisher = Publisher(made.port, load)
    publisher.go()
    publisher.done()
    made.settle()
    begun = time.monotonic()
    service = consumer.start()
    connected_s = time.monotonic() - begun
    while not made.count(consumer.place, load, meter(0)):
        if time.monotonic() - begun > LONGEST_S:
            raise Lost(f"the first of {known} readings did not come within {LONGEST_S:g} s")
        time.sleep(LOOK_S)
    what = f"{consumer.name}, {known} known meters"
    yield Figure(f"{what}: from its start to the broker's answer", connected_s, "s")
    yield Figure(f"{what}: from its start to the first reading stored", time.monotonic() - begun, "s", START_S)
    lost = made.wait_visible(consumer.place, load)
    yield Figure(f"{what}, one reading of each: lost", lost, "readings", 0)
    yield Figure(f"{what}: greatest memory", service.peak_rss_mb(), "MB", RSS_MB)
    service.stop()
    made.forget(consumer)
