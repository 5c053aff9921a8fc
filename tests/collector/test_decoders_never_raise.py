"""Whatever arrives at a family's topics, its decoder answers, and no counter gets a value that nobody sent."""

import json
import math
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.decoders import FAMILIES, decode, guesses
from collector.decoders.door import EARLIEST_MS, LATEST_AHEAD_MS
from plagewatch.metering.readings import Behaviour, Decoded, Packet, Reason, register_word
from tests.collector.test_decoder_cases import CASES, packet_of

NAMES = sorted({case.parent.parent.name for case in CASES})
PACKETS = {name: [packet_of(case) for case in CASES if case.parent.parent.name == name] for name in NAMES}
JUNK: Sequence[object] = (None, "", True, [], {}, "abc", "1.2.3", [None])
OPTIONAL = ("scale",)  # null in these says no more than leaving them out


def sound(packet: Packet) -> Decoded:
    """What was made of a packet, after a look at all that the stores and pages rely on."""
    _, decoded = decode(packet, memory={})
    for readings in decoded.readings:
        assert register_word(readings.register)
        assert readings.device
        for text in (readings.device, readings.register, readings.serial or ""):
            assert "\x00" not in text
            assert len(text.encode()) < 1000
        assert all(type(value) is float and math.isfinite(value) for value in readings.value)
        if readings.at_ms is None:
            assert len(readings.value) == 1
        else:
            assert len(readings.at_ms) == len(readings.value) > 0
            assert all(EARLIEST_MS <= at <= packet.received_ms + LATEST_AHEAD_MS for at in readings.at_ms)
    for left_out in decoded.left_out:
        assert Reason(left_out.reason)
        assert left_out.detail
        assert "\x00" not in left_out.detail.encode().decode()
    return decoded


def counted(decoded: Decoded) -> set[tuple[str, float]]:
    return {
        (readings.register.partition(".")[0], value)
        for readings in decoded.readings
        if register_word(readings.register).behaviour is Behaviour.INDEX
        for value in readings.value
    }


def places(content: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value inside a JSON value."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(content: object, path: tuple[str | int, ...], to: object) -> object:
    if not path:
        return to
    key, rest = path[0], path[1:]
    if isinstance(content, dict):
        return {**content, key: changed(content[key], rest, to)}
    assert isinstance(content, list)
    return [changed(value, rest, to) if place == key else value for place, value in enumerate(content)]


def contents(name: str) -> list[tuple[Packet, object]]:
    """The family's cases whose payload is JSON."""
    found = []
    for packet in PACKETS[name]:
        try:
            found.append((packet, json.loads(packet.payload)))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_bytes_that_were_damaged_on_the_way(name, data):
    packet = data.draw(st.sampled_from(PACKETS[name]))
    payload = packet.payload
    begin, end = sorted(data.draw(st.tuples(st.integers(0, len(payload)), st.integers(0, len(payload)))))
    middle = data.draw(st.one_of(st.binary(max_size=6), st.just(payload[begin:end] * 2), st.just(payload)))
    sound(Packet(packet.topic, payload[:begin] + middle + payload[end:], packet.received_ms))


@pytest.mark.parametrize("name", NAMES)
@given(payload=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_bytes_of_anything(name, payload):
    for packet in {packet.topic: packet for packet in PACKETS[name]}.values():
        sound(Packet(packet.topic, payload, packet.received_ms))


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_says_nothing_counts_nothing(name):
    """Each value of each JSON case in turn replaced by something without meaning: no counter takes another value."""
    for packet, content in contents(name):
        _, whole = decode(packet, memory={})
        if whole.left_out:
            continue  # what was refused for one value may be taken without it
        told = counted(whole)
        for path in places(content):
            for junk in JUNK if path[-1] not in OPTIONAL else JUNK[1:]:
                payload = json.dumps(changed(content, path, junk)).encode()
                made = counted(sound(Packet(packet.topic, payload, packet.received_ms)))
                assert made <= told, (packet.topic, path, junk)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(data=st.data())
def test_the_familys_own_words_in_any_order(name, data):
    known = contents(name)
    if not known:
        return
    words = sorted({key for _, content in known for path in places(content) for key in path if isinstance(key, str)})
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*words, "12.5", "", "\x00"])
    inner = st.recursive(
        scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(words), part, max_size=4)
    )
    packet = data.draw(st.sampled_from([packet for packet, _ in known]))
    sound(Packet(packet.topic, json.dumps(data.draw(inner)).encode(), packet.received_ms))


@given(st.binary(max_size=200))
def test_guesses_never_raise(payload):
    assert {family for family, _ in guesses(Packet("", payload, 1_795_169_702_000))} == {
        known.name for known in FAMILIES
    }
