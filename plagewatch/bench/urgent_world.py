"""A centre for `bench urgent`: meters with weeks of history at which something happens, one kind of thing for each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from plagewatch.metering.intervals import Floats, Intervals, Resolution, Seconds
from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, MeterFacts, Site
from plagewatch.store.series.protocol import Figures

QUARTER_S, HOUR_S, DAY_S = 900, 3600, 86_400
HISTORY_DAYS = 40
QUIET = 8
"""So many quarters each meter tells of before the packet in which it shows."""
FUSE_KW = 50.0
SILENT_H = 6
"""Silence of a meter of quarter-hours that is worth a ticket [h]."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens. word: the logger's word for the index. unit, register: ours.

    quiet: what the index rises by in each quarter before [unit]; last: in the quarter of the packet in which it shows.
    """

    rule: str
    carrier: Carrier
    word: str
    register: str
    unit: str
    quiet: tuple[float, ...]
    last: float

    def name(self, number: int) -> str:
        """Of a meter, and of its logger."""
        return f"{self.rule}.{number:04}"


BURST = Happening("water_burst", Carrier.WATER, "water_index", "water_volume", "m3", (0.002,) * QUIET, 1.6)
JUMP = Happening(
    "impossible_step", Carrier.ELECTRICITY, "electricity_index", "energy_import_total", "kWh", (0.5,) * QUIET, 4e6
)
# An hour of sun, then nothing: with the packet that ends the hour it is dead.
DEAD = Happening("solar_dead", Carrier.SOLAR, "pv_index", "solar_energy_total", "kWh", (9.0,) * 5 + (0.0,) * 3, 0.0)
SILENT = Happening("no_data", Carrier.HEAT, "heat_index", "heat_energy_total", "kWh", (), 0.0)
HAPPENINGS = (BURST, JUMP, DEAD)


@dataclass(frozen=True, slots=True)
class World:
    """newest_s: the full hour with which the packets end. each: meters for each happening."""

    newest_s: int
    each: int

    @classmethod
    def now(cls, each: int) -> Self:
        """With the hour that is over."""
        return cls(int(time.time()) // HOUR_S * HOUR_S, each)

    @property
    def silent_s(self) -> int:
        """The newest reading of those that fall silent: with the next full hour their silence is too long."""
        return self.newest_s + HOUR_S - SILENT_H * HOUR_S

    def entries(self) -> Iterator[Site | Meter | Binding | MeterFacts]:
        """Sites, meters and loggers. The sun stands highest at the panels when they fall dead."""
        noon_h = (self.newest_s - HOUR_S) % DAY_S / HOUR_S
        longitude = ((12 - noon_h) * 15 + 180) % 360 - 180
        for what in (*HAPPENINGS, SILENT):
            for number in range(self.each):
                name = what.name(number)
                # A site for each: panels that are dead with all of their neighbours are a gap of metering.
                yield Site(name, name, latitude=5.0, longitude=longitude)
                yield Meter(name, name, name, what.carrier, Kind.INDEX, what.unit, QUARTER_S)
                yield Binding(name, what.register, name)
                if what is JUMP:  # without its fuse nobody knows what it cannot pass
                    yield MeterFacts(name, max_power_kw=FUSE_KW, source="bench")

    def history(self) -> Iterator[Figures]:
        """Hours of each meter up to the first packet it sends."""
        for what in (*HAPPENINGS, SILENT):
            upto_s = self.silent_s if what is SILENT else self.newest_s - QUIET * QUARTER_S
            start_s = np.arange(upto_s - HISTORY_DAYS * DAY_S, upto_s, HOUR_S, dtype=np.int64)
            hours = {Resolution.HOUR: Intervals.measured(start_s, self._use(what.carrier, start_s))}
            for number in range(self.each):
                yield Figures(what.name(number), what.carrier, "main", hours)

    def _use(self, carrier: Carrier, start_s: Seconds) -> Floats:
        since_noon_h = (start_s - (self.newest_s - 1.5 * HOUR_S)) % DAY_S / HOUR_S
        if carrier is Carrier.SOLAR:
            return np.asarray(40.0 * np.maximum(np.cos(since_noon_h / 24 * 2 * np.pi), 0.0))
        if carrier is Carrier.WATER:
            return np.where(start_s // HOUR_S % 24 < 6, 0.0, 0.03 + 0.02 * np.sin(start_s / 5000.0))
        return np.asarray(2.0 + np.sin(start_s / 5000.0))
