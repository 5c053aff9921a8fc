"""Tasmota: `tele/<device>/SENSOR` and `stat/<device>/STATUS8|10`, the two levels in either order."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from collector.decoders.door import Message, Refused, moment_ms, number, plausible, shown
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason
from plagewatch.metering.units import to_canonical

TOPIC = re.compile(
    r"(?:.+/(?=(?:tele|stat)/[^/]+/[A-Z0-9_]+$))?(?=(?:tele|stat)/|.+/(?:tele|stat)/[^/]+$)"
    r"(?:(?:tele|stat)/)?(?P<device>[^/].*?)/(?:(?:tele|stat)/)?(?P<kind>[A-Z][A-Z0-9_]*)"
)
MEASURING = ("SENSOR", "STATUS8", "STATUS10")  # the other capital words are states, results and last wills


class Meaning(NamedTuple):
    """Our register, the vendor's unit, and the registers of its tariffs in the vendor's order: off-peak, standard."""

    register: str
    unit: str
    tariffs: tuple[str, ...] = ()


ENERGY: Mapping[str, Meaning] = {  # word in ENERGY -> meaning
    "Total": Meaning("energy_import_total", "kWh", ("energy_import_night", "energy_import_day")),
    "ImportActive": Meaning("energy_import_total", "kWh"),
    "ExportActive": Meaning("energy_export_total", "kWh", ("energy_export_night", "energy_export_day")),
    "Power": Meaning("power_active", "W"),
}
TARIFFS: Mapping[str, Meaning] = {"TotalTariff": ENERGY["Total"], "ExportTariff": ENERGY["ExportActive"]}
SENSORS: Mapping[str, Meaning] = {  # word of any sensor -> meaning
    "Temperature": Meaning("temperature", "TempUnit"),
    "Humidity": Meaning("humidity", "%"),
    "CarbonDioxide": Meaning("co2", "ppm"),
}
# Amounts of a day or a period, other quantities than energy, and sensors of other devices: known, and not read.
PASSED_OVER = frozenset(
    (
        *("TotalStartTime", "Yesterday", "Today", "Period", "TodaySumImport", "TodaySumExport"),
        *(
            "ApparentPower",
            "ReactivePower",
            "Factor",
            "Frequency",
            "Voltage",
            "Current",
            "CurrentNeutral",
            "PhaseAngle",
        ),
        *("DewPoint", "Pressure", "SeaPressure", "Illuminance", "eCO2", "TVOC", "Epoch"),
        *("ESP32", "ZbReceived", "ZigbeeReceived", "ZbInfo"),
    )
)

OWN_WORDS = frozenset(("StatusSNS", "ZbReceived"))
STATE_WORDS = frozenset(("Uptime", "Wifi"))
_DECIMAL = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")
_COUNTER = re.compile(r"C([0-9]{1,2})")
_DEEPEST = 4


def decode(message: Message) -> Decoded:
    """Readings of one message."""
    kind = message.part("kind") or message.topic.string.rpartition("/")[2]
    if kind not in MEASURING and re.fullmatch("[A-Z][A-Z0-9_]*", kind):
        return Decoded(())
    content = message.json()
    if isinstance(content, dict):
        content = content.get("StatusSNS", content)
    if isinstance(content, dict) and content and content.keys() <= PASSED_OVER:
        return Decoded(())  # of a device behind this one
    if not isinstance(content, dict) or "Time" not in content:
        raise Refused(Reason.MALFORMED, f"{kind} is {shown(content)}, without the Time that all sensors come with")
    if content.keys() >= STATE_WORDS:
        return Decoded(())  # a state that came on another topic
    sensors = _Sensors(message.device, _moment(content, message.received_ms), content.get("TempUnit"))
    sensors.read(content, "")
    return Decoded(sensors.readings, sensors.left_out)


def looks_like_tasmota(content: object) -> bool:
    """Whether JSON is a message of Tasmota's sensors, or the answer to `Status 8` or `Status 10`.

    >>> looks_like_tasmota({"Time": "2026-11-20T10:15:00", "ENERGY": {"Total": 1.5}}), looks_like_tasmota({"Time": 1})
    (True, False)
    """
    if not isinstance(content, dict) or content.keys() & OWN_WORDS:
        return isinstance(content, dict)
    # Sensors have names of their own; a gateway's `data` or `values` are none.
    named = [name for name, state in content.items() if isinstance(state, dict)]
    return "Time" in content and bool(named) and not {"data", "values", "tags", "registers"} & set(named)


class _Sensors:
    """What the sensors of one message said."""

    __slots__ = ("at_ms", "device", "left_out", "readings", "temperature_unit")

    def __init__(self, device: str, at_ms: list[int] | None, temperature_unit: object) -> None:
        self.device = device
        self.at_ms = at_ms
        self.temperature_unit = temperature_unit
        self.readings: list[Readings] = []
        self.left_out: list[LeftOut] = []

    def read(self, state: Mapping[str, object], name: str, depth: int = 0) -> None:
        """All values of a sensor. name: what the message calls it, empty for the message itself."""
        for word, raw in state.items():
            path = f"{name}_{word}" if name else word
            if word in PASSED_OVER or (word == "Time" and not name):
                continue
            if isinstance(raw, dict):
                special = {"ENERGY": self._energy, "COUNTER": self._counters}.get(path)
                if special is not None:
                    special(raw)
                elif depth < _DEEPEST:
                    self.read(raw, path, depth + 1)
            elif word in SENSORS:
                # The number of a sensor changes when another is added; its id does not.
                channel = state.get("Id") if isinstance(state.get("Id"), str) else name
                self._add(f"{name}.{word}", SENSORS[word], SENSORS[word].register, raw, str(channel))
            elif (value := number(raw)) is not None:
                self.readings.append(Readings(self.device, f"field.{_slug(path)}", self.at_ms, [value]))

    def _energy(self, state: Mapping[str, object]) -> None:
        for word, raw in state.items():
            if word == "Total" and "ImportActive" in state:
                self._both_directions(raw)
            elif word in TARIFFS:
                self._list(f"ENERGY.{word}", TARIFFS[word], raw, TARIFFS[word].tariffs)
            elif word in ENERGY:
                meaning = ENERGY[word]
                if not isinstance(raw, list):
                    self._add(f"ENERGY.{word}", meaning, meaning.register, raw)
                elif (registers := _registers(state, meaning, len(raw))) is None:
                    detail = f"ENERGY.{word} = {shown(raw)}: phases or tariffs?"
                    self.left_out.append(LeftOut(Reason.UNSAID, detail))
                else:
                    self._list(f"ENERGY.{word}", meaning, raw, registers)
            elif word not in PASSED_OVER and (value := number(raw)) is not None:
                self.readings.append(Readings(self.device, f"field.{_slug('ENERGY_' + word)}", self.at_ms, [value]))

    def _both_directions(self, raw: object) -> None:
        """A total beside what was taken: the sum of both directions, or a balance, as the meter's driver makes it."""
        for place, one in enumerate(raw if isinstance(raw, list) else [raw]):
            if (value := number(one)) is not None:
                name = f"field.ENERGY_Total_{place + 1}" if isinstance(raw, list) else "field.ENERGY_Total"
                self.readings.append(Readings(self.device, name, self.at_ms, [value]))

    def _list(self, place: str, meaning: Meaning, raw: object, registers: Sequence[str]) -> None:
        if not isinstance(raw, list) or len(raw) != len(registers):
            self.left_out.append(LeftOut(Reason.MALFORMED, f"{place} = {shown(raw)}, not {len(registers)} values"))
            return
        for register, one in zip(registers, raw, strict=True):
            self._add(place, meaning, register, one)

    def _counters(self, state: Mapping[str, object]) -> None:
        for word, raw in state.items():
            match = _COUNTER.fullmatch(word)
            if match is None or raw is None:
                continue
            if type(raw) is float:
                detail = f"COUNTER.{word}: with decimals it is the seconds between two pulses, no count"
                self.left_out.append(LeftOut(Reason.UNSAID, detail))
                continue
            self._add(f"COUNTER.{word}", Meaning("pulse_count", "1"), "pulse_count", raw, match[1])

    def _add(self, place: str, meaning: Meaning, register: str, raw: object, channel: str = "") -> None:
        if raw is None:
            return  # the sensor did not answer
        value = _number(raw)
        if value is None:
            self.left_out.append(LeftOut(Reason.NOT_A_NUMBER, f"{place} = {shown(raw)}"))
        elif meaning.unit != "TempUnit":
            self._keep(register, channel, to_canonical(value, meaning.unit)[0])
        elif self.temperature_unit in ("C", "F"):
            self._keep(register, channel, value if self.temperature_unit == "C" else (value - 32) / 1.8)
        else:
            self.left_out.append(
                LeftOut(Reason.UNIT_UNKNOWN, f"{place}, and TempUnit = {shown(self.temperature_unit)}")
            )

    def _keep(self, register: str, channel: str, value: float) -> None:
        name = f"{register}.{_slug(channel)}" if channel else register
        self.readings.append(Readings(self.device, name, self.at_ms, [value]))


