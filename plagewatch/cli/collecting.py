"""The collector of a process: its spool, its connection, and what each of its pulses does."""

import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from collector import ledger_check, rollup_job
from collector.mqtt import MqttCollector
from collector.mqtt_settings import MqttSettings, Tls, TlsUnusable
from collector.pipeline import Pipeline
from collector.replay import Replayer
from collector.spool import Spool, SpoolDamaged, SpoolError, SpoolInUse
from collector.spool_aside import set_aside
from collector.spool_state import Limits
from plagewatch.cli.opening import Stores, now_s, refuse
from plagewatch.cli.rollups import Rollups
from plagewatch.cli.rooms import Tick
from plagewatch.cli.spool_watch import SpoolWatch, limits_of
from plagewatch.cli.watching import Watch
from plagewatch.settings import Settings
from plagewatch.store.records import replays, spools
from plagewatch.store.records.spools import KnownSpool
from plagewatch.store.series.protocol import SeriesError

log = structlog.get_logger()

REPLAYING_S = 0.8  # the longest that a pulse goes on with a replay; live packets come between its batches
SEEN_EVERY_S = 60.0
CLEAN_UP_S = 60.0
LOOK_EVERY_S = 10.0
ASKED_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Collecting:
    """A collector: its pipeline with the spool, its connection, and the pulses that make evidence and figures."""

    pipeline: Pipeline
    mqtt: MqttCollector
    disk: SpoolWatch
    figures: Rollups
    ticks: list[Tick]


class Spooling:
    """What the collector does with its spool, pulse by pulse."""

    def __init__(self, pipeline: Pipeline, mqtt: MqttCollector, limits: Limits) -> None:
        self._pipeline, self._mqtt, self._limits = pipeline, mqtt, limits
        self._replayer = Replayer(pipeline)
        self._seen: tuple[str, float] = ("", -SEEN_EVERY_S)
        self._asked_s = -ASKED_EVERY_S

    def empty(self) -> None:
        """Bring what waits into the stores, and go on with a replay."""
        end = time.monotonic() + REPLAYING_S
        self._tell()
        self._drain()
        while self._goes_on() and time.monotonic() < end:
            self._drain()

    def clean_up(self) -> None:
        """Let go of what is old and handled; what somebody has just claimed is still needed."""
        spool = self._pipeline.spool
        if replays.waiting(self._pipeline.engine, spool.name) is None:
            spool.prune(now_ms(), self._limits.keep_days, self._limits.keep_bytes)

    def _goes_on(self) -> bool:
        """Do a batch of a replay; whether there may be more. Packets are brought on more often than that is asked."""
        if self._pipeline.stopping.is_set() or time.monotonic() - self._asked_s < ASKED_EVERY_S:
            return False
        goes_on = self._replayer.step(now_ms())
        if not goes_on:
            self._asked_s = time.monotonic()
        return goes_on

    def _drain(self) -> None:
        report = self._pipeline.drain(now_ms())
        self._mqtt.ask(report.asks, time.time())
        if report.stopped:
            raise SeriesError(report.stopped, retryable=True)

    def _tell(self) -> None:
        """That this spool is at work: a replay ends when all are through."""
        spool, engine = self._pipeline.spool, self._pipeline.engine
        name, seen_s = self._seen
        if name != spool.name or time.monotonic() - seen_s >= SEEN_EVERY_S:
            spools.seen(engine, KnownSpool(spool.name, place_of(spool.path), now_ms()))
            replays.settle(engine, now_ms())
            self._seen = spool.name, time.monotonic()


