"""The collector's connection to the broker: nothing is acknowledged before it is on disk.

The network's thread hands packets to the intake, which commits and then acknowledges them. While the spool refuses
nothing is acknowledged: the broker stops sending after RECEIVE_MAXIMUM packets and keeps the rest.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from collector.intake import Intake, Received
from collector.pipeline import Pipeline
from plagewatch.health import PartHealth, PartState
from plagewatch.metering.readings import Ask, Packet

log = structlog.get_logger()

SESSION_EXPIRY_S = 7 * 86_400  # how long the broker keeps packets for a collector that is away
RECEIVE_MAXIMUM = 2_000
KEEP_ALIVE_S = 60
RECONNECT_S = (1, 30)
ASK_AGAIN_S = 60.0
MOST_ASKED = 1_000  # topics remembered; somebody who invents devices must not fill the memory


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the broker is and what to ask of it. version: 5, or 4 for MQTT 3.1.1."""

    host: str
    port: int
    version: int = 5
    client_id: str = "plagewatch-collector"
    username: str | None = None
    password: str | None = None
    topics: tuple[str, ...] = ("#",)


class MqttCollector:
    """Receives all topics of the settings into the pipeline's spool, from start() to stop()."""

    def __init__(
        self, settings: MqttSettings, pipeline: Pipeline, on_stored: Callable[[], None] = lambda: None
    ) -> None:
        """on_stored: called from the writer's thread after each group that reached the spool."""
        self._settings = settings
        self._on_stored = on_stored
        self._intake = Intake(pipeline.accept, self._acknowledge, 2 * RECEIVE_MAXIMUM)
        self._topics = [topic for topic in settings.topics if topic]
        self._stopping = threading.Event()
        self._connection = 0
        self._no_connection = "not started"
        self._refused_topics: list[str] = []
        self._last_received_ms: int | None = None
        self._asked_s: dict[str, float] = {}
        self._client = self._new_client()

    def start(self) -> None:
        """Connect in the background and go on trying; returns at once."""
        settings = self._settings
        self._no_connection = "connecting"
        self._intake.start()
        if settings.version == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            self._client.connect_async(
                settings.host, settings.port, KEEP_ALIVE_S, clean_start=False, properties=properties
            )
        else:
            self._client.connect_async(settings.host, settings.port, KEEP_ALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Commit and acknowledge what has arrived, then leave; the session stays at the broker."""
        self._stopping.set()
        self._intake.stop()
        self._client.disconnect()
        self._client.loop_stop()
        self._no_connection = "stopped"

    def ask(self, asks: Iterable[Ask], now_s: float) -> int:
        """Publish what decoders want to be told, one message per topic and minute; how many went out.

        Never waits: without a connection nothing is sent, and the next packet of the device asks again.
        """
        sent = 0
        if not self.connected:
            return sent
        for asked in asks:
            since_s = now_s - self._asked_s.get(asked.topic, -ASK_AGAIN_S)
            if 0 <= since_s < ASK_AGAIN_S:
                continue
            if len(self._asked_s) >= MOST_ASKED:
                self._asked_s = {topic: at_s for topic, at_s in self._asked_s.items() if now_s - at_s < ASK_AGAIN_S}
            if len(self._asked_s) >= MOST_ASKED:
                break
            self._asked_s[asked.topic] = now_s
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

    def health(self, now_s: float) -> PartHealth:
        """Down without a broker or a sound spool; degraded while packets cannot be kept yet or a topic is refused."""
        age_s = None if self._last_received_ms is None else max(0.0, now_s - self._last_received_ms / 1000)
        state, detail = PartState.WELL, ""
        if self._intake.trouble:
            state = PartState.DOWN if self._intake.lost else PartState.DEGRADED
            detail = f"packets wait at the broker: {self._intake.trouble}"
        elif self._refused_topics:
            state, detail = PartState.DEGRADED, f"the broker refuses {', '.join(self._refused_topics)}"
        if self._no_connection:
            where = f"{self._settings.host}:{self._settings.port}"
            state, detail = PartState.DOWN, f"no connection to the broker at {where}: {self._no_connection}"
        elif not self._intake.alive:
            state, detail = (
                PartState.DOWN,
                "the writer has ended: nothing is kept or acknowledged; restart the collector",
            )
        return PartHealth("mqtt", state, detail, age_s)

    def _new_client(self) -> Client:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if settings.version == 5 else MQTTProtocolVersion.MQTTv311
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if version is MQTTProtocolVersion.MQTTv5 else False,
            protocol=version,
            manual_ack=True,
        )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del flags, properties
        if reason.is_failure:
            self._no_connection = str(reason)
            log.error("the broker refuses the collector", reason=str(reason))
            return
        self._connection += 1
        # Connected is it once the broker has answered for the topics: what is published before that may not come.
        self._no_connection = "waiting for the topics"
        if self._settings.version == 5:
            # Retained packets only once: on each reconnection they would come back as if they were new.
            # What the collector itself asks of devices does not come back to it.
            options = SubscribeOptions(qos=1, noLocal=True, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(topic, options) for topic in self._topics])
        else:
            client.subscribe([(topic, 1) for topic in self._topics])
        log.info("collector connected", broker=self._settings.host, topics=self._topics)

    def _on_connect_fail(self, client: Client, userdata: object) -> None:
        del client, userdata
        self._no_connection = "nobody answers"

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, flags, properties
        self._no_connection = str(reason)
        if not self._stopping.is_set():
            log.warning("collector lost the broker", reason=str(reason))

    def _on_subscribe(
        self, client: Client, _: object, mid: int, reasons: Sequence[ReasonCode], properties: Properties | None
    ) -> None:
        del client, mid, properties
        self._no_connection = ""
        pairs = zip(self._topics, reasons, strict=False)
        self._refused_topics = [f"{topic} ({reason})" for topic, reason in pairs if reason.is_failure]
        if self._refused_topics:
            log.error("the broker refuses topics", topics=self._refused_topics)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del userdata
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(a topic that is not UTF-8)"
        if topic.startswith("$SYS/"):
            client.ack(message.mid, message.qos)
            return
        received_ms = time.time_ns() // 1_000_000
        received = Received(
            Packet(topic, bytes(message.payload), received_ms), message.mid, message.qos, self._connection
        )
        if self._intake.put(received):
            self._last_received_ms = received_ms

    def _acknowledge(self, batch: Sequence[Received]) -> None:
        for received in batch:
            if received.connection == self._connection:
                self._client.ack(received.mid, received.qos)
        self._on_stored()
