"""Readings of one LoRaWAN uplink whose payload a codec of the network server has decoded. For every network server.

The tables are in uplink_loggers.py. A codec's output says neither the model nor, mostly, a unit: what no row knows and
no name says in full is `field.<path>`.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.decoders.door import Refused, moment_ms, number, parse_json, plausible, shown
from collector.decoders.tags import AS_SAID, Meaning, field_register, known_unit, meaning
from collector.decoders.uplink_loggers import LOGGERS, NO_SENSOR, NORMALIZED, ROOM, Logger, Row
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason, register_word

WRAPPERS = ("data", "bytes", "decoded", "payload")  # codecs put everything one level down

# Of the device itself, not of a meter. Compared in lower case, without `_` and `-`; a name's end tells as well.
NOT_MEASURED = re.compile(
    r"(?:.*(?:battery|batteryvoltage|batterylevel|rssi|snr|firmware|fw|hardware|version|fcnt|framecounter|fport)"
    r"|bat(?:t|tery)?(?:v|mv|voltage|level|percent|pct|status)?|vbat|port|timestamp|timestampunix|time|unixtime|devicetime|datatime|tdc|protocolversion"
    r"|payloadbytes|frameversion|devicestatus|lorawanclass|resetevent|serial|sn|serialnumber|deviceid|id"
    r"|waterconv|pulseconv|currenttimestamp|logtimestamp|systimestamp|freqband|subband|sensormodel|adr|rejoin)"
)
# Amounts between two readings, and sums over a stretch: never an index, not worth a look either.
PARTS = re.compile(r"(?:delta|increments?|history)(?:_?\d+)?(?:_m3)?|history_(?:count|total_m3|multiplier)")

UNIT_SPELLINGS: Mapping[str, str] = {"W⋅m⁻²": "W/m2", "W*h": "Wh", "m³": "m3"}
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?", re.ASCII)
_COUNTER_BITS = 32
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Uplink:
    """What a network server tells of one uplink.

    at_ms: when the network received it; None = not told, of its receipt here. said: the codec's output, whatever it is.
    raw: the device's bytes. normalized: The Things Stack's second output of a codec.
    """

    device: str
    received_ms: int
    at_ms: int | None
    port: int | None
    raw: bytes
    said: object = None
    normalized: object = None


@dataclass(slots=True)
class _Made:
    values: dict[str, list[tuple[int | None, float]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    numbers: int = 0  # how many were seen, measured or not
    known: bool = False  # whether the table has the codec of the object in hand


@dataclass(frozen=True, slots=True)
class _WithUnit:
    """A number with its unit beside it: {"value": 21.3, "unit": "°C"}, some write `data`."""

    value: object
    unit: str


def decode_uplink(uplink: Uplink) -> Decoded:
    """Readings of one uplink. MAC commands and empty frames measure nothing."""
    if uplink.port == 0:
        return Decoded(())
    if not uplink.device:
        raise Refused(Reason.MALFORMED, "neither topic nor payload says which device it is")
    made, serial = _Made(), None
    for said in _objects(uplink.said):
        logger, said = _logger(said)
        serial, made.known = _serial(logger, said), bool(logger.name)
        if (flag := _flag(logger, said)) is not None:
            made.left_out.append(LeftOut(Reason.FLAGGED, f"{flag}: the device says that its values are wrong"))
            continue
        _take_object(made, uplink, logger, said)
    for measurement in uplink.normalized if isinstance(uplink.normalized, list) else ():
        _take_normalized(made, uplink, measurement)
    if uplink.raw and not made.numbers and not made.left_out:
        detail = f"no codec has decoded the bytes of port {uplink.port}: {shown(uplink.raw.hex())}"
        made.left_out.append(LeftOut(Reason.UNSAID, detail))
    return Decoded(_readings(uplink.device, made, serial), made.left_out)


def raw_bytes(text: object) -> bytes:
    """The bytes behind a base64 text; none where there is no such text.

    >>> raw_bytes("AQI="), raw_bytes(None), raw_bytes("?")
    (b'\\x01\\x02', b'', b'')
    """
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        return b""


def port_of(value: object) -> int | None:
    """A LoRaWAN port, where it is told."""
    return value if type(value) is int else None


def _objects(said: object) -> Iterator[Mapping[str, Any]]:
    """The codec's output, also where it is JSON inside a string, or a list of objects."""
    if isinstance(said, str) and said.strip():
        try:
            said = parse_json(said.encode("utf-8", "replace"))
        except ValueError:
            return
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, dict) and one:
            yield one