def collector_of(stores: Stores, needs: Sequence[Watch] = ()) -> Collecting:
    """The collector, ready to start. needs: the watches of its stores.

    Raises Refused where another collector has the spool, or it cannot be written.
    """
    try:
        spool = opened(stores.settings.data_dir / "spool.db")
    except SpoolError as error:
        refuse(str(error))
    pipeline = Pipeline(spool, stores.series, stores.engine)
    mqtt = mqtt_of(stores.settings, pipeline)
    limits = limits_of(stores.settings)
    spooling = Spooling(pipeline, mqtt, limits)
    figures = Rollups(stores, spool)
    ticks = [
        Tick("storing", 0.2, spooling.empty, needs),
        Tick("spool clean-up", CLEAN_UP_S, spooling.clean_up, needs[:1]),
        looking(figures, needs),
    ]
    if stores.settings.collector_figures:
        ticks += figures_ticks(stores, figures, needs)
    return Collecting(pipeline, mqtt, SpoolWatch(spool, limits, pipeline.turn), figures, ticks)


def looking(figures: Rollups, needs: Sequence[Watch]) -> Tick:
    """The pulse that sees what waits."""
    return Tick("work that waits", LOOK_EVERY_S, figures.look, needs[:1])


def figures_ticks(stores: Stores, figures: Rollups, needs: Sequence[Watch]) -> list[Tick]:
    """The pulses that make figures of evidence, and check at night that they add up."""
    engine, series = stores.engine, stores.series

    def check() -> None:
        figures.make()  # what the check finds waiting it makes itself, and nobody would count that
        ledger_check.nightly(engine, series, now_s())

    return [
        Tick("ledger", 1.0, figures.make, needs),
        Tick("ledger check", 600.0, check, needs),
    ]


def opened(path: Path) -> Spool:
    """The spool; a damaged file is set aside for a new one, which the health goes on telling. Raises SpoolError."""
    try:
        return Spool(path)
    except SpoolDamaged as error:
        aside = set_aside(path, now_ms())
        log.error("the spool is damaged: a new one is begun", error=str(error), set_aside=str(aside))
        return Spool(path)


def place_of(spool: Path) -> str:
    """Machine and file of a spool, for people."""
    return f"{socket.gethostname()}:{spool.resolve()}"


def replay_here(stores: Stores) -> str:
    """Work off all replays in this process, figures made too; why not, where a running collector will, empty where so.

    Raises Refused where the spool cannot be used, SeriesError where the series store cannot be written now.
    """
    path = stores.settings.data_dir / "spool.db"
    try:
        spool = Spool(path)
    except SpoolInUse as error:
        return str(error)
    except SpoolError as error:
        refuse(str(error))
    with closing(spool):
        spools.seen(stores.engine, KnownSpool(spool.name, place_of(path), now_ms()))
        pipeline = Pipeline(spool, stores.series, stores.engine)
        replayer = Replayer(pipeline)
        stopped = pipeline.drain(now_ms()).stopped
        while not stopped and replayer.step(now_ms()):
            pass
        current = replays.waiting(stores.engine, spool.name)
        if stopped or current is not None:
            raise SeriesError(stopped or (current.trouble if current else ""), retryable=True)
        rollup_job.run(stores.engine, stores.series, now_s())
    return ""


def now_ms() -> int:
    """The clock in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def mqtt_of(settings: Settings, pipeline: Pipeline) -> MqttCollector:
    """The collector's connection to the broker of the settings. Raises Refused where its certificates are no use."""
    secret = settings.mqtt_password
    tls = Tls(settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    wanted = MqttSettings(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        version=settings.mqtt_version,
        client_id=settings.mqtt_client_id,
        username=settings.mqtt_username,
        password=secret.get_secret_value() if secret else None,
        topics=tuple(topic.strip() for topic in settings.mqtt_topics.split(",")),
        tls=tls if settings.mqtt_encrypted() else None,
        share=settings.mqtt_share,
        session_expiry_s=settings.mqtt_session_expiry_s,
        receive_maximum=settings.mqtt_receive_maximum,
        max_packet_bytes=settings.mqtt_max_packet_bytes,
        topic_aliases=settings.mqtt_topic_aliases,
        broker_figures=settings.mqtt_broker_figures,
        session_note=settings.data_dir / "mqtt-session.json",
    )
    try:
        return MqttCollector(wanted, pipeline)
    except TlsUnusable as error:
        refuse(f"No connection to the broker: {error}. See PLAGEWATCH_MQTT_CA_FILE, _CERT_FILE and _KEY_FILE.")
