"""Every number and choice the computation uses, with where it comes from and from when it holds.

The law leaves much that we could not read. So nothing here has a default: a parameter that is not in the portfolio, or
not yet valid on the day asked for, is a refusal.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from plagewatch.tickets.texts import N_

PARAMETER_MISSING = N_(
    "Parameter {name} is missing for {day}: enter it in the portfolio with its source and the day it holds from."
)
EFFORT_MISSING = N_(
    "The effort scale of category {category} is missing for {day}: enter it in the portfolio with its source and the"
    " day it holds from."
)


class Standing(StrEnum):
    """How far a value can be trusted."""

    LAW = "law"  # read in the legal text or with the authority
    PUBLISHED = "published"  # printed by a source that is not the law itself
    ASSUMPTION = "assumption"  # the law is not known to us here; our choice
    SAMPLE = "sample"  # invented for the demo


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not computed: a stable code, a sentence to be translated, and what stands in its braces.

    A value whose name ends in `_share` is a share, 0...1, shown as a percentage.
    """

    code: str
    text: str
    values: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The sentence in English.

        >>> Refusal("coverage_too_low", "{meter}: only {known_share}", {"meter": "a.gas", "known_share": 0.4}).sentence
        'a.gas: only 40%'
        """
        return self.text.format(**{name: _shown(name, value) for name, value in self.values.items()})


class Refused(Exception):
    """Carries a refusal out of a computation; the caller that reports turns it back into the value."""

    def __init__(self, code: str, text: str, **values: float | str) -> None:
        self.refusal = Refusal(code, text, values)
        super().__init__(self.refusal.sentence)


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
            raise Refused("parameter_missing", PARAMETER_MISSING, name=name, day=on.isoformat())
        return series[place - 1]

    def number(self, name: str, on: date) -> float:
        """The value of a parameter that is a number; Refused `parameter_not_a_number` where it is a text."""
        value = self.at(name, on).value
        if isinstance(value, str):
            text = N_("Parameter {name} must be a number, it is “{value}”.")
            raise Refused("parameter_not_a_number", text, name=name, value=value)
        return value

    def numbers(self, name: str, dates: NDArray[np.int64]) -> NDArray[np.float64]:
        """The value of a number on each of rising local dates (`date.toordinal`); Refused as `number`."""
        starts = sorted({p.valid_from.toordinal() for p in self.all if p.name == name})
        values = [self.number(name, date.fromordinal(start)) for start in starts]
        place = np.searchsorted(starts, dates, side="right") - 1
        if len(dates) and (not starts or dates[0] < starts[0]):
            self.number(name, date.fromordinal(int(dates[0])))
        return np.array(values, np.float64)[place]

    def choice(self, name: str, on: date) -> str:
        """The value of a parameter that is a choice, as text."""
        return str(self.at(name, on).value)

    def scale(self, category: str, on: date) -> EffortScale:
        """The effort scale of a use category that holds on a day; Refused `effort_missing` where there is none."""
        series = [s for s in self.scales if s.category == category]
        place = bisect_right([s.valid_from for s in series], on)
        if not place:
            raise Refused("effort_missing", EFFORT_MISSING, category=category, day=on.isoformat())
        return series[place - 1]


def _shown(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.0%}" if name.endswith("_share") else f"{value:g}"
