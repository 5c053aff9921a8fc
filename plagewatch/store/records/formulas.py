"""Formulas of virtual meters as people and files enter them: parsed first, each with its line in the audit.

What was computed by another formula is made again, no further back and forth than there is something to compute it of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from plagewatch.metering.edits import EVER_MS, formula_stretches
from plagewatch.metering.formula import Formula, mentioned
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Delivery, Kind, Meter, Site, VirtualFormula
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.virtual import checked, needs_of, resolution_of, sources_of
from plagewatch.store.records import registry
from plagewatch.store.records.life_cycle import By, Change, EvidenceOnHand, What, apply, editing
from plagewatch.store.records.work import DirtyWindow
from plagewatch.tickets.texts import N_


def parsed(engine: Engine, formula: VirtualFormula) -> Formula:
    """What a formula would mean if it were entered. Raises FormulaError, an EditRefused."""
    return checked(formula, registry.meters(engine), registry.virtual_formulas(engine))


@dataclass(frozen=True, slots=True)
class FormulaEditor:
    """Edits of formulas. Each method tells whether anything changed, and raises EditRefused.

    SeriesError where the evidence cannot be read: it says how far back there is something to compute.
    """

    engine: Engine
    series: EvidenceOnHand
    by: By

    def set(self, formula: VirtualFormula) -> bool:
        """How a virtual meter is computed from an instant on, up to the next formula."""
        formula = replace(formula, formula=" ".join(formula.formula.split()))
        with editing(self.engine) as connection:
            meters = registry.entries(connection, Meter)
            checked(formula, meters, registry.entries(connection, VirtualFormula))
            return self._apply(connection, What.FORMULA_SET, formula, [formula])

    def remove(self, meter: str, valid_from_ms: int) -> bool:
        """Take back the formula of an instant: the one before it holds on, or none."""
        formula = VirtualFormula(meter, "", valid_from_ms)
        with editing(self.engine) as connection:
            known = registry.entries(connection, VirtualFormula, meter=meter, valid_from_ms=valid_from_ms)
            if not known:
                raise EditRefused(Refusal.UNKNOWN, N_("There is no formula from that moment on."))
            return self._apply(connection, What.FORMULA_REMOVED, formula, [])

    def _apply(
        self, connection: Connection, what: What, formula: VirtualFormula, new: Sequence[VirtualFormula]
    ) -> bool:
        before = registry.entries(connection, VirtualFormula)
        key = formula.meter, formula.valid_from_ms
        old = [one for one in before if (one.meter, one.valid_from_ms) == key]
        after = [one for one in before if one not in old] + list(new)
        windows = self._windows(connection, formula.meter, before, after)
        return apply(connection, self.by, Change(what, formula.meter, old, new, windows))

    def _windows(
        self, connection: Connection, meter: str, before: Sequence[VirtualFormula], after: Sequence[VirtualFormula]
    ) -> list[DirtyWindow]:
        known = {one.id: one for one in registry.entries(connection, Meter)}
        was, will_be = ([one for one in some if one.meter == meter] for some in (before, after))
        spans = formula_stretches(was, will_be)
        resolutions = {resolution_of(known, needs_of(some), meter) for some in (before, after)}
        if was and will_be and len(resolutions) > 1:
            spans = [EVER_MS]  # all of it is told finer or coarser now
        evidence = Evidence(self.series, known, _first_deliveries_ms(connection, known), [*before, *after])
        first_ms = min((evidence.first_of_formula_ms(one) for one in [*was, *will_be]), default=EVER_MS[1])
        latest_ms = self.series.latest_sample_ms()
        sources = sources_of(needs_of([*before, *after]), meter)
        last_ms = max(self.by.at_ms, *(latest_ms.get(source, 0) for source in sources))
        cut = [(max(first, first_ms), min(end, last_ms + 1)) for first, end in spans]
        return [DirtyWindow(meter, first, end - 1) for first, end in cut if first < end]


@dataclass(frozen=True, slots=True)
class Evidence:
    """From when on meters have figures. first_deliveries_ms: of the tanks; formulas: all there are, old ones too."""

    series: EvidenceOnHand
    meters: Mapping[str, Meter]
    first_deliveries_ms: Mapping[str, int]
    formulas: Sequence[VirtualFormula]

    def first_of_formula_ms(self, formula: VirtualFormula, within: frozenset[str] = frozenset()) -> int:
        """The instant from which all of a formula's meters have something; far ahead where one of them has nothing."""
        within |= {formula.meter}
        sources = mentioned(formula.formula)
        return max((self._first_ms(one, within) for one in sources), default=EVER_MS[1])

    def _first_ms(self, meter: str, within: frozenset[str]) -> int:
        if meter not in self.meters or meter in within:
            return EVER_MS[1]
        kind = self.meters[meter].kind
        if kind is Kind.VIRTUAL:
            ways = [one for one in self.formulas if one.meter == meter]
            return min((self.first_of_formula_ms(one, within) for one in ways), default=EVER_MS[1])
        if kind is Kind.DELIVERY:
            return self.first_deliveries_ms.get(meter, EVER_MS[1])
        around = (self.series.samples_around(meter, name, 0, 0, 1).at_ms for name in self.series.registers(meter))
        return min((int(at_ms[0]) for at_ms in around if len(at_ms)), default=EVER_MS[1])


def _first_deliveries_ms(connection: Connection, known: Mapping[str, Meter]) -> dict[str, int]:
    timezones = {site.id: site.timezone for site in registry.entries(connection, Site)}
    first: dict[str, int] = {}
    for one in registry.entries(connection, Delivery):
        at_ms = day_start_s(one.delivered_on, timezones[known[one.meter].site]) * 1000
        first[one.meter] = min(at_ms, first.get(one.meter, at_ms))
    return first
