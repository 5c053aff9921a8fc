"""What a process tells Prometheus: read at the scrape from what is counted elsewhere, so that nobody waits for it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.broker_watch import BrokerFigures, ConnectionFigures
from collector.spool_state import SpoolState, hours_left
from collector.tally import BATCH_UPTO_S, Durations, Tally
from plagewatch.cli.collecting import Collecting
from plagewatch.cli.rollups import FiguresSeen, Rollups
from plagewatch.cli.rooms import Running
from plagewatch.health import PartState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = list(PartState)

T = TypeVar("T")

Values = Iterable[tuple[tuple[str, ...], float]]
"""Values by their labels."""


Rows = Sequence[tuple[str, str, Callable[[T], float | None]]]
"""Metrics with one value each: name, what it is, where it is read; they are absent where the value is None."""


@dataclass(frozen=True, slots=True)
class Told:
    """A metric without its values; a counter's name ends in `_total`."""

    name: str
    what: str
    labels: tuple[str, ...] = ()


def families(
    running: Running, collecting: Collecting | None, figures: Rollups | None, now_s: float
) -> Iterator[Metric]:
    """All metrics of a process now; of a collector, and of figures, where it has them."""
    for told, values in [*_of_all(running, now_s), *_of_collector(collecting), *_of_figures(figures, now_s)]:
        make = CounterMetricFamily if told.name.endswith("_total") else GaugeMetricFamily
        family = make(told.name, told.what, labels=told.labels)
        for labels, value in values:
            family.add_metric(labels, value)
        yield family
    if collecting is not None:
        yield _histogram("plagewatch_pipeline_batch_seconds", BATCH, collecting.pipeline.tally.batches)


