"""MQTT packets in the stream of bytes that a broker sends; only plain PUBLISH is read here, the rest is left to paho.

paho takes 17 µs for a PUBLISH of MQTT 3.1.1 and 40 µs for one of MQTT 5, most of it for properties that are not there.
This takes 1 µs. A PUBLISH with properties or a broken topic is read by `odd_publish`; all else is handed on as it came.
"""

from typing import NamedTuple

from collector.odd_publish import odd_publish
from collector.topic_alias import TopicAliases

PLAIN = (0x30, 0x32)  # PUBLISH of QoS 0 and 1, whether retained or sent again
QOS = 0x06
SHORTEST = 3  # the length of a topic, and a topic


class Published(NamedTuple):
    """A message as the broker sent it. mid: its packet number, 0 at QoS 0."""

    topic: str
    payload: bytes
    mid: int
    qos: int


class Packets:
    """Cuts a stream into packets. version: of MQTT, 5 or 4."""

    def __init__(self, version: int) -> None:
        self._with_properties = version == 5
        self._aliases = TopicAliases() if version == 5 else None
        self._parts: list[bytes] = []  # of a packet that is not complete
        self._have = self._need = 0  # bytes of it; as long as its length is not known, any more will do

    def feed(self, data: bytes) -> list[Published | bytes]:
        """Packets that are complete with these bytes, in order: a plain PUBLISH read, any other as its bytes.

        >>> Packets(4).feed(b"\\x32\\x07\\0\\x01t\\0\\x09ok\\xd0\\0\\x32")
        [Published(topic='t', payload=b'ok', mid=9, qos=1), b'\\xd0\\x00']
        """
        if self._parts:
            # Joined once for each packet: a long one comes in a thousand pieces.
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._parts)
        self._need = 0
        found: list[Published | bytes] = []
        start, size = 0, len(data)
        while start + 2 <= size:
            length, body, shift = data[start + 1], start + 2, 7
            if length > 0x7F:
                length &= 0x7F
                while body < size and shift < 28:
                    byte = data[body]
                    body += 1
                    length |= (byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80:
                        break
                else:
                    if body == size:
                        break  # the length itself is not complete
                    found.append(data[start:])  # longer than MQTT allows: paho will say so
                    start = size
                    break
            end = body + length
            if end > size:
                self._need = end - start
                break
            head = data[start]
            plain = None
            if head & 0xF6 in PLAIN and length >= SHORTEST:
                plain = self._plain(data, body, end, head & QOS)
                plain = plain or self._odd(data[start:end], body - start, head & QOS)
            found.append(plain or data[start:end])
            start = end
        self._parts, self._have = ([data[start:]], size - start) if start < size else ([], 0)
        return found

    def _odd(self, packet: bytes, body: int, qos: int) -> Published | None:
        found = odd_publish(packet, body, qos, self._aliases)
        return None if found is None else Published(*found, qos >> 1)

    def _plain(self, data: bytes, body: int, end: int, qos: int) -> Published | None:
        """The PUBLISH in data[body:end]; None where it is not plain."""
        at = topic_end = body + 2 + (data[body] << 8) + data[body + 1]
        mid = 0
        if qos:
            at += 2
            if at > end:
                return None
            mid = (data[at - 2] << 8) + data[at - 1]
        if self._with_properties:
            if at >= end or data[at]:
                return None
            at += 1
        if at > end or topic_end == body + 2:
            return None
        try:
            return Published(data[body + 2 : topic_end].decode(), data[at:end], mid, qos >> 1)
        except UnicodeDecodeError:
            return None