def _logger(said: Mapping[str, Any]) -> tuple[Logger, Mapping[str, Any]]:
    """Whose output this is, and the object that holds its fields."""
    inner = [said[key] for key in WRAPPERS if isinstance(said.get(key), dict)]
    for candidate in (said, *inner):
        for logger in LOGGERS:
            if _is_of(logger, candidate):
                return logger, candidate
    return Logger("", {}, ROOM), inner[0] if len(said) == len(inner) == 1 else said


def _is_of(logger: Logger, said: Mapping[str, Any]) -> bool:
    if not logger.has:
        return any(name in said for name in logger.rows)
    return all(
        name in said and (not pattern or re.fullmatch(pattern, str(said[name]))) for name, pattern in logger.has.items()
    )


def _serial(logger: Logger, said: Mapping[str, Any]) -> str | None:
    value = said.get(logger.serial) if logger.serial else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _flag(logger: Logger, said: Mapping[str, Any]) -> str | None:
    for path, value in _leaves(said):
        bits = logger.flags.get(path, 0)
        known = 1.0 if value is True else number(value)
        if bits and known is not None and int(known) & bits:
            return f"{path} = {value}"
    return None


def _take_object(made: _Made, uplink: Uplink, logger: Logger, said: Mapping[str, Any]) -> None:
    for path, leaf in _leaves(said):
        row = logger.rows.get(path)
        own = row.clock if row is not None else ""
        try:
            _take(made, path, leaf, row, _own_moment(uplink, own, said.get(own)) if own else uplink.at_ms)
        except Refused as refused:
            made.left_out.append(refused.left_out)
    records = said.get(logger.records.field) if logger.records else None
    for place, record in enumerate(records if isinstance(records, list) else ()):
        try:
            _take_record(made, uplink, logger, record, place)
        except Refused as refused:
            made.left_out.append(refused.left_out)


def _take_record(made: _Made, uplink: Uplink, logger: Logger, record: object, place: int) -> None:
    """An older reading: it keeps its own time."""
    assert logger.records is not None
    known = logger.records
    where = f"{known.field}[{place}]"
    if isinstance(record, list) and len(record) == 2:
        record = {known.clock: record[0], known.label: record[1]}
    elif isinstance(record, dict) and known.label:
        record = {known.clock: record.get(known.clock), str(record.get(known.label)): record.get("value")}
    if not isinstance(record, dict):
        return  # plain numbers: the codec was not told the time, so they have none
    rows = {name: row for name, row in logger.rows.items() if name in record and record[name] is not None}
    made.numbers += 1
    if not rows:
        return
    at_ms = _own_moment(uplink, f"{where}.{known.clock}", record.get(known.clock))
    for name, row in rows.items():
        try:
            _take(made, name, record[name], row, at_ms, where)
        except Refused as refused:
            made.left_out.append(refused.left_out)


def _take_normalized(made: _Made, uplink: Uplink, measurement: object) -> None:
    """A measurement by the network's own schema, unless the codec's first output said the same register."""
    if not isinstance(measurement, dict):
        return
    try:
        at_ms = _own_moment(uplink, "time", measurement["time"]) if "time" in measurement else uplink.at_ms
        for path, leaf in _leaves(measurement):
            row = NORMALIZED.get(path)
            if row is not None and made.names.setdefault(row.register, path) == path:
                _take(made, path, leaf, row, at_ms)
    except Refused as refused:
        made.left_out.append(refused.left_out)


