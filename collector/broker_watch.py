"""What the broker says of itself under `$SYS/broker`: a handful of figures, above all whether it dropped messages."""

import re
from dataclasses import dataclass, replace
from typing import Any

LEADING_NUMBER = re.compile(rb"\s*([0-9]{1,18})")  # the uptime comes as `4711 seconds`
COUNTS = {  # topic -> our word; others are passed over
    "$SYS/broker/uptime": "uptime_s",
    "$SYS/broker/clients/connected": "clients_connected",
    "$SYS/broker/clients/disconnected": "clients_away",
    "$SYS/broker/store/messages/count": "messages_stored",
    "$SYS/broker/store/messages/bytes": "bytes_stored",
}
VERSION = "$SYS/broker/version"
DROPPED = "$SYS/broker/publish/messages/dropped"


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """The newest that the broker said; None = it never said it.

    clients_away: sessions whose client is not connected. messages_stored, bytes_stored: what waits for clients, and
    retained messages. dropped: messages it threw away since it started; dropped_watched: since this collector watches.
    """

    version: str | None = None
    uptime_s: int | None = None
    clients_connected: int | None = None
    clients_away: int | None = None
    messages_stored: int | None = None
    bytes_stored: int | None = None
    dropped: int | None = None
    dropped_watched: int = 0
    dropped_ms: int | None = None  # when it last threw some away
    read_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectionFigures:
    """Counts since the collector started, and the newest that the broker says of itself.

    sessions_lost: times that the broker had forgotten our session. protocol_troubles: packets of which the broker did
    not say the topic. received: packets that were taken, those that came twice counted twice; acknowledged: of these.
    """

    connected: bool
    connections: int
    received: int
    acknowledged: int
    sessions_lost: int
    protocol_troubles: int
    broker: BrokerFigures


def told(figures: BrokerFigures, topic: str, payload: bytes, now_ms: int) -> BrokerFigures:
    """The figures with what one message under `$SYS` says. Never raises; what cannot be read changes nothing.

    >>> made = told(BrokerFigures(), "$SYS/broker/publish/messages/dropped", b"5", 1_000)
    >>> made.dropped, made.dropped_watched
    (5, 0)
    >>> made = told(made, "$SYS/broker/publish/messages/dropped", b"7", 2_000)
    >>> made.dropped_watched, made.dropped_ms
    (2, 2000)
    >>> told(made, "$SYS/broker/publish/messages/dropped", b"1", 3_000).dropped_watched  # it was started anew
    3
    """
    if topic == VERSION:
        return replace(figures, version=payload[:100].decode("utf-8", "replace"), read_ms=now_ms)
    match = LEADING_NUMBER.match(payload)
    if match is None:
        return figures
    number = int(match[1])
    if topic in COUNTS:
        counted: dict[str, Any] = {COUNTS[topic]: number}
        return replace(figures, read_ms=now_ms, **counted)
    if topic != DROPPED:
        return figures
    before = figures.dropped
    # What it had dropped before we looked is not known to be ours. A broker that starts counts from zero.
    more = 0 if before is None else number - before if number >= before else number
    return replace(
        figures,
        dropped=number,
        dropped_watched=figures.dropped_watched + more,
        dropped_ms=now_ms if more else figures.dropped_ms,
        read_ms=now_ms,
    )
