"""The ingest bench's faults: a collector killed under load, and payloads that nobody can read."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool
from plagewatch.bench.figures import Figure
from plagewatch.bench.ingest_packets import Load, Shape, meter
from plagewatch.bench.ingest_rig import Consumer, Lost, Publisher, Rig
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import open_records
from plagewatch.store.records import replays
from plagewatch.store.records.quarantine import counts
from plagewatch.store.records.replays import Asked
from plagewatch.store.series.influx import InfluxSeries

KILLS = 3
LEAST_PACKETS = 3_000  # fewer are through before the second kill
LOOK_S, LONGEST_S = 0.02, 600.0


def kills(made: Rig, consumer: Consumer, load: Load) -> Iterator[Figure]:
    """SIGKILL the consumer three times while a load comes, and start it again each time; then count by meter."""
    load = made.next_load(replace(load, packets=max(load.packets, LEAST_PACKETS)))
    service = consumer.start()
    publisher = Publisher(made.port, load)
    publisher.go()
    under_load, end = 0, time.monotonic() + LONGEST_S
    for number in range(KILLS):
        while (there := made.count(consumer.place, load)) < load.readings * (number + 1) // (KILLS + 2):
            if time.monotonic() > end:
                raise Lost(f"only {there} of {load.readings} readings came within {LONGEST_S:g} s")
            time.sleep(LOOK_S)
        under_load += there < load.readings
        service.kill()
        service = consumer.start()
    publisher.done()
    made.wait_visible(consumer.place, load)
    there_by_meter = made.counts(consumer.place, load)
    wrong = sum(there_by_meter.get(meter(number), 0) != load.of_device(number) for number in range(load.devices))
    service.stop()
    made.forget(consumer)
    what = f"{consumer.name}, killed under load"
    yield Figure(f"{what}: times", under_load, "kills", KILLS, more_is_better=True)
    yield Figure(f"{what}: acknowledged and not stored", load.readings - sum(there_by_meter.values()), "readings", 0)
    yield Figure(f"{what}: meters with more or fewer readings than were sent", wrong, "meters", 0)


def poison(made: Rig, consumer: Consumer, packets: int) -> Iterator[Figure]:
    """Packets that are no JSON, and good ones behind them."""
    since_ms = time.time_ns() // 1_000_000
    service = consumer.start()
    bad = Load(Shape.POISON, packets, min(packets, 10), 0)
    publisher = Publisher(made.port, bad)
    publisher.go()
    publisher.done()
    good = replace(made.live(consumer, service, Load(Shape.SINGLE, packets, min(packets, 10), 0)))
    service.stop()
    made.forget(consumer)
    what = "payload that cannot be parsed"
    engine = open_records(f"sqlite:///{made.folder / 'data' / 'records.db'}")
    series = InfluxSeries(made.influx.url, made.influx.token, made.influx.org, 30.0)
    with closing(Spool(made.folder / "data" / "spool.db")) as spool, closing(series):
        kept = counts(engine).get(Reason.MALFORMED, 0)
        yield Figure(f"{what}: kept with its reason", kept / packets * 100, "%", 100, more_is_better=True)
        yield Figure(f"{what}: readings behind it that are lost", good.lost, "readings", 0)
        asked = replays.ask_now(engine, Asked("bench", since_ms, since_ms))
        replayer = Replayer(Pipeline(spool, series, engine))
        while replayer.step(time.time_ns() // 1_000_000):
            pass
        done = replays.replay(engine, asked)
        again = 0 if done is None else done.packets - good.readings
        yield Figure(f"{what}: through the decoders once more", again / packets * 100, "%", 100, more_is_better=True)
    engine.dispose()
