"""Packets cut out of a stream of bytes: the same whichever way the stream was split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.packet_stream import Packets, Published

PINGRESP = b"\xd0\x00"


def packet(head: int, body: bytes) -> bytes:
    """By MQTT 3.1.1, 2.2.3: seven bits of the length a byte, the lowest first; the highest bit says: more follow."""
    length = b""
    left = len(body)
    while True:
        left, low = left // 128, left % 128
        length += bytes([low | (0x80 if left else 0)])
        if not left:
            return bytes([head]) + length + body


def publish(topic: str, payload: bytes, mid: int = 0, version: int = 4) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (mid.to_bytes(2, "big") if mid else b"")
    return packet(0x32 if mid else 0x30, body + (b"\x00" if version == 5 else b"") + payload)


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 3_000_000])
def test_a_message_of_any_size(version, size):
    sent = publish("a/b", b"x" * size, 7, version)
    assert Packets(version).feed(sent) == [Published("a/b", b"x" * size, 7, 1)]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.text(min_size=1, max_size=40), st.binary(max_size=300), st.integers(0, 65_535)), st.none()
        ),
        max_size=12,
    ),
    st.lists(st.integers(1, 50), min_size=1, max_size=20),
    st.sampled_from([4, 5]),
)
def test_however_the_stream_is_split(messages, pieces, version):
    stream = b"".join(PINGRESP if one is None else publish(one[0], one[1], one[2], version) for one in messages)
    packets, found, start, turn = Packets(version), [], 0, 0
    while start < len(stream):
        size = pieces[turn % len(pieces)]
        found += packets.feed(stream[start : start + size])
        start, turn = start + size, turn + 1
    wanted = [PINGRESP if one is None else Published(one[0], one[1], one[2], int(one[2] > 0)) for one in messages]
    assert found == wanted


def test_sent_again_and_retained_are_plain_too():
    again = b"\x3b" + publish("t", b"p", 9)[1:]  # DUP and RETAIN set
    assert Packets(4).feed(again) == [Published("t", b"p", 9, 1)]


NOT_READ = {
    "QoS 2": packet(0x34, b"\x00\x01t\x00\x09payload"),
    "QoS 3, which is none": packet(0x36, b"\x00\x01t\x00\x09payload"),
    "a topic longer than the packet": packet(0x32, b"\x00\xfftopic"),
    "a topic up to the end, no packet number": packet(0x32, b"\x00\x05topic"),
    "half a packet number": packet(0x32, b"\x00\x05topic\x00"),
    "nothing": packet(0x32, b""),
    "one byte": packet(0x30, b"\x00"),
}


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("what", NOT_READ)
def test_what_is_no_message_for_us_is_handed_on_as_it_came(what, version):
    after = publish("t", b"after", 1, version)
    assert Packets(version).feed(NOT_READ[what] + after) == [NOT_READ[what], Published("t", b"after", 1, 1)]


def test_properties_do_not_hide_the_message():
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "json"
    sent = packet(0x32, b"\x00\x01t\x00\x09" + properties.pack() + b"payload")
    assert Packets(5).feed(sent) == [Published("t", b"payload", 9, 1)]


def test_a_length_of_five_bytes_is_handed_on_with_all_behind_it():
    """More than four is a malformed packet (MQTT 3.1.1, 2.2.3): where the next one begins nobody knows."""
    broken = b"\x32\x80\x80\x80\x80\x01 and so on"
    packets = Packets(4)
    assert packets.feed(broken[:5]) == []
    assert packets.feed(broken[5:]) == [broken]
