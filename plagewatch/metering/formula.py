"""Formulas of virtual meters: sums of other meters' amounts, their units checked.

`[wzc.elec] - [wzc.kitchen] + 0.5 * [wzc.shared]` in kWh; `[wzc.gas] * 11.33 * kWh / m3` makes energy of a volume. A
meter stands in square brackets, `:export` behind its id means what it fed back. Meters may be added, subtracted,
multiplied and divided by numbers and units; not by each other: sums over a day would then no longer be the day's.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
from typing import Any

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals
from plagewatch.metering.readings import Flow
from plagewatch.metering.refused import EditRefused, Refusal, Value
from plagewatch.tickets.texts import N_

MAX_LENGTH = 2000
_METER = re.compile(r"\[([^\[\]]+)\]")
_UNIT_NAMES = {"kWh": "kilowatt_hour", "MWh": "megawatt_hour", "Wh": "watt_hour", "GJ": "gigajoule", "MJ": "megajoule",
               "m3": "meter ** 3", "l": "liter", "kW": "kilowatt", "W": "watt", "h": "hour"}  # fmt: skip

Source = tuple[str, Flow]
"""A meter and which of its flows."""


class FormulaError(EditRefused):
    """A formula that cannot be computed; the message says why and where."""

    def __init__(self, text: str, refusal: Refusal = Refusal.FORMULA, /, **values: Value) -> None:
        super().__init__(refusal, text, **values)


@dataclass(frozen=True, slots=True)
class Formula:
    """factors: by what each source's amounts [unit of that meter] are multiplied; the sum is in the formula's unit."""

    factors: Mapping[Source, float]

    @property
    def meters(self) -> frozenset[str]:
        """The meters it needs."""
        return frozenset(meter for meter, _ in self.factors)


def parse(text: str, unit: str, units: Mapping[str, str]) -> Formula:
    """The formula that a text means, in `unit`. units: unit of every meter that may stand in it.

    Raises FormulaError where it cannot be read, names a meter that is not in `units`, or has another unit than it
    should.

    >>> parse("[a] - 0.5 * [b]", "kWh", {"a": "kWh", "b": "kWh"}).factors
    {('a', 'main'): 1.0, ('b', 'main'): -0.5}
    >>> parse("[gas] + [elec]", "kWh", {"gas": "m3", "elec": "kWh"})
    Traceback (most recent call last):
    plagewatch.metering.formula.FormulaError: m3 and kWh cannot be added.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            N_("The formula has %(length)s characters; %(most)s are the most."),
            length=float(len(text)),
            most=float(MAX_LENGTH),
        )
    names: list[str] = []

    def named(match: re.Match[str]) -> str:
        names.append(match[1].strip())
        return f" _meter({len(names) - 1}) "

    try:
        tree = ast.parse(_METER.sub(named, text).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(
            N_("“%(typed)s” is no formula. Write it as this one: [meter-a] - 0.5 * [meter-b]"), typed=text
        ) from error
    found = _Reading(names, units).of(tree.body)
    if not found.factors:
        raise FormulaError(N_("There is no meter in the formula. Write its number in square brackets: [meter-a]"))
    wanted = _unit(unit)
    if not found.unit.is_compatible_with(wanted):
        raise FormulaError(
            N_("The formula is in %(unit)s, its meter counts in %(right)s."), unit=_shown(found.unit), right=unit
        )
    scale = _scale(found.unit, wanted)
    factors = {source: factor * scale for source, factor in found.factors.items()}
    if not all(map(isfinite, factors.values())):
        raise FormulaError(N_("A number in the formula is too large."))
    return Formula(factors)


def mentioned(text: str) -> frozenset[str]:
    """The meters that a text names in square brackets, whether or not it is a formula.

    >>> sorted(mentioned("[a:export] - 0.5 * [ b ]"))
    ['a', 'b']
    """
    return frozenset(name.strip().partition(":")[0] for name in _METER.findall(text))


@cache
def _registry() -> Any:
    # Imported here: it takes longer than most commands, and few centres have a virtual meter.
    import pint

    return pint.UnitRegistry(cache_folder=None)


def _unit(name: str) -> Any:
    if name not in _UNIT_NAMES:
        raise FormulaError(
            N_("“%(name)s” is no unit of a formula; there are %(units)s."), name=name, units=", ".join(_UNIT_NAMES)
        )
    return _registry().Unit(_UNIT_NAMES[name])


def _shown(unit: Any) -> str:
    return next((name for name in _UNIT_NAMES if _unit(name) == unit), f"{unit:~}" or "no unit")


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a formula: meters with their factors, or a number where there is none. unit: pint's, of the whole."""

    unit: Any
    factors: Mapping[Source, float] = field(default_factory=dict)
    number: float = 1.0

    def times(self, number: float, unit: Any) -> "_Part":
        """The part multiplied by a number with its unit."""
        scaled = {source: factor * number for source, factor in self.factors.items()}
        return _Part(self.unit * unit, scaled, self.number * number)


class _Reading:
    """Reads the tree of a formula from the leaves up."""

    def __init__(self, names: list[str], units: Mapping[str, str]) -> None:
        self._names = names
        self._units = units

    def of(self, node: ast.expr) -> _Part:
        """What a part of the formula means."""
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return _Part(_registry().Unit(""), number=_number(str(node.value)))
        if isinstance(node, ast.Name):
            return _Part(_unit(node.id))
        if isinstance(node, ast.Call):
            return self._meter(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self.of(node.operand).times(-1.0, _registry().Unit(""))
        if isinstance(node, ast.BinOp) and type(node.op) in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            return self._joined(node.op, self.of(node.left), self.of(node.right))
        raise FormulaError(N_("Only meters, numbers, units, + - * / and brackets can stand in a formula."))

    def _meter(self, node: ast.Call) -> _Part:
        place = node.args[0] if len(node.args) == 1 else None
        if not (isinstance(node.func, ast.Name) and node.func.id == "_meter" and isinstance(place, ast.Constant)):
            raise FormulaError(N_("There are no functions in a formula."))
        name = self._names[int(str(place.value))]
        meter, _, said = name.partition(":")
        if said not in ("", "main", "export"):
            raise FormulaError(N_("[%(name)s]: behind the colon can only stand export."), name=name)
        if meter not in self._units:
            raise FormulaError(N_("There is no meter “%(meter)s”."), meter=meter)
        flow: Flow = "export" if said == "export" else "main"
        return _Part(_unit(self._units[meter]), {(meter, flow): 1.0})

    def _joined(self, sign: ast.operator, left: _Part, right: _Part) -> _Part:
        if isinstance(sign, ast.Mult):
            if left.factors and right.factors:
                raise FormulaError(N_("Meters cannot be multiplied by each other."))
            return left.times(right.number, right.unit) if left.factors else right.times(left.number, left.unit)
        if isinstance(sign, ast.Div):
            if right.factors:
                raise FormulaError(N_("Nothing can be divided by a meter."))
            if right.number == 0:
                raise FormulaError(N_("Nothing can be divided by 0."))
            return left.times(1.0 / right.number, 1 / right.unit)
        return _added(left, right if isinstance(sign, ast.Add) else right.times(-1.0, _registry().Unit("")))


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise FormulaError(N_("A number in the formula is too large."))
    return value


def _added(left: _Part, right: _Part) -> _Part:
    if bool(left.factors) != bool(right.factors):
        raise FormulaError(N_("A number cannot be added to a meter: nobody says of which time it is."))
    if not left.unit.is_compatible_with(right.unit):
        raise FormulaError(
            N_("%(unit)s and %(other)s cannot be added."), unit=_shown(left.unit), other=_shown(right.unit)
        )
    scale = _scale(right.unit, left.unit)
    factors = dict(left.factors)
    for source, factor in right.factors.items():
        factors[source] = factors.get(source, 0.0) + factor * scale
    return _Part(left.unit, factors, left.number + right.number * scale)


def _scale(unit: Any, wanted: Any) -> float:
    return float((1.0 * unit).to(wanted).magnitude)


def computed(formula: Formula, parts: Mapping[Source, Intervals]) -> Intervals:
    """The amounts of a virtual meter. parts: of each source of the formula, all of one resolution.

    An interval in which any part is unknown is unknown: what is missing is not 0. Coverage is the smallest of the
    parts'. What was not measured of the parts weighs in with its factor, whatever the sign.

    >>> head, sub = (Intervals.measured(np.array([0, 900]), np.array(values)) for values in ([5.0, 5.0], [2.0, np.nan]))
    >>> computed(Formula({("h", "main"): 1.0, ("s", "main"): -1.0}), {("h", "main"): head, ("s", "main"): sub}).amount
    array([ 3., nan])
    """
    used = [(factor, parts[source]) for source, factor in formula.factors.items()]
    start_s = np.unique(np.concatenate([np.zeros(0, np.int64), *(part.start_s for _, part in used)]))

    def laid_out(part: Intervals, name: str, missing: float) -> Floats:
        values = np.full(len(start_s), missing)
        values[np.searchsorted(start_s, part.start_s)] = getattr(part, name)
        return values

    amounts = [factor * laid_out(part, "amount", np.nan) for factor, part in used]
    amount: Floats = np.sum(amounts, axis=0)
    coverage = np.min([laid_out(part, "coverage", 0.0) for _, part in used], axis=0)
    weight = np.sum(np.abs(amounts), axis=0)

    def origin(name: str) -> Floats:
        said = np.sum([abs(factor) * np.abs(laid_out(part, name, 0.0)) for factor, part in used], axis=0)
        share = np.divide(said, weight, out=np.zeros(len(start_s)), where=np.nan_to_num(weight) > 0)
        return np.asarray(np.nan_to_num(amount) * np.minimum(share, 1.0), np.float64)

    origins = (origin(name) for name in ("interpolated", "spread", "estimated", "manual"))
    return Intervals(start_s, amount, np.where(np.isnan(amount), 0.0, coverage), *origins)
