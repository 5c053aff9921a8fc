"""What a device said, before and after it is bound to a meter. Evidence: written once, never edited.

What is made for each packet is a named tuple: a frozen dataclass takes three times as long to make, 0.9 µs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

Flow = Literal["main", "export"]
"""What an amount counts: `main` is what the meter is for (use, or a solar meter's production), `export` is fed back."""

FLOWS: tuple[Flow, ...] = ("main", "export")


class Behaviour(StrEnum):
    """How a register's values relate to amounts."""

    INDEX = "index"  # cumulative; an amount is a difference
    INTERVAL = "interval"  # the amount of the interval that starts at the value's instant
    GAUGE = "gauge"  # a state at an instant
    UNSAID = "unsaid"  # a number of which the payload does not say what it is: a binding must, or it stays unused


class Quality(IntEnum):
    """How a value came about. Where the same value was told twice, the smaller of the two holds."""

    MEASURED = 0  # read by a device
    MANUAL = 1  # typed in by a person who read the meter
    ESTIMATED = 2  # by the network operator or a device that says so


@dataclass(frozen=True, slots=True)
class RegisterWord:
    """One word that every decoder speaks. `unit` is the unit its values have once they are inside the door."""

    unit: str
    behaviour: Behaviour
    flow: Flow = "main"


REGISTERS: Mapping[str, RegisterWord] = {
    "energy_import_total": RegisterWord("kWh", Behaviour.INDEX),
    "energy_import_day": RegisterWord("kWh", Behaviour.INDEX),
    "energy_import_night": RegisterWord("kWh", Behaviour.INDEX),
    "energy_export_total": RegisterWord("kWh", Behaviour.INDEX, "export"),
    "energy_export_day": RegisterWord("kWh", Behaviour.INDEX, "export"),
    "energy_export_night": RegisterWord("kWh", Behaviour.INDEX, "export"),
    "solar_energy_total": RegisterWord("kWh", Behaviour.INDEX),
    "heat_energy_total": RegisterWord("kWh", Behaviour.INDEX),
    "gas_volume": RegisterWord("m3", Behaviour.INDEX),
    "water_volume": RegisterWord("m3", Behaviour.INDEX),
    "pulse_count": RegisterWord("1", Behaviour.INDEX),
    "energy_interval": RegisterWord("kWh", Behaviour.INTERVAL),
    "energy_export_interval": RegisterWord("kWh", Behaviour.INTERVAL, "export"),
    "volume_interval": RegisterWord("m3", Behaviour.INTERVAL),
    "power_active": RegisterWord("W", Behaviour.GAUGE),
    "power_export": RegisterWord("W", Behaviour.GAUGE, "export"),
    "temperature": RegisterWord("°C", Behaviour.GAUGE),
    "humidity": RegisterWord("%", Behaviour.GAUGE),
    "irradiance": RegisterWord("W/m2", Behaviour.GAUGE),
    "co2": RegisterWord("ppm", Behaviour.GAUGE),
    "field": RegisterWord("?", Behaviour.UNSAID),
}
"""Register words of the glossary. A device with several channels adds a suffix: `pulse_count.2`, `power_active.l1`.

`field.<name>` is a number whose meaning or unit stands nowhere in the payload: it is shown in quarantine and becomes
evidence only through a binding that says what it counts and in which unit.
"""


@lru_cache(4_096)
def register_word(register: str) -> RegisterWord:
    """The word behind a register name, its channel suffix left aside.

    Raises KeyError for a word that is not in the glossary.

    >>> register_word("power_active.l2").unit
    'W'
    """
    return REGISTERS[register.partition(".")[0]]


class Packet(NamedTuple):
    """One message as it arrived. received_ms: milliseconds since 1970 UTC."""

    topic: str
    payload: bytes
    received_ms: int


class Readings(NamedTuple):
    """What one device said about one register in one packet, in the register's own unit.

    at_ms: instants, milliseconds since 1970 UTC, one for each value; None where the device has no clock,
        the moment of receipt then stands for it (only possible with one value).
    value: same length as at_ms [unit of the register word].
    """

    device: str
    register: str
    at_ms: Sequence[int] | None
    value: Sequence[float]
    serial: str | None = None  # the meter's own number where the telegram carries it
    quality: Quality = Quality.MEASURED


class LeftOut(NamedTuple):
    """Something in a packet that became no reading, and why."""

    reason: str  # a code of `Reason`
    detail: str  # names the field and its value


class Ask(NamedTuple):
    """A message that the collector shall publish, so that a device says what a decoder needs (a rebirth)."""

    topic: str
    payload: bytes


class Decoded(NamedTuple):
    """All that a decoder made of one packet. All lists may be filled: one bad value never loses the others."""

    readings: Sequence[Readings]
    left_out: Sequence[LeftOut] = ()
    asks: Sequence[Ask] = ()


class Reason(StrEnum):
    """Why a packet, or a part of it, waits in quarantine. The words are stable: they stand in the store and the API."""

    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_REGISTER = "unknown_register"
    MALFORMED = "malformed"
    NOT_A_NUMBER = "not_a_number"
    TIME_IMPLAUSIBLE = "time_implausible"
    UNIT_UNKNOWN = "unit_unknown"
    TOO_LARGE = "too_large"
    BAD_CHECKSUM = "bad_checksum"
    TRUNCATED = "truncated"
    FLAGGED = "flagged"  # the device itself says that the value is wrong
    NO_BIRTH = "no_birth"  # only aliases, and the message that names them is not known
    UNSAID = "unsaid"  # numbers whose meaning stands nowhere in the payload: somebody must say it


class Samples(NamedTuple):
    """Evidence of one meter register, ready to be stored.

    at_ms, value: same length; value in the unit of the register word. source: who brought it (`mqtt:<device>`,
    `file:<name>`). received_ms: when it reached us, milliseconds since 1970 UTC.
    """

    meter: str
    register: str
    at_ms: Sequence[int]
    value: Sequence[float]
    source: str
    received_ms: int
    quality: Quality = Quality.MEASURED
