"""PUBLISH packets that are not plain: with properties, an alias in place of the topic, or what cannot be read at all.

paho ends the connection over a text with U+FEFF in a property. A broker sends what was not acknowledged again and
again: one such message of one logger would keep those of all others from being read. So only what is needed is read
here, and what cannot be read is kept under a name that says so.
"""

from collector.topic_alias import NO_TOPIC, TopicAliases

NOT_UTF8 = "(a topic that is not UTF-8) "
BROKEN = "(properties that cannot be read) "

_ALIAS = 0x23
_FIXED = {0x01: 1, 0x02: 4, 0x23: 2}  # identifier -> bytes of its value; MQTT 5, 2.2.2.2
_TEXT = (0x03, 0x08, 0x09)  # two bytes of length, then the value
_PAIR = 0x26
_NUMBER = 0x0B


def odd_publish(packet: bytes, body: int, qos: int, aliases: TopicAliases | None) -> tuple[str, bytes, int] | None:
    """Topic, payload and packet number of a PUBLISH of QoS 0 or 1; None where not even its number can be found.

    body: where its fixed header ends. aliases: of this connection, None for MQTT 3.1.1, which has no properties.

    >>> odd_publish(b"\\x30\\x0b\\0\\x03a/b\\x03\\x23\\0\\x07ok", 2, 0, TopicAliases())
    ('a/b', b'ok', 0)
    """
    at = body + 2 + int.from_bytes(packet[body : body + 2], "big")
    raw = packet[body + 2 : at]
    mid = int.from_bytes(packet[at : at + 2], "big") if qos else 0
    at += 2 if qos else 0
    if at > len(packet):
        return None
    try:
        topic = raw.decode()
    except UnicodeDecodeError:
        topic = NOT_UTF8 + raw.decode("utf-8", "backslashreplace")
    if aliases is None:
        return topic or NO_TOPIC, packet[at:], mid
    alias: int | None = None
    try:
        begin, length = _varint(packet, at)
        end = begin + length
        if end > len(packet):
            raise ValueError
        alias = _alias(packet, begin, end)
    except (ValueError, IndexError):
        return BROKEN + (topic or NO_TOPIC), packet[at:], mid
    return aliases.topic(topic, alias), packet[end:], mid


def _alias(packet: bytes, at: int, end: int) -> int | None:
    """The topic alias among the properties; all others are passed over unread. Raises ValueError, IndexError."""
    alias = None
    while at < end:
        kind, at = packet[at], at + 1
        if kind == _ALIAS:
            alias = int.from_bytes(packet[at : at + 2], "big")
        if kind in _FIXED:
            at += _FIXED[kind]
        elif kind in _TEXT:
            at += 2 + int.from_bytes(packet[at : at + 2], "big")
        elif kind == _PAIR:
            at += 2 + int.from_bytes(packet[at : at + 2], "big")
            at += 2 + int.from_bytes(packet[at : at + 2], "big")
        elif kind == _NUMBER:
            at = _varint(packet, at)[0]
        else:
            raise ValueError
    if at != end:
        raise ValueError
    return alias


def _varint(packet: bytes, at: int) -> tuple[int, int]:
    """Where a variable byte integer ends, and its value. Raises ValueError, IndexError."""
    value = 0
    for shift in (0, 7, 14, 21):
        byte = packet[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return at, value
    raise ValueError
