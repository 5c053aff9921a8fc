"""Shelly over MQTT: notifications and states of the second generation and later, single values of the first."""

import re
from collections.abc import Mapping, Sequence

from collector.decoders.door import Message, moment_ms, nothing, number, plausible, shown
from collector.decoders.shelly import first_generation
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason
from plagewatch.metering.units import to_canonical

TOPIC = re.compile(
    r"(?P<shellies>shellies/)?(?P<device>[^/].*?)/"
    r"(?:events/rpc|status/[a-z0-9_]+(?::[0-9]+)?|online"
    rf"|(?(shellies)(?P<first>{first_generation.PATHS})|(?!)))"
    r"|shellies/(?:announce|command)"
)

STATUS_METHODS = ("NotifyStatus", "NotifyFullStatus")

Field = tuple[tuple[str, ...], str, str]  # path in the component, our register, the vendor's unit

_OUTLET: Sequence[Field] = (  # whatever switches or dims and measures what flows through it
    (("apower",), "power_active", "W"),
    (("aenergy", "total"), "energy_import_total", "Wh"),
    (("ret_aenergy", "total"), "energy_export_total", "Wh"),
)
FIELDS: Mapping[str, Sequence[Field]] = {
    "em": (
        (("total_act_power",), "power_active", "W"),
        (("a_act_power",), "power_active.l1", "W"),
        (("b_act_power",), "power_active.l2", "W"),
        (("c_act_power",), "power_active.l3", "W"),
    ),
    "emdata": (
        # The phases are parts of the total: each has its own register, and nothing is ever added up here.
        (("total_act",), "energy_import_total", "Wh"),
        (("total_act_ret",), "energy_export_total", "Wh"),
        (("a_total_act_energy",), "energy_import_total.l1", "Wh"),
        (("a_total_act_ret_energy",), "energy_export_total.l1", "Wh"),
        (("b_total_act_energy",), "energy_import_total.l2", "Wh"),
        (("b_total_act_ret_energy",), "energy_export_total.l2", "Wh"),
        (("c_total_act_energy",), "energy_import_total.l3", "Wh"),
        (("c_total_act_ret_energy",), "energy_export_total.l3", "Wh"),
    ),
    "em1": ((("act_power",), "power_active", "W"),),
    "em1data": (
        (("total_act_energy",), "energy_import_total", "Wh"),
        (("total_act_ret_energy",), "energy_export_total", "Wh"),
    ),
    **dict.fromkeys(("pm1", "switch", "cover", "light", "rgb", "rgbw", "cct"), _OUTLET),
}
SPOILT: Mapping[str, Sequence[str]] = {  # error -> units of the fields that it makes worthless
    "power_meter_failure": ("W", "Wh"),
    "ct_type_not_set": ("W", "Wh"),
    "database_error": ("Wh",),
    "out_of_range:act_power": ("W",),
    "out_of_range:apower": ("W",),
}

