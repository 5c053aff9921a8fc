"""What the collector asks of its broker: where it is, how both prove who they are, what is subscribed to."""

import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

STATUS = "plagewatch/collectors/"
"""Where collectors say whether they run. It is no device's topic, so what comes from there is passed over."""

BROKERS_FIGURES = (
    "$SYS/broker/version",
    "$SYS/broker/uptime",
    "$SYS/broker/clients/connected",
    "$SYS/broker/clients/disconnected",
    "$SYS/broker/store/messages/count",
    "$SYS/broker/store/messages/bytes",
    "$SYS/broker/publish/messages/dropped",
)

Subscriptions = list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]


class TlsUnusable(Exception):
    """A file that the encrypted connection needs cannot be used; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How the connection is encrypted; the broker's certificate and host name are always verified.

    ca_file: authorities that are believed, None = those of this machine. cert_file, key_file: who we are, PEM.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the broker is and what to ask of it. version: 5, or 4 for MQTT 3.1.1.

    client_id: the name of this collector's session, of which there can be one only. share: name of the group of
    collectors among which the broker deals the packets out, each to one of them; empty = this one gets all of them.
    session_expiry_s: how long the broker keeps packets for a collector that is away [s].
    receive_maximum: packets that may be under way without being acknowledged.
    max_packet_bytes: what the broker must not send beyond; it discards such a packet, so this is far above any reading.
    topic_aliases: how many topics the broker may replace by numbers; none by default, because rumqttd gives one number
    to all topics of a filter with wildcards: readings would count for another device.
    broker_figures: whether to ask the broker what it says of itself under `$SYS`.
    session_note: file that remembers that there was a session, so that its loss is noticed after a restart too.
    """

    host: str
    port: int
    version: int = 5
    client_id: str = "plagewatch-collector"
    username: str | None = None
    password: str | None = None
    topics: tuple[str, ...] = ("#",)
    tls: Tls | None = None
    share: str = ""
    session_expiry_s: int = 7 * 86_400
    receive_maximum: int = 2_000
    max_packet_bytes: int = 16 << 20
    topic_aliases: int = 0
    broker_figures: bool = True
    session_note: Path | None = None

    @property
    def filters(self) -> list[str]:
        """The topic filters as they are subscribed to, in a group with the group's name.

        >>> MqttSettings("broker", 1883, topics=("loggers/#",), share="collectors").filters
        ['$share/collectors/loggers/#']
        """
        prefix = f"$share/{self.share}/" if self.share else ""
        return [f"{prefix}{topic}" for topic in self.topics if topic]

    @property
    def status_topic(self) -> str:
        """Where this collector says whether it runs.

        >>> MqttSettings("broker", 1883, client_id="west").status_topic
        'plagewatch/collectors/west/status'
        """
        return f"{STATUS}{self.client_id}/status"


def tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or later that believes only the named authorities, and verifies the host name. Raises TlsUnusable."""
    try:
        context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise TlsUnusable(f"the authorities in {tls.ca_file} cannot be used: {_why(error)}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _ClosedWhenRefused
    if tls.cert_file is None:
        return context
    # OpenSSL would ask for it at the terminal.
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        key = "" if tls.key_file is None else f" with the key {tls.key_file}"
        raise TlsUnusable(f"the certificate {tls.cert_file}{key} cannot be used: {_why(error)}") from error
    return context


def connect_properties(settings: MqttSettings) -> Properties:
    """What MQTT 5 lets a client ask for when it connects."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.SessionExpiryInterval = settings.session_expiry_s
    properties.ReceiveMaximum = settings.receive_maximum
    properties.MaximumPacketSize = settings.max_packet_bytes
    properties.TopicAliasMaximum = settings.topic_aliases
    return properties


def subscriptions(settings: MqttSettings) -> Subscriptions:
    """The devices' topics in the order of `filters`."""
    if settings.version != 5:
        return [(topic, 1) for topic in settings.filters]
    # Retained packets only once: on each reconnection they would come back as if they were new. To a group the broker
    # sends none at all. What the collector itself asks of devices does not come back to it, except in a group, where
    # asking for that is a protocol error (MQTT-3.8.3-4): there a decoder passes over it.
    once = SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
    options = SubscribeOptions(qos=1, noLocal=not settings.share, retainHandling=once)
    return [(topic, options) for topic in settings.filters]


def status(state: str, why: str, at: str) -> bytes:
    """What a collector says of itself. at: ISO-8601 UTC, empty where nobody can say: a last will is written before.

    >>> status("offline", "stopped", "2026-11-20T10:00:00Z")
    b'{"state": "offline", "why": "stopped", "at": "2026-11-20T10:00:00Z"}'
    """
    told = {"state": state, "why": why, "at": at}
    return json.dumps({word: text for word, text in told.items() if text}).encode()


class _ClosedWhenRefused(ssl.SSLSocket):
    """paho lets go of a socket whose handshake fails without closing it."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _no_password() -> bytes:
    raise ValueError("its key has a password, which a service that starts by itself cannot be asked for")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
