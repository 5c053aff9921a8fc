"""What pages and API ask of a meter's life: which registers, which proposals, what a reading by hand would mean."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan

import numpy as np

from api.context import AppContext
from api.entries import tidy
from plagewatch.metering.flows import is_index
from plagewatch.metering.hand_readings import Around, Read, readable
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Kind, Meter, MeterFacts, Swap
from plagewatch.metering.proposals import Proposal
from plagewatch.metering.readings import register_word
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.terms import PULSES, FactsAt, Terms
from plagewatch.metering.units import UNITS, to_canonical
from plagewatch.store.records import registry
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.stored_files import is_kept
from plagewatch.store.records.swap_proposals import open_proposals
from plagewatch.store.records.withdrawals import counting
from plagewatch.tickets.texts import N_

USUAL_DAYS = 60
MOST_DIGITS = 12
MOST_DECIMALS = 6
LONGEST_SOURCE = 500
LONGEST_TEXT = 2000


def registers_of(context: AppContext, meter: Meter) -> list[str]:
    """Registers with an index that a meter has or may have, those with readings first. Raises SeriesError."""
    if meter.kind is not Kind.INDEX:
        return []
    series = counting(context.engine, context.series)
    known = [register for register in series.registers(meter.id) if is_index(register)]
    choices = readable(meter.carrier, meter.unit, known)
    return choices + [register for register in known if register not in choices]


def shown_registers(context: AppContext, meter: Meter) -> list[str]:
    """Those of them that a person can read off a display: a counter of pulses has none. Raises SeriesError."""
    return [register for register in registers_of(context, meter) if register.partition(".")[0] != PULSES]


def unit_of(context: AppContext, meter: Meter, register: str, at_ms: int) -> str:
    """In which unit an index shows: as its facts say, else the register's own."""
    held = [one.unit for one in registry.facts_of(context.engine, meter.id) if one.valid_from_ms <= at_ms]
    return held[-1] if held and held[-1] else register_word(register).unit


def check_register(meter: Meter, register: str, registers: Sequence[str]) -> None:
    """Raise EditRefused where a meter has no such index."""
    if meter.kind is not Kind.INDEX:
        raise EditRefused(Refusal.REGISTER, N_("This meter has no index."))
    if register not in registers:
        raise EditRefused(Refusal.REGISTER, N_("This meter has no index “%(register)s”."), register=register[:100])


def declare(context: AppContext, meter: Meter, swap: Swap, by: By, instead_of_ms: int | None = None) -> bool:
    """A swap as a person declares it; whether anything changed. Raises EditRefused, SeriesError."""
    check_register(meter, swap.register, registers_of(context, meter))
    if swap.at_ms > by.at_ms:
        raise EditRefused(Refusal.MOMENT, N_("A device that is still to be replaced is not declared yet."))
    if not 0 <= swap.last_index < inf or not 0 <= swap.first_index < inf:
        raise EditRefused(Refusal.INDEX, N_("Both indexes must be there, and not below 0."))
    if swap.digits is not None and not 1 <= swap.digits <= MOST_DIGITS:
        raise EditRefused(Refusal.FACTS, N_("A register has 1 to 12 digits before the comma."))
    if swap.digits is not None and max(swap.first_index, 0) >= 10**swap.digits:
        text = N_("The first index %(index)s does not fit in %(digits)s digits.")
        raise EditRefused(Refusal.INDEX, text, index=swap.first_index, digits=float(swap.digits))
    if swap.photo and not is_kept(context.engine, swap.photo):
        raise EditRefused(Refusal.FILE, N_("The picture is not here any more: choose it again."))
    written = replace(swap, serial=tidy(swap.serial)[:100], note=tidy(swap.note)[:LONGEST_TEXT])
    return MeterEditor(context.engine, context.series, by).declare_swap(written, instead_of_ms)


