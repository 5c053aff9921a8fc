"""The sample centre in time: what every register shows at any instant since its history began."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import day_start_s, local_day
from plagewatch.metering.meters import Carrier
from simulators import chance, faults, profiles, weather
from simulators.centre import BUILDINGS, TIMEZONE, WEATHER_SITE, SampleBuilding, meter_id
from simulators.profiles import QUARTER_S, Moments
from simulators.registers import Device, Register, devices, first_steps

WORLD_FILE = "world.json"
DAY_S = 86_400
Steps = NDArray[np.int64]


class WorldFileError(Exception):
    """world.json is there and cannot be read: trying again does not help, removing it begins a new sample."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """All that a sample centre follows from. anchor_s: when its history was made, where its faults are placed."""

    seed: int
    start_s: int
    anchor_s: int


class World:
    """Registers that count from start_s on, faults placed around anchor_s; the same for the same three numbers.

    Counts are made once, in whole days, as far as somebody asks. One thread at a time may ask.
    """

    def __init__(self, seed: int, start_s: int, anchor_s: int, buildings: Sequence[SampleBuilding] = BUILDINGS) -> None:
        if start_s % QUARTER_S:
            raise ValueError(f"a world begins on a quarter-hour, not at {start_s}")
        self.beginning = Beginning(seed, start_s, anchor_s)
        self.buildings = tuple(buildings)
        self.devices: tuple[Device, ...] = devices(self.buildings)
        self.faults = faults.faults(anchor_s)
        reference = profiles.moments(seed, profiles.REFERENCE_START_S, profiles.REFERENCE_END_S)
        self._scales = {building.id: profiles.yearly(building, reference) for building in self.buildings}
        self._counted: dict[tuple[str, str], Steps] = {
            (register.meter, register.word): np.zeros(1, np.int64)
            for register in self.registers()
            if register.meter.partition(".")[0] != WEATHER_SITE
        }
        self._until_s = start_s

    @classmethod
    def load_or_make(cls, folder: Path, now_s: int, *, months: int = 13, seed: int = 20) -> "World":
        """The world that world.json of a folder tells, or a new one whose history begins so many months before now.

        Raises WorldFileError where the file does not hold what it must.
        """
        path = folder / WORLD_FILE
        if path.exists():
            return cls(**asdict(_read(path)))
        world = cls.make(now_s, months=months, seed=seed)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(world.beginning, option=orjson.OPT_INDENT_2))
        return world

    @classmethod
    def make(cls, now_s: int, *, months: int = 13, seed: int = 20, buildings: int = len(BUILDINGS)) -> "World":
        """A new world of the first so many buildings, whose history begins so many months before now."""
        start_s = day_start_s(_months_before(local_day(now_s, TIMEZONE), months), TIMEZONE)
        return cls(seed, start_s, now_s, BUILDINGS[:buildings])

    @property
    def start_s(self) -> int:
        """Where its history begins, seconds since 1970 UTC."""
        return self.beginning.start_s

    @property
    def anchor_s(self) -> int:
        """The moment its history was made, around which its faults are placed, seconds since 1970 UTC."""
        return self.beginning.anchor_s

    def registers(self) -> Iterator[Register]:
        """All registers, device by device."""
        for device in self.devices:
            yield from device.registers

    def shown(self, register: Register, at_s: Seconds) -> Floats:
        """What a register shows at instants from start_s on, in its unit; a counter rolls over at its digits."""
        return np.asarray(self.shown_steps(register, at_s) / register.steps_per_unit)

    def shown_steps(self, register: Register, at_s: Seconds) -> Steps:
        """As `shown`, counted in the register's smallest steps: whole numbers, exact."""
        if register.word == "temperature":
            return _rounded(weather.temp_c(self.beginning.seed, at_s), register)
        if register.word == "irradiance":
            return _rounded(weather.irradiance_wm2(self.beginning.seed, at_s), register)
        steps = first_steps(self.beginning.seed, register) + self.counted_steps(register, at_s)
        return steps if register.digits is None else steps % (10**register.digits * register.steps_per_unit)

    def counted_steps(self, register: Register, at_s: Seconds) -> Steps:
        """What a counter has counted since start_s at instants [smallest steps]; evenly within a quarter-hour."""
        if at_s.min() < self.beginning.start_s:
            raise ValueError(f"this world begins at {self.beginning.start_s}, not at {at_s.min()}")
        self.count_until(int(at_s.max()) + QUARTER_S)
        counted = self._counted[register.meter, register.word]
        since_s = at_s - self.beginning.start_s
        quarter = since_s // QUARTER_S
        within = counted[quarter + 1] - counted[quarter]
        return counted[quarter] + within * (since_s % QUARTER_S) // QUARTER_S

    def silent(self, device: Device, at_s: Seconds) -> NDArray[np.bool_]:
        """At which instants a device sends nothing, because of a fault."""
        return faults.silent(self.faults, device.id, at_s)

    def count_until(self, end_s: int) -> None:
        """Count on to an instant in one go, which is much faster than day by day; nothing where that was done."""
        if end_s <= self._until_s:
            return
        days = -((self._until_s - end_s) // DAY_S) + 2  # a few days ahead, so that live use seldom comes here
        until_s = self._until_s + days * DAY_S
        when = profiles.moments(self.beginning.seed, self._until_s, until_s)
        for building in self.buildings:
            for key, amount in self._amounts(building, when).items():
                steps = np.cumsum(self._whole_steps(key, amount, when)) + self._counted[key][-1]
                self._counted[key] = np.concatenate([self._counted[key], steps])
        self._until_s = until_s

    def _amounts(self, building: SampleBuilding, when: Moments) -> dict[tuple[str, str], Floats]:
        made = profiles.amounts(self.beginning.seed, building, self._scales[building.id], when)
        used = {
            carrier: amount + faults.added(self.faults, meter_id(building, carrier), when.start_s, QUARTER_S)
            for carrier, amount in made.items()
        }
        elec = meter_id(building, Carrier.ELECTRICITY)
        own_kwh = used.get(Carrier.SOLAR, np.zeros(len(when.start_s)))
        surplus_kwh = own_kwh - used[Carrier.ELECTRICITY]
        amounts = {
            (elec, "energy_import_total"): np.maximum(0.0, -surplus_kwh),
            (meter_id(building, Carrier.GAS), "gas_volume"): used[Carrier.GAS],
            (meter_id(building, Carrier.WATER), "water_volume"): used[Carrier.WATER],
        }
        if building.solar_kwp:
            amounts[elec, "energy_export_total"] = np.maximum(0.0, surplus_kwh)
            amounts[meter_id(building, Carrier.SOLAR), "solar_energy_total"] = own_kwh
        return amounts

    def _whole_steps(self, key: tuple[str, str], amount: Floats, when: Moments) -> Steps:
        # A counter moves in whole steps. Chance decides the last one: rounding would lose the small uses for good.
        per_unit = next(r.steps_per_unit for r in self.registers() if (r.meter, r.word) == key)
        draw = chance.uniform(self.beginning.seed, f"{key[0]}/{key[1]}/step", when.start_s // QUARTER_S)
        return np.floor(amount * per_unit + draw).astype(np.int64)


def _rounded(value: Floats, register: Register) -> Steps:
    return np.rint(value * register.steps_per_unit).astype(np.int64)


def _read(path: Path) -> Beginning:
    try:
        told = orjson.loads(path.read_bytes())
        return Beginning(int(told["seed"]), int(told["start_s"]), int(told["anchor_s"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldFileError(f"{path} does not tell a sample world ({error}); remove it to begin a new one") from error


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    # The 28th exists in every month.
    return date(number // 12, number % 12 + 1, min(day.day, 28))
