"""Which rules look, and by which numbers, as somebody wrote it: `unusual_load:deviations=7,lasts_h=24`."""

from collections.abc import Sequence

from rules.catalogue import RULES, Rule
from rules.in_force import NoSuchParameter, checked, moved


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
    named = [part.partition("=") for part in changes.split(",") if part]
    try:
        return moved(known[rule_id], checked(rule_id, {name: _number(name, value) for name, _, value in named}))
    except NoSuchParameter as error:
        raise NoSuchRule(f"{rule_id}: {error}.") from error


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise NoSuchParameter(f"{name} must be a number, not {value!r}") from error
