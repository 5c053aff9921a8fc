"""What the formats of this family have in common: a value with its unit becomes a reading, or a reason why not."""

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from collector.decoders.door import shown
from collector.decoders.modbus_json.moments import decimal
from collector.decoders.tags import field_register, known_unit
from plagewatch.metering.readings import REGISTERS, Decoded, LeftOut, Readings, Reason

_ODD = re.compile(r"[^\w]+")


class Source(NamedTuple):
    """Whose a value is: a channel of the device, its moment, and the meter's own number where it is said."""

    channel: str = ""
    at_ms: int | None = None
    serial: str | None = None


@dataclass(slots=True)
class Found:
    """Readings and reasons of one message."""

    device: str
    received_ms: int
    left_out: list[LeftOut] = field(default_factory=list)
    _values: dict[tuple[str, str | None], list[tuple[int | None, float]]] = field(default_factory=dict)

    def decoded(self) -> Decoded:
        """All readings, one for each register, and all reasons."""
        made = []
        for (register, serial), pairs in self._values.items():
            at_ms = [at for at, _ in pairs if at is not None]
            if at_ms:
                timed = [value for at, value in pairs if at is not None]
                made.append(Readings(self.device, register, at_ms, timed, serial))
            else:
                made.append(Readings(self.device, register, None, [pairs[-1][1]], serial))
        return Decoded(made, self.left_out)

    def add(self, register: str, raw: object, unit: object, source: Source) -> None:
        """A value of a register. Absent and null are no reading and no fault: at night there is no power to tell."""
        if raw is None:
            return
        value = decimal(raw)
        known = known_unit(unit) if isinstance(unit, str) else None
        if value is None:
            self.leave(Reason.NOT_A_NUMBER, f"{register} = {shown(raw)}")
        elif known is None or known.canonical != REGISTERS[register.partition(".")[0]].unit:
            self.leave(Reason.UNIT_UNKNOWN, f"{register} in {shown(unit)}")
        else:
            self._keep(channelled(register, source.channel), value * known.times / known.per, source)

    def add_field(self, name: str, raw: object, source: Source) -> None:
        """A number that is shown and not booked."""
        value = decimal(raw)
        if value is not None:
            self._keep(channelled(field_register(name), source.channel), value, source)

    def leave(self, reason: Reason, detail: str) -> None:
        """Say why something became no reading."""
        self.left_out.append(LeftOut(reason, detail))

    def _keep(self, register: str, value: float, source: Source) -> None:
        if math.isfinite(value):
            self._values.setdefault((register, source.serial), []).append((source.at_ms, value))
        else:
            self.leave(Reason.NOT_A_NUMBER, f"{register} is beyond all numbers")


def channelled(register: str, channel: str) -> str:
    """A register with its channel, which stands before a phase.

    >>> channelled("power_active.l2", "meter:0"), channelled("solar_energy_total", "")
    ('power_active.meter_0.l2', 'solar_energy_total')
    """
    plain = _ODD.sub("_", channel).strip("_").lower()
    word, dot, phase = register.partition(".")
    return f"{word}.{plain}{dot}{phase}" if plain else register
