"""What a device in quarantine says, from the packets kept there, for the person who will claim it."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.dates import AHEAD_MS, RECENT_MS
from collector.decoders import FAMILIES, UNKNOWN_FAMILY, decode, guesses, understood
from collector.field_guess import guess_of
from collector.known import compiled
from plagewatch.device_preview import DevicePreview, FamilyGuess, Payload, RegisterPreview
from plagewatch.metering.readings import Behaviour, Packet, Readings, register_word
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.records.topic_routes import TopicRoute

FAMILY_NAMES = tuple(family.name for family in FAMILIES)

NEWEST_SHOWN = 5
LEFT_OUT_SHOWN = 8
GUESSED_FROM = 5  # packets; a family that can read one of them can read its like
TEXT_SHOWN, BYTES_SHOWN = 2_000, 256


@dataclass(slots=True)
class _Register:
    number: int = 0
    values: list[tuple[int, float]] = field(default_factory=list)
    recent_ms: list[int] = field(default_factory=list)  # instants not long before their receipt


def preview(
    device: str, packets: Sequence[Quarantined], routes: Sequence[TopicRoute], memory: Mapping[str, str]
) -> DevicePreview:
    """What the packets that quarantine keeps of a device say, read as the collector would read them now.

    packets: the oldest first. memory: what decoders remember; it is not changed.

    >>> body = b'{"registers": {"gas_index": {"value": 12.5, "unit": "m3"}}}'
    >>> from plagewatch.metering.readings import Reason
    >>> kept = Quarantined(5, "mqtt:loggers/attic/readings", "attic", Reason.UNKNOWN_DEVICE, "", body, 1)
    >>> preview("attic", [kept], [], {}).registers[0].newest
    ((5, 12.5),)
    """
    ready, remembered = compiled(routes), dict(memory)
    registers: dict[str, _Register] = {}
    families: dict[str, None] = {}
    left_out: list[str] = []
    for kept in packets:
        packet = _packet(kept)
        family, decoded = decode(packet, ready, remembered)
        families[family] = None
        left_out += [left.detail for left in decoded.left_out if family != UNKNOWN_FAMILY]
        _gather(registers, [said for said in decoded.readings if said.device == device], packet.received_ms)
    found = [] if set(families) - {UNKNOWN_FAMILY} else list(_family_guesses(packets))
    if found and not registers:
        for kept in packets:
            made = next(decoded for family, decoded in guesses(_packet(kept)) if family == found[0].family)
            _gather(registers, made.readings, kept.received_ms)
    topics = list(dict.fromkeys(_topic(kept) for kept in packets))
    return DevicePreview(
        device,
        topics,
        list(families),
        [_shown(name, register, [device, *topics[:3]]) for name, register in sorted(registers.items())],
        list(dict.fromkeys(reversed(left_out)))[:LEFT_OUT_SHOWN],
        found,
        payload_shown(packets[-1]) if packets else None,
    )


def template_of(topic: str) -> str:
    """The form of topics that a person would most likely mean by one topic: the level with a number is the device.

    >>> template_of("site/pulse-0017/data"), template_of("power"), template_of("cellar/gas")
    ('site/{device}/data', '{device}', '{device}/gas')
    """
    levels = topic.split("/")
    numbered = [place for place, level in enumerate(levels) if any(letter.isdigit() for letter in level)]
    longest = max(numbered, key=lambda place: len(levels[place]), default=max(0, len(levels) - 2))
    return "/".join("{device}" if place == longest else level for place, level in enumerate(levels))


def payload_shown(kept: Quarantined) -> Payload:
    """A packet's message, safe to show: characters that steer a screen become visible, what is no text hexadecimal."""
    payload = kept.payload
    try:
        text, is_text = payload.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_text = payload[:BYTES_SHOWN].hex(" "), False
    if is_text and sum(_steers(letter) for letter in text) * 10 > len(text):
        text, is_text = payload[:BYTES_SHOWN].hex(" "), False
    cut = len(text) > TEXT_SHOWN if is_text else len(payload) > BYTES_SHOWN
    shown = "".join(f"\\u{ord(letter):04x}" if _steers(letter) else letter for letter in text[:TEXT_SHOWN])
    return Payload(_topic(kept), kept.received_ms, shown, is_text, len(payload), cut)


def _steers(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")


def _topic(kept: Quarantined) -> str:
    return kept.source.removeprefix("mqtt:")


def _packet(kept: Quarantined) -> Packet:
    return Packet(_topic(kept), kept.payload, kept.received_ms)


def _gather(registers: dict[str, _Register], readings: Sequence[Readings], received_ms: int) -> None:
    for said in readings:
        register = registers.setdefault(said.register, _Register())
        register.number += len(said.value)
        at_ms = [received_ms] * len(said.value) if said.at_ms is None else said.at_ms
        register.values += zip(at_ms, said.value, strict=True)
        register.recent_ms += [at for at in at_ms if received_ms - RECENT_MS <= at <= received_ms + AHEAD_MS]


def _shown(name: str, register: _Register, around: Sequence[str]) -> RegisterPreview:
    word = register_word(name)
    unsaid = word.behaviour is Behaviour.UNSAID
    values = sorted(register.values)
    return RegisterPreview(
        name,
        "" if unsaid else word.unit,
        register.number,
        min(register.recent_ms, default=values[0][0]),
        tuple(values[: -NEWEST_SHOWN - 1 : -1]),
        guess_of(name.removeprefix("field."), around) if unsaid else None,
    )


def _family_guesses(packets: Sequence[Quarantined]) -> Iterator[FamilyGuess]:
    """The families that can read the newest packets, that which understands the most first."""
    readable: dict[str, tuple[int, int]] = {}
    for kept in packets[-GUESSED_FROM:]:
        for family, decoded in guesses(_packet(kept)):
            known, now = readable.get(family, (0, 0)), understood(decoded)
            readable[family] = known[0] + now[0], known[1] + now[1]
    template = template_of(_topic(packets[-1])) if packets else ""
    for family, (_, readings) in sorted(readable.items(), key=lambda one: one[1], reverse=True):
        if readings:
            yield FamilyGuess(family, readings, template)
