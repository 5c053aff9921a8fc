"""What a request asks for, made exact: instants and windows."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Query

from api.problems import Problem
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.local_time import day_start_s, local_day

MOST_ROWS = 20_000
_LENGTH_S = {Resolution.QUARTER: 900, Resolution.HOUR: 3600, Resolution.DAY: 82_800, Resolution.MONTH: 28 * 86_400}
_FIRST_S, _LAST_S = 0, 4_102_444_800  # 1970 to 2100
_FIRST_DAY = date(1970, 1, 1)


From = Annotated[
    str | None,
    Query(alias="from", description="Local date or time with zone, part of the span", examples=["2026-11-13"]),
]
To = Annotated[
    str | None, Query(description="Local date or time with zone, not part of the span", examples=["2026-11-20"])
]


@dataclass(frozen=True, slots=True)
class Window:
    """A span [start_s, end_s), seconds since 1970 UTC."""

    start_s: int
    end_s: int


def window_of(from_: str | None, to: str | None, now_s: int, tz: str, *, days: int = 7) -> Window:
    """The span between two instants of a request: a local date is its midnight, a time carries its zone.

    Without `to` it ends with today, without `from` it is `days` long. Raises Problem (422).
    """
    today = local_day(now_s, tz)
    end_s = _instant_s("to", to, tz) if to else day_start_s(today + timedelta(days=1), tz)
    start_s = (
        _instant_s("from", from_, tz) if from_ else day_start_s(local_day(end_s - 1, tz) - timedelta(days - 1), tz)
    )
    if start_s >= end_s:
        raise Problem(
            422, "`from` is not before `to`.", "query: from, to", "Give a `from` before `to`; `to` is not part."
        )
    return Window(start_s, end_s)


def few_enough(window: Window, resolution: Resolution, *, most: int = MOST_ROWS) -> None:
    """Raise Problem (422) where a window has more rows than one answer holds."""
    rows = (window.end_s - window.start_s) // _LENGTH_S[resolution]
    if rows > most:
        longest = most * _LENGTH_S[resolution] // 86_400
        raise Problem(
            422,
            f"{rows} rows of one {resolution.value} are asked for; one answer holds {most}.",
            "query: from, to, resolution",
            f"Ask for at most {longest} days at a time, or for a coarser resolution.",
        )


def day_of(text: str | None, now_s: int, tz: str) -> date:
    """The local day a page is asked for; today without one, and for one within a year to come. Raises Problem (422)."""
    today = local_day(now_s, tz)
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"`{text[:40]}` is not a date.", "query: until", "Write it as 2026-11-20.") from None
    last = today + timedelta(days=366)
    if not _FIRST_DAY <= day <= last:
        raise Problem(422, f"`{day}` is too far away.", "query: until", f"Ask for a day from {_FIRST_DAY} to {last}.")
    return min(day, today)


def _instant_s(name: str, text: str, tz: str) -> int:
    try:
        at_s = day_start_s(date.fromisoformat(text), tz) if len(text) == 10 else _zoned_s(text)
    except (ValueError, OverflowError):
        at_s = -1
    if not _FIRST_S <= at_s <= _LAST_S:
        advice = "Write a local date (2026-11-20) or a time with its zone (2026-11-20T10:00:00Z), 1970 to 2100."
        raise Problem(422, f"`{text[:40]}` is not an instant.", f"query: {name}", advice)
    return at_s


def _zoned_s(text: str) -> int:
    # A plus sign arrives as a blank where a caller did not escape it.
    at = datetime.fromisoformat(text.replace(" ", "+"))
    if at.tzinfo is None:
        raise ValueError("without a zone")
    return int(at.timestamp())
