"""P1 telegrams: `dsmr/<device>/telegram`, one message being one telegram, several, or pieces of them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from collector.decoders.door import Message, Refused, plausible, shown
from collector.decoders.dsmr_p1.telegram import SINCE_DSMR_4, telegrams
from plagewatch.metering.local_time import instants_s
from plagewatch.metering.readings import Decoded, LeftOut, Readings, Reason
from plagewatch.metering.units import UNITS

TOPIC = re.compile(r"(?:.+/)?dsmr/(?P<device>[^/]+)/telegram")


class Register(NamedTuple):
    """Our word, and the unit its values have once they are inside the door."""

    name: str
    unit: str


ELECTRICITY: Mapping[str, Register] = {  # OBIS code -> ours
    "1-0:1.8.0": Register("energy_import_total", "kWh"),
    "1-0:2.8.0": Register("energy_export_total", "kWh"),
    "1-0:1.7.0": Register("power_active", "W"),
    "1-0:21.7.0": Register("power_active.l1", "W"),
    "1-0:41.7.0": Register("power_active.l2", "W"),
    "1-0:61.7.0": Register("power_active.l3", "W"),
    "1-0:2.7.0": Register("power_export", "W"),
    "1-0:22.7.0": Register("power_export.l1", "W"),
    "1-0:42.7.0": Register("power_export.l2", "W"),
    "1-0:62.7.0": Register("power_export.l3", "W"),
}
TARIFFS: Mapping[str, Mapping[str, Register]] = {  # country whose meter it is -> OBIS code -> ours
    "be": {
        "1-0:1.8.1": Register("energy_import_day", "kWh"),
        "1-0:1.8.2": Register("energy_import_night", "kWh"),
        "1-0:2.8.1": Register("energy_export_day", "kWh"),
        "1-0:2.8.2": Register("energy_export_night", "kWh"),
    },
    "nl": {
        "1-0:1.8.1": Register("energy_import_night", "kWh"),
        "1-0:1.8.2": Register("energy_import_day", "kWh"),
        "1-0:2.8.1": Register("energy_export_night", "kWh"),
        "1-0:2.8.2": Register("energy_export_day", "kWh"),
    },
    "": {
        "1-0:1.8.1": Register("field.import_tariff_1_kwh", "kWh"),
        "1-0:1.8.2": Register("field.import_tariff_2_kwh", "kWh"),
        "1-0:2.8.1": Register("field.export_tariff_1_kwh", "kWh"),
        "1-0:2.8.2": Register("field.export_tariff_2_kwh", "kWh"),
    },
}
MEDIA: Mapping[int, Register] = {  # device type of EN 13757-3 -> ours
    2: Register("energy_import_total", "kWh"),
    3: Register("gas_volume", "m3"),
    4: Register("heat_energy_total", "kWh"),  # heat, flow measured in the return
    6: Register("water_volume", "m3"),  # warm water
    7: Register("water_volume", "m3"),
    12: Register("heat_energy_total", "kWh"),  # heat, flow measured in the supply
    13: Register("heat_energy_total", "kWh"),  # heat and cooling in one device
    21: Register("water_volume", "m3"),  # hot water
    22: Register("water_volume", "m3"),  # cold water
}

_SLOT = re.compile(r"0-([1-9]):24\.(?:1\.0|2\.1|2\.3|3\.0)")
_MOMENT = re.compile(r"(\d{12})([SWsw]?)")
_VALUE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(?:\*(.{1,8}))?")
_HOURS_FROM_UTC = {"S": 2, "W": 1}
_WALL = "Europe/Brussels"  # and Amsterdam: the clock of meters that do not tell summer from winter
_STALE_MS = 86_400_000
_BEFORE_DSMR_4 = re.compile(r"\d{5}\.\d{3}\*kWh")  # later telegrams have six digits before the point


def decode(message: Message) -> Decoded:
    """Readings of the whole telegrams in one message."""
    found, left_out = telegrams(message.payload)
    readings: list[Readings] = []
    for telegram in found:
        meter = _Meter(message.device, telegram.objects, message.received_ms)
        if telegram.unread:
            # Only what it begins with: the same line of every second shall be one entry in quarantine.
            left_out.append(LeftOut(Reason.MALFORMED, f"line {shown(telegram.unread[0].partition('(')[0])}(..."))
        meter.electricity(readings, left_out)
        meter.attached(readings, left_out)
    return Decoded(_one_without_clock(readings), left_out)


class _Meter:
    """One telegram, and when it came."""

    __slots__ = ("device", "objects", "received_ms")

    def __init__(self, device: str, objects: Mapping[str, Sequence[str]], received_ms: int) -> None:
        self.device = device
        self.objects = objects
        self.received_ms = received_ms

    def electricity(self, readings: list[Readings], left_out: list[LeftOut]) -> None:
        """The meter's own registers, all of the moment that the telegram names."""
        try:
            at_ms = self._clock()
        except Refused as refused:
            left_out.append(refused.left_out)
            return
        serial = self._serial(0)
        for code, register in {**ELECTRICITY, **TARIFFS[self._country()]}.items():
            told = self.objects.get(code, [""])[-1]
            if not told:
                continue
            try:
                value = _amount(code, told, register.unit)
            except Refused as refused:
                left_out.append(refused.left_out)
                continue
            readings.append(Readings(self.device, register.name, at_ms, [value], serial))

    def attached(self, readings: list[Readings], left_out: list[LeftOut]) -> None:
        """The meters behind this one, each with its own clock. The first of a medium has its plain word."""
        taken = {"energy_import_total"}  # the plain word is the meter's own
        for slot in sorted({int(match[1]) for code in self.objects if (match := _SLOT.fullmatch(code))}):
            told = self.objects.get(f"0-{slot}:24.1.0", [""])[0]
            register = MEDIA.get(int(told)) if re.fullmatch("[0-9]{1,3}", told) else None
            name = register.name if register else ""
            channel = f"{name}.{slot}" if name in taken else name
            taken.add(name)
            try:
                read = self._attached_value(slot)
                if read is None:
                    continue
                if register is None:
                    raise Refused(Reason.UNKNOWN_REGISTER, f"0-{slot}: M-Bus device type {shown(told)}")
                code, moment, text = read
                value = _amount(code, text, register.unit)
                at_ms = self._own_moment(code, moment)
            except Refused as refused:
                left_out.append(refused.left_out)
                continue
            readings.append(Readings(self.device, channel, at_ms, [value], self._serial(slot)))

    def _attached_value(self, slot: int) -> tuple[str, str, str] | None:
        """Code, moment, value with its unit. Of gas told twice: as it went through the meter, not as at 15 °C."""
        for code in (f"0-{slot}:24.2.3", f"0-{slot}:24.2.1"):
            told = self.objects.get(code, ())
            if len(told) == 2 and told[1] and not self._vacant(slot, told[1]):
                return code, told[0], told[1]
        code = f"0-{slot}:24.3.0"  # DSMR 2.2 and 3: moment, state, minutes, how many, code, unit, value
        told = self.objects.get(code, ())
        return (code, told[0], f"{told[6]}*{told[5]}") if len(told) == 7 and told[6] else None

    def _vacant(self, slot: int, value: str) -> bool:
        """Whether a slot only remembers that there was a meter: no number and no unit."""
        return "*" not in value and [""] in (self.objects.get(f"0-{slot}:96.1.0"), self.objects.get(f"0-{slot}:96.1.1"))

    def _country(self) -> str:
        """Whose tariffs these are: `be`, `nl`, or empty where the telegram does not tell.

        Only Belgian meters name their version in 0-0:96.1.4. Meters of several countries say 1-3:0.2.8, all but the
        Dutch with a total beside the tariffs. The Dutch standard's versions 2.2 and 3, in use nowhere else, say none,
        have no clock and write five digits.
        """
        if not any(code in self.objects for code in (*SINCE_DSMR_4, "1-0:1.8.0")):
            older = "0-0:96.14.0" in self.objects and _BEFORE_DSMR_4.fullmatch(self.objects.get("1-0:1.8.1", [""])[0])
            return "nl" if older else ""
        belgian = re.fullmatch("50[0-9]{3}", self.objects.get("0-0:96.1.4", [""])[0])
        dutch = re.fullmatch("[45][0-9]", self.objects.get("1-3:0.2.8", [""])[0]) and "1-0:1.8.0" not in self.objects
        return "" if belgian and dutch else "be" if belgian else "nl" if dutch else ""

    def _clock(self) -> list[int] | None:
        told = self.objects.get("0-0:1.0.0")
        return None if told is None else self._own_moment("0-0:1.0.0", told[0])

    def _own_moment(self, code: str, text: str) -> list[int] | None:
        match = _MOMENT.fullmatch(text)
        if match is None:
            raise Refused(Reason.MALFORMED, f"{code}({shown(text)}) is no moment")
        moments = _moments_ms(match[1], match[2].upper())
        if moments is None:
            raise Refused(Reason.FLAGGED, f"{code}({text}): no date, so nothing was read")
        if not all(plausible(at_ms, self.received_ms) for at_ms in moments):
            raise Refused(Reason.TIME_IMPLAUSIBLE, f"{code}({text})")
        if len(moments) == 1:
            return moments
        # An hour that is twice there in October, or not at all in March: fresh, it counts from its receipt.
        if not moments or moments[-1] < self.received_ms - _STALE_MS:
            raise Refused(Reason.TIME_IMPLAUSIBLE, f"{code}({text}): {len(moments)} moments, and neither S nor W")
        return None

    def _serial(self, slot: int) -> str | None:
        told = self.objects.get(f"0-{slot}:96.1.1") or self.objects.get(f"0-{slot}:96.1.0") or [""]
        return _plain_text(told[0]) or None


