"""The rules as people have set them: those that rest are left out, moved parameters are in their place. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plagewatch.tickets.modes import Mode, RuleMode, mode_at
from rules.catalogue import RULES, Rule
from rules.catalogue.words import numbers_of

EVER_MS = 2**62


def in_force(history: Iterable[RuleMode]) -> tuple[Rule, ...]:
    """The rules that look, as the newest word on each says.

    >>> no_data = [RuleMode("no_data", Mode.OFF)]
    >>> [rule.id for rule in RULES if rule not in in_force(no_data)]
    ['no_data']
    >>> [rule.parameters.nights for rule in in_force([RuleMode("night_water", Mode.ON, {"nights": 4})])
    ...  if rule.id == "night_water"]
    [4]
    """
    said = list(history)
    now = ((each, mode_at(said, each.id, EVER_MS)) for each in RULES)
    return tuple(with_numbers(each, one.parameters) for each, one in now if one.mode is not Mode.OFF)


def with_numbers(each: Rule, parameters: Mapping[str, float]) -> Rule:
    """A rule with some of its numbers moved."""
    # What a newer catalogue has no more is passed over: a rule that looks is worth more than one that fails.
    known = {name: value for name, value in parameters.items() if name in numbers_of(each)}
    return replace(each, parameters=replace(each.parameters, **known)) if known else each
