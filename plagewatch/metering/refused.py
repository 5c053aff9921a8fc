"""An entry by a person or a program that would leave something untrue: refused with a word, a sentence, its values."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from math import nan

Value = str | float | date


class Refusal(StrEnum):
    """Why an entry is refused. The words are stable."""

    SUM = "shares_sum"
    PART = "share_out_of_range"
    CIRCLE = "sub_meter_circle"
    UNLIKE = "sub_meter_unlike"  # another carrier or unit than its head
    TAKEN = "sub_meter_taken"  # behind two heads at a time
    NO_DAY = "no_day"  # a span without a day in it
    UNKNOWN = "not_in_registry"
    NAME = "name"  # an id or a name that cannot be one, or that somebody else has
    KIND = "meter_kind"
    FORMULA = "formula"
    FORMULA_CIRCLE = "formula_circle"
    QUANTITY = "quantity"
    UNIT = "unit"
    DAY = "day"
    CALORIFIC_VALUE = "calorific_value"
    WHO = "who"
    MOMENT = "moment"
    TWICE = "moment_comes_twice"  # a local time in the hour when the clock goes back
    REGISTER = "register"
    INDEX = "index"
    FACTS = "facts"
    FILE = "file"


class EditRefused(ValueError):
    """An entry that is refused; nothing was written.

    text: one sentence with places, to be translated; values: what stands in them, to be written as the reader does.
    total: what shares sum to, where it is about that.

    >>> print(EditRefused(Refusal.QUANTITY, "%(quantity)s is no quantity.", quantity=-2.0))
    -2 is no quantity.
    """

    def __init__(self, refusal: Refusal, text: str, total: float = nan, /, **values: Value) -> None:
        super().__init__(text % {name: _plain(value) for name, value in values.items()} if values else text)
        self.refusal = refusal
        self.text = text
        self.total = total
        self.values: Mapping[str, Value] = values


def _plain(value: Value) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
