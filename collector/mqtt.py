"""The collector's connection to the broker: nothing is acknowledged before it is on disk.

The network's thread hands packets to the intake, which commits and then acknowledges them. While the spool refuses
nothing is acknowledged: the broker stops sending after `receive_maximum` packets and keeps the rest.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from collector import broker_watch, session_note
from collector.asks import Asked
from collector.broker_watch import BrokerFigures, ConnectionFigures
from collector.intake import Intake, Received
from collector.mqtt_settings import (
    BROKERS_FIGURES,
    STATUS,
    MqttSettings,
    connect_properties,
    status,
    subscriptions,
    tls_context,
)
from collector.mqtt_trouble import MAY_BE_LOST, at, unreachable
from collector.network_loop import NetworkLoop, PacketClient
from collector.packet_stream import Published
from collector.pipeline import Pipeline
from collector.session_note import Session
from collector.topic_alias import NAMELESS, NO_TOPIC
from plagewatch.health import PartHealth, PartState, overall
from plagewatch.metering.readings import Ask, Packet

log = structlog.get_logger()

__all__ = ["ConnectionFigures", "MqttCollector", "MqttSettings"]

KEEP_ALIVE_S = 60
SPECIAL = ("$SYS/", STATUS, *NAMELESS)
PUBACK = 0x4002  # and the packet's number; MQTT 5 leaves out the reason where all is well (3.4.2.1)
RECONNECT_S = (1, 30)
TOLD_MS = 86_400_000  # how long something that may have cost packets stays in the health
RESTLESS = (4, 60_000)  # connections within how many milliseconds: something ends them again and again


class MqttCollector:
    """Receives all topics of the settings into the pipeline's spool, from start() to stop()."""

    def __init__(
        self, settings: MqttSettings, pipeline: Pipeline, on_stored: Callable[[], None] = lambda: None
    ) -> None:
        """on_stored: called from the writer's thread after each group that reached the spool. Raises TlsUnusable."""
        self._settings = settings
        self._on_stored = on_stored
        self._intake = Intake(pipeline.accept, self._acknowledge, 2 * settings.receive_maximum)
        self._session = Session(f"{settings.host}:{settings.port}", settings.client_id, tuple(settings.filters))
        self._noted = session_note.read(settings.session_note)
        self._stopping = threading.Event()
        self._connection = 0
        self._answered = False  # by the broker, on this connection
        self._no_connection = "not started"
        self._refused_topics: list[str] = []
        self._last_received_ms: int | None = None
        self._received = self._acknowledged = self._sessions_lost = self._nameless = 0
        self._session_lost_ms = -TOLD_MS
        self._connected_ms: deque[int] = deque(maxlen=RESTLESS[0])
        self._broker = BrokerFigures()
        self._figures_asked: int | None = None  # the packet that asked for them and has no answer yet
        self._figures_wanted = settings.broker_figures
        self._asked = Asked()
        self._client = self._new_client()
        self._loop = NetworkLoop(self._client, self._on_published, self._intake.has_room, RECONNECT_S)

    def start(self) -> None:
        """Connect in the background and go on trying; returns at once."""
        settings = self._settings
        self._no_connection = "connecting"
        self._intake.start()
        if settings.password and settings.tls is None and settings.host not in ("127.0.0.1", "::1", "localhost"):
            log.warning("the password goes to the broker unencrypted: set PLAGEWATCH_MQTT_TLS", broker=settings.host)
        if settings.version == 5:
            self._client.connect_async(
                settings.host, settings.port, KEEP_ALIVE_S, clean_start=False, properties=connect_properties(settings)
            )
        else:
            self._client.connect_async(settings.host, settings.port, KEEP_ALIVE_S)
        self._loop.start()

    def stop(self) -> None:
        """Commit and acknowledge what has arrived, say goodbye and leave; the session stays at the broker."""
        self._stopping.set()
        self._intake.stop()
        if self.connected:
            self._say("offline", "stopped")
        self._client.disconnect()
        self._loop.stop()
        self._no_connection = "stopped"

    def ask(self, asks: Iterable[Ask], now_s: float) -> int:
        """Publish what decoders want to be told, one message per topic and minute; how many went out.

        Never waits: without a connection nothing is sent, and the next packet of the device asks again.
        """
        sent = 0
        for asked in self._asked.due(asks, now_s) if self.connected else ():
            try:
                self._client.publish(asked.topic, asked.payload, qos=1)
            except ValueError as error:
                log.error("a device cannot be asked", topic=asked.topic, error=str(error))
                continue
            sent += 1
        return sent

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the connection and answered for the topics."""
        return not self._no_connection

    def figures(self) -> ConnectionFigures:
        """Counts of this connection and of the broker, for whoever shows them."""
        return ConnectionFigures(
            self.connected,
            self._connection,
            self._received,
            self._acknowledged,
            self._sessions_lost,
            self._nameless,
            self._broker,
        )

    def health(self, now_s: float) -> PartHealth:
        """Down without a broker or a sound spool; degraded while packets cannot be kept or may have been lost."""
        age_s = None if self._last_received_ms is None else max(0.0, now_s - self._last_received_ms / 1000)
        told = [PartHealth("mqtt", state, detail) for state, detail in self._troubles(round(now_s * 1000))]
        return PartHealth("mqtt", overall(told), "; ".join(one.detail for one in told), age_s)

    def _troubles(self, now_ms: int) -> list[tuple[PartState, str]]:
        down, degraded, where = PartState.DOWN, PartState.DEGRADED, f"{self._settings.host}:{self._settings.port}"
        told = []
        if self._no_connection:
            told.append((down, f"no connection to the broker at {where}: {self._no_connection}"))
        elif not self._intake.alive or not self._loop.alive:
            told.append((down, "a thread has ended: nothing is kept or acknowledged; restart the collector"))
        if self._intake.trouble:
            state = down if self._intake.lost else degraded
            told.append((state, f"packets wait at the broker: {self._intake.trouble}"))
        if self._refused_topics:
            told.append((degraded, f"the broker refuses {', '.join(self._refused_topics)}"))
        if now_ms - self._session_lost_ms < TOLD_MS:
            told.append((degraded, f"{at(self._session_lost_ms)}: the broker had forgotten our session; {MAY_BE_LOST}"))
        if len(self._connected_ms) == RESTLESS[0] and now_ms - self._connected_ms[0] < RESTLESS[1]:
            name = self._settings.client_id
            told.append((degraded, f"the connection ends again and again: does another client use the name {name!r}?"))
        if self._broker.dropped_ms is not None and now_ms - self._broker.dropped_ms < TOLD_MS:
            dropped = f"the broker dropped {self._broker.dropped_watched} messages"
            told.append((degraded, f"{dropped}, the last at {at(self._broker.dropped_ms)}: see its queue limits"))
        if self._nameless:
            told.append((degraded, f"{self._nameless} packets came without their topic; they wait in quarantine"))
        return told

    def _new_client(self) -> PacketClient:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if settings.version == 5 else MQTTProtocolVersion.MQTTv311
        client = PacketClient(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if version is MQTTProtocolVersion.MQTTv5 else False,
            protocol=version,
            manual_ack=True,
        )
        if settings.tls is not None:
            client.tls_set_context(tls_context(settings.tls))
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        client.will_set(settings.status_topic, status("offline", "connection lost", ""), qos=0, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del properties
        self._answered = True
        if reason.is_failure:
            self._no_connection = str(reason)
            log.error("the broker refuses the collector", reason=str(reason))
            return
        self._connection += 1
        self._connected_ms.append(_now_ms())
        # Connected is it once the broker has answered for the topics: what is published before that may not come.
        self._no_connection = "waiting for the topics"
        noted = self._noted if self._session.is_of(self._noted) else None
        if noted is not None and not flags.session_present:
            self._sessions_lost, self._session_lost_ms = self._sessions_lost + 1, _now_ms()
            log.error(f"the broker had forgotten our session; {MAY_BE_LOST}", client_id=self._settings.client_id)
        if noted is not None and (old := set(noted.filters) - set(self._session.filters)):
            client.unsubscribe(sorted(old))  # the session still holds them: their packets would come beside the new
        client.subscribe(subscriptions(self._settings))
        log.info("collector connected", broker=self._settings.host, topics=self._settings.filters)

    def _on_connect_fail(self, client: Client, userdata: object) -> None:
        del client, userdata
        # It is called where the error is dealt with, and is not told which.
        failed = unreachable(sys.exc_info()[1])
        if failed != self._no_connection:
            log.error("the broker cannot be reached", broker=self._settings.host, error=failed)
        self._no_connection = failed

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, flags, properties
        hint = (
            "" if self._answered else ": closed before it answered; does this port want TLS, or a certificate of ours?"
        )
        self._no_connection, self._answered = f"{reason}{hint}", False
        if self._figures_asked is not None and not self._stopping.is_set():
            # Some brokers end the connection instead of refusing what they do not have.
            self._figures_asked, self._figures_wanted = None, False
            log.warning("the broker left when it was asked for its own figures; it is not asked again")
        if not self._stopping.is_set():
            log.warning("collector lost the broker", reason=self._no_connection)

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: Sequence[ReasonCode], properties: Properties | None
    ) -> None:
        del properties
        if mid == self._figures_asked:
            self._figures_asked = None  # granted or not: it need not give them
            return
        self._no_connection = ""
        pairs = zip(self._settings.filters, reasons, strict=False)
        self._refused_topics = [f"{topic} ({reason})" for topic, reason in pairs if reason.is_failure]
        if self._refused_topics:
            log.error("the broker refuses topics", topics=self._refused_topics)
        if self._noted != self._session:
            session_note.write(self._settings.session_note, self._session)
            self._noted = self._session
        self._say("online", "")
        if self._figures_wanted:
            self._figures_asked = client.subscribe([(topic, 0) for topic in BROKERS_FIGURES])[1]

    def _say(self, state: str, why: str) -> None:
        self._client.publish(self._settings.status_topic, status(state, why, at(_now_ms())), qos=0, retain=True)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        # Only QoS 2 comes this way, which nobody subscribes to.
        del client, userdata
        topic = message._topic.decode("utf-8", "backslashreplace")
        self._on_published([Published(topic or NO_TOPIC, bytes(message.payload), message.mid, message.qos)])

    def _on_published(self, published: Sequence[Published]) -> None:
        received_ms = _now_ms()
        packets, mids = [], []
        for topic, payload, mid, qos in published:
            if topic.startswith(SPECIAL) and self._pass_over(topic, payload, received_ms):
                self._client.ack(mid, qos)
                continue
            packets.append(Packet(topic, payload, received_ms))
            if qos == 1:
                mids.append(mid)
        if packets and self._intake.put(Received.of(packets, mids, self._loop.connection)):
            self._received += len(packets)
            self._last_received_ms = received_ms

    def _pass_over(self, topic: str, payload: bytes, received_ms: int) -> bool:
        """Whether a message is of no device. One without its topic is kept."""
        if topic.startswith(NAMELESS):
            self._nameless += 1
            log.error("a packet came without its topic and is kept", topic=topic)
            return False
        if topic.startswith("$SYS/"):
            self._broker = broker_watch.told(self._broker, topic, payload, received_ms)
        return True

    def _acknowledge(self, batch: Sequence[Received]) -> None:
        # One write for the group: paho takes 2 µs for each, and wakes the network's thread as often.
        last = batch[-1].connection
        mids = [mid for received in batch if received.connection == last for mid in received.mids]
        pubacks = np.full((len(mids), 2), PUBACK, ">u2")
        pubacks[:, 1] = mids
        self._loop.send(last, pubacks.tobytes())
        self._acknowledged += len(mids)
        self._on_stored()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