_INSTANCE = re.compile(r"[0-9]{0,5}")
_DEVICE_ID = re.compile(r"[a-z0-9]+-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)  # model and hardware address
_PHASE = re.compile(r"([abc]_).*")
_NOTHING = object()


def decode(message: Message) -> Decoded:
    """Readings of one message."""
    if message.topic.re is TOPIC and not message.device:
        return Decoded(())  # `shellies/announce`, `shellies/command`
    if path := message.part("first"):
        return first_generation.decode(message, path)
    content, last_level = message.json(), message.topic.string.rpartition("/")[2]
    if last_level == "rpc":
        return _notification(message.device, content, message.received_ms)
    if last_level.partition(":")[0] not in FIELDS:
        return Decoded(())  # `online`, `status/wifi` and the like: the device lives, it measured nothing
    return _components(message.device, {last_level: content}, None)


def _notification(prefix: str, content: object, received_ms: int) -> Decoded:
    method = content.get("method") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(method, str):
        return nothing(Reason.MALFORMED, "no RPC notification: `method` is missing")
    if method not in STATUS_METHODS:
        return Decoded(())  # events (a button, a new firmware) carry no measurement
    params = content.get("params")
    if not isinstance(params, dict):
        return nothing(Reason.MALFORMED, f"params is {shown(params)}")
    source, ts = content.get("src"), params.get("ts")
    device = _device(prefix, source)
    if ts is None:
        return _components(device, params, None)
    at_ms = moment_ms(ts) if not isinstance(ts, str) else None
    if at_ms is None:
        return nothing(Reason.MALFORMED, f"params.ts = {shown(ts)}")
    if not plausible(at_ms, received_ms):
        return nothing(Reason.TIME_IMPLAUSIBLE, f"params.ts = {shown(ts)}")
    return _components(device, params, [at_ms])


def _device(prefix: str, source: object) -> str:
    """Which device speaks. A topic that names one is believed: a broker lets each device write only its own topics.

    >>> _device("cellar/main-board", "shellypro3em-fce8c0d8e1a2")
    'shellypro3em-fce8c0d8e1a2'
    >>> _device("shellypro3em-a0b1c2d3e4f5", "shellypro3em-fce8c0d8e1a2")
    'shellypro3em-a0b1c2d3e4f5'
    """
    if _DEVICE_ID.fullmatch(prefix) or not isinstance(source, str) or not _DEVICE_ID.fullmatch(source):
        return prefix
    return source


def _components(device: str, components: Mapping[str, object], at_ms: list[int] | None) -> Decoded:
    readings: list[Readings] = []
    left_out: list[LeftOut] = []
    for name, state in components.items():
        kind, _, instance = name.partition(":")
        if kind not in FIELDS or not _INSTANCE.fullmatch(instance):
            continue
        if not isinstance(state, dict):
            left_out.append(LeftOut(Reason.MALFORMED, f"{name} is {shown(state)}"))
            continue
        for path, register, unit in FIELDS[kind]:
            raw = _at(state, path)
            if raw is _NOTHING or raw is None:
                continue  # a notification carries what changed; null = the device cannot tell
            if faults := _faults(state, path[0], unit):
                left_out.append(LeftOut(Reason.FLAGGED, f"{name}.{'.'.join(path)}: {faults[0]}"))
                continue
            value = number(raw)
            if value is None:
                left_out.append(LeftOut(Reason.NOT_A_NUMBER, f"{name}.{'.'.join(path)} = {shown(raw)}"))
                continue
            readings.append(Readings(device, _channel(register, instance), at_ms, [to_canonical(value, unit)[0]]))
    return Decoded(readings, left_out)


def _faults(state: Mapping[str, object], field: str, unit: str) -> list[str]:
    """Which errors of a component spoil a field. A phase has errors of its own; a total suffers from those of all.

    >>> _faults({"b_errors": ["out_of_range:act_power"]}, "total_act_power", "W")
    ['out_of_range:act_power']
    >>> _faults({"b_errors": ["out_of_range:act_power"]}, "a_act_power", "W")
    []
    """
    match = _PHASE.fullmatch(field)
    told = [
        state.get(key)
        for key in ("errors", *((match[1] + "errors",) if match else ("a_errors", "b_errors", "c_errors")))
    ]
    return [error for errors in told if isinstance(errors, list) for error in errors if _spoils(error, unit)]


def _spoils(error: object, unit: str) -> bool:
    return isinstance(error, str) and unit in SPOILT.get(error, ())


def _at(state: Mapping[str, object], path: tuple[str, ...]) -> object:
    found: object = state
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return _NOTHING
        found = found[key]
    return found


def _channel(register: str, instance: str) -> str:
    """The first instance of a component is the device itself; the others are its channels 1, 2, ...

    >>> _channel("energy_import_total", "0"), _channel("power_active.l2", "1")
    ('energy_import_total', 'power_active.1.l2')
    """
    if instance in ("", "0"):
        return register
    word, dot, phase = register.partition(".")
    return f"{word}.{instance}{dot}{phase}"
