"""SenML packs (RFC 8428) as JSON: `senml/<device>`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from collector.decoders.door import Message, Refused, nothing, number, plausible, shown
from collector.decoders.tags import Gathered, Meaning, Tag, field_register, known_unit, meaning
from plagewatch.metering.readings import Decoded, LeftOut, Reason

TOPIC = re.compile(r"(?:(?P<prefix>[^/].*?)/)?senml/(?P<device>[^/]+)(?:/.*)?")

# The last drafts, whose labels are the RFC's; RFC 8428; the same with the secondary units of RFC 8798 (RFC 9100).
VERSIONS = (5, 10, 26)
ABSOLUTE_FROM_S = 2**28  # a smaller time is a distance from now

# Their unit symbols that are not ours. Others keep their name; tags.py knows those that count.
UNITS: Mapping[str, str] = {"Cel": "°C", "count": "1"}
# A unit that leaves no doubt of what is measured, whatever the name.
STATES: Mapping[str, str] = {"°C": "temperature", "%RH": "humidity", "W/m2": "irradiance"}
# A sum is the integral over time: its unit is the value's, times seconds. The words say a rate, of which it is no more.
SUMS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "W": ("J", re.compile(r"power|vermogen|puissance", re.IGNORECASE)),
    "kW": ("kJ", re.compile(r"power|vermogen|puissance", re.IGNORECASE)),
    "m3/s": ("m3", re.compile(r"flow(?:[_-]?rate)?|debit", re.IGNORECASE)),
    "l/s": ("l", re.compile(r"flow(?:[_-]?rate)?|debit", re.IGNORECASE)),
}
OTHER_VALUES = ("vs", "vb", "vd")  # texts, truth values and bytes measure nothing here
LABELS = {"bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "s", "t", "ut", *OTHER_VALUES}

_SEPARATORS = "/:;._-"
_NAME = re.compile(r"[^\s\x00-\x1f]+")  # the RFC allows fewer; published examples have others


@dataclass(frozen=True, slots=True)
class _Base:
    """What stands for all records from here on. A value that could not be read is `bad`: what needs it is lost too."""

    name: str = ""
    unit: str | None = None
    time_s: float = 0.0
    value: float = 0.0
    total: float = 0.0
    bad: frozenset[str] = frozenset()


_NUMBERS = {"bt": "time_s", "bv": "value", "bs": "total"}
_TEXTS = {"bn": "name", "bu": "unit"}


def decode(message: Message) -> Decoded:
    """Readings of one pack. A record that cannot be read is lost alone; a version that is not known loses all."""
    pack = message.json()
    if not isinstance(pack, list):
        return nothing(Reason.MALFORMED, f"no SenML pack, which is a list of records: {shown(pack)}")
    gathered: dict[str, Gathered] = {}
    left_out: list[LeftOut] = []
    base = _Base()
    for place, record in enumerate(pack):
        try:
            if not isinstance(record, dict):
                raise Refused(Reason.MALFORMED, f"record {place} is {shown(record)}")
            if record.get("bver", 10) not in VERSIONS:
                return nothing(Reason.MALFORMED, f"record {place}: version {shown(record['bver'])} is not understood")
            base = _moved(base, record)
            for device, tag in _tags(message, base, record, place):
                gathered.setdefault(device, Gathered(device)).add(tag, _state(tag))
        except Refused as refused:
            left_out.append(refused.left_out)
    return Decoded([one for known in gathered.values() for one in known.readings()], left_out)


def _moved(base: _Base, record: Mapping[str, Any]) -> _Base:
    """The base fields after this record's own."""
    changed: dict[str, Any] = {}
    bad = set(base.bad)
    for label, name in (*_NUMBERS.items(), *_TEXTS.items()):
        if label not in record:
            continue
        value = number(record[label]) if label in _NUMBERS else record[label]
        usable = value is not None if label in _NUMBERS else isinstance(value, str)
        changed[name] = value if usable else getattr(_Base(), name)
        bad = bad - {label} if usable else bad | {label}
    return replace(base, **changed, bad=frozenset(bad))


