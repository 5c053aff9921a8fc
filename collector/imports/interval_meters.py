"""Amounts of intervals as network operators tell them: which register they are, how long, and day with night."""

from dataclasses import dataclass, field

from collector.imports.evidence import Gathering
from collector.imports.refusals import RowRefused
from plagewatch.metering.meters import Meter
from plagewatch.metering.readings import Flow, Quality, Reason

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def interval_word(meter: Meter, flow: Flow) -> str:
    """The register of a meter that holds amounts of intervals. Raises RowRefused."""
    if flow == "export":
        if meter.unit != "kWh":
            detail = f"{meter.id} counts {meter.unit}, which nobody feeds back"
            raise RowRefused(Reason.UNKNOWN_REGISTER, "register", detail, meter.id)
        return "energy_export_interval"
    return "energy_interval" if meter.unit == "kWh" else "volume_interval"


class Lengths:
    """Holds the intervals of each meter against each other: hours among quarters would be counted as quarters."""

    def __init__(self) -> None:
        self._length_s: dict[str, int] = {}

    def check(self, meter: Meter, start_ms: int, end_ms: int, column: str) -> int:
        """The length of an interval [s], 86 400 for a local day. Raises RowRefused where it is not the meter's."""
        length_ms = end_ms - start_ms
        if abs(length_ms - DAY_MS) <= HOUR_MS:
            length_ms = DAY_MS  # local days have 23, 24 or 25 hours
        if length_ms > DAY_MS:
            detail = f"{length_ms / DAY_MS:.0f} days: only quarter-hours, hours and days are taken, download those"
            raise RowRefused(Reason.MALFORMED, column, detail, meter.id)
        length_s = length_ms // 1000
        usual_s = self._length_s.setdefault(meter.id, meter.interval_s or length_s)
        if length_s != usual_s:
            detail = f"the interval has {length_s} s, those of {meter.id} have {usual_s} s: enter them as another meter"
            raise RowRefused(Reason.MALFORMED, column, detail, meter.id)
        return length_s


@dataclass(slots=True)
class _Sum:
    at_ms: int
    value: float
    quality: Quality
    parts: set[str] = field(default_factory=set)


class Tariffs:
    """Adds what the day and the night register of a meter tell of one interval, on the way into a gathering."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._sums: dict[tuple[str, str, int], _Sum] = {}

    def add(self, meter: str, word: str, part: str, told: tuple[int, float, Quality], length_s: int) -> bool:
        """One register's amount, told as instant, value, quality; whether the gathering has enough now.

        Of an interval shorter than a day one register only counts, or their rows follow each other. Days may come
        register by register: all of a file are kept, which are few.
        """
        at_ms, value, quality = told
        key = (meter, word, at_ms if length_s * 1000 >= DAY_MS else 0)
        total, enough = self._sums.get(key), False
        if total is not None and total.at_ms == at_ms and part not in total.parts:
            total.value += value
            total.quality = max(total.quality, quality)
            total.parts.add(part)
            return False
        if total is not None:
            enough = self._gathering.add(meter, word, total.at_ms, total.value, total.quality)
        self._sums[key] = _Sum(at_ms, value, quality, {part})
        return enough

    def close(self) -> None:
        """Pass on what was still waiting for another part."""
        for (meter, word, _), total in self._sums.items():
            self._gathering.add(meter, word, total.at_ms, total.value, total.quality)
        self._sums.clear()
