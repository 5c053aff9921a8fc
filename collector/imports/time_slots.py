"""Time slots of local days: `02:15`, `02:15-02:30` or the number of a quarter-hour; which end of it a stamp is."""

import re
from collections.abc import Hashable, Sequence
from datetime import date
from enum import StrEnum

from collector.decoders.door import shown
from collector.imports.cells import REMEMBERED, meant
from collector.imports.local_moments import LocalMoments, day_first
from collector.imports.refusals import RowRefused
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.readings import Reason

BRUSSELS = "Europe/Brussels"
_STRETCH = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)\s*[-–/]\s*(\d{1,2}:\d{2}(?::\d{2})?)")


class Stamp(StrEnum):
    """Which end of its interval a stamp names."""

    START = "start"
    END = "end"


def stamp_of(slots: Sequence[tuple[str, str]]) -> Stamp:
    """Which end the slots of a file name: pairs of date and slot from its beginning.

    The end, where a day has an hour 24 or a midnight behind its other slots, or where the file begins one slot after
    midnight.

    >>> stamp_of([("01/02/2026", "00:00"), ("01/02/2026", "00:15")]), stamp_of([("01/02/2026", "00:15")])
    (<Stamp.START: 'start'>, <Stamp.END: 'end'>)
    """
    times = [(day, clock) for day, slot in slots if (clock := _clock(slot))]
    first = times[0][1] if times else ""
    if first == "00:00":
        return Stamp.START
    if first in ("00:15", "01:00") or any(clock == "24:00" for _, clock in times):
        return Stamp.END
    seen: set[str] = set()
    for day, clock in times:
        if clock == "00:00" and day in seen:
            return Stamp.END
        seen.add(day)
    return Stamp.START


def _clock(slot: str) -> str:
    text = slot.strip()
    if re.fullmatch(r"\d{4}", text):
        text = f"{text[:2]}:{text[2:]}"
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(:\d{2})?", text)
    return f"{int(found[1]):02}:{found[2]}" if found else ""


class Slots:
    """Reads date and slot of Brussels days, as starts in UTC."""

    def __init__(self, stamp: Stamp, now_ms: int) -> None:
        self._stamp, self._now_ms = stamp, now_ms
        self._moments = LocalMoments(BRUSSELS, day_first, now_ms)
        self._days: dict[str, tuple[int, int]] = {}
        self._once: dict[tuple[str, str, int], int] = {}

    def read(self, day: str, slot: str, length_s: int, series: Hashable) -> int:
        """The start of a slot of a series, milliseconds since 1970 UTC. Raises RowRefused."""
        key = (day, slot, length_s)
        known = self._once.get(key)
        if known is not None:  # the slots of a hundred meters are the same ones
            return known
        at_ms, comes_twice = self._start(day.strip(), slot.strip(), length_s, series)
        if not comes_twice:
            if len(self._once) >= REMEMBERED:
                self._once.clear()
            self._once[key] = at_ms
        return at_ms

    def _start(self, day: str, slot: str, length_s: int, series: Hashable) -> tuple[int, bool]:
        """The start of a slot, and whether the same words may mean another one."""
        if slot.isdigit() and len(slot) <= 3:
            return self._numbered(day, int(slot), length_s), False
        ends = _STRETCH.fullmatch(slot)
        if ends:
            start = f"{day} {ends[1]}"
            until = f"{day} {'24:00' if _clock(ends[2]) == '00:00' else ends[2]}"
            at_ms = self._moments.interval(start, until, series, "slot")[0]
            return at_ms, self._moments.comes_twice(start, "slot")
        ends_slot = self._stamp is Stamp.END
        text = f"{day} {_clock(slot) or slot}".strip()
        at_ms = self._moments.read(text, series, "slot", as_end=ends_slot)
        comes_twice = self._moments.comes_twice(text, "slot", as_end=ends_slot)
        return at_ms - length_s * 1000 if ends_slot else at_ms, comes_twice

    def _numbered(self, day: str, number: int, length_s: int) -> int:
        # Quarter-hours counted from local midnight: 92, 96 or 100 of them, and no hour is told twice.
        if day not in self._days:
            try:
                found = day_first(day).date()
                start_s = day_start_s(found, BRUSSELS)
                end_s = day_start_s(date.fromordinal(found.toordinal() + 1), BRUSSELS)
            except (ValueError, OverflowError):
                raise RowRefused(Reason.MALFORMED, "date", f"{shown(day)} is no date") from None
            meant(start_s * 1000, day, "date", self._now_ms)
            self._days[day] = start_s, end_s
        start_s, end_s = self._days[day]
        at_s = start_s + (number - 1) * length_s
        if number < 1 or at_s >= end_s:
            slots = (end_s - start_s) // length_s
            raise RowRefused(
                Reason.TIME_IMPLAUSIBLE, "slot", f"{shown(day)} has {slots} slots, {number} is none of them"
            )
        return at_s * 1000
