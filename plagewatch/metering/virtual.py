"""Which virtual meters there are, what they need, and in which order figures go from meter to meter. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from plagewatch.metering.formula import Formula, FormulaError, mentioned, parse
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Kind, Meter, VirtualFormula
from plagewatch.metering.refused import Refusal
from plagewatch.metering.rollups import finest
from plagewatch.tickets.texts import N_

ORDER = tuple(Resolution)
_END_S = 2**40  # later than any instant that the door lets in

Needs = Mapping[str, frozenset[str]]
"""Which meters a virtual meter is computed from, by any of its formulas."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A formula in force over [start_s, end_s)."""

    start_s: int
    end_s: int
    formula: Formula


@dataclass(frozen=True, slots=True)
class VirtualMeters:
    """All formulas that can be computed, by meter, and which meters each meter's figures go into.

    resolution: the finest one at which all sources of a virtual meter say something. refused: formulas that stand in
    the records and cannot be computed, and why.
    """

    formulas: Mapping[str, Sequence[Dated]] = field(default_factory=dict)
    dependents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    resolution: Mapping[str, Resolution] = field(default_factory=dict)
    refused: Sequence[tuple[VirtualFormula, str]] = ()

    def beyond(self, meter: str) -> list[str]:
        """The virtual meters whose figures change with those of a meter, directly."""
        return list(self.dependents.get(meter, ()))

    def sources_of(self, meter: str) -> frozenset[str]:
        """All meters whose figures a meter's are made from, itself and those in between among them."""
        needs = {name: _needed(dated) for name, dated in self.formulas.items()}
        return sources_of(needs, meter)

    def finest(self, meter: Meter) -> Resolution:
        """The finest resolution at which a meter says something.

        >>> from plagewatch.metering.meters import Carrier
        >>> VirtualMeters().finest(Meter("m", "s", "m", Carrier.GAS, Kind.INTERVAL, "m3", interval_s=86_400)).value
        'day'
        """
        return self.resolution.get(meter.id) or _own_resolution(meter)


def virtual_meters(meters: Iterable[Meter], formulas: Iterable[VirtualFormula]) -> VirtualMeters:
    """Parse formulas. One that cannot be computed leaves its own time unknown; a circle of meters all of theirs."""
    known = {meter.id: meter for meter in meters}
    by_meter: dict[str, list[tuple[int, Formula | None]]] = {}
    refused: list[tuple[VirtualFormula, str]] = []
    in_order = sorted(formulas, key=lambda one: one.valid_from_ms)
    all_needs = needs_of(in_order)
    for dated in in_order:
        formula = None
        try:
            if needs_itself(all_needs, dated.meter):
                raise FormulaError(N_("The meter would be computed from itself."), Refusal.FORMULA_CIRCLE)
            formula = parse(dated.formula, known[dated.meter].unit, _units(known.values()))
        except FormulaError as error:
            refused.append((dated, str(error)))
        by_meter.setdefault(dated.meter, []).append((dated.valid_from_ms // 1000, formula))
    spans = {meter: _spans(dated) for meter, dated in by_meter.items()}
    sound = {meter: dated for meter, dated in spans.items() if dated}
    needs = {meter: _needed(dated) for meter, dated in sound.items()}
    resolution = {meter: resolution_of(known, needs, meter) for meter in sound}
    return VirtualMeters(sound, _turned(needs), resolution, refused)


def checked(added: VirtualFormula, meters: Iterable[Meter], formulas: Iterable[VirtualFormula]) -> Formula:
    """What a formula means that somebody enters, over the one of the same instant. Raises FormulaError.

    >>> from plagewatch.metering.meters import Carrier
    >>> meters = [Meter(id_, "s", id_, Carrier.HEAT, Kind.VIRTUAL, "kWh") for id_ in "ab"]
    >>> checked(VirtualFormula("a", "[b]"), meters, [VirtualFormula("b", "2 * [a]")])
    Traceback (most recent call last):
    plagewatch.metering.formula.FormulaError: a would be computed from itself: [b] needs it.
    """
    known = {meter.id: meter for meter in meters}
    meter = known.get(added.meter)
    if meter is None:
        raise FormulaError(N_("There is no meter “%(meter)s”."), Refusal.UNKNOWN, meter=added.meter)
    if meter.kind is not Kind.VIRTUAL:
        text = N_("%(meter)s is not computed from other meters: it has readings of its own.")
        raise FormulaError(text, Refusal.KIND, meter=meter.name)
    formula = parse(added.formula, meter.unit, _units(known.values()))
    others = [one for one in formulas if (one.meter, one.valid_from_ms) != (added.meter, added.valid_from_ms)]
    needs = needs_of([*others, added])
    if needs_itself(needs, added.meter):
        by = next(one for one in sorted(formula.meters) if one == meter.id or _reaches(needs, one, meter.id))
        text = N_("%(meter)s would be computed from itself: [%(by)s] needs it.")
        raise FormulaError(text, Refusal.FORMULA_CIRCLE, meter=meter.name, by=by)
    return formula


def needs_of(formulas: Iterable[VirtualFormula]) -> dict[str, frozenset[str]]:
    """The meters that formulas name, by the virtual meter, those of all dates together."""
    needs: dict[str, frozenset[str]] = {}
    for one in formulas:
        needs[one.meter] = needs.get(one.meter, frozenset()) | mentioned(one.formula)
    return needs


def needs_itself(needs: Needs, meter: str) -> bool:
    """Whether a meter is computed from itself, through whatever others.

    >>> needs_itself({"a": frozenset("bc"), "b": frozenset("a")}, "a")
    True
    """
    return _reaches(needs, meter, meter)


def resolution_of(known: Mapping[str, Meter], needs: Needs, meter: str) -> Resolution:
    """The finest resolution at which a meter says something; of a virtual meter the coarsest of its sources'.

    A meter that is not known, or needs itself, says something of days at the most.
    """
    if meter not in known or needs_itself(needs, meter):
        return Resolution.DAY
    if meter in needs:
        return max((resolution_of(known, needs, source) for source in needs[meter]), key=ORDER.index)
    return _own_resolution(known[meter])


def sources_of(needs: Needs, meter: str) -> frozenset[str]:
    """All meters whose figures a meter's are made from, itself and those in between among them."""
    found = {meter}
    waiting = [meter]
    while waiting:
        fresh = needs.get(waiting.pop(), frozenset()) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


def _needed(dated: Sequence[Dated]) -> frozenset[str]:
    return frozenset().union(*(one.formula.meters for one in dated))


def _own_resolution(meter: Meter) -> Resolution:
    if meter.kind is Kind.DELIVERY:
        return Resolution.DAY
    return finest(meter.interval_s) if meter.kind is Kind.INTERVAL else Resolution.QUARTER


def _units(meters: Iterable[Meter]) -> dict[str, str]:
    return {meter.id: meter.unit for meter in meters if meter.kind is not Kind.GAUGE}


def _reaches(needs: Needs, meter: str, wanted: str) -> bool:
    return any(wanted in needs.get(one, ()) for one in sources_of(needs, meter))


def _spans(dated: Sequence[tuple[int, Formula | None]]) -> list[Dated]:
    bounds = [*(start_s for start_s, _ in dated), _END_S]
    pairs = zip(pairwise(bounds), dated, strict=True)
    return [Dated(a, b, formula) for (a, b), (_, formula) in pairs if formula is not None]


def _turned(needs: Needs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meter, sources in sorted(needs.items()):
        for source in sources:
            found.setdefault(source, []).append(meter)
    return found
