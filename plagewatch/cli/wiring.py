"""Which rooms a process runs, and what each pulse does."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from api.app import AppContext, create_app
from collector import ledger_check, rollup_job
from collector.mqtt import MqttCollector
from collector.mqtt_settings import MqttSettings, Tls, TlsUnusable
from collector.pipeline import Pipeline
from collector.preview import FAMILY_NAMES, preview
from collector.replay import Replayer
from collector.spool import Spool, SpoolError, SpoolInUse
from digest import schedule
from digest.mailing import DigestWriter
from digest.render import TicketWords
from plagewatch import mail, plage_progress
from plagewatch.cli.opening import Stores, now_s, refuse
from plagewatch.cli.rooms import Running, Tick
from plagewatch.plage.portfolio import Portfolio
from plagewatch.settings import Settings
from plagewatch.store.records import evaluations, replays
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.protocol import SeriesError
from rules import dispatch, evaluate, explain

ROOMS = ("collector", "rules", "api", "digest")
DAY_S = 86_400


PLAGE_S = 900
REPLAYING_S = 0.8  # the longest that a pulse goes on with a replay; live packets come between its batches


def collector_of(stores: Stores) -> tuple[Pipeline, MqttCollector, list[Tick]]:
    """The collector's pipeline and connection, and the pulses that empty the spool and make figures of the evidence.

    Raises Refused where another collector has the spool, or it cannot be written.
    """
    try:
        spool = Spool(stores.settings.data_dir / "spool.db")
    except SpoolError as error:
        refuse(str(error))
    pipeline = Pipeline(spool, stores.series, stores.engine)
    replayer = Replayer(pipeline)
    mqtt = mqtt_of(stores.settings, pipeline)

    def drain() -> None:
        report = pipeline.drain(now_ms())
        mqtt.ask(report.asks, time.time())
        if report.stopped:
            raise SeriesError(report.stopped, retryable=True)

    def empty_spool() -> None:
        end = time.monotonic() + REPLAYING_S
        drain()
        while replayer.step(now_ms()) and time.monotonic() < end:
            drain()

    def clean_up() -> None:
        if replays.waiting(stores.engine, spool.name) is None:  # what somebody has just claimed is still needed
            spool.prune(now_ms())

    return (
        pipeline,
        mqtt,
        [
            Tick("spool", 1.0, empty_spool),
            Tick("ledger", 5.0, lambda: rollup_job.run(stores.engine, stores.series, now_s())),
            Tick("ledger check", 600.0, lambda: ledger_check.nightly(stores.engine, stores.series, now_s())),
            Tick("spool clean-up", DAY_S, clean_up),
        ],
    )


def replay_here(stores: Stores) -> str:
    """Work off all replays in this process, figures made too; why not, where a running collector will, empty where so.

    Raises Refused where the spool cannot be used, SeriesError where the series store cannot be written now.
    """
    try:
        spool = Spool(stores.settings.data_dir / "spool.db")
    except SpoolInUse as error:
        return str(error)
    except SpoolError as error:
        refuse(str(error))
    with closing(spool):
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


class NotJudgedNow(Exception):
    """The rules could not look at a part of the meters; it is in the log with its trace, and is tried again."""


def rules_ticks(stores: Stores, portfolio: Portfolio) -> list[Tick]:
    """Looking for what is abnormal, telling the technicians, following the target."""

    def look() -> None:
        upto_s = now_s()
        report = evaluate.evaluate_due(stores.engine, stores.series, upto_s)
        dispatch.enqueue(stores.engine, upto_s)
        if report is not None and report.failed:
            site, why = next(iter(report.failed.items()))
            raise NotJudgedNow(f"{len(report.failed)} sites cannot be judged, the first is {site}: {why}")

    def follow_target() -> None:
        if not evaluations.pulse(stores.engine, "plage", now_s(), PLAGE_S - 60):
            return  # another worker has just done it
        assessment = plage_progress.assess(stores.engine, stores.series, portfolio, now_s())
        plage_progress.write(stores.series, assessment)

    return [Tick("rules", 30.0, look), Tick("plage", float(PLAGE_S), follow_target)]


def digest_ticks(stores: Stores, portfolio: Portfolio) -> list[Tick]:
    """Which digests are due, and everything that waits in the outbox."""
    ticks = [Tick("digest", 60.0, lambda: schedule.enqueue_due(stores.engine, now_s()))]
    server = smtp_of(stores.settings)
    if server is not None:
        writers = renderers(stores, portfolio)
        ticks.append(Tick("mail", 20.0, lambda: mail.send_due(stores.engine, writers, server, now_s())))
    return ticks


def smtp_of(settings: Settings) -> mail.SmtpServer | None:
    """The mail server of the settings; None where none is named."""
    if settings.smtp_host is None:
        return None
    secret = settings.smtp_password
    return mail.SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        username=settings.smtp_username,
        password=secret.get_secret_value() if secret else None,
        sender=settings.mail_from,
    )


def renderers(stores: Stores, portfolio: Portfolio) -> dict[str, Callable[[OutboxItem], mail.Mail]]:
    """What makes a mail of each kind of outbox row."""
    base_url = stores.settings.base_url
    writer = DigestWriter(
        stores.engine, stores.series, portfolio, base_url, TicketWords(explain.title, explain.sentence)
    )
    return {
        "ticket": lambda item: dispatch.ticket_mail(stores.engine, stores.series, base_url, item),
        "digest": writer.mail,
    }


def pages_of(stores: Stores, portfolio: Portfolio, running: Running) -> Callable[..., Any]:
    """The pages and the API over these stores."""
    context = AppContext(
        engine=stores.engine,
        series=stores.series,
        health=running.health,
        now_s=now_s,
        portfolio=portfolio,
        base_url=stores.settings.base_url,
        ticket_title=explain.title,
        ticket_sentence=explain.sentence,
        first_checks=explain.first_checks,
        preview=preview,
        families=FAMILY_NAMES,
    )
    return create_app(context)


def rooms(stores: Stores, portfolio: Portfolio, wanted: Sequence[str]) -> tuple[Running, Pipeline | None]:
    """The wanted rooms, ready to start; the pages are not among them."""
    running, pipeline = Running(stores), None
    if "collector" in wanted:
        pipeline, mqtt, ticks = collector_of(stores)
        running.ticks += ticks
        running.parts.append(mqtt)
    if "rules" in wanted:
        running.ticks += rules_ticks(stores, portfolio)
    if "digest" in wanted:
        running.ticks += digest_ticks(stores, portfolio)
    return running, pipeline
