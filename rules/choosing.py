"""Which rules look, and by which numbers, as somebody wrote it: `unusual_load:deviations=7,lasts_h=24`."""

from collections.abc import Sequence
from math import isfinite

from rules.catalogue import RULES, Rule
from rules.in_force import numbers_of, with_numbers


class NoSuchRule(ValueError):
    """What was written names no rule, or no number of it; the sentence says which there are."""


def chosen(texts: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that are named, their numbers changed as written; all rules where none is named.

    Raises NoSuchRule.

    >>> (rule,) = chosen(["unusual_load:deviations=7,lasts_h=24"])
    >>> rule.parameters.deviations, rule.parameters.lasts_h, rule.parameters.weeks
    (7.0, 24, 8)
    >>> [rule.id for rule in chosen(["no_data", "night_water"])]
    ['no_data', 'night_water']
    """
    found = [_one(text) for text in texts]
    ids = [rule.id for rule in found]
    if double := next((each for each in ids if ids.count(each) > 1), None):
        raise NoSuchRule(f"{double} is named twice; write its numbers in one go, as in {double}:NAME=1,NAME=2")
    return tuple(found) or RULES


def _one(text: str) -> Rule:
    rule_id, _, changes = text.partition(":")
    known = {rule.id: rule for rule in RULES}
    if rule_id not in known:
        raise NoSuchRule(f"There is no rule {rule_id!r}; there are {', '.join(known)}.")
    rule, named = known[rule_id], [part.partition("=") for part in changes.split(",") if part]
    return with_numbers(rule, {name: _number(rule, name, value) for name, _, value in named})


def _number(rule: Rule, name: str, value: str) -> float:
    usual = numbers_of(rule)
    if name not in usual:
        raise NoSuchRule(f"{rule.id} has no number {name!r}; it has {', '.join(usual)}.")
    wanted = "a whole number of 1 or more" if isinstance(usual[name], int) else "a number above 0"
    try:
        number = type(usual[name])(value)
    except ValueError:
        number = 0
    if not isfinite(number) or number <= 0:
        raise NoSuchRule(f"{rule.id}:{name} must be {wanted}, not {value!r}; it is {usual[name]:g}.")
    return number
