"""Plain-JSON dataloggers: `loggers/<device>/readings`, single registers and frames of evenly spaced values."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from collector.decoders import modbus_json
from collector.decoders.door import Message, Refused, moment_ms, number, numbers, plausible, shown
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason, register_word
from plagewatch.metering.units import UNITS, Unit

TOPIC = re.compile(r"(?:.+/)?loggers/(?P<device>[A-Za-z0-9._-]+)/readings")

WORDS: Mapping[str, str] = {  # the logger's word -> ours
    "electricity_index": "energy_import_total",
    "electricity_day_index": "energy_import_day",
    "electricity_night_index": "energy_import_night",
    "injection_index": "energy_export_total",
    "pv_index": "solar_energy_total",
    "heat_index": "heat_energy_total",
    "gas_index": "gas_volume",
    "water_index": "water_volume",
    "pulse_count": "pulse_count",
    "power": "power_active",
    "outdoor_temperature": "temperature",
    "humidity": "humidity",
    "irradiance": "irradiance",
    "co2": "co2",
}
_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,16}")
_MAX_STEP_S = 366 * 86_400
NO_SERIALS: Mapping[str, str] = {}


def decode(message: Message) -> Decoded:
    """Readings of one message."""
    content, received_ms = message.json(), message.received_ms
    registers = content.get("registers") if isinstance(content, dict) else None
    frames = content.get("frames") if isinstance(content, dict) else None
    if not isinstance(content, dict) or (registers is None and frames is None):
        return modbus_json.decode(message)  # somebody else's JSON: by what its names say
    readings: list[Readings] = []
    left_out: list[LeftOut] = []
    serials = _serials(content["serial"]) if "serial" in content else NO_SERIALS
    packet = _Packet(message.topic["device"], serials, received_ms)
    if registers is not None:
        packet.singles(registers, content.get("at"), readings, left_out)
    if frames is not None:
        packet.frames(frames, readings, left_out)
    return Decoded(readings, left_out)


class _Packet:
    """What is the same for all registers of one message."""

    __slots__ = ("device", "received_ms", "serials")

    def __init__(self, device: str, serials: Mapping[str, str], received_ms: int) -> None:
        self.device = device
        self.serials = serials
        self.received_ms = received_ms

    def singles(self, registers: object, at: object, readings: list[Readings], left_out: list[LeftOut]) -> None:
        """One value for each register, all of one moment."""
        if not isinstance(registers, dict):
            left_out.append(LeftOut(Reason.MALFORMED, f"registers is {shown(registers)}"))
            return
        try:
            at_ms = None if at is None else [self._moment("at", at)]
        except Refused as refused:
            left_out.append(refused.left_out)
            return
        for name, entry in registers.items():
            try:
                readings.append(self._single(name, entry, at_ms))
            except Refused as refused:
                left_out.append(refused.left_out)

    def frames(self, frames: object, readings: list[Readings], left_out: list[LeftOut]) -> None:
        """Runs of evenly spaced values."""
        if not isinstance(frames, list):
            left_out.append(LeftOut(Reason.MALFORMED, f"frames is {shown(frames)}"))
            return
        for place, frame in enumerate(frames):
            try:
                readings.extend(self._frame(f"frames[{place}]", frame, left_out))
            except Refused as refused:
                left_out.append(refused.left_out)

    def _single(self, name: str, entry: object, at_ms: list[int] | None) -> Readings:
        if not isinstance(entry, dict) or "value" not in entry:
            _register(name)  # a name that nobody knows is the better reason
            raise Refused(Reason.MALFORMED, f"{shown(name)} is {shown(entry)}, not a value with its unit")
        register, unit = _meant(name, entry.get("unit"))
        value = number(entry["value"])
        if value is None:
            raise Refused(Reason.NOT_A_NUMBER, f"{shown(name)} = {shown(entry['value'])}")
        return Readings(self.device, register, at_ms, [value * unit.times / unit.per], self.serials.get(name))

    def _frame(self, place: str, frame: Any, left_out: list[LeftOut]) -> list[Readings]:
        if not isinstance(frame, dict):
            raise Refused(Reason.MALFORMED, f"{place} is {shown(frame)}")
        name, step_s, values = frame.get("register"), number(frame.get("step_s")), frame.get("values")
        if not isinstance(name, str) or not isinstance(values, list):
            raise Refused(Reason.MALFORMED, f"{place} has no register with values")
        step_ms = 0 if step_s is None or not 0 < step_s <= _MAX_STEP_S else round(step_s * 1000)
        if step_ms < 1:  # values of one moment would contradict each other
            raise Refused(Reason.MALFORMED, f"{place}.step_s = {shown(frame.get('step_s'))}")
        register, unit = _meant(name, frame.get("unit"))
        start_ms = self._moment(f"{place}.start", frame.get("start"))
        whole = numbers(values)
        if whole is not None and plausible(start_ms + step_ms * (len(whole) - 1), self.received_ms):
            # Nearly every frame: all values are numbers, and none is from the future.
            at_ms = list(range(start_ms, start_ms + step_ms * len(whole), step_ms))
            return [Readings(self.device, register, at_ms, _converted(whole, unit), self.serials.get(name))]
        return self._frame_with_gaps(place, frame, (register, unit, start_ms, step_ms), left_out)

    def _frame_with_gaps(
        self, place: str, frame: Any, meant: tuple[str, Unit, int, int], left_out: list[LeftOut]
    ) -> list[Readings]:
        """What can be taken of a frame in which some values cannot."""
        register, unit, start_ms, step_ms = meant
        values = frame["values"]
        found = [value if value is None else number(value) for value in values]
        kept = [place for place, value in enumerate(found) if value is not None]
        self._note_bad_values(place, values, found, left_out)
        last_ms = start_ms + step_ms * (kept[-1] if kept else 0)
        if not plausible(last_ms, self.received_ms):
            late = [index for index in kept if not plausible(start_ms + step_ms * index, self.received_ms)]
            detail = f"{place}: {len(late)} values later than a day after receipt, the first at place {late[0]}"
            left_out.append(LeftOut(Reason.TIME_IMPLAUSIBLE, detail))
            kept = kept[: len(kept) - len(late)]
        if not kept:
            return []
        at_ms = [start_ms + step_ms * index for index in kept]
        amounts = _converted([value for index in kept if (value := found[index]) is not None], unit)
        return [Readings(self.device, register, at_ms, amounts, self.serials.get(frame["register"]))]

    @staticmethod
    def _note_bad_values(place: str, values: list[object], found: list[float | None], left_out: list[LeftOut]) -> None:
        # null says `not read` in this format: it is no value and no fault.
        bad = [index for index, value in enumerate(found) if value is None and values[index] is not None]
        if bad:
            detail = (
                f"{place}: {len(bad)} of {len(values)} values, the first at place {bad[0]} = {shown(values[bad[0]])}"
            )
            left_out.append(LeftOut(Reason.NOT_A_NUMBER, detail))

    def _moment(self, field: str, value: object) -> int:
        at_ms = moment_ms(value)
        if at_ms is None:
            raise Refused(Reason.MALFORMED, f"{field} = {shown(value)}, not a moment with its zone")
        if not plausible(at_ms, self.received_ms):
            raise Refused(Reason.TIME_IMPLAUSIBLE, f"{field} = {shown(value)}")
        return at_ms


def _meant(name: str, unit: object) -> tuple[str, Unit]:
    """Our register and the unit's measure. Raises Refused."""
    if isinstance(unit, str):
        return _known(name, unit)
    register = _register(name)
    raise _no_unit(name, register, unit)


@lru_cache(4_096)
def _known(name: str, unit: str) -> tuple[str, Unit]:
    register = _register(name)
    known, wanted = UNITS.get(unit), register_word(register).unit
    if known is None or known.canonical != wanted:
        raise _no_unit(name, register, unit)
    return register, known


def _register(name: str) -> str:
    word = WORDS.get(name)
    if word is not None:
        return word
    head, _, channel = name.partition(".")
    if head in WORDS and _CHANNEL.fullmatch(channel):
        return f"{WORDS[head]}.{channel}"
    raise Refused(Reason.UNKNOWN_REGISTER, f"register {shown(name)}")


def _no_unit(name: str, register: str, unit: object) -> Refused:
    wanted = register_word(register).unit
    return Refused(Reason.UNIT_UNKNOWN, f"{shown(name)} in {shown(unit)}, which is no unit of {wanted}")


def _converted(values: list[float], unit: Unit) -> list[float]:
    times, per = unit.times, unit.per
    return values if times == per == 1 else [value * times / per for value in values]


def _serials(value: object) -> Mapping[str, str]:
    return {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
