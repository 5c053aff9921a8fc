"""Which registers of a meter make up a flow, and how their figures become one. A total is never added to its parts."""

from collections.abc import Iterable, Sequence

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.meters import Carrier
from plagewatch.metering.readings import Behaviour, Flow, register_word

UNITLESS = "1"

# The first group of which there is evidence makes the flow; what follows would count the same energy again.
_ELECTRICITY: tuple[tuple[str, ...], ...] = (("energy_import_total",), ("energy_import_day", "energy_import_night"))
_SOLAR = (("solar_energy_total",), ("energy_export_total",))
_HEAT = (("heat_energy_total",),)
_GAS = (("gas_volume",), ("energy_import_total",))  # some network operators count gas in kWh
_WATER = (("water_volume",),)
_LAST = (("pulse_count",), ("energy_interval", "volume_interval"))
_MAIN: dict[Carrier, tuple[tuple[str, ...], ...]] = {
    Carrier.ELECTRICITY: _ELECTRICITY + _LAST,
    Carrier.SOLAR: _SOLAR + _ELECTRICITY + _LAST + (("energy_export_interval",),),
    Carrier.HEAT: _HEAT + _ELECTRICITY + _LAST,
    Carrier.GAS: _GAS + _LAST,
    Carrier.WATER: _WATER + _LAST,
    Carrier.COOLING: _HEAT + _ELECTRICITY + _LAST,  # the same calculators, in another circuit
    Carrier.INDOOR: (),
    Carrier.WEATHER: (),
}
_EXPORT = (("energy_export_total",), ("energy_export_day", "energy_export_night"), ("energy_export_interval",))


def flow_registers(registers: Iterable[str], carrier: Carrier, flow: Flow, unit: str | None = None) -> list[str]:
    """The registers, channels among them, whose sum is the flow; empty where the meter has no such flow.

    unit: that of the meter. A register in another one makes no flow of it: the same gas may be told in m3 and in kWh.
    Pulses become what the meter's facts say they are worth.

    >>> flow_registers(["energy_import_day", "energy_import_night", "power_active"], Carrier.ELECTRICITY, "main")
    ['energy_import_day', 'energy_import_night']
    >>> flow_registers(["energy_import_day", "energy_import_total.1"], Carrier.ELECTRICITY, "main")
    ['energy_import_total.1']
    >>> flow_registers(["gas_volume", "energy_import_total"], Carrier.GAS, "main", "kWh")
    ['energy_import_total']
    """
    return next(iter(flow_groups(registers, carrier, flow, unit)), [])


def flow_groups(registers: Iterable[str], carrier: Carrier, flow: Flow, unit: str | None = None) -> list[list[str]]:
    """All groups of registers that tell a flow, each as `flow_registers` has it.

    Over the time of which an earlier group has evidence it tells the flow alone.

    >>> flow_groups(["energy_interval", "energy_import_day", "energy_import_total"], Carrier.ELECTRICITY, "main")
    [['energy_import_total'], ['energy_import_day'], ['energy_interval']]
    """
    there = sorted(registers)
    units = {unit, UNITLESS}
    groups = _MAIN.get(carrier, _LAST) if flow == "main" else () if carrier is Carrier.SOLAR else _EXPORT
    words = ([word for word in group if unit is None or register_word(word).unit in units] for group in groups)
    chosen = ([register for register in there if register.partition(".")[0] in group] for group in words)
    return [group for group in chosen if group]


def is_index(register: str) -> bool:
    """Whether amounts of a register are differences of its values.

    >>> is_index("water_volume"), is_index("volume_interval")
    (True, False)
    """
    return register_word(register).behaviour is Behaviour.INDEX


def added(parts: Sequence[Intervals]) -> Intervals:
    """The sum of registers that together make a flow (day and night), interval by interval.

    What is known of one part counts, and the coverage tells that another is missing: it is the mean over the parts.

    >>> day = Intervals.measured(np.array([0, 900]), np.array([1.0, 2.0]))
    >>> night = Intervals.measured(np.array([900]), np.array([0.5]))
    >>> added([day, night]).amount, added([day, night]).coverage
    (array([1. , 2.5]), array([0.5, 1. ]))
    """
    if len(parts) == 1:
        return parts[0]
    start_s = np.unique(np.concatenate([np.zeros(0, np.int64), *(part.start_s for part in parts)]))
    places = [np.searchsorted(start_s, part.start_s) for part in parts]

    def total(name: str) -> Floats:
        sums = np.zeros(len(start_s))
        for part, place in zip(parts, places, strict=True):
            sums[place] += np.nan_to_num(getattr(part, name))
        return sums

    known = np.zeros(len(start_s), np.bool_)
    for part, place in zip(parts, places, strict=True):
        known[place] |= part.known
    origins = (total(name) for name in ("interpolated", "spread", "estimated", "manual"))
    return Intervals(
        start_s, np.where(known, total("amount"), np.nan), total("coverage") / max(len(parts), 1), *origins
    )
