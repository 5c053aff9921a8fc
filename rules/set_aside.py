"""What the ledger set aside of meters because they cannot have counted it, in their own units."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from plagewatch.metering.meters import Meter, MeterFacts
from plagewatch.metering.terms import Terms, factors
from plagewatch.store.engine import Engine
from plagewatch.store.records import findings, registry
from plagewatch.store.records.findings import LedgerFinding

QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class SetAside:
    """A movement that no meter of its size makes. quarter_s: start of the quarter-hour in which it ended, seconds since
    1970 UTC. amount: [unit of the meter]; NaN where nothing tells what its index is worth.
    """

    quarter_s: int
    amount: float


def set_aside(engine: Engine, meters: Iterable[Meter]) -> dict[str, list[SetAside]]:
    """By meter, oldest first; a meter without any is not there."""
    known = {meter.id: meter for meter in meters}
    found: dict[str, list[LedgerFinding]] = {}
    for one in findings.impossible(engine):
        if one.meter in known:
            found.setdefault(one.meter, []).append(one)
    return {
        meter: list(in_unit(known[meter].unit, registry.facts_of(engine, meter), every))
        for meter, every in found.items()
    }


def in_unit(unit: str, facts: Sequence[MeterFacts], found: Iterable[LedgerFinding]) -> Iterator[SetAside]:
    """Movements of an index as amounts, by the facts that held when each began.

    >>> from plagewatch.metering.course import Found, Note
    >>> step = LedgerFinding("m", "energy_import_total", Found(Note.IMPOSSIBLE, 0, 1_800_000, 7.0))
    >>> list(in_unit("kWh", [MeterFacts("m", multiplier=40.0)], [step]))
    [SetAside(quarter_s=900, amount=280.0)]
    """
    for one in found:
        terms = Terms(0.0, unit, facts, register=one.register)
        factor = float(factors(terms, np.array([one.found.from_ms]))[0])
        yield SetAside((one.found.to_ms - 1) // 1000 // QUARTER_S * QUARTER_S, one.found.step * factor)
