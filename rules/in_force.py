"""The rules as people have set them: those that rest are left out, moved parameters are in their place. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from plagewatch.tickets.modes import Mode, RuleMode, mode_at
from rules.catalogue import RULES, Rule

EVER_MS = 2**62


def in_force(history: Iterable[RuleMode]) -> tuple[Rule, ...]:
    """The rules that look, as the newest word on each says.

    >>> said = [RuleMode("no_data", Mode.OFF), RuleMode("night_water", Mode.ON, {"nights": 4})]
    >>> looking = {rule.id: rule for rule in in_force(said)}
    >>> "no_data" in looking, looking["night_water"].parameters.nights
    (False, 4)
    """
    said = list(history)
    now = ((each, mode_at(said, each.id, EVER_MS)) for each in RULES)
    return tuple(with_numbers(each, one.parameters) for each, one in now if one.mode is not Mode.OFF)


def numbers_of(wanted: Rule) -> dict[str, float]:
    """Names and values of the parameters of a rule that a person may move: its numbers.

    >>> from rules.catalogue import rule
    >>> numbers_of(rule("heat_when_warm")).get("deviations"), "warm" in numbers_of(rule("heat_when_warm"))
    (2.0, False)
    """
    parameters = wanted.parameters
    values = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    # By its very type: True is an int too, and a switch is no number to move.
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def with_numbers(each: Rule, parameters: Mapping[str, float]) -> Rule:
    """The rule with some of its numbers in another place; names that it does not have change nothing.

    >>> from rules.catalogue import rule
    >>> with_numbers(rule("night_water"), {"nights": 4, "gone": 1.0}).parameters.nights
    4
    """
    # What a newer catalogue has no more is passed over: a rule that looks is worth more than one that fails.
    known = {name: value for name, value in parameters.items() if name in numbers_of(each)}
    return replace(each, parameters=replace(each.parameters, **known)) if known else each
