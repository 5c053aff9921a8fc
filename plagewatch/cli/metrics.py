"""What a process tells Prometheus: read at the scrape from what is counted elsewhere, so that nobody waits for it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.spool_state import SpoolState, hours_left
from collector.tally import BATCH_UPTO_S, Durations
from plagewatch.cli.collecting import Collecting
from plagewatch.cli.rooms import Running
from plagewatch.health import PartState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = list(PartState)

Values = Iterable[tuple[tuple[str, ...], float]]
"""Values by their labels."""


@dataclass(frozen=True, slots=True)
class Told:
    """A metric without its values. kind: `counter` or `gauge`; a counter's name ends in `_total`."""

    name: str
    kind: str
    what: str
    labels: tuple[str, ...] = ()


def families(running: Running, collecting: Collecting | None, now_s: float) -> Iterator[Metric]:
    """All metrics of a process now."""
    for told, values in [*_of_all(running, now_s), *_of_collector(collecting, now_s)]:
        make = CounterMetricFamily if told.kind == "counter" else GaugeMetricFamily
        family = make(told.name, told.what, labels=told.labels)
        for labels, value in values:
            family.add_metric(labels, value)
        yield family
    if collecting is not None:
        yield _histogram("plagewatch_pipeline_batch_seconds", BATCH, collecting.pipeline.tally.batches)


