"""Eclipse Sparkplug B: births name the metrics, data messages carry them, often by a number only."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from collector.decoders.door import MAX_PAYLOAD_BYTES, Message, Refused, number, plausible, shown
from collector.decoders.sparkplug_b import births
from collector.decoders.sparkplug_b.births import Birth, Known
from collector.decoders.sparkplug_b.schema import Payload
from collector.decoders.tags import AS_SAID, Gathered, Meaning, Tag, field_register, meaning
from plagewatch.metering.readings import Ask, Decoded, Reason

TOPIC = re.compile(
    r"(?:(?P<prefix>[^/].*?)/)?spBv1\.0/(?:STATE/(?P<host>[^/]+)|(?P<group>[^/]+)/(?P<kind>[ND](?:BIRTH|DATA|DEATH|CMD))"
    r"/(?P<device>(?P<edge>[^/]+)(?:/(?P<part>[^/]+))?))"
)

MAX_NAME_LENGTH = 500  # what is remembered has it as its key: PostgreSQL's hold 2 700 bytes
BIRTHS = ("NBIRTH", "DBIRTH")
MEASURING = (*BIRTHS, "NDATA", "DDATA")
REBIRTH = "Node Control/Rebirth"
NOT_MEASURED = ("bdSeq", "Node Control/", "Device Control/", "Node Info/")  # how these names begin

# Data type -> bits and whether the number has a sign, which travels in an unsigned field.
INTEGERS: Mapping[int, tuple[int, bool]] = {
    1: (8, True),
    2: (16, True),
    3: (32, True),
    4: (64, True),
    5: (8, False),
    6: (16, False),
    7: (32, False),
    8: (64, False),
}
FLOATS = (9, 10)
BOOLEAN = 11
_FIELD_BITS = {"int_value": 32, "long_value": 64}
_NUMERIC = (*_FIELD_BITS, "float_value", "double_value")

# Property names as publishers write them, without case, spaces, `_` and `-`.
UNIT_KEYS = ("engunit", "engunits", "engineeringunit", "engineeringunits", "unit", "units", "uom")
SCALE_KEYS = ("scale", "scalefactor", "multiplier", "factor")
QUALITY_KEY = "quality"
GOOD = range(192, 256)  # the specification's 192, and OPC's finer shades of good

_BEGINNING = re.compile(rb"\x08[\x80-\xff]{5}[\x01-\x7f][\x12\x18]")  # a moment of our time, then metrics or a number
COMPRESSED = "SPBV1.0_COMPRESSED"


@dataclass(frozen=True, slots=True)
class _Source:
    """Who speaks: an edge node, or one of its devices."""

    prefix: str
    group: str
    edge: str
    device: str

    @classmethod
    def of(cls, message: Message) -> "_Source":
        group, edge = message.part("group"), message.part("edge") or message.device
        device = device_name(message.topic)
        if len(device) > MAX_NAME_LENGTH:
            raise Refused(Reason.MALFORMED, f"a name of {len(device)} characters, at most {MAX_NAME_LENGTH} are read")
        return cls(message.part("prefix"), group, f"{group}/{edge}" if group else edge, device)

    def rebirth(self, now_ms: int) -> list[Ask]:
        """The command that makes an edge node say its births again; none where a route hides its topic."""
        if not self.group:
            return []
        payload = Payload(timestamp=now_ms)
        payload.metrics.add(name=REBIRTH, timestamp=now_ms, datatype=BOOLEAN, boolean_value=True)
        group, _, edge = self.edge.partition("/")
        topic = f"spBv1.0/{group}/NCMD/{edge}"
        return [Ask(f"{self.prefix}/{topic}" if self.prefix else topic, payload.SerializeToString())]


def device_name(topic: re.Match[str]) -> str:
    """`<group>/<edge node>[/<device>]`, as readings name it.

    >>> device_name(TOPIC.fullmatch("spBv1.0/campus/DDATA/cellar/meter1"))
    'campus/cellar/meter1'
    """
    parts = topic.groupdict()
    return f"{parts['group']}/{parts['device']}" if parts.get("group") else parts["device"] or ""


def decode(message: Message) -> Decoded:
    """Readings of one message. Births are remembered; what needs one that is not known is left out, and asked for."""
    kind = message.part("kind") or "DDATA"
    if message.part("host") or kind not in MEASURING:
        return Decoded(())  # a death, a command or a host's state: nothing is measured, nothing is forgotten
    payload, source = _payload(message.payload), _Source.of(message)
    in_doubt = _keep_birth(message, source, payload, kind)
    birth = births.known_at(message.memory, source.edge, source.device, message.received_ms)
    gathered, left_out = Gathered(source.device), []
    for metric in payload.metrics:
        try:
            if (tag := _tag(metric, payload, birth, message.received_ms)) is not None:
                second = birth is not None and tag.name in birth.by_name and birth.by_name[tag.name].second
                gathered.add(tag, Meaning(field_register(tag.name), AS_SAID) if second else None)
        except Refused as refused:
            left_out.append(refused.left_out)
    in_doubt |= any(left.reason == Reason.NO_BIRTH for left in left_out)
    asks = in_doubt and births.may_ask(message.memory, source.edge, message.received_ms)
    return Decoded(gathered.readings(), left_out, source.rebirth(message.received_ms) if asks else ())


def looks_like_sparkplug(packed: bytes) -> bool:
    """Whether bytes hold fields of a payload and no others, and every metric has a name or an alias.

    >>> looks_like_sparkplug(b"meter"), looks_like_sparkplug(bytes.fromhex("08a091cfc39f341234"))
    (False, True)
    """
    try:
        payload = Payload.FromString(packed)
    except DecodeError:
        return bool(_BEGINNING.match(packed))  # cut off
    if not payload.ListFields() or len(UnknownFieldSet(payload)):
        return False
    return all(metric.name or metric.HasField("alias") for metric in payload.metrics)


def _payload(packed: bytes, inner: bool = False) -> Any:
    if not packed:
        raise Refused(Reason.MALFORMED, "no bytes")
    try:
        payload = Payload.FromString(packed)
    except DecodeError as error:
        raise Refused(Reason.MALFORMED, f"no Sparkplug B payload: {shown(str(error))}") from error
    if payload.uuid != COMPRESSED or inner:
        return payload
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # GZIP or DEFLATE, as its first bytes say
    try:
        unpacked = unpacking.decompress(payload.body, MAX_PAYLOAD_BYTES + 1)
    except zlib.error as error:
        raise Refused(Reason.MALFORMED, f"compressed body: {error}") from error
    if len(unpacked) > MAX_PAYLOAD_BYTES:
        raise Refused(Reason.TOO_LARGE, f"more than {MAX_PAYLOAD_BYTES} bytes when unpacked")
    if not unpacking.eof:
        raise Refused(Reason.TRUNCATED, f"compressed body ends after {len(payload.body)} bytes")
    return _payload(unpacked, inner=True)


def _keep_birth(message: Message, source: _Source, payload: Any, kind: str) -> bool:
    """Remember a birth; whether messages before this one are missing and may have been births."""
    aliases = False
    if kind in BIRTHS:
        known = list(_born(payload))
        births.remember(message.memory, source.device, known, message.received_ms)
        aliases = any(one.alias is not None for one in known)
    if not payload.HasField("seq"):
        return False
    if kind == "NBIRTH":
        births.begin_anew(message.memory, source.edge, payload.seq)
    return births.gap(message.memory, source.edge, payload.seq, aliases)


def _born(payload: Any) -> Iterator[Known]:
    owners: dict[str, str] = {}
    for metric in payload.metrics:
        if metric.name and (metric.datatype in INTEGERS or metric.datatype in FLOATS):
            name, unit = _text(metric.name), _unit(_properties(metric))
            alias = metric.alias if metric.HasField("alias") else None
            # Data messages carry what changed: which of two names has the register must not depend on that.
            second = owners.setdefault(meaning(name, unit).register, name) != name
            yield Known(name, alias, metric.datatype, unit, second)


def _tag(metric: Any, payload: Any, birth: Birth | None, received_ms: int) -> Tag | None:
    """One metric as a tag with its value; None where it measures nothing. Raises Refused."""
    carried = metric.WhichOneof("value")
    if metric.is_null or carried not in (None, *_NUMERIC):
        return None
    known = _known(metric, birth)
    name = _text(metric.name) or (known.name if known else "")
    if not name:
        raise Refused(Reason.NO_BIRTH, f"alias {metric.alias}: the birth that names it is not known")
    if name.startswith(NOT_MEASURED):
        return None
    properties = _properties(metric)
    quality = properties.get(QUALITY_KEY)
    if quality is not None and quality not in GOOD:
        raise Refused(Reason.FLAGGED, f"{shown(name)}: quality {shown(quality)}")
    if metric.is_transient:
        raise Refused(Reason.FLAGGED, f"{shown(name)}: transient, not to be kept")
    datatype = metric.datatype or (known.datatype if known else 0)
    if datatype not in (0, *INTEGERS, *FLOATS):
        return None  # a moment or a state that travels as a number
    value = _number(metric, carried, datatype, shown(name))
    unit = _unit(properties) or (known.unit if known else None)
    return Tag(name, unit, value, _moment(metric, payload, received_ms, name))


def _known(metric: Any, birth: Birth | None) -> Known | None:
    if birth is None:
        return None
    return birth.by_name.get(_text(metric.name)) if metric.name else birth.by_alias.get(metric.alias)


def _number(metric: Any, carried: str | None, datatype: int, name: str) -> float:
    if carried is None:
        raise Refused(Reason.NOT_A_NUMBER, f"{name} has no value")
    raw = getattr(metric, carried)
    if carried not in _FIELD_BITS:
        value = number(raw) if datatype in (0, *FLOATS) else None
    else:
        value = _integer(raw, _FIELD_BITS[carried], datatype, name)
    if value is None:
        raise Refused(Reason.NOT_A_NUMBER, f"{name}: {carried} {shown(raw)} does not fit data type {datatype}")
    return value


def _integer(raw: int, carried_bits: int, datatype: int, name: str) -> float | None:
    """A number whose sign was lost on the way; None where it cannot be of its type.

    >>> _integer(0xFFFF_FFFF, 32, 3, "a"), _integer(0xFFFF, 32, 2, "a"), _integer(0xFFFF_FFFF, 32, 7, "a")
    (-1.0, -1.0, 4294967295.0)
    >>> _integer(70_000, 32, 2, "a") is None
    True
    """
    if datatype == 0:
        if raw >= 1 << (carried_bits - 1):
            raise Refused(Reason.NO_BIRTH, f"{name} = {raw}: signed or not, only the birth says")
        return float(raw)
    if datatype not in INTEGERS:
        return None
    bits, signed = INTEGERS[datatype]
    if signed and raw >= (1 << carried_bits) - (1 << (bits - 1)):
        return float(raw - (1 << carried_bits))
    if raw >= 1 << bits:
        return None
    return float(raw - (1 << bits) if signed and raw >= 1 << (bits - 1) else raw)


def _moment(metric: Any, payload: Any, received_ms: int, name: str) -> int | None:
    """Milliseconds since 1970 UTC: the metric's own, the payload's, or None where neither says one."""
    told = next((part.timestamp for part in (metric, payload) if part.HasField("timestamp")), None)
    if told is not None and not plausible(told, received_ms):
        raise Refused(Reason.TIME_IMPLAUSIBLE, f"{shown(name)}: timestamp {told}")
    return told


def _properties(metric: Any) -> dict[str, object]:
    """A metric's properties that have a value, by their names in plain letters."""
    pairs = zip(metric.properties.keys, metric.properties.values, strict=False)
    return {
        re.sub(r"[\s_-]", "", _text(key)).lower(): getattr(value, carried)
        for key, value in pairs
        if not value.is_null and (carried := value.WhichOneof("value")) is not None
    }


def _text(told: str | bytes) -> str:
    """A text of the payload. Protobuf hands over bytes where it is no UTF-8."""
    return told if isinstance(told, str) else told.decode("utf-8", "replace")


def _unit(properties: Mapping[str, object]) -> str | None:
    unit = next((said for key in UNIT_KEYS if isinstance(said := properties.get(key), str) and said.strip()), None)
    scale = next((properties[key] for key in SCALE_KEYS if key in properties), 1)
    # Whether the value is scaled already stands nowhere: with a scale the unit is one that nobody knows.
    return unit if scale in (1, "1") else f"{unit or ''} x {scale}"
