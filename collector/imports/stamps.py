"""Dates and times as tables write them: which of day and month comes first, and how a cell is read. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class DateOrder(StrEnum):
    """The order of a date's numbers."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


_DATE = r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})|(\d{4})(\d{2})(\d{2})"
_CLOCK = r"(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})"
_STAMP = re.compile(rf"(?:{_DATE})(?:[ T]+(?:00:00(?::00)?[ ]+)?{_CLOCK})?[ ]?{_ZONE}?")
_SERIAL = re.compile(r"[345]\d{4}([.,]\d+)?")  # days since 1899-12-30, as Excel keeps 1982 to 2064
_EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - what the wall clock shows; the caller knows the zone
_TIME = re.compile(_CLOCK)


def looks_like_stamp(text: str) -> bool:
    """Whether a cell is a date, with or without a time.

    >>> looks_like_stamp("01/02/2026 00:15"), looks_like_stamp("2026-02-01T00:15:00Z"), looks_like_stamp("12.5")
    (True, True, False)
    """
    return _STAMP.fullmatch(text.strip()) is not None


def looks_like_time(text: str) -> bool:
    """Whether a cell is a time of the day."""
    return _TIME.fullmatch(text.strip()) is not None


def looks_like_serial(text: str) -> bool:
    """Whether a cell may be a date as Excel counts it."""
    return _SERIAL.fullmatch(text.strip()) is not None


def has_zone(text: str) -> bool:
    """Whether a stamp carries its own zone."""
    found = _STAMP.fullmatch(text.strip())
    return found is not None and found[10] is not None


def order_of(stamps: Iterable[str]) -> DateOrder | None:
    """The order that all the dates of a column have; None where no row decides it, or rows contradict each other.

    >>> order_of(["01/02/2026", "13/02/2026"]), order_of(["01/02/2026", "02/03/2026"]), order_of(["2026-02-01"])
    (<DateOrder.DMY: 'dmy'>, None, <DateOrder.YMD: 'ymd'>)
    """
    possible = set(DateOrder)
    for text in stamps:
        possible &= _orders(text)
        if not possible:
            return None
    return possible.pop() if len(possible) == 1 else None


def _orders(text: str) -> set[DateOrder]:
    found = _STAMP.fullmatch(text.strip())
    if found is None:
        return set(DateOrder)
    if found[4] or len(found[1]) == 4:
        return {DateOrder.YMD}
    if len(found[3]) != 4:
        return set()  # a year of two digits can be any of them
    first, second = int(found[1]), int(found[2])
    return {order for order, month in ((DateOrder.DMY, second), (DateOrder.MDY, first)) if month <= 12}


def local_stamp(text: str, order: DateOrder) -> datetime:
    """The wall clock's time of a cell, without zone; 24:00 is the next midnight. Raises ValueError.

    >>> local_stamp("01/02/2026 24:00", DateOrder.DMY), local_stamp("46054.010416666664", DateOrder.DMY)
    (datetime.datetime(2026, 2, 2, 0, 0), datetime.datetime(2026, 2, 1, 0, 15))
    """
    bare = text.strip()
    if looks_like_serial(bare):
        return _EXCEL_DAY_0 + timedelta(seconds=round(float(bare.replace(",", ".")) * 86_400))
    found = _STAMP.fullmatch(bare)
    if found is None:
        raise ValueError(text)
    if found[4]:
        year, month, day = int(found[4]), int(found[5]), int(found[6])
    else:
        numbers = [int(found[1]), int(found[2]), int(found[3])]
        written = DateOrder.YMD if len(found[1]) == 4 else order  # Excel turns its own dates round
        year, month, day = (numbers[written.value.index(sign)] for sign in "ymd")
    hour, minute, second = (int(found[place] or 0) for place in (7, 8, 9))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)) or year < 1000:
        raise ValueError(text)
    midnight = datetime(year, month, day)  # noqa: DTZ001 - as above
    return midnight + timedelta(hours=hour, minutes=minute, seconds=second)


def zoned_stamp(text: str, order: DateOrder) -> datetime:
    """The instant of a cell that carries its own zone. Raises ValueError for one that does not.

    >>> zoned_stamp("2026-02-01T00:15:00+01:00", DateOrder.YMD).isoformat()
    '2026-01-31T23:15:00+00:00'
    """
    found = _STAMP.fullmatch(text.strip())
    if found is None or found[10] is None:
        raise ValueError(text)
    offset = timedelta()
    if found[10] != "Z":
        digits = found[10][1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if found[10][0] == "-" else 1)
    return (local_stamp(text, order) - offset).replace(tzinfo=UTC)