def scrape(running: Running, collecting: Collecting | None) -> Callable[[], bytes]:
    """What answers /metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Own(running, collecting))
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry)


class _Own(Collector):
    def __init__(self, running: Running, collecting: Collecting | None) -> None:
        self._of = running, collecting

    def collect(self) -> Iterable[Metric]:
        return families(*self._of, time.time())


BATCH = "Time from the planning of a batch of packets until it is in the stores"


def _of_all(running: Running, now_s: float) -> Iterator[tuple[Told, Values]]:
    health = running.health()
    yield (
        Told("plagewatch_part_state", "gauge", "State of a part: 0 well, 1 degraded, 2 down", ("part",)),
        [((part.part,), float(STATES.index(part.state))) for part in health],
    )
    ages = [((part.part,), part.data_age_s) for part in health if part.data_age_s is not None]
    yield Told("plagewatch_part_age_seconds", "gauge", "Age of the newest thing that a part handled", ("part",)), ages
    ticks = running.ticks
    yield (
        Told("plagewatch_tick_last_success_timestamp_seconds", "gauge", "When a tick last did its work", ("tick",)),
        [((tick.name,), tick.last_done_s) for tick in ticks if tick.last_done_s is not None],
    )
    yield (
        Told("plagewatch_tick_last_duration_seconds", "gauge", "How long that took", ("tick",)),
        [((tick.name,), tick.took_s) for tick in ticks],
    )
    yield (
        Told("plagewatch_tick_failures_total", "counter", "Times that a tick could not do its work", ("tick",)),
        [((tick.name,), float(tick.failures)) for tick in ticks],
    )
    yield Told("plagewatch_scrape_timestamp_seconds", "gauge", "The clock of the process"), [((), now_s)]


def _of_collector(collecting: Collecting | None, now_s: float) -> Iterator[tuple[Told, Values]]:
    if collecting is None:
        return
    yield from _of_connection(collecting)
    yield from _of_spool(collecting.disk.past[-1] if collecting.disk.past else None, list(collecting.disk.past))
    tally = collecting.pipeline.tally
    yield from [
        (_counter("pipeline_packets", "Packets brought into the stores, those of replays too"), _one(tally.packets)),
        (_counter("pipeline_readings", "Readings stored, those stored again too"), _one(tally.samples)),
        (_counter("pipeline_unbound_readings", "Readings of known devices that feed no meter"), _one(tally.unbound)),
        (_counter("pipeline_unkept_packets", "Packets that only the spool could keep"), _one(tally.unkept)),
        (_counter("pipeline_quarantined", "Items put in quarantine", "reason"), _by(tally.quarantined)),
        (_counter("pipeline_write_errors", "Writes of evidence that failed", "kind"), _by(tally.write_errors)),
        (_counter("rollup_windows", "Windows of which figures were made"), _one(collecting.figures.windows_done)),
    ]
    yield from _of_figures(collecting, now_s)


def _of_connection(collecting: Collecting) -> Iterator[tuple[Told, Values]]:
    seen = collecting.mqtt.figures()
    yield _gauge("mqtt_connected", "1 while the broker answers"), _one(seen.connected)
    yield _counter("mqtt_connections", "Connections that the broker accepted"), _one(seen.connections)
    yield _counter("mqtt_sessions_lost", "Times that the broker had forgotten our session"), _one(seen.sessions_lost)
    yield _counter("mqtt_packets_received", "Packets that came, those that came twice too"), _one(seen.received)
    yield _counter("mqtt_packets_acknowledged", "Packets on the disk and told to the broker"), _one(seen.acknowledged)
    yield _counter("mqtt_nameless_packets", "Packets that came without their topic"), _one(seen.protocol_troubles)
    broker = seen.broker
    yield _gauge("broker_uptime_seconds", "Since when the broker runs"), _known(broker.uptime_s)
    yield _gauge("broker_clients_connected", "Clients at the broker"), _known(broker.clients_connected)
    yield _gauge("broker_clients_away", "Sessions whose client is away"), _known(broker.clients_away)
    yield _gauge("broker_stored_messages", "Messages that the broker holds for clients"), _known(broker.messages_stored)
    yield _gauge("broker_stored_bytes", "Their size"), _known(broker.bytes_stored)
    yield _counter("broker_dropped_messages", "Messages that the broker threw away"), _one(broker.dropped_watched)


def _of_spool(state: SpoolState | None, past: list[SpoolState]) -> Iterator[tuple[Told, Values]]:
    if state is None:
        return
    seen, left_h = state.figures, hours_left(past)
    yield _counter("spool_appended_packets", "Packets since the spool's file was born"), _one(seen.appended)
    yield _gauge("spool_waiting_packets", "Packets behind the watermark: not in the stores yet"), _one(seen.waiting)
    yield _gauge("spool_oldest_waiting_seconds", "How long the oldest of them has waited"), _one(state.late_s)
    yield _gauge("spool_kept_packets", "Packets in the spool, those handled too"), _one(seen.kept)
    yield _gauge("spool_file_bytes", "Size of the spool's file"), _one(seen.file_bytes)
    yield _gauge("spool_file_free_bytes", "Room in the file to be used again"), _one(seen.free_bytes)
    yield _gauge("spool_wal_bytes", "Size of its write-ahead log"), _one(seen.wal_bytes)
    yield _gauge("spool_disk_free_bytes", "Free room on its disk"), _one(state.disk_free_bytes)
    yield _gauge("spool_disk_bytes", "Size of its disk"), _one(state.disk_bytes)
    full_in_s = None if left_h is None else left_h * 3600
    yield _gauge("spool_disk_full_seconds", "When the disk is full at this rate; absent: it is not"), _known(full_in_s)
    yield _gauge("spool_damaged_files", "Damaged spools that were set aside"), _one(len(state.set_aside))


def _of_figures(collecting: Collecting, now_s: float) -> Iterator[tuple[Told, Values]]:
    seen = collecting.figures.seen
    if seen is None:
        return
    yield _gauge("rollup_windows_waiting", "Windows whose figures are to be made"), _one(seen.windows_waiting)
    behind_s = collecting.figures.behind_s(now_s)
    yield (
        _gauge("rollup_behind_seconds", "How old stored evidence can be that has no figures yet"),
        _known(behind_s),
    )
    yield _gauge("replays_waiting", "Replays that this spool has to do"), _one(seen.replays_waiting)
    yield _gauge("replay_packets", "Packets that the replay under way has handled"), _known(seen.replay_packets)
    yield _gauge("replay_places_left", "Places in the spool that it has still to look at"), _known(seen.replay_left)


def _histogram(name: str, what: str, durations: Durations) -> Metric:
    buckets, below = [], 0
    for upto, count in zip((*map(str, BATCH_UPTO_S), "+Inf"), durations.counts, strict=True):
        below += count
        buckets.append((upto, float(below)))
    family = HistogramMetricFamily(name, what)
    family.add_metric([], buckets, durations.sum_s)
    return family


def _gauge(name: str, what: str) -> Told:
    return Told(f"plagewatch_{name}", "gauge", what)


def _counter(name: str, what: str, *labels: str) -> Told:
    return Told(f"plagewatch_{name}_total", "counter", what, labels)


def _one(value: float) -> Values:
    return [((), float(value))]


def _known(value: float | None) -> Values:
    return [] if value is None else [((), float(value))]


def _by(counts: dict[str, int]) -> Values:
    return [((name,), float(count)) for name, count in sorted(counts.copy().items())]
