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

    >>> [rule.id for rule in in_force([RuleMode("no_data", Mode.OFF)])]
    ['night_water', 'unusual_load']
    >>> in_force([RuleMode("night_water", Mode.ON, {"nights": 4})])[1].parameters.nights
    4
    """
    said = list(history)
    now = ((each, mode_at(said, each.id, EVER_MS)) for each in RULES)
    return tuple(_set(each, one.parameters) for each, one in now if one.mode is not Mode.OFF)


def numbers_of(wanted: Rule) -> dict[str, float]:
    """Names and values of the parameters of a rule that a person may move: its numbers."""
    parameters = wanted.parameters
    values = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def checked(rule_id: str, parameters: Mapping[str, float]) -> dict[str, float]:
    """The parameters that differ from the catalogue's. Raises NoSuchParameter, KeyError for an unknown rule.

    >>> checked("night_water", {"nights": 3, "margin_l_per_h": 2})
    {'margin_l_per_h': 2.0}
    >>> checked("night_water", {"nights": 0.5})
    Traceback (most recent call last):
    rules.in_force.NoSuchParameter: nights must be a whole number of 1 or more, not 0.5
    """
    usual, moved = numbers_of(rule(rule_id)), dict[str, float]()
    for name, value in parameters.items():
        if name not in usual:
            raise NoSuchParameter(f"{rule_id} has no parameter {name}; it has {', '.join(usual)}")
        whole = isinstance(usual[name], int)
        if whole and (not isfinite(value) or value != int(value) or value < 1):
            raise NoSuchParameter(f"{name} must be a whole number of 1 or more, not {value:g}")
        if not isfinite(value) or value <= 0:
            raise NoSuchParameter(f"{name} must be a number above 0, not {value:g}")
        if value != usual[name]:
            moved[name] = int(value) if whole else float(value)
    return moved


def _set(each: Rule, parameters: Mapping[str, float]) -> Rule:
    # What a newer catalogue has no more is passed over: a rule that looks is worth more than one that fails.
    known = {name: value for name, value in parameters.items() if name in numbers_of(each)}
    return replace(each, parameters=replace(each.parameters, **known)) if known else each