def _registers(state: Mapping[str, object], meaning: Meaning, count: int) -> Sequence[str] | None:
    """What the values of a list are; None where it cannot be told.

    Up to 8.3.1 a list of three was the total and its tariffs, and Today was one number. Since then a list has one value
    for each phase or channel, and where Total is such a list, Today is one as well.

    >>> _registers({"Total": [3.11, 0.05, 3.06], "Today": 0.017}, ENERGY["Total"], 3)
    ['energy_import_total', 'energy_import_night', 'energy_import_day']
    >>> _registers({"Total": [0.0, 2.91], "Today": [0.0, 1.347]}, ENERGY["Total"], 2)
    ['energy_import_total.1', 'energy_import_total.2']
    """
    phases = [f"{meaning.register}.{place + 1}" for place in range(count)]
    total, today = state.get("Total"), state.get("Today")
    if not meaning.tariffs or _number(total) is not None:
        return phases
    if not isinstance(total, list) or len(total) != count:
        return None
    if isinstance(today, list) and len(today) == count:
        return phases
    if _number(today) is not None and count == 3:
        return [meaning.register, *meaning.tariffs]
    return None


def _number(raw: object) -> float | None:
    """A number, which some firmware puts in quotes."""
    return float(raw) if isinstance(raw, str) and _DECIMAL.fullmatch(raw) else number(raw)


def _moment(content: Mapping[str, object], received_ms: int) -> list[int] | None:
    """When it was, where the device says it with a zone or as seconds since 1970; else the receipt stands for it."""
    told = content.get("Epoch", content.get("Time"))
    at_ms = moment_ms(told)
    if at_ms is None:
        return None
    if not plausible(at_ms, received_ms):
        raise Refused(Reason.TIME_IMPLAUSIBLE, f"Time = {shown(told)}")
    return [at_ms]


def _slug(name: str) -> str:
    """A name as part of a register.

    >>> _slug("SML_Zähler 1.8.0")
    'SML_Z_hler_1_8_0'
    """
    return re.sub("[^A-Za-z0-9_-]", "_", name)[:48]