def scrape(running: Running, collecting: Collecting | None, figures: Rollups | None) -> Callable[[], bytes]:
    """What answers /metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Own(running, collecting, figures))
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry)


class _Own(Collector):
    def __init__(self, running: Running, collecting: Collecting | None, figures: Rollups | None) -> None:
        self._of = running, collecting, figures

    def collect(self) -> Iterable[Metric]:
        return families(*self._of, time.time())


CONNECTION: Rows[ConnectionFigures] = (
    ("mqtt_connected", "1 while the broker answers", lambda seen: seen.connected),
    ("mqtt_connections_total", "Connections that the broker accepted", lambda seen: seen.connections),
    ("mqtt_sessions_lost_total", "Times that the broker had forgotten our session", lambda seen: seen.sessions_lost),
    ("mqtt_packets_received_total", "Packets that came, those that came twice too", lambda seen: seen.received),
    ("mqtt_packets_acknowledged_total", "Packets on the disk and told to the broker", lambda seen: seen.acknowledged),
    ("mqtt_nameless_packets_total", "Packets that came without their topic", lambda seen: seen.protocol_troubles),
)

BROKER: Rows[BrokerFigures] = (
    ("broker_uptime_seconds", "Since when the broker runs", lambda broker: broker.uptime_s),
    ("broker_clients_connected", "Clients at the broker", lambda broker: broker.clients_connected),
    ("broker_clients_away", "Sessions whose client is away", lambda broker: broker.clients_away),
    ("broker_stored_messages", "Messages that the broker holds for clients", lambda broker: broker.messages_stored),
    ("broker_stored_bytes", "Their size", lambda broker: broker.bytes_stored),
    ("broker_dropped_messages_total", "Messages that the broker threw away", lambda broker: broker.dropped_watched),
)

SPOOL: Rows[SpoolState] = (
    ("spool_appended_packets_total", "Packets since the spool's file was born", lambda now: now.figures.appended),
    ("spool_waiting_packets", "Packets behind the watermark: not in the stores yet", lambda now: now.figures.waiting),
    ("spool_oldest_waiting_seconds", "How long the oldest of them has waited", lambda now: now.late_s),
    ("spool_kept_packets", "Packets in the spool, those handled too", lambda now: now.figures.kept),
    ("spool_file_bytes", "Size of the spool's file", lambda now: now.figures.file_bytes),
    ("spool_file_free_bytes", "Room in the file to be used again", lambda now: now.figures.free_bytes),
    ("spool_wal_bytes", "Size of its write-ahead log", lambda now: now.figures.wal_bytes),
    ("spool_disk_free_bytes", "Free room on its disk", lambda now: now.disk_free_bytes),
    ("spool_disk_bytes", "Size of its disk", lambda now: now.disk_bytes),
    ("spool_damaged_files", "Damaged spools that were set aside", lambda now: len(now.set_aside)),
)

PIPELINE: Rows[Tally] = (
    ("pipeline_packets_total", "Packets brought into the stores, those of replays too", lambda tally: tally.packets),
    ("pipeline_readings_total", "Readings stored, those stored again too", lambda tally: tally.samples),
    ("pipeline_unbound_readings_total", "Readings of known devices that feed no meter", lambda tally: tally.unbound),
    ("pipeline_unkept_packets_total", "Packets that only the spool could keep", lambda tally: tally.unkept),
)

WAITING: Rows[FiguresSeen] = (
    ("rollup_windows_waiting", "Windows whose figures are to be made", lambda seen: seen.windows_waiting),
    ("replays_waiting", "Replays that this spool has to do", lambda seen: seen.replays_waiting),
    ("replay_packets", "Packets that the replay under way has handled", lambda seen: seen.replay_packets),
    ("replay_places_left", "Places in the spool that it has still to look at", lambda seen: seen.replay_left),
)

BATCH = "Time from the planning of a batch of packets until it is in the stores"


def _of_all(running: Running, now_s: float) -> Iterator[tuple[Told, Values]]:
    health, ticks = running.health(), running.ticks
    yield (
        Told("plagewatch_part_state", "State of a part: 0 well, 1 degraded, 2 down", ("part",)),
        _by((part.part, STATES.index(part.state)) for part in health),
    )
    yield (
        Told("plagewatch_part_age_seconds", "Age of the newest thing that a part handled", ("part",)),
        _by((part.part, part.data_age_s) for part in health),
    )
    yield (
        Told("plagewatch_tick_last_success_timestamp_seconds", "When a tick last did its work", ("tick",)),
        _by((tick.name, tick.last_done_s) for tick in ticks),
    )
    yield (
        Told("plagewatch_tick_last_duration_seconds", "How long that took", ("tick",)),
        _by((tick.name, tick.took_s) for tick in ticks),
    )
    yield (
        Told("plagewatch_tick_failures_total", "Times that a tick could not do its work", ("tick",)),
        _by((tick.name, tick.failures) for tick in ticks),
    )
    yield _one("scrape_timestamp_seconds", "The clock of the process", now_s)


def _of_collector(collecting: Collecting | None) -> Iterator[tuple[Told, Values]]:
    if collecting is None:
        return
    connection, past = collecting.mqtt.figures(), list(collecting.disk.past)
    yield from _read(CONNECTION, connection)
    yield from _read(BROKER, connection.broker)
    if past:
        yield from _read(SPOOL, past[-1])
        left_h = hours_left(past)
        full_in_s = None if left_h is None else left_h * 3600
        yield _one("spool_disk_full_seconds", "When the disk is full at this rate; absent: it is not", full_in_s)
    tally = collecting.pipeline.tally
    yield from _read(PIPELINE, tally)
    yield (
        Told("plagewatch_pipeline_quarantined_total", "Items put in quarantine", ("reason",)),
        _by(sorted(tally.quarantined.copy().items())),
    )
    yield (
        Told("plagewatch_pipeline_write_errors_total", "Writes of evidence that failed", ("kind",)),
        _by(sorted(tally.write_errors.copy().items())),
    )


def _of_figures(figures: Rollups | None, now_s: float) -> Iterator[tuple[Told, Values]]:
    if figures is None:
        return
    yield _one("rollup_windows_total", "Windows of which figures were made", figures.windows_done)
    if figures.seen is not None:
        yield from _read(WAITING, figures.seen)
        how_old = "How old stored evidence can be that has no figures yet"
        yield _one("rollup_behind_seconds", how_old, figures.behind_s(now_s))


def _histogram(name: str, what: str, durations: Durations) -> Metric:
    buckets, below = [], 0
    for upto, count in zip((*map(str, BATCH_UPTO_S), "+Inf"), durations.counts, strict=True):
        below += count
        buckets.append((upto, float(below)))
    family = HistogramMetricFamily(name, what)
    family.add_metric([], buckets, durations.sum_s)
    return family


def _read(rows: Rows[T], subject: T) -> Iterator[tuple[Told, Values]]:
    for name, what, value_of in rows:
        yield _one(name, what, value_of(subject))


def _one(name: str, what: str, value: float | None) -> tuple[Told, Values]:
    return Told(f"plagewatch_{name}", what), [] if value is None else [((), float(value))]


def _by(values: Iterable[tuple[str, float | None]]) -> Values:
    return [((label,), float(value)) for label, value in values if value is not None]
