"""The Things Stack v3 over MQTT: `v3/<application>@<tenant>/devices/<device>/up`."""

import re

from collector.decoders.door import Message, Refused, moment_ms, nothing, plausible, shown
from collector.decoders.uplink import Uplink, decode_uplink, port_of, raw_bytes
from plagewatch.metering.readings import Decoded, Reason

TOPIC = re.compile(
    r"(?:(?P<prefix>[^/].*?)/)?v3/(?P<application>[^/]+)/devices/(?P<device>[^/]*)/(?P<kind>[a-z_]+(?:/[a-z_/]+)?)"
)


def decode(message: Message) -> Decoded:
    """Readings of one message. Joins, downlinks and the like measure nothing."""
    if message.part("kind") not in ("", "up"):
        return Decoded(())
    content = _unwrapped(message.json())
    uplink = content.get("uplink_message") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(uplink, dict):
        if isinstance(content, dict) and "end_device_ids" in content:
            return Decoded(())  # a join or a downlink's event, on a route that carries everything
        return nothing(Reason.MALFORMED, "no object with `uplink_message`")
    if content.get("simulated") is True:
        return nothing(Reason.FLAGGED, "simulated: somebody tried it out in the console, no device measured it")
    ids = content.get("end_device_ids")
    in_payload = ids.get("device_id") if isinstance(ids, dict) else None
    # Fields that are 0 or empty are left out of these messages, the port of MAC commands among them.
    port = port_of(uplink.get("f_port", 0))
    if "f_port" not in uplink and ("decoded_payload" in uplink or "frm_payload" in uplink):
        port = None
    return decode_uplink(
        Uplink(
            message.device or (in_payload if isinstance(in_payload, str) else ""),
            message.received_ms,
            _received_at(message, content, uplink),
            port,
            raw_bytes(uplink.get("frm_payload")),
            uplink.get("decoded_payload"),
            uplink.get("normalized_payload"),
        )
    )


def _unwrapped(content: object) -> object:
    """The message itself, where it came as an event of the console (`data`) or from the storage (`result`)."""
    if isinstance(content, dict) and "end_device_ids" not in content:
        inner = [content[key] for key in ("data", "result") if isinstance(content.get(key), dict)]
        return next((one for one in inner if "end_device_ids" in one), content)
    return content


def _received_at(message: Message, content: dict[str, object], uplink: dict[str, object]) -> int | None:
    """When the network had it: by its own clock, not by that of a gateway, which may be anything."""
    for name, value in (
        ("uplink_message.received_at", uplink.get("received_at")),
        ("received_at", content.get("received_at")),
    ):
        if value is None:
            continue
        at_ms = moment_ms(value) if isinstance(value, str) else None
        if at_ms is None:
            raise Refused(Reason.MALFORMED, f"{name} = {shown(value)}")
        if not plausible(at_ms, message.received_ms):
            raise Refused(Reason.TIME_IMPLAUSIBLE, f"{name} = {shown(value)}")
        return at_ms
    return None
