"""Births and last wills of devices and gateways: no reading, and no noise in quarantine."""

import pytest

from collector.decoders import decode
from plagewatch.metering.readings import Packet, Reason

NOW_MS = 1_800_000_000_000


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("spBv1.0/campus/NDEATH/edge", b"\x08\x01"),
        ("spBv1.0/campus/DDEATH/edge/meter", b""),
        ("spBv1.0/STATE/host", b'{"online": false}'),
        ("shellyplus1pm-a0b1c2/online", b"false"),
        ("shellies/shelly1/online", b"true"),
        ("tele/plug/LWT", b"Offline"),
        ("plug/tele/LWT", b"Online"),
        ("loggers/cellar/status", b"offline"),
        ("loggers/cellar/availability", b'{"state": "offline"}'),
        ("loggers/cellar/online", b"0"),
        ("modbus/gateway/availability", b"online\n"),
        ("inverters/roof/LWT", b"lost"),
        ("dsmr/cellar/status", b"online"),
        ("senml/cellar/availability", b'"offline"'),
        ("influx/cellar/connected", b"2"),
        ("zigbee2mqtt/plug/availability", b'{"state":"online"}'),
    ],
)
def test_a_birth_or_last_will_is_passed_over(topic, payload):
    _, decoded = decode(Packet(topic, payload, NOW_MS))
    assert not decoded.readings
    assert not decoded.left_out


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("loggers/cellar/status", b'{"gas_index": 12.5}', Reason.UNKNOWN_TOPIC),
        ("loggers/cellar/status", b"12.5", Reason.UNKNOWN_TOPIC),
        ("meter/state", b"1", Reason.UNKNOWN_TOPIC),
        ("loggers/cellar/readings", b"offline", Reason.MALFORMED),
        ("senml/cellar", b"offline", Reason.MALFORMED),
        ("zigbee2mqtt/plug/availability", b"\xff", Reason.UNKNOWN_TOPIC),
        ("dsmr/cellar/status", b'{"state": "online", "total_kwh": 5}', Reason.UNKNOWN_TOPIC),
        ("dsmr/cellar/status", b'{"state"', Reason.UNKNOWN_TOPIC),
    ],
)
def test_what_may_be_more_waits_in_quarantine(topic, payload, reason):
    _, decoded = decode(Packet(topic, payload, NOW_MS))
    assert [left.reason for left in decoded.left_out] == [reason]
