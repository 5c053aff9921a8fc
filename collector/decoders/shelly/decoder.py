"""Shelly over MQTT: notifications and states of the second generation and later, single values of the first."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from collector.decoders.door import Message, Refused, moment_ms, nothing, number, plausible, shown
from collector.decoders.shelly import first_generation
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason
from plagewatch.metering.units import to_canonical

TOPIC = re.compile(
    r"(?P<shellies>(?:[^/].*/)?shellies/)?(?P<device>[^/].*?)/"
    r"(?:(?:events/)?rpc|status/[a-z0-9_]+(?::[0-9]+)?|online"
    rf"|(?(shellies)(?P<first>{first_generation.PATHS})|(?!)))"
    r"|(?:[^/].*/)?shellies/(?:announce|command)"
)

STATUS_METHODS = ("NotifyStatus", "NotifyFullStatus")


class Field(NamedTuple):
    """A value of a component: its path, our register, the vendor's unit, and the path of what it holds besides."""

    path: tuple[str, ...]
    register: str
    unit: str
    less: tuple[str, ...] = ()


_OUTLET: Sequence[Field] = (  # whatever switches or dims and measures what flows through it
    Field(("apower",), "power_active", "W"),
    # The vendor adds what is fed back to `aenergy` too: without it the rest is what was taken.
    Field(("aenergy", "total"), "energy_import_total", "Wh", less=("ret_aenergy", "total")),
    Field(("ret_aenergy", "total"), "energy_export_total", "Wh"),
)
FIELDS: Mapping[str, Sequence[Field]] = {
    "em": (
        Field(("total_act_power",), "power_active", "W"),
        Field(("a_act_power",), "power_active.l1", "W"),
        Field(("b_act_power",), "power_active.l2", "W"),
        Field(("c_act_power",), "power_active.l3", "W"),
    ),
    "emdata": (
        # The phases are parts of the total: each has its own register, and nothing is ever added up here.
        Field(("total_act",), "energy_import_total", "Wh"),
        Field(("total_act_ret",), "energy_export_total", "Wh"),
        Field(("a_total_act_energy",), "energy_import_total.l1", "Wh"),
        Field(("a_total_act_ret_energy",), "energy_export_total.l1", "Wh"),
        Field(("b_total_act_energy",), "energy_import_total.l2", "Wh"),
        Field(("b_total_act_ret_energy",), "energy_export_total.l2", "Wh"),
        Field(("c_total_act_energy",), "energy_import_total.l3", "Wh"),
        Field(("c_total_act_ret_energy",), "energy_export_total.l3", "Wh"),
    ),
    "em1": (Field(("act_power",), "power_active", "W"),),
    "em1data": (
        Field(("total_act_energy",), "energy_import_total", "Wh"),
        Field(("total_act_ret_energy",), "energy_export_total", "Wh"),
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

# A component's state alone, as the vendor's own examples show it: which one it is, by a field that no other has.
BARE: Mapping[str, str] = {
    "total_act_power": "em",
    "a_act_power": "em",
    "total_act": "emdata",
    "a_total_act_energy": "emdata",
    "total_act_energy": "em1data",
    "act_power": "em1",
    "apower": "switch",
    "aenergy": "switch",
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
    if message.topic.re is not TOPIC or last_level == "rpc":
        return _frame(message, content)
    if last_level.partition(":")[0] not in FIELDS:
        return Decoded(())  # `online`, `status/wifi` and the like: the device lives, it measured nothing
    return _components(message.device, {last_level: content}, None)


def looks_like_shelly(content: Any) -> bool:
    """Whether JSON is a notification, an answer or a state of a Shelly."""
    if not isinstance(content, dict):
        return False
    rpc = str(content.get("method")).startswith("Notify") and isinstance(content.get("params"), dict)
    state = content["result"] if isinstance(content.get("result"), dict) else content
    return rpc or bool(_states(state)) or _is_history(state) or first_generation.is_info(content)


def _frame(message: Message, content: object) -> Decoded:
    """A notification, an answer to a request, or a state as such."""
    if isinstance(content, dict) and isinstance(content.get("method"), str):
        return _notification(message.device, content, content["method"], message.received_ms)
    if first_generation.is_info(content):
        return first_generation.decode(message, "info")
    answer = content.get("result") if isinstance(content, dict) else None
    state = answer if isinstance(answer, dict) else content
    if _is_history(state):
        return nothing(Reason.UNSAID, "EMData.GetData: amounts of periods, no counters: not read")
    states = _states(state)
    if not isinstance(content, dict) or not isinstance(state, dict) or not states:
        if isinstance(content, dict) and "id" in content and ("result" in content or "error" in content):
            return Decoded(())  # the answer to something else
        return nothing(Reason.MALFORMED, "no RPC notification: `method` is missing")
    system = state.get("sys")
    at_ms = moment_ms(system.get("unixtime")) if isinstance(system, dict) and number(system.get("unixtime")) else None
    if at_ms is not None and not plausible(at_ms, message.received_ms):
        return nothing(Reason.TIME_IMPLAUSIBLE, f"sys.unixtime = {at_ms // 1000}")
    device = _device(message.device, content.get("src"))
    return _components(device, states, None if at_ms is None else [at_ms])


def _is_history(content: object) -> bool:
    """Whether this is what `EMData.GetData` answers, or `EM1Data`: names in `keys`, rows of amounts in `data`."""
    keys = content.get("keys") if isinstance(content, dict) and "data" in content else None
    return isinstance(keys, list) and any(str(key).endswith("act_energy") for key in keys)


def _states(content: Any) -> Mapping[str, object]:
    """The components in a state: all of a device, each under its name, or one without."""
    if not isinstance(content, dict):
        return {}
    named = {
        name: state for name, state in content.items() if name.partition(":")[0] in FIELDS and isinstance(state, dict)
    }
    if named:
        return named
    kind = next((BARE[field] for field in BARE if field in content and "id" in content), None)
    return {} if kind is None else {f"{kind}:{content['id']}": content}


def _notification(prefix: str, content: Mapping[str, Any], method: str, received_ms: int) -> Decoded:
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
        for field in FIELDS[kind]:
            try:
                value = _value(name, state, field)
            except Refused as refused:
                left_out.append(refused.left_out)
                continue
            if value is not None:
                value = to_canonical(value, field.unit)[0]
                readings.append(Readings(device, _channel(field.register, instance), at_ms, [value]))
    return Decoded(readings, left_out)


def _value(component: str, state: Mapping[str, object], field: Field) -> float | None:
    """A value in the vendor's unit; None where there is none. Raises Refused."""
    raw, place = _at(state, field.path), f"{component}.{'.'.join(field.path)}"
    if raw is _NOTHING or raw is None:
        return None  # a notification carries what changed; null = the device cannot tell
    if faults := _faults(state, field.path[0], field.unit):
        raise Refused(Reason.FLAGGED, f"{place}: {faults[0]}")
    value = number(raw)
    if value is None:
        raise Refused(Reason.NOT_A_NUMBER, f"{place} = {shown(raw)}")
    if not field.less or field.less[0] not in state:
        return value
    less = number(_at(state, field.less))
    if less is None or value < less:
        raise Refused(Reason.UNSAID, f"{place} = {shown(raw)} should hold {'.'.join(field.less)} too, which is {less}")
    return round(value - less, 6)


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
