"""Whether a device's register may feed a meter, and what the binding then is. Pure: the records hold the result."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plagewatch.metering.flows import flow_registers
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter
from plagewatch.metering.readings import REGISTERS, Behaviour, register_word
from plagewatch.metering.units import UNITS
from plagewatch.tickets.texts import N_

FOREVER_MS = 1 << 62

_POWERED = frozenset({Carrier.ELECTRICITY, Carrier.SOLAR, Carrier.HEAT, Carrier.COOLING})
_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,16}")


class ClaimRefused(ValueError):
    """A claim that cannot be. text: a sentence with places, to be translated; values: what stands in them."""

    def __init__(self, text: str, **values: str) -> None:
        super().__init__(text % values)
        self.text = text
        self.values: Mapping[str, str] = values


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says which meter a device's register feeds, from an instant on.

    as_register, unit: what a `field.<name>` counts and in which unit; empty for a register that says so itself.
    same_index: the person knows of another device on the same register: both read the same index.
    """

    device: str
    register: str
    meter: str
    from_ms: int
    who: str
    as_register: str | None = None
    unit: str | None = None
    same_index: bool = False


def fits(register: str, meter: Meter) -> bool:
    """Whether what a register counts can be of a meter: by its carrier and unit, pulses by what they are worth.

    >>> gas = Meter("m", "site", "Gas", Carrier.GAS, Kind.INDEX, "m3")
    >>> [fits(register, gas) for register in ("gas_volume", "pulse_count.2", "water_volume", "energy_import_total")]
    [True, True, False, False]
    """
    if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):
        return False
    word = register_word(register)
    if word.behaviour is Behaviour.GAUGE:
        if meter.carrier is Carrier.WEATHER or meter.kind is Kind.GAUGE:
            return word.unit != "W"
        return word.unit == "W" and meter.carrier in _POWERED
    return any(flow_registers([register], meter.carrier, flow, meter.unit) for flow in ("main", "export"))


def binding_of(claim: Claim, meter: Meter, others: Iterable[Binding]) -> Binding:
    """The binding that a claim makes. others: all bindings there are. Raises ClaimRefused.

    >>> gas = Meter("m", "site", "Gas", Carrier.GAS, Kind.INDEX, "m3")
    >>> claim = Claim("d", "field.count", "m", 0, "els", as_register="gas_volume", unit="l")
    >>> binding_of(claim, gas, []).unit
    'l'
    >>> binding_of(Claim("d", "field.count", "m", 0, "els", "gas_volume", "kWh"), gas, [])
    Traceback (most recent call last):
    plagewatch.metering.claiming.ClaimRefused: “kWh” is no unit of “gas_volume”; that is counted in m3.
    """
    if not claim.who.strip():
        raise ClaimRefused(N_("Say who you are."))
    counted = _counted(claim)
    if not fits(counted, meter):
        raise ClaimRefused(
            N_("“%(register)s” does not fit the meter “%(meter)s”: %(carrier)s in %(unit)s."),
            register=counted,
            meter=meter.name,
            carrier=meter.carrier.value,
            unit=meter.unit,
        )
    made = Binding(claim.device, claim.register, claim.meter, claim.from_ms, claim.as_register, claim.unit)
    rest = [other for other in others if (other.device, other.register, other.from_ms) != _key(made)]
    beside = _beside(made, rest)
    if beside is not None and not claim.same_index:
        raise ClaimRefused(
            N_(
                "%(device)s already feeds “%(register)s” of the meter “%(meter)s” in that time. Two devices may only "
                "where both read the same index; say so, or end the other one first."
            ),
            device=beside.device if beside.device != claim.device else beside.register,
            register=counted,
            meter=meter.name,
        )
    return made


def _counted(claim: Claim) -> str:
    """The register that the meter gets."""
    word, _, name = claim.register.partition(".")
    if word not in REGISTERS or (not name and REGISTERS[word].behaviour is Behaviour.UNSAID):
        raise ClaimRefused(N_("“%(register)s” is no register of a device."), register=claim.register)
    if REGISTERS[word].behaviour is not Behaviour.UNSAID:
        if claim.as_register or claim.unit:
            raise ClaimRefused(
                N_("“%(register)s” says itself what it counts: leave what it counts and the unit empty."),
                register=claim.register,
            )
        return claim.register
    if not claim.as_register or not claim.unit:
        raise ClaimRefused(
            N_("The message does not say what “%(register)s” counts: say what it is, and in which unit."),
            register=claim.register.removeprefix("field."),
        )
    word, _, channel = claim.as_register.partition(".")
    known = REGISTERS.get(word)
    if known is None or known.behaviour is Behaviour.UNSAID or (channel and not _CHANNEL.fullmatch(channel)):
        raise ClaimRefused(N_("“%(register)s” is no register of a device."), register=claim.as_register)
    unit = UNITS.get(claim.unit)
    if unit is None or unit.canonical != known.unit:
        raise ClaimRefused(
            N_("“%(unit)s” is no unit of “%(register)s”; that is counted in %(right)s."),
            unit=claim.unit,
            register=claim.as_register,
            right=known.unit,
        )
    return claim.as_register


def in_force(bindings: Iterable[Binding], device: str, register: str, at_ms: int) -> Binding | None:
    """The binding of a device's register at an instant; None where it feeds no meter then.

    >>> in_force([Binding("d", "gas_volume", "m", 10, to_ms=20)], "d", "gas_volume", 20) is None
    True
    """
    come = [b for b in bindings if (b.device, b.register) == (device, register) and b.from_ms <= at_ms]
    newest = max(come, key=lambda b: b.from_ms, default=None)
    return None if newest is None or (newest.to_ms is not None and newest.to_ms <= at_ms) else newest


def _key(binding: Binding) -> tuple[str, str, int]:
    return binding.device, binding.register, binding.from_ms


def _end_ms(binding: Binding, all_of_them: Iterable[Binding]) -> int:
    """Until when a binding holds: its own end, or the next one of its register."""
    later = [
        b.from_ms
        for b in all_of_them
        if (b.device, b.register) == (binding.device, binding.register) and b.from_ms > binding.from_ms
    ]
    return min([*later, FOREVER_MS if binding.to_ms is None else binding.to_ms])


def _beside(made: Binding, others: list[Binding]) -> Binding | None:
    """Another device or register that feeds the same register of the same meter in the same time."""
    end_ms, together = _end_ms(made, others), [*others, made]
    for other in others:
        same = (other.meter, other.as_register or other.register) == (made.meter, made.as_register or made.register)
        if not same or (other.device, other.register) == (made.device, made.register):
            continue
        if other.from_ms < end_ms and made.from_ms < _end_ms(other, together):
            return other
    return None
