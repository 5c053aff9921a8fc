"""PUBLISH packets that are not plain: what paho reads of sound ones is read here too, and nothing raises."""

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.odd_publish import odd_publish
from collector.packet_stream import Packets, Published
from collector.topic_alias import TopicAliases

TEXT = st.text(st.characters(min_codepoint=1, exclude_characters="\ufeff", codec="utf-8"), min_size=1, max_size=30)


def with_properties(**values: object) -> bytes:
    properties = Properties(PacketTypes.PUBLISH)
    for name, value in values.items():
        setattr(properties, name, value)
    return bytes(properties.pack())


@given(TEXT, st.binary(max_size=50), TEXT, TEXT, st.integers(1, 65_535), st.integers(0, 1))
def test_a_sound_message_is_read_as_paho_reads_it(topic, payload, key, value, alias, qos):
    properties = with_properties(
        UserProperty=[(key, value), (value, key)],
        TopicAlias=alias,
        ContentType=key,
        CorrelationData=payload,
        MessageExpiryInterval=5,
        PayloadFormatIndicator=1,
        ResponseTopic="answers",
    )
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (b"\0\x07" if qos else b"") + properties + payload
    theirs = decode_publish(0x30 | qos << 1, body, MQTTProtocolVersion.MQTTv5)
    ours = odd_publish(body, 0, qos, TopicAliases())
    assert ours == (theirs.topic.decode(), bytes(theirs.payload), theirs.mid)


@given(st.binary(max_size=60), st.integers(0, 1), st.sampled_from([4, 5]))
def test_whatever_comes_nothing_raises_and_no_byte_of_the_payload_is_made_up(body, qos, version):
    found = odd_publish(body, 0, qos, TopicAliases() if version == 5 else None)
    if found is not None:
        assert body.endswith(found[1])


def publish(topic: str, alias: int, payload: bytes) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + b"\0\x01" + with_properties(TopicAlias=alias) + payload
    return b"\x32" + bytes([len(body)]) + body


def test_numbers_stand_for_topics_until_they_are_given_anew_and_only_on_their_connection():
    packets = Packets(5)
    sent = [("a", 1, b"0"), ("b", 2, b"1"), ("", 1, b"2"), ("", 2, b"3"), ("c", 1, b"4"), ("", 1, b"5"), ("", 3, b"6")]
    found = packets.feed(b"".join(publish(*one) for one in sent))
    assert [one.topic for one in found if isinstance(one, Published)] == [
        *("a", "b", "a", "b", "c", "c"),
        "(topic alias 3, which the broker never gave a topic)",
    ]
    fresh = Packets(5).feed(publish("", 1, b"7"))
    assert fresh == [Published("(topic alias 1, which the broker never gave a topic)", b"7", 1, 1)]
