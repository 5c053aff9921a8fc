"""Shelly topics that somebody configured, and the one name a device has on all of its topics."""

from collector.decoders import Route, decode, device_of
from plagewatch.metering.readings import Packet

DEVICE = "shellyplus2pm-5443b23d81f8"
STATE = b'{"id": 1, "aenergy": {"total": 2500.0}}'
NOTICE = b'{"method": "NotifyStatus", "params": {"ts": null, "switch:1": {"aenergy": {"total": 2500.0}}}}'


def test_a_configured_topic_is_read_like_the_vendors():
    routes = [Route.of("site/{device}/main/status/+", "shelly"), Route.of("site/{device}/main/events/rpc", "shelly")]
    for tail, payload in (("status/switch:1", STATE), ("events/rpc", NOTICE)):
        family, decoded = decode(Packet(f"site/cellar/main/{tail}", payload, 0), routes)
        made = [(readings.device, readings.register, readings.value) for readings in decoded.readings]
        assert (family, made) == ("shelly", [("cellar", "energy_import_total.1", [2.5])])


def test_all_topics_of_a_device_name_it_alike():
    for topic in ("status/switch:0", "events/rpc", "online"):
        assert device_of(f"{DEVICE}/{topic}") == device_of(f"shellies/{DEVICE}/{topic}") == DEVICE
    for topic in ("relay/0/power", "emeter/1/total", "info", "online"):
        assert device_of(f"shellies/shellyem-B9E2C4/{topic}") == "shellyem-B9E2C4"
    assert device_of("shellies/announce") == device_of("relay/0/power") == ""
