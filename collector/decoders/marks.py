"""Which family a payload is of where no topic says it: by marks that only its published format has."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collector.decoders.door import parse_json
from collector.decoders.dsmr_p1.telegram import looks_like_telegram
from collector.decoders.inverter_json import looks_like_inverter
from collector.decoders.modbus_json.shapes import RECORDS, SHAPES
from collector.decoders.shelly import looks_like_shelly
from collector.decoders.sparkplug_b import looks_like_sparkplug
from collector.decoders.tasmota import looks_like_tasmota

# What people call a family, in letters and digits only, beside its own name. Several: the one that fits best.
CALLED: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("plain", "json", "logger", "datalogger"), ("plain_json",)),
    **dict.fromkeys(("shellygen1", "shellygen2", "shellyrpc"), ("shelly",)),
    **dict.fromkeys(("p1", "dsmr", "emucs", "emucsp1", "p1telegram", "smartmeter"), ("dsmr_p1",)),
    **dict.fromkeys(("ttnv3", "tts", "ttsv3", "thingsstack", "thethingsstack", "thingsstackv3"), ("ttn",)),
    **dict.fromkeys(("thethingsstackv3", "thethingsnetwork", "thingsnetwork"), ("ttn",)),
    **dict.fromkeys(("chirpstackv3", "chirpstackv4"), ("chirpstack",)),
    **dict.fromkeys(("lorawan", "lora", "uplink"), ("ttn", "chirpstack")),
    **dict.fromkeys(("rfc8428", "senmljson"), ("senml",)),
    **dict.fromkeys(("sparkplug", "spb", "spbv10"), ("sparkplug_b",)),
    **dict.fromkeys(("influx", "influxdb", "influxlineprotocol", "influxdblineprotocol", "ilp"), ("line_protocol",)),
    **dict.fromkeys(("modbus", "modbusgateway"), ("modbus_json",)),
    **dict.fromkeys(("inverter", "inverters", "sunspec", "fronius", "solaredge", "solar"), ("inverter_json",)),
}

_ODD = re.compile("[^a-z0-9]")
_LINE = re.compile(  # measurement, tags, a space, and a field with a value
    rb"(?m)^(?![#{\[<])(?:\\.|[^\s,\\])+(?:,(?:\\.|[^\s,=\\])+=(?:\\.|[^\s,=\\])+)*"
    rb' +(?:\\.|[^\s,=\\])+=(?:"|[-+.\d]|[tTfF])'
)
_LINES_WITHIN = 4_096
_SENML_NAMES = {"n", "bn"}
_SENML_VALUES = {"v", "vs", "vb", "vd", "s", "bv", "bs", "bt", "bu", "bver", "t", "u"}
_GATEWAY_KEYS = {
    "slave",
    "slave_id",
    "slaveId",
    "unit_id",
    "unitId",
    "modbus",
    "holding",
    "node",
    "node_name",
    *RECORDS,
}


def families_called(name: str, known: Sequence[str]) -> Sequence[str]:
    """The families that somebody means by a name; none where nobody calls one so.

    >>> families_called("Sparkplug-B", ["sparkplug_b"]), families_called("p1", ["dsmr_p1"])
    (('sparkplug_b',), ('dsmr_p1',))
    """
    bare = _ODD.sub("", name.lower())
    own = next((family for family in known if _ODD.sub("", family) == bare), None)
    return CALLED.get(bare, ()) if own is None else (own,)


def marked(payload: bytes) -> str | None:
    """The family whose marks a payload has; None where it has none, or could be of several.

    >>> marked(b'{"end_device_ids": {"device_id": "a"}}'), marked(b"/FLU5\\\\253770234_A\\r\\n"), marked(b"{}")
    ('ttn', 'dsmr_p1', None)
    """
    if looks_like_telegram(payload):
        return "dsmr_p1"
    try:
        content = parse_json(payload)
    except ValueError:
        if looks_like_sparkplug(payload):
            return "sparkplug_b"
        return "line_protocol" if _LINE.search(payload[:_LINES_WITHIN]) else None
    return next((family for family, is_one in JSON_MARKS.items() if is_one(content)), None)


def _is_uplink_of_ttn(content: Any) -> bool:
    return isinstance(content, dict) and any("end_device_ids" in one for one in _with_parts(content))


def _is_event_of_chirpstack(content: Any) -> bool:
    return isinstance(content, dict) and ("deviceInfo" in content or {"devEUI", "applicationID"} <= content.keys())


def _is_senml(content: Any) -> bool:
    older = isinstance(content, dict) and isinstance(content.get("e"), list)  # drafts before 2016: not read, but told
    records = content["e"] if older else content if isinstance(content, list) else []
    return any(isinstance(one, dict) and one.keys() & _SENML_NAMES and one.keys() & _SENML_VALUES for one in records)


def _is_plain(content: Any) -> bool:
    registers = content.get("registers") if isinstance(content, dict) else None
    if isinstance(registers, dict) and any(isinstance(one, dict) and "unit" in one for one in registers.values()):
        return True
    frames = content.get("frames") if isinstance(content, dict) else None
    return isinstance(frames, list) and any(isinstance(one, dict) and "register" in one for one in frames)


def _is_of_a_gateway(content: Any) -> bool:
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return isinstance(content, list) and bool(content)
    arranged = any(shape.marks and all(mark in first for mark in shape.marks) for shape in SHAPES)
    return arranged or isinstance(content, list) or bool(first.keys() & _GATEWAY_KEYS)


def _with_parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [content, *(part for part in content.values() if isinstance(part, dict))]


JSON_MARKS: Mapping[str, Callable[[Any], bool]] = {
    "ttn": _is_uplink_of_ttn,
    "chirpstack": _is_event_of_chirpstack,
    "shelly": looks_like_shelly,
    "tasmota": looks_like_tasmota,
    "senml": _is_senml,
    "plain_json": _is_plain,
    "inverter_json": looks_like_inverter,
    "modbus_json": _is_of_a_gateway,
}
