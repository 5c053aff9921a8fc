"""What the database takes of the very points that the collector writes, as ready line protocol: its own ceiling."""

import http.client
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import orjson

from plagewatch.bench.figures import Figure
from plagewatch.bench.ingest_packets import STEP_S, Load, meter, payload
from plagewatch.bench.ingest_rig import EVIDENCE, REGISTER, Lost, Rig
from plagewatch.metering.readings import Samples
from plagewatch.store.names import EVIDENCE_BUCKET
from plagewatch.store.series.line_protocol import sample_lines

BODY_LINES = 10_000
WRITERS = 2


def ready(load: Load) -> list[bytes]:
    """The points of a load of frames as bodies of writes."""
    blocks = []
    for place in range(load.packets):
        (frame,) = orjson.loads(payload(load, place))["frames"]
        at_ms = [1000 * (frame["start"] + STEP_S * step) for step in range(len(frame["values"]))]
        name = meter(place % load.devices)
        blocks.append(Samples(name, REGISTER, at_ms, frame["values"], f"mqtt:{name}", at_ms[-1]))
    lines = sample_lines(blocks)
    return [lines.body(slice(first, first + BODY_LINES)) for first in range(0, len(lines), BODY_LINES)]


def measure(made: Rig, load: Load, ours_per_s: float | None) -> Iterator[Figure]:
    """Write a load's points without a broker and a collector, and hold against it what went through both.

    Raises Lost where the database refuses them.
    """
    _write(made, ready(made.next_load(replace(load, packets=load.devices))))
    bodies = ready(made.next_load(load))
    made.settle()
    begun, cpu_s = time.monotonic(), made.database.cpu_s()
    _write(made, bodies)
    seconds = time.monotonic() - begun
    yield Figure("the database alone, the same points as ready line protocol", load.readings / seconds, "readings/s")
    used_us = (made.database.cpu_s() - cpu_s) / load.readings * 1e6
    yield Figure("the database alone: its CPU", used_us, "µs/reading")
    if ours_per_s is not None:
        share = ours_per_s / (load.readings / seconds) * 100
        yield Figure("collector, frames of 100 readings, live: share of what the database takes", share, "%")


def _write(made: Rig, bodies: Sequence[bytes]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda some: _post(made, some), [bodies[first::WRITERS] for first in range(WRITERS)]))


def _post(made: Rig, bodies: Sequence[bytes]) -> None:
    where = urlsplit(made.influx.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    for body in bodies:
        path = f"/api/v2/write?org={made.influx.org}&bucket={EVIDENCE_BUCKET}&precision=ns"
        connection.request("POST", path, body, {"Authorization": f"Token {made.influx.token}"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 204:
            raise Lost(f"the database answered {answer.status} for {EVIDENCE}: {said!r}")
    connection.close()
