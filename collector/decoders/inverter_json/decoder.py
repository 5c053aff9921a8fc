"""Inverters as JSON: Fronius' and SolarEdge's interfaces, SunSpec points; anything else by its tags' names."""

import re
from typing import Any

from collector.decoders import modbus_json
from collector.decoders.door import Message, Refused
from collector.decoders.inverter_json import fronius, solaredge, sunspec
from collector.decoders.inverter_json.found import Found
from plagewatch.metering.readings import Decoded

TOPIC = re.compile(r"(?:.*/)?inverters/(?P<device>[^/]+)(?:/.*)?")

FORMATS = ((fronius.is_fronius, fronius.read), (solaredge.is_solaredge, solaredge.read))


def looks_like_inverter(content: Any) -> bool:
    """Whether JSON is an answer of Fronius or SolarEdge, or holds SunSpec points with their scale factors."""
    known = isinstance(content, dict) and any(is_one(content) for is_one, _ in FORMATS)
    return known or sunspec.is_sunspec(content)


def decode(message: Message) -> Decoded:
    """Readings of one message."""
    content = message.json()
    found = Found(message.device, message.received_ms)
    try:
        if isinstance(content, dict):
            for known, read in FORMATS:
                if known(content):
                    read(content, found)
                    return found.decoded()
        if sunspec.is_sunspec(content):
            sunspec.read(content, found)
            return found.decoded()
    except Refused as refused:
        found.left_out.append(refused.left_out)
        return found.decoded()
    return modbus_json.decode(message)
