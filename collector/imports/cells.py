"""What stands in a cell: a number, an instant, an id. Pure; what cannot be read is a RowRefused."""

import math

from collector.decoders.door import moment_ms, plausible, shown
from collector.imports.refusals import RowRefused
from plagewatch.metering.readings import Reason

REMEMBERED = 100_000


class Moments:
    """Reads UTC instants. The instants of a hundred meters are the same ones: what was read once is looked up."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._known: dict[str, int] = {}

    def read(self, text: str, column: str, device: str = "") -> int:
        """Milliseconds of an instant. Raises RowRefused for what is none, or cannot have been meant."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= REMEMBERED:  # a file of any length costs the same memory
                self._known.clear()
            known = self._known[text] = moment_of(text, column, self._now_ms, device)
        return known


def moment_of(text: str, column: str, now_ms: int, device: str = "") -> int:
    """Milliseconds of a UTC instant. Raises RowRefused for what is none, or cannot have been meant."""
    at_ms = moment_ms(text)
    if at_ms is None:
        raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no instant like 2016-01-01T00:00:00Z", device)
    return meant(at_ms, text, column, now_ms, device)


def meant(at_ms: int, text: str, column: str, now_ms: int, device: str = "") -> int:
    """The instant itself where it can have been meant. Raises RowRefused."""
    if not plausible(at_ms, now_ms):
        raise RowRefused(Reason.TIME_IMPLAUSIBLE, column, f"{shown(text)} is before 2000 or after tomorrow", device)
    return at_ms


def number_of(text: str, column: str, device: str = "") -> float:
    """A finite number. Raises RowRefused.

    >>> number_of("12.5", "value")
    12.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Python reads 1_000 as a number; no meter writes it.
    if not math.isfinite(value) or "_" in text:
        raise RowRefused(Reason.NOT_A_NUMBER, column, shown(text) or "empty", device)
    return value


def local_number_of(text: str, column: str, decimal: str, device: str = "") -> float:
    """A finite number as people of the country write it: decimal sign given, the other sign or a blank for thousands.

    >>> local_number_of("1.234,5", "Volume", ","), local_number_of("1 234.5", "Volume", ".")
    (1234.5, 1234.5)
    """
    bare = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    thousands = "." if decimal == "," else ","
    whole, _, fraction = bare.partition(decimal)
    groups = whole.split(thousands)
    # A sign for thousands stands before every three digits; anything else is another decimal sign than was said.
    if thousands in fraction or (len(groups) > 1 and any(len(group) != 3 for group in groups[1:])):
        raise RowRefused(
            Reason.NOT_A_NUMBER, column, f"{shown(text)}: the decimal sign is said to be {decimal}", device
        )
    return number_of(bare.replace(thousands, "").replace(decimal, "."), column, device)


def plain_number_of(text: str, column: str, device: str = "") -> float:
    """A finite number of an export that has no sign for thousands: comma and point are both the decimal sign.

    >>> plain_number_of("0,173", "Volume"), plain_number_of("0.173", "Volume")
    (0.173, 0.173)
    """
    return number_of(text.replace(",", "."), column, device)  # of two signs none is a number


def optional_number(text: str, column: str) -> float | None:
    """A finite number, or None for an empty cell. Raises RowRefused."""
    return number_of(text, column) if text else None


def optional_whole(text: str, column: str) -> int | None:
    """A whole number, or None for an empty cell. Raises RowRefused."""
    value = optional_number(text, column)
    if value is not None and not value.is_integer():
        raise RowRefused(Reason.NOT_A_NUMBER, column, f"{shown(text)} is not whole")
    return None if value is None else int(value)


def bare_id(text: str) -> str:
    """An id without what spreadsheets need to leave it alone.

    >>> bare_id('="541448820052377134"'), bare_id("'541448820052377134"), bare_id(" m 1 ")
    ('541448820052377134', '541448820052377134', 'm 1')
    """
    return text.strip().removeprefix("=").strip("\"' ")