def enter_facts(context: AppContext, meter: Meter, facts: MeterFacts, by: By, instead_of_ms: int | None = None) -> bool:
    """Facts as a person enters them; whether anything changed. Raises EditRefused, SeriesError."""
    wrong = _wrong(meter, facts)
    if wrong:
        raise EditRefused(Refusal.FACTS, wrong)
    written = replace(facts, source=tidy(facts.source)[:LONGEST_SOURCE])
    return MeterEditor(context.engine, context.series, by).enter_facts(written, instead_of_ms)


def _wrong(meter: Meter, facts: MeterFacts) -> str:
    """What cannot be true of facts, in one sentence; empty where nothing is."""
    powers = facts.max_power_kw, facts.max_flow_m3h, facts.tank_l, facts.pulse_weight, facts.contracted_kw
    if facts.digits is not None and not 1 <= facts.digits <= MOST_DIGITS:
        return N_("A register has 1 to 12 digits before the comma.")
    if facts.decimals is not None and not 0 <= facts.decimals <= MOST_DECIMALS:
        return N_("A register has 0 to 6 digits behind the comma.")
    if not 0 < facts.multiplier < inf:
        return N_("The multiplication factor must be above 0.")
    if any(power is not None and not 0 < power < inf for power in powers):
        return N_("A power, a greatest flow, a pulse weight and a tank are above 0, or left empty.")
    if facts.unit is not None and (facts.unit not in UNITS or to_canonical(1.0, facts.unit)[1] != meter.unit):
        return N_("The index cannot count in that unit: it does not become the meter's own.")
    return ""


def proposal_at(context: AppContext, meter: str, register: str, at_ms: int) -> Proposal:
    """The open proposal of a register and instant. Raises EditRefused where it is settled or never was."""
    for one in open_proposals(context.engine, context.series, meter):
        if one.seen.register == register and one.seen.holds(at_ms):
            return one
    raise EditRefused(Refusal.UNKNOWN, N_("Nothing is proposed there, or somebody settled it meanwhile."))


def around(context: AppContext, meter: Meter, register: str, at_ms: int) -> Around:
    """What is known around a reading of a register. Raises SeriesError."""
    evidence = counting(context.engine, context.series).samples_around(meter.id, register, at_ms, at_ms + 1, 1)
    reads = [Read(at, value) for at, value in zip(evidence.at_ms.tolist(), evidence.value.tolist(), strict=True)]
    last = max((one for one in reads if one.at_ms < at_ms), key=lambda one: one.at_ms, default=None)
    following = min((one for one in reads if one.at_ms > at_ms), key=lambda one: one.at_ms, default=None)
    swaps = [one for one in registry.swaps_of(context.engine, meter.id) if one.register == register]
    for swap in swaps:
        if (last is None or last.at_ms < swap.at_ms) and swap.at_ms <= at_ms:
            last = Read(swap.at_ms, swap.first_index)
        if following is not None and at_ms < swap.at_ms <= following.at_ms:
            following = Read(swap.at_ms, swap.last_index)
    facts = FactsAt(Terms(900.0, meter.unit, registry.facts_of(context.engine, meter.id), swaps, register))
    instant = np.array([last.at_ms if last else at_ms])
    digits = [one.digits for one in swaps if one.at_ms <= at_ms and one.digits is not None]
    return Around(
        last,
        following,
        [one.index for one in reads if one.at_ms == at_ms],
        float(facts.factor(instant)[0]),
        10.0 ** digits[-1] if digits else float(facts.full_scale(instant)[0]),
        _highest_day(context, meter, register, at_ms),
    )


def _highest_day(context: AppContext, meter: Meter, register: str, at_ms: int) -> float:
    end_s, flow = at_ms // 1000, register_word(register).flow
    days = context.series.intervals(Resolution.DAY, meter.id, end_s - USUAL_DAYS * 86_400, end_s, flow)
    return float(days.amount[days.known].max()) if days.known.any() else nan
