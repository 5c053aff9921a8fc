"""Shelly of the first generation: `shellies/<device>/<path>`, one value in each message, `info` with all of them."""

import re
from collections.abc import Mapping, Sequence

from collector.decoders.door import Message, Refused, moment_ms, number, plausible, shown
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason
from plagewatch.metering.units import to_canonical

PATHS = (
    r"(?:relay|roller|light|color|white|emeter|emeter_n|input|input_event|longpush|sensor|adc|ext_[a-z]+|temperature"
    r"|temperature_[a-z]+|overtemperature|overload|overpower|loaderror|voltage|charger|thermostat|settings|status|info"
    r"|announce|command)(?:/.*)?"
)

Meaning = tuple[str, str]  # our register, the vendor's unit

_OUTLET: Mapping[str, Meaning] = {"power": ("power_active", "W"), "energy": ("energy_import_total", "Wmin")}
VALUES: Mapping[str, Mapping[str, Meaning]] = {  # what measures -> last level of the topic -> meaning
    **dict.fromkeys(("relay", "roller", "light", "color", "white"), _OUTLET),
    "emeter": {
        "power": ("power_active", "W"),
        "total": ("energy_import_total", "Wh"),
        "total_returned": ("energy_export_total", "Wh"),
    },
}
INFO: Mapping[str, Mapping[str, Meaning]] = {  # list in `info` -> field -> meaning
    "emeters": VALUES["emeter"],
    "meters": {"power": ("power_active", "W"), "total": ("energy_import_total", "Wmin")},
}
PHASES: Mapping[str, Sequence[str]] = {"shellyem3": ("l1", "l2", "l3")}  # model -> what its emeters are

_PATH = re.compile(r"([a-z]+)(?:/([0-9]))?/([a-z_]+)")
_NUMBER = re.compile(rb"\s*-?[0-9]{1,15}(?:\.[0-9]{1,9})?\s*")


def is_info(content: object) -> bool:
    """Whether JSON is the state of a whole device: what `info` carries, and what `/status` answers.

    >>> is_info({"wifi_sta": {}, "emeters": [{"power": 0.0}]}), is_info({"meters": [1]})
    (True, False)
    """
    lists = [content.get(kind) for kind in INFO] if isinstance(content, dict) and "wifi_sta" in content else []
    return any(isinstance(meters, list) and meters for meters in lists)


def decode(message: Message, path: str) -> Decoded:
    """Readings of one message under `shellies/<device>/`. May raise Refused."""
    if path == "info":
        return _info(message)
    match = _PATH.fullmatch(path)
    meaning = VALUES.get(match[1], {}).get(match[3]) if match else None
    if match is None or meaning is None:
        return Decoded(())  # states, commands, the device's own temperature, counters that also come in Wh
    if not _NUMBER.fullmatch(message.payload):
        raise Refused(Reason.NOT_A_NUMBER, f"{path} = {shown(message.payload.decode('utf-8', 'replace'))}")
    register = _channel(message.device, match[1], meaning[0], int(match[2] or 0))
    value = to_canonical(float(message.payload), meaning[1])[0]
    return Decoded((Readings(message.device, register, None, [value]),))


def _info(message: Message) -> Decoded:
    content = message.json()
    if not isinstance(content, dict):
        raise Refused(Reason.MALFORMED, f"info is {shown(content)}")
    at_ms = _moment(content.get("unixtime"), message.received_ms)
    readings: list[Readings] = []
    left_out: list[LeftOut] = []
    for kind, meanings in INFO.items():
        meters = content.get(kind, [])
        for place, state in enumerate(meters[:10] if isinstance(meters, list) else []):
            if not isinstance(state, dict):
                left_out.append(LeftOut(Reason.MALFORMED, f"{kind}[{place}] is {shown(state)}"))
                continue
            if state.get("is_valid") is False:
                left_out.append(LeftOut(Reason.FLAGGED, f"{kind}[{place}]: is_valid is false"))
                continue
            for field, (register, unit) in meanings.items():
                raw = state.get(field)
                if raw is None:
                    continue
                value = number(raw)
                if value is None:
                    left_out.append(LeftOut(Reason.NOT_A_NUMBER, f"{kind}[{place}].{field} = {shown(raw)}"))
                    continue
                channel = _channel(message.device, kind[:-1], register, place)
                readings.append(Readings(message.device, channel, at_ms, [to_canonical(value, unit)[0]]))
    return Decoded(readings, left_out)


def _moment(unixtime: object, received_ms: int) -> list[int] | None:
    at_ms = moment_ms(unixtime) if number(unixtime) else None  # 0: no time server was found yet
    if at_ms is None:
        return None
    if not plausible(at_ms, received_ms):
        raise Refused(Reason.TIME_IMPLAUSIBLE, f"info.unixtime = {shown(unixtime)}")
    return [at_ms]


def _channel(device: str, kind: str, register: str, place: int) -> str:
    """The first meter of a device is the device itself, the others add their number; three-phase devices have phases.

    >>> [_channel(device, "emeter", "power_active", 1) for device in ("shellyem-B9E2C4", "shellyem3-68C63AFB5856")]
    ['power_active.1', 'power_active.l2']
    """
    phases = PHASES.get(device.partition("-")[0], ()) if kind == "emeter" else ()
    if place < len(phases):
        return f"{register}.{phases[place]}"
    return f"{register}.{place}" if place else register
