"""The rules as people have set them: those that rest are left out, moved parameters are in their place. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from math import isfinite

from plagewatch.tickets.modes import Mode, RuleMode, mode_at
from rules.catalogue import RULES, Rule, rule

EVER_MS = 2**62


class NoSuchParameter(ValueError):
    """A parameter that a rule does not have, or a value it cannot be. The message says which."""


def in_force(history: Iterable[RuleMode]) -> tuple[Rule, ...]:
    """The rules that look, as the newest word on each says.

    >>> said = [RuleMode("no_data", Mode.OFF), RuleMode("night_water", Mode.ON, {"nights": 4})]
    >>> looking = {rule.id: rule for rule in in_force(said)}
    >>> "no_data" in looking, looking["night_water"].parameters.nights
    (False, 4)
    """
    said = list(history)
    now = ((each, mode_at(said, each.id, EVER_MS)) for each in RULES)
    return tuple(moved(each, one.parameters) for each, one in now if one.mode is not Mode.OFF)


def numbers_of(wanted: Rule) -> dict[str, float]:
    """Names and values of the parameters of a rule that a person may move: its numbers.

    >>> numbers_of(rule("heat_when_warm")).get("deviations"), "warm" in numbers_of(rule("heat_when_warm"))
    (2.0, False)
    """
    parameters = wanted.parameters
    values = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    # By its very type: True is an int too, and a switch is no number to move.
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def checked(rule_id: str, parameters: Mapping[str, float]) -> dict[str, float]:
    """The parameters that differ from the catalogue's. Raises NoSuchParameter, KeyError for an unknown rule.

    >>> checked("night_water", {"nights": 3, "margin_l_per_h": 2})
    {'margin_l_per_h': 2.0}
    >>> checked("night_water", {"nights": 0.5})
    Traceback (most recent call last):
    rules.in_force.NoSuchParameter: nights must be a whole number of 1 or more, not 0.5
    """
    usual, other = numbers_of(rule(rule_id)), dict[str, float]()
    for name, value in parameters.items():
        if name not in usual:
            raise NoSuchParameter(f"{rule_id} has no parameter {name}; it has {', '.join(usual)}")
        whole = isinstance(usual[name], int)
        if whole and (not isfinite(value) or value != int(value) or value < 1):
            raise NoSuchParameter(f"{name} must be a whole number of 1 or more, not {value:g}")
        if not isfinite(value) or value <= 0:
            raise NoSuchParameter(f"{name} must be a number above 0, not {value:g}")
        if value != usual[name]:
            other[name] = int(value) if whole else float(value)
    return other


def moved(each: Rule, parameters: Mapping[str, float]) -> Rule:
    """The rule with some of its numbers in another place; names that it does not have change nothing.

    >>> moved(rule("night_water"), {"nights": 4, "gone": 1.0}).parameters.nights
    4
    """
    # What a newer catalogue has no more is passed over: a rule that looks is worth more than one that fails.
    known = {name: value for name, value in parameters.items() if name in numbers_of(each)}
    return replace(each, parameters=replace(each.parameters, **known)) if known else each