def _leaves(said: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything that is no object, with its path; of lists the values with their place."""
    for name, value in said.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and isinstance(value.get("unit"), str) and value.keys() & {"value", "data"}:
            yield path, _WithUnit(value.get("value", value.get("data")), value["unit"])
        elif isinstance(value, dict):
            if depth < _MAX_DEPTH:
                yield from _leaves(value, f"{path}.", depth + 1)
        elif isinstance(value, list):
            yield from ((f"{path}.{place}", _InList(one)) for place, one in enumerate(value[:64]))
        else:
            yield path, value


@dataclass(frozen=True, slots=True)
class _InList:
    """A value of a list: only a row can say which moment and which channel it is of."""

    value: object


def _take(made: _Made, path: str, leaf: object, row: Row | None, at_ms: int | None, where: str = "") -> None:
    in_list = isinstance(leaf, _InList)
    value = leaf.value if isinstance(leaf, _InList | _WithUnit) else leaf
    amount = _number(value, known=row is not None)
    made.numbers += amount is not None and not in_list
    if value is None or value == "" or (row is None and (amount is None or in_list or _noise(path))):
        return
    place = f"{where}.{path}" if where else path
    if amount is None:
        raise Refused(Reason.NOT_A_NUMBER, f"{place} = {shown(value)}")
    meant = _meant(path, row, leaf.unit if isinstance(leaf, _WithUnit) else None, made.known)
    if amount in NO_SENSOR and meant.register.startswith(("temperature", "humidity")):
        raise Refused(Reason.FLAGGED, f"{place} = {amount}: no sensor")
    owner = (
        row.register if row is not None and row.clock else path
    )  # rows with a clock are one series, told at two moments
    if made.names.setdefault(meant.register, owner) != owner:
        meant = Meaning(field_register(path), AS_SAID)  # a second name for one register: two series are never mixed
    if meant.register.startswith("pulse_count") and amount < 0:
        amount += 2.0**_COUNTER_BITS  # these counters have 32 bits; some codecs read the last as a sign
    made.values.setdefault(meant.register, []).append((at_ms, amount * meant.unit.times / meant.unit.per))


def _meant(path: str, row: Row | None, unit: str | None, known_codec: bool) -> Meaning:
    if unit is not None:
        unit = UNIT_SPELLINGS.get(unit, unit)
    if row is None:
        # What the table of a known codec passes over is no register, whatever it is called.
        return Meaning(field_register(path), AS_SAID) if known_codec else meaning(path, unit)
    known = known_unit(unit or row.unit)
    if known is None or known.canonical != register_word(row.register).unit:
        raise Refused(Reason.UNIT_UNKNOWN, f"{path} in {shown(unit)}")
    return Meaning(row.register, known)


def _number(value: object, known: bool) -> float | None:
    """A number, also where it travels as text; under a name that nobody knows digits alone may be an id.

    >>> _number("256", known=True), _number("256", known=False), _number("0012", known=True)
    (256.0, None, None)
    >>> _number("123.456", known=False)
    123.456
    """
    if isinstance(value, str) and _DECIMAL.fullmatch(value) and (known or "." in value):
        return float(value)
    return number(value)


def _noise(path: str) -> bool:
    name = path.rpartition(".")[2]
    return bool(NOT_MEASURED.fullmatch(re.sub(r"[_\- ]", "", name.lower())) or PARTS.fullmatch(name.lower()))


def _own_moment(uplink: Uplink, name: str, value: object) -> int:
    at_ms = moment_ms(value)
    if at_ms is None:
        raise Refused(Reason.MALFORMED, f"{name} = {shown(value)}, not a moment with its zone")
    if not plausible(at_ms, uplink.received_ms):
        raise Refused(Reason.TIME_IMPLAUSIBLE, f"{name} = {shown(value)}")
    return at_ms


def _readings(device: str, made: _Made, serial: str | None) -> Sequence[Readings]:
    readings = []
    for register, pairs in made.values.items():
        timed = sorted({(at, value) for at, value in pairs if at is not None})
        if timed:
            readings.append(Readings(device, register, [at for at, _ in timed], [v for _, v in timed], serial))
        readings += [Readings(device, register, None, [v], serial) for at, v in pairs[-1:] if at is None]
    return readings
