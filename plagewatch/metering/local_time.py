"""The one place where UTC becomes local time and back: everything is stored in UTC and thought in the site's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Seconds

DAY_S = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class LocalFields:
    """What the clock on the wall says at instants; all arrays of one length.

    hour: 0-23. weekday: 0 = Monday. day: proleptic ordinal of the local date, as `date.toordinal`.
    """

    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    day: NDArray[np.int64]


def zone(tz: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises zoneinfo.ZoneInfoNotFoundError for another name.

    >>> zone("Europe/Brussels").key
    'Europe/Brussels'
    """
    return ZoneInfo(tz)


def local_day(at_s: int, tz: str) -> date:
    """The local date of an instant [seconds since 1970 UTC].

    >>> local_day(1_774_738_800, "Europe/Brussels"), local_day(1_774_738_799, "Europe/Brussels")
    (datetime.date(2026, 3, 29), datetime.date(2026, 3, 28))
    """
    return datetime.fromtimestamp(at_s, zone(tz)).date()


def instants_s(wall: datetime, tz: str) -> list[int]:
    """The instants at which a clock on the wall shows this [s since 1970 UTC]: one, or none or two at a change.

    >>> instants_s(datetime(2026, 7, 1, 12, 0), "Europe/Brussels") == [1_782_900_000]
    True
    >>> [len(instants_s(datetime(2026, month, day, 2, 30), "Europe/Brussels")) for month, day in ((3, 29), (10, 25))]
    [0, 2]
    """
    told = sorted({int(wall.replace(tzinfo=zone(tz), fold=fold).timestamp()) for fold in (0, 1)})
    return [at_s for at_s in told if datetime.fromtimestamp(at_s, zone(tz)).replace(tzinfo=None, fold=0) == wall]


def day_start_s(day: date, tz: str) -> int:
    """The first instant of a local day [seconds since 1970 UTC].

    >>> day_start_s(date(2026, 3, 30), "Europe/Brussels") - day_start_s(date(2026, 3, 29), "Europe/Brussels")
    82800
    """
    # Where midnight itself is skipped, fold 0 takes the offset before the jump: that is the instant of the jump.
    return int(datetime(day.year, day.month, day.day, tzinfo=zone(tz)).timestamp())


def day_starts_s(start_s: int, end_s: int, tz: str) -> Seconds:
    """Starts of all local days that touch [start_s, end_s), and as last element the end of the last one.

    Days lie between neighbours of the result. Where end_s <= start_s only the start of that day is returned: no day.

    >>> np.diff(day_starts_s(1_774_652_400, 1_774_828_800, "Europe/Brussels")) // 3600
    array([24, 23, 24])
    """
    return _starts_s(start_s, end_s, tz, date.fromordinal, lambda day: day.toordinal())


def month_starts_s(start_s: int, end_s: int, tz: str) -> Seconds:
    """Starts of all local months that touch [start_s, end_s), and as last element the end of the last one.

    >>> np.diff(month_starts_s(1_774_652_400, 1_774_828_800, "Europe/Brussels")) // 3600
    array([743])
    """
    return _starts_s(start_s, end_s, tz, _month_first, lambda day: day.year * 12 + day.month - 1)


def local_fields(start_s: Seconds, tz: str) -> LocalFields:
    """Hour, weekday and date of instants [seconds since 1970 UTC], for whole arrays at once.

    >>> fields = local_fields(np.array([1_774_744_200, 1_774_746_000]), "Europe/Brussels")
    >>> fields.hour, fields.weekday, date.fromordinal(int(fields.day[0])).isoformat()
    (array([1, 3]), array([6, 6]), '2026-03-29')
    """
    local_s = start_s + utc_offset_s(start_s, tz)
    day = local_s // DAY_S + EPOCH_ORDINAL
    return LocalFields(local_s // 3600 % 24, (day + 6) % 7, day)


def utc_offset_s(start_s: Seconds, tz: str) -> Seconds:
    """What must be added to each UTC instant to get local time [s].

    >>> utc_offset_s(np.array([1_774_745_999, 1_774_746_000]), "Europe/Brussels")
    array([3600, 7200])
    """
    if len(start_s) == 0:
        return np.zeros(0, np.int64)
    changes_s, offsets_s = _offset_changes(int(start_s.min()), int(start_s.max()), zone(tz))
    return offsets_s[np.searchsorted(changes_s, start_s, side="right")]


def _offset_changes(first_s: int, last_s: int, tz: ZoneInfo) -> tuple[Seconds, Seconds]:
    # Looks once a day, which no zone changes twice in, then halves the day in which it changed.
    changes: list[int] = []
    offsets = [_offset_s(first_s, tz)]
    for day_s in range(first_s, last_s, DAY_S):
        until_s = min(day_s + DAY_S, last_s)
        if _offset_s(until_s, tz) != offsets[-1]:
            before_s, after_s = day_s, until_s
            while after_s - before_s > 1:
                middle_s = (before_s + after_s) // 2
                if _offset_s(middle_s, tz) == offsets[-1]:
                    before_s = middle_s
                else:
                    after_s = middle_s
            changes.append(after_s)
            offsets.append(_offset_s(until_s, tz))
    return np.array(changes, np.int64), np.array(offsets, np.int64)


def _offset_s(at_s: int, tz: ZoneInfo) -> int:
    offset = (datetime.fromtimestamp(at_s, UTC).astimezone(tz)).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _month_first(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _starts_s(
    start_s: int, end_s: int, tz: str, first_day: Callable[[int], date], number_of: Callable[[date], int]
) -> Seconds:
    first = number_of(local_day(start_s, tz))
    after = number_of(local_day(end_s - 1, tz)) + 1 if end_s > start_s else first
    return np.array([day_start_s(first_day(number), tz) for number in range(first, after + 1)], np.int64)