def _moments_ms(digits: str, season: str) -> list[int] | None:
    """Milliseconds since 1970 UTC; None for a date that is not in the calendar. Without a season, by the wall's clock.

    >>> _moments_ms("240708200459", "S"), _moments_ms("632525252525", "W"), _moments_ms("090212160000", "")
    ([1720461899000], None, [1234450800000])
    """
    year, month, day, hour, minute, second = (int(digits[place : place + 2]) for place in range(0, 12, 2))
    try:
        at = datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 (the wall's, placed below)
    except ValueError:
        return None
    if not season:
        return [at_s * 1000 for at_s in instants_s(at, _WALL)]
    return [round(at.replace(tzinfo=timezone(timedelta(hours=_HOURS_FROM_UTC[season]))).timestamp()) * 1000]


def _amount(code: str, text: str, wanted: str) -> float:
    """The value in the unit wanted: the float next to the decimal that was sent.

    >>> _amount("1-0:1.7.0", "02.027*kW", "W"), _amount("0-1:24.2.1", "12.345*GJ", "kWh")
    (2027.0, 3429.1666666666665)
    """
    match = _VALUE.fullmatch(text)
    if match is None:
        raise Refused(Reason.NOT_A_NUMBER, f"{code}({shown(text)})")
    if match[2] is None:
        raise Refused(Reason.FLAGGED, f"{code}({text}): no unit, so nothing was read")
    unit = UNITS.get(match[2])
    if unit is None or unit.canonical != wanted:
        raise Refused(Reason.UNIT_UNKNOWN, f"{code} in {shown(match[2])}, which is no unit of {wanted}")
    return float(Decimal(match[1]) * Decimal(repr(unit.times)) / Decimal(repr(unit.per)))


def _plain_text(told: str) -> str:
    """A number of a meter, which telegrams carry as the hexadecimal codes of its letters.

    >>> _plain_text("3153414733313030303030303031"), _plain_text("000000"), _plain_text("G0012345")
    ('1SAG3100000001', '', 'G0012345')
    """
    if not told.strip("0"):
        return ""
    try:
        text = bytes.fromhex(told).decode("ascii")
    except ValueError:
        return told[:64] if told.isprintable() else ""
    return text.strip() if text.isprintable() else told[:64]


def _one_without_clock(readings: Sequence[Readings]) -> list[Readings]:
    """Without a clock all telegrams of a message count from its receipt: the last of each register stays."""
    last = {made.register: place for place, made in enumerate(readings) if made.at_ms is None}
    return [made for place, made in enumerate(readings) if made.at_ms is not None or last[made.register] == place]
