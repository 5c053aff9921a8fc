"""Whatever arrives, a decoder answers with readings and reasons, never with an exception."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.decoders import FAMILIES, decode, device_of
from collector.decoders.door import MAX_PAYLOAD_BYTES, parse_json
from collector.inspect import UnknownFamily, inspect
from plagewatch.metering.readings import Packet, Reason, register_word

RECEIVED_MS = 1_795_169_702_000
LOGGER = "loggers/cellar/readings"
TOPICS = [family.sample_topic for family in FAMILIES] + ["x/status/emdata:0", "x/status/pm1:1", "x/online", "unknown"]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
words = st.sampled_from(
    [
        "at",
        "registers",
        "frames",
        "register",
        "unit",
        "start",
        "step_s",
        "values",
        "value",
        "serial",
        "method",
        "params",
    ]
    + ["ts", "src", "em:0", "emdata:0", "aenergy", "total", "total_act", "gas_index", "switch:0", "NotifyStatus", "m3"]
)
contents = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=4), inner)
)


def sound(packet: Packet) -> None:
    _, decoded = decode(packet)
    for readings in decoded.readings:
        assert register_word(readings.register)
        assert readings.at_ms is None or len(readings.at_ms) == len(readings.value)
        assert readings.at_ms is not None or len(readings.value) == 1
        assert all(type(value) is float for value in readings.value)
    for left_out in decoded.left_out:
        assert Reason(left_out.reason)
        assert left_out.detail.encode("utf-8")


@given(st.sampled_from(TOPICS), st.binary(max_size=200))
def test_any_bytes(topic, payload):
    sound(Packet(topic, payload, RECEIVED_MS))


@given(st.sampled_from(TOPICS), contents)
def test_any_json(topic, content):
    sound(Packet(topic, json.dumps(content).encode(), RECEIVED_MS))


@given(st.text(max_size=40))
def test_any_topic(topic):
    sound(Packet(topic, b'{"registers": {"gas_index": {"value": 1, "unit": "m3"}}}', RECEIVED_MS))
    assert isinstance(device_of(topic), str)


@given(contents)
def test_a_sound_register_survives_whatever_stands_beside_it(content):
    registers = {"electricity_index": content, "gas_index": {"value": 5, "unit": "m3"}}
    payload = json.dumps({"registers": registers, "frames": content}).encode()
    _, decoded = decode(Packet(LOGGER, payload, RECEIVED_MS))
    assert [reading.value for reading in decoded.readings if reading.register == "gas_volume"][:1] == [[5.0]]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"nul", b'{"registers": 1}', b'"text"', b"1" * 5_000],
    ids=["empty", "not utf-8", "deep list", "deep object", "cut off", "no object inside", "text", "long number"],
)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_is_no_message_is_malformed(family, payload):
    _, decoded = decode(Packet(family.sample_topic, payload, RECEIVED_MS))
    assert [left.reason for left in decoded.left_out] == [Reason.MALFORMED]
    assert not decoded.readings


def test_a_mebibyte_is_read_and_one_byte_more_is_not():
    start = b'{"registers": {"gas_index": {"value": 5, "unit": "m3"}}}'
    full = start + b" " * (MAX_PAYLOAD_BYTES - len(start))
    assert decode(Packet(LOGGER, full, RECEIVED_MS))[1].readings[0].value == [5.0]
    assert decode(Packet(LOGGER, full + b" ", RECEIVED_MS))[1].left_out[0].reason == Reason.TOO_LARGE


def test_a_topic_of_nobody_is_unknown():
    family, decoded = decode(Packet("weather/today", b"{}", RECEIVED_MS))
    assert (family, decoded.left_out[0].reason) == ("unknown", Reason.UNKNOWN_TOPIC)


def test_a_bom_costs_nothing():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_without_a_topic_the_family_is_told_by_the_payload():
    payload = b'{"src": "shelly-x", "method": "NotifyStatus", "params": {"ts": null, "emdata:0": {"total_act": 2000}}}'
    seen = inspect(Packet("", payload, RECEIVED_MS))
    assert (seen["family"], seen["samples"][0]["value"]) == ("shelly", 2.0)
    assert inspect(Packet("", b'{"registers": {}}', RECEIVED_MS), "plain_json")["family"] == "plain_json"
    with pytest.raises(UnknownFamily, match="plain_json, .*shelly"):
        inspect(Packet("", payload, RECEIVED_MS), "bacnet")


def test_a_topic_of_nobody_is_said_and_the_payload_read_all_the_same():
    payload = b'{"src": "shelly-x", "method": "NotifyStatus", "params": {"ts": null, "emdata:0": {"total_act": 2000}}}'
    seen = inspect(Packet("weather/today", payload, RECEIVED_MS))
    assert (seen["family"], seen["samples"][0]["value"]) == ("shelly", 2.0)
    assert "no family" in seen["note"]
    nothing = inspect(Packet("weather/today", b'{"sky": "grey"}', RECEIVED_MS))
    assert (nothing["family"], nothing["left_out"][0]["reason"]) == ("unknown", "unknown_topic")


@pytest.mark.parametrize("payload", [b"", b"grey", b"{}", b"[]", b'{"sky": "grey"}', b"\xff\xfe", b"null"])
def test_what_no_family_can_read_is_of_none(payload):
    seen = inspect(Packet("", payload, RECEIVED_MS))
    assert (seen["family"], seen["samples"]) == ("unknown", [])
    assert [left["reason"] for left in seen["left_out"]] == ["malformed"]


@pytest.mark.parametrize(
    ("called", "family"),
    [
        ("P1", "dsmr_p1"),
        ("e-MUCS", "dsmr_p1"),
        ("The Things Stack", "ttn"),
        ("sparkplug", "sparkplug_b"),
        ("influx", "line_protocol"),
        ("modbus", "modbus_json"),
        ("solaredge", "inverter_json"),
        ("json", "plain_json"),
    ],
)
def test_a_family_by_what_people_call_it(called, family):
    assert inspect(Packet("", b"{}", RECEIVED_MS), called)["family"] == family


def test_a_name_of_two_families_is_the_one_that_fits():
    uplink = b'{"deviceInfo": {"devEui": "a84041000181c062"}, "fPort": 2, "object": {"TOTAL_PULSE": 7}}'
    assert inspect(Packet("", uplink, RECEIVED_MS), "lorawan")["family"] == "chirpstack"
