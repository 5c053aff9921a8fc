"""Sentences before they are in a language: the English text with named places, and what goes into them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from plagewatch.plage.parameters import Refusal


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount with its unit, kWh or m3."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Euro:
    """Money [EUR], to the euro."""

    value: float


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Money per unit [EUR per kWh or m3]."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Fraction:
    """A part of a whole, 0...1."""

    value: float


@dataclass(frozen=True, slots=True)
class Change:
    """A relative change; its sign is shown."""

    value: float


@dataclass(frozen=True, slots=True)
class Degrees:
    """A temperature or a difference of two [°C]."""

    value: float


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, shown in a place's local time. at_s: seconds since 1970 UTC."""

    at_s: int
    tz: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text marked with `N_` and its values; with `plural`, the number `n` chooses the form and is a value too."""

    text: str
    values: Mapping[str, "Value"] = field(default_factory=dict)
    plural: str = ""
    n: int = 0


Value = str | int | date | Amount | Euro | UnitPrice | Fraction | Change | Degrees | Instant | Phrase | Refusal


def NN_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - named after the marker of one text
    """Both forms of a text that holds a number `{n}`, marked for translators."""
    return singular, plural


def counted(texts: tuple[str, str], n: int) -> Phrase:
    """A phrase in the form that the number asks for in the language it will be in."""
    return Phrase(texts[0], {"n": n}, texts[1], n)