def _tags(message: Message, base: _Base, record: Mapping[str, Any], place: int) -> Iterator[tuple[str, Tag]]:
    """The value of a record, and its sum, each with the device it is of. Raises Refused."""
    if base.bad:
        raise Refused(Reason.MALFORMED, f"record {place}: {', '.join(sorted(base.bad))} before it cannot be read")
    if strange := sorted(key for key in record if key.endswith("_") and key not in LABELS):
        raise Refused(Reason.MALFORMED, f"record {place}: {shown(strange[0])} must be understood, and is not")
    if not record.keys() & {"v", "s", *OTHER_VALUES}:
        return  # base fields only
    device, name = _named(message, base, record, place)
    unit = record.get("u", base.unit)
    if unit is not None and not isinstance(unit, str):
        raise Refused(Reason.UNIT_UNKNOWN, f"record {place}: u is {shown(unit)}")
    at_ms = _at_ms(message, base, record, place)
    for label, offset in (("v", base.value), ("s", base.total)):
        if label not in record:
            continue
        own = number(record[label])
        amount = None if own is None else number(own + offset)
        if amount is None:
            raise Refused(Reason.NOT_A_NUMBER, f"record {place}: {shown(name)}.{label} = {shown(record[label])}")
        of = _value if label == "v" else _sum
        yield device, of(name, unit, amount, at_ms)


def _named(message: Message, base: _Base, record: Mapping[str, Any], place: int) -> tuple[str, str]:
    """Device and tag: the base name is the device; without one, what stands before a name's last part, or the topic."""
    name = record.get("n", "")
    if not isinstance(name, str) or not _NAME.fullmatch(base.name + name):
        raise Refused(Reason.MALFORMED, f"record {place}: no name: {shown(base.name)} and {shown(name)}")
    device = base.name.rstrip(_SEPARATORS)
    if device:
        return device, name.lstrip(_SEPARATORS)
    head, separator, tail = _last_part(name)
    return (head, tail) if separator else (message.device, name)


def _last_part(name: str) -> tuple[str, str, str]:
    """`urn:dev:ow:10e2:temperature` is a device and its tag; a device's URN alone has none.

    >>> _last_part("urn:dev:ow:10e2073a01080063:temperature"), _last_part("urn:dev:ow:10e2073a01080063")
    (('urn:dev:ow:10e2073a01080063', ':', 'temperature'), ('urn:dev:ow:10e2073a01080063', ':', ''))
    """
    cut = max(name.rfind(":"), name.rfind("/"))
    if cut < 0:
        return "", "", name
    if name.startswith("urn:dev:") and name.count(":") == 3 and "/" not in name and "_" not in name:
        return name, ":", ""
    return name[:cut], name[cut], name[cut + 1 :]


def _at_ms(message: Message, base: _Base, record: Mapping[str, Any], place: int) -> int | None:
    own = number(record.get("t", 0))
    if own is None:
        raise Refused(Reason.MALFORMED, f"record {place}: t = {shown(record['t'])}")
    seconds = base.time_s + own
    if seconds == 0:
        return None  # now: the moment of receipt
    absolute = seconds >= ABSOLUTE_FROM_S
    at_ms = round(seconds * 1000) + (0 if absolute else message.received_ms)
    if not plausible(at_ms, message.received_ms):
        raise Refused(Reason.TIME_IMPLAUSIBLE, f"record {place}: bt + t = {seconds!r}")
    return at_ms


def _value(name: str, unit: str | None, amount: float, at_ms: int | None) -> Tag:
    """A value under its name; one that has only its device's name goes by its unit, of which there may be several."""
    name = name or UNITS.get(unit or "", unit or "")
    return Tag(name, None if unit is None else UNITS.get(unit, unit), amount, at_ms)


def _sum(name: str, unit: str | None, amount: float, at_ms: int | None) -> Tag:
    """The integral as a running total, where the name says of what and in which direction; else a field."""
    integral, rate = SUMS.get(unit or "", (None, None))
    if integral is not None and rate is not None:
        total = Tag(rate.sub("", name).strip(_SEPARATORS) + "/total", integral, amount, at_ms)
        if not meaning(total.name, integral).register.startswith("field."):
            return total
    return Tag(f"{name}/sum", None, amount, at_ms)


def _state(tag: Tag) -> Meaning | None:
    """What a unit alone says, where the name does not: a temperature is one whatever its name. None = ask the name.

    >>> _state(Tag("t1", "°C", 20.5, None)).register, _state(Tag("energy", "kWh", 7.0, None))
    ('temperature.t1', None)
    """
    unit = known_unit(tag.unit) if tag.unit else None
    register = STATES.get(tag.unit or "")
    if unit is None or register is None or not meaning(tag.name, tag.unit).register.startswith("field."):
        return None
    channel = field_register(tag.name).removeprefix("field.") if tag.name != tag.unit else ""
    return Meaning(f"{register}.{channel}" if channel else register, unit)
