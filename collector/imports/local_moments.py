"""Wall-clock stamps of a file into UTC. Around the clock change their order in the file tells the two hours apart."""

import re
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from collector.decoders.door import shown
from collector.imports.cells import REMEMBERED, meant
from collector.imports.refusals import RowRefused
from plagewatch.metering.local_time import zone
from plagewatch.metering.readings import Reason


def day_first(text: str) -> datetime:
    """`29/10/2023 02:15:00`, `29-10-2023 02:15`, `29.10.2023`; year first where it has four digits. Raises ValueError.

    >>> day_first("01/02/2026 00:15:00"), day_first("2026-02-01 24:00")
    (datetime.datetime(2026, 2, 1, 0, 15), datetime.datetime(2026, 2, 2, 0, 0))
    """
    day, _, clock = text.strip().replace("T", " ").partition(" ")
    parts = [day[:4], day[4:6], day[6:]] if len(day) == 8 and day.isdigit() else re.split("[-/.]", day)
    if len(parts) != 3:
        raise ValueError(text)
    if len(parts[0]) != 4:
        parts.reverse()
    year, month, number = (int(part) for part in parts)
    # Excel gives a date its own midnight: the clock that stands last counts.
    times = [int(part) for part in clock.split(" ")[-1].split(":")] if clock else [0]
    hour, minute, second = (*times, 0, 0)[:3]
    if not (0 <= minute < 60 and 0 <= second < 60 and 0 <= hour <= 24) or (hour == 24 and (minute or second)):
        raise ValueError(text)
    midnight = datetime(year, month, number)  # noqa: DTZ001 - what the wall clock shows; the caller knows the zone
    return midnight + timedelta(hours=hour, minutes=minute, seconds=second)


class LocalMoments:
    """Reads local stamps of one file.

    An hour that comes twice (the last Sunday of October) is told twice for each series of values: the first time a
    stamp comes it is summer time, the second time winter time, whether the rows stand hour after hour or interleaved.
    """

    def __init__(self, tz: str, parse: Callable[[str], datetime], now_ms: int) -> None:
        """parse: a text to the wall clock's time, without zone; raises ValueError."""
        self._zone, self._parse, self._now_ms = zone(tz), parse, now_ms
        self._known: dict[tuple[str, bool], tuple[int, int]] = {}
        self._told: dict[tuple[Hashable, str], int] = {}

    def read(self, text: str, series: Hashable, column: str, device: str = "", as_end: bool = False) -> int:
        """Milliseconds since 1970 UTC of a stamp of a series; as_end: it names the end of something.

        Raises RowRefused.
        """
        summer_ms, winter_ms = self._both(text, column, device, as_end)
        if summer_ms == winter_ms:
            return summer_ms
        times = self._told[series, text] = self._told.get((series, text), 0) + 1
        if times > 2:
            detail = f"{shown(text)} comes a third time, and this hour has only two"
            raise RowRefused(Reason.TIME_IMPLAUSIBLE, column, detail, device)
        return summer_ms if times == 1 else winter_ms

    def comes_twice(self, text: str, column: str, as_end: bool = False) -> bool:
        """Whether a stamp may mean two instants. Raises RowRefused."""
        first_ms, second_ms = self._both(text, column, "", as_end)
        return first_ms != second_ms

    def interval(self, start: str, until: str, series: Hashable, column: str, device: str = "") -> tuple[int, int]:
        """Start and end of an interval, milliseconds since 1970 UTC. Raises RowRefused.

        Locally an interval may end before it starts: 02:45 to 02:00. Where only one of the two hours fits, it is it.
        """
        starts, ends = self._both(start, column, device, False), self._both(until, column, device, True)
        if starts[0] == starts[1] and ends[0] == ends[1] and ends[0] > starts[0]:
            return starts[0], ends[0]
        fits = {
            start_ms: min(end_ms for end_ms in ends if end_ms > start_ms)
            for start_ms in starts
            if any(end_ms > start_ms for end_ms in ends)
        }
        if not fits:
            raise RowRefused(Reason.TIME_IMPLAUSIBLE, column, f"{shown(until)} is not after {shown(start)}", device)
        shortest_ms = min(end_ms - start_ms for start_ms, end_ms in fits.items())
        likely = [start_ms for start_ms, end_ms in fits.items() if end_ms - start_ms == shortest_ms]
        start_ms = likely[0] if len(likely) == 1 else self.read(start, series, column, device)
        return start_ms, fits[start_ms]

    def _both(self, text: str, column: str, device: str, as_end: bool) -> tuple[int, int]:
        """The two instants that a stamp may mean, mostly one and the same."""
        known = self._known.get((text, as_end))
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[text, as_end] = self._instants_ms(text, column, device, as_end)
        return known

    def _instants_ms(self, text: str, column: str, device: str, as_end: bool) -> tuple[int, int]:
        try:
            local = self._parse(text)
            first, second = (self._instant_ms(local, fold) for fold in (0, 1))
        except (ValueError, OverflowError):
            raise RowRefused(Reason.MALFORMED, column, f"{shown(text)} is no date and time", device) from None
        if first > second:
            # Something may end at 02:00 in March; nothing starts then.
            earlier = local - timedelta(seconds=1)
            if not as_end or self._instant_ms(earlier, 0) != self._instant_ms(earlier, 1):
                detail = f"{shown(text)} is in the hour that the clock leaves out in March"
                raise RowRefused(Reason.TIME_IMPLAUSIBLE, column, detail, device)
            second = first
        meant(first, text, column, self._now_ms, device)
        return first, second

    def _instant_ms(self, local: datetime, fold: int) -> int:
        return round(local.replace(tzinfo=self._zone, fold=fold).timestamp() * 1000)
