"""What of a packet waits in quarantine, in words and lengths that every store can hold."""

from collections.abc import Sequence
from datetime import UTC, datetime

from collector.decoders import Route, device_of
from collector.decoders.door import MAX_PAYLOAD_BYTES
from collector.spool_newest import Spooled
from plagewatch.metering.readings import Readings, Reason
from plagewatch.store.records.quarantine import Quarantined

MAX_DETAILS = 20
MAX_DETAIL_LENGTH, MAX_DETAIL_BYTES = 600, 1_600  # it stands in a key with a device: PostgreSQL's hold 2 700 bytes
MAX_DEVICE_LENGTH = 200
MAX_TOPIC_LENGTH = 2_000


def refused(spooled: Spooled, detail: str, routes: Sequence[Route] = ()) -> Quarantined:
    """A packet that a store will never take, kept whole."""
    return quarantined(spooled, device_of(spooled.packet.topic, routes), Reason.MALFORMED, detail)


def seen(readings: Readings) -> str:
    """A register with its value, the last of several."""
    more = f" ({len(readings.value)} values)" if len(readings.value) > 1 else ""
    return f"{readings.register}={readings.value[-1]:.10g}{more}"


def joined(texts: Sequence[str]) -> str:
    """Several details as one, not too many of them."""
    more = len(texts) - MAX_DETAILS
    text = "; ".join(texts[:MAX_DETAILS])[:MAX_DETAIL_LENGTH]
    return text + (f"; and {more} more" if more > 0 else "")


def utc(at_ms: int) -> str:
    """An instant for people; one that no calendar has as its number."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms since 1970"


def storable(text: str, most: int) -> str:
    """A text that every store takes, cut where it is too long."""
    text = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return text if len(text) <= most else f"{text[:most]}…"


def quarantined(spooled: Spooled, device: str, reason: Reason, detail: str) -> Quarantined:
    """A packet of a device and why it waits."""
    packet = spooled.packet
    return Quarantined(
        packet.received_ms,
        f"mqtt:{storable(packet.topic, MAX_TOPIC_LENGTH)}",
        storable(device, MAX_DEVICE_LENGTH),
        reason,
        storable(detail, MAX_DETAIL_LENGTH + 100).encode()[:MAX_DETAIL_BYTES].decode(errors="ignore"),
        packet.payload[:MAX_PAYLOAD_BYTES],  # the spool holds it whole
        spooled.id,
    )
