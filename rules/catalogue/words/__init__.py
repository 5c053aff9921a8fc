"""The numbers of every rule in words: what each is called, what it does, its unit, and how far it may be moved."""

from collections.abc import Mapping

from rules.catalogue.rule import Rule
from rules.catalogue.words import data, electricity, heating, solar, water
from rules.catalogue.words.number import NumberWords

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    parameters: told for part in (data, electricity, heating, water, solar) for parameters, told in part.NUMBERS.items()
}
"""By the class of a rule's parameters and the name in it. What is no number, and no list of numbers, is not in it."""


def words_of(rule: Rule) -> Mapping[str, NumberWords]:
    """The words of its numbers by name. Raises KeyError for a rule that has none."""
    return NUMBERS[type(rule.parameters)]
