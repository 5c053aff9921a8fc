"""A table of a TOML file read key by key, so that every fault is told with the table and the key it is in."""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, cast

Word = TypeVar("Word", bound=StrEnum)


class PortfolioError(ValueError):
    """The portfolio file cannot be used as it is; the text names table and key and says what is expected."""


class Table:
    """One table; `place` is how a person finds it in the file.

    Keys that nobody asked for are an error at the end (`finish`): a mistyped key must not be a silent omission.
    """

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self.place = place
        self._values = values
        self._asked: set[str] = set()

    def error(self, key: str, problem: str) -> PortfolioError:
        """The error for a key, ready to be raised."""
        return PortfolioError(f"{self.place}, key `{key}`: {problem}")

    def has(self, key: str) -> bool:
        """Whether the key is there; for the few that may be left out."""
        self._asked.add(key)
        return key in self._values

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"a text that is not empty is expected, not {value!r}")
        return value.strip()

    def number(self, key: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number in [low, high]."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(key, f"a number is expected, not {value!r}")
        if not low <= value <= high:
            raise self.error(key, f"must lie between {low:g} and {high:g}, it is {value:g}")
        return float(value)

    def number_or_text(self, key: str) -> float | str:
        """A number, or a choice in words."""
        return self.text(key) if isinstance(self._values.get(key), str) else self.number(key)

    def day(self, key: str) -> date:
        """A date, written without quotes."""
        value = self._get(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.error(key, f"a date without quotes is expected, like 2026-01-31, not {value!r}")
        return value

    def word(self, key: str, words: type[Word]) -> Word:
        """One of the words of an enum."""
        value = self.text(key)
        if value not in [word.value for word in words]:
            raise self.error(key, f"{value!r} is not one of {', '.join(words)}")
        return words(value)

    def table(self, key: str) -> "Table":
        """A table inside this one."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise self.error(key, "a table is expected")
        return Table(self._inside(key), cast("Mapping[str, object]", value))

    def tables(self, key: str) -> Iterator["Table"]:
        """The tables of an array, at least one; each is checked for unknown keys when the next one is asked for."""
        value = self._get(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"at least one table [[{key}]] is expected")
        for number, item in enumerate(cast("list[dict[str, object]]", value), 1):
            name = next((str(item[k]) for k in ("id", "name", "carrier", "category") if k in item), "")
            label = f"number {number}" + (f" ({name})" if name else "")
            table = Table(f"{self._inside(key)} {label}", item)
            yield table
            table.finish()

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """Pairs of numbers, like [[0, 0.02], [100, 0.08]]."""
        value = self._get(key)
        expected = "pairs of numbers are expected, like [[0, 0.02], [100, 0.08]]"
        if not isinstance(value, list) or not value:
            raise self.error(key, expected)
        pairs = []
        for pair in value:
            if not isinstance(pair, list) or len(pair) != 2 or not all(_is_number(n) for n in pair):
                raise self.error(key, f"{expected}, not {pair!r}")
            pairs.append((float(pair[0]), float(pair[1])))
        return tuple(pairs)

    def finish(self) -> None:
        """Refuse keys that mean nothing here."""
        for key in self._values:
            if key not in self._asked:
                raise self.error(key, f"unknown key; known here: {', '.join(sorted(self._asked))}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._values:
            raise self.error(key, "is missing")
        return self._values[key]

    def _inside(self, key: str) -> str:
        return f"{self.place} → {key}" if self.place != "portfolio" else key


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
