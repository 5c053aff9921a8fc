"""Every number and choice the computation uses, with where it comes from and from when it holds.

The law leaves much that we could not read. So nothing here has a default: a parameter that is not in the portfolio, or
not yet valid on the day asked for, is a refusal.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Standing(StrEnum):
    """How far a value can be trusted."""

    LAW = "law"  # read in the legal text or with the authority
    PUBLISHED = "published"  # printed by a source that is not the law itself
    ASSUMPTION = "assumption"  # the law is not known to us here; our choice
    SAMPLE = "sample"  # invented for the demo


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not computed: a stable code, a sentence, and the numbers in it."""

    code: str
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)


class Refused(Exception):
    """Carries a refusal out of a computation; the caller that reports turns it back into the value."""

    def __init__(self, code: str, sentence: str, **numbers: float) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(code, sentence, numbers)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number or a choice, valid from a local day until one of the same name follows it."""

    name: str
    value: float | str
    unit: str
    source: str
    valid_from: date
    standing: Standing
    note: str = ""


class Shape(StrEnum):
    """How an effort scale goes from one of its points to the next."""

    STEP = "step"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class EffortScale:
    """The reduction asked of a use category, by specific consumption.

    points: (specific consumption from which it holds [kWh/m2 and year], effort 0...1), rising, the first one from 0.
    """

    category: str
    shape: Shape
    points: tuple[tuple[float, float], ...]
    source: str
    valid_from: date
    standing: Standing


class Parameters:
    """The parameters of a portfolio, looked up by name and day."""

    def __init__(self, parameters: Sequence[Parameter], scales: Sequence[EffortScale] = ()) -> None:
        self.all = tuple(sorted(parameters, key=lambda p: (p.name, p.valid_from)))
        self.scales = tuple(sorted(scales, key=lambda s: (s.category, s.valid_from)))

    def at(self, name: str, on: date) -> Parameter:
        """The parameter that holds on a day.

        Raises Refused `parameter_missing` where there is none of that name, or none that early.

        >>> rate = Parameter("rate_eur_kwh", 0.06, "EUR/kWh", "press", date(2019, 7, 1), Standing.PUBLISHED)
        >>> Parameters([rate]).at("rate_eur_kwh", date(2026, 1, 1)).value
        0.06
        """
        series = [p for p in self.all if p.name == name]
        place = bisect_right([p.valid_from for p in series], on)
        if not place:
            raise Refused("parameter_missing", _missing(f"parameter {name}", on, bool(series)))
        return series[place - 1]

    def number(self, name: str, on: date) -> float:
        """The value of a parameter that is a number; Refused `parameter_not_a_number` where it is a text."""
        value = self.at(name, on).value
        if isinstance(value, str):
            raise Refused("parameter_not_a_number", f"parameter {name} must be a number, it is {value!r}")
        return value

    def choice(self, name: str, on: date) -> str:
        """The value of a parameter that is a choice, as text."""
        return str(self.at(name, on).value)

    def scale(self, category: str, on: date) -> EffortScale:
        """The effort scale of a use category that holds on a day; Refused `effort_missing` where there is none."""
        series = [s for s in self.scales if s.category == category]
        place = bisect_right([s.valid_from for s in series], on)
        if not place:
            raise Refused("effort_missing", _missing(f"effort scale for category {category}", on, bool(series)))
        return series[place - 1]


def _missing(what: str, on: date, later: bool) -> str:
    when = f"none is valid on {on.isoformat()}" if later else "there is none"
    return f"no {what} in the portfolio: {when}; enter it with its source and the day it holds from"
