"""The meters of the chaos run: what stands in the stores before it, what is published in it, what the rules must find.

Most meters only bring load. A few carry a fault each; the hours that show it are there, or come with the load.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Person, Role, Site
from plagewatch.metering.readings import Samples
from plagewatch.tickets.states import State

DAY_S = 86_400
QUARTER_S = 900
LIVE_S = 4 * 3600  # the stretch up to now that is published: shorter than any silence that makes a ticket
SILENT_S = 12 * 3600
BACK_S = 150 * 60  # how long ago a meter that was silent speaks again
FRAME = 12  # readings in a frame
AT_A_SITE = 5
OURS = {"electricity_index": "energy_import_total", "water_index": "water_volume"}
UNITS = {"electricity_index": "kWh", "water_index": "m3"}

Milliseconds = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """All that a register says, in order of time; what is from live_ms on is published, the rest stands there before.

    word: the logger's. frame: readings in one message.
    """

    meter: Meter
    device: str
    word: str
    at_ms: Milliseconds
    value: Floats
    live_ms: int
    frame: int

    @property
    def register(self) -> str:
        """Our word for the register."""
        return OURS[self.word]

    def all(self, received_ms: int) -> Samples:
        """Everything it says."""
        return self._samples(np.ones(len(self.at_ms), np.bool_), received_ms)

    def before(self, received_ms: int) -> Samples:
        """What stands there before the run."""
        return self._samples(self.at_ms < self.live_ms, received_ms)

    def _samples(self, keep: NDArray[np.bool_], received_ms: int) -> Samples:
        at_ms, value = self.at_ms[keep].tolist(), self.value[keep].tolist()
        return Samples(self.meter.id, self.register, at_ms, value, f"mqtt:{self.device}", received_ms)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be published. last_ms: its newest reading."""

    topic: str
    payload: bytes
    last_ms: int


@dataclass(frozen=True, slots=True)
class World:
    """told: by (meter, register). causes: (meter, cause) -> the state in which its one ticket must end."""

    told: Mapping[tuple[str, str], Told]
    causes: Mapping[tuple[str, str], State]

    @classmethod
    def make(cls, now_s: int, plain: int, each: int, step_s: int, seed: int) -> "World":
        """plain: meters that only bring load. each: meters of each fault. step_s: from one reading to the next."""
        maker = _Maker(now_s, step_s, np.random.default_rng(seed))
        told = [one for number in range(each) for one in maker.faulty(number)]
        told += [maker.plain(number) for number in range(plain)]
        causes = {}
        for number in range(each):
            causes[f"leak{number}", "water_at_night"] = State.OPEN
            causes[f"load{number}", "unusual_load"] = State.OPEN
            causes[f"silent{number}", "no_data"] = State.OPEN
            causes[f"twin{number}a", "device_silent"] = State.OPEN
            causes[f"back{number}", "no_data"] = State.FADED
        return cls({(one.meter.id, one.register): one for one in told}, causes)

    def registered(self) -> Iterator[Site | Person | Meter | Binding]:
        """What the registry must hold."""
        meters = {one.meter.id: one.meter for one in self.told.values()}
        yield from (Site(site, site.title(), zone="north") for site in sorted({m.site for m in meters.values()}))
        yield from (Person(name, name.title(), f"{name}@example.org", Role.TECHNICIAN) for name in ("anna", "bram"))
        yield from meters.values()
        yield from (Binding(one.device, one.register, one.meter.id) for one in self.told.values())

    def messages(self, rng: np.random.Generator) -> list[Message]:
        """What is published, in an order in which loggers might bring it: some late, some twice."""
        made = [message for one in self.told.values() for message in _messages(one)]
        span_ms = LIVE_S * 1000
        late = np.where(rng.random(len(made)) < 0.03, rng.random(len(made)) * span_ms / 5, 0.0)
        order = sorted(range(len(made)), key=lambda place: made[place].last_ms + late[place])
        twice = [place for place in order if rng.random() < 0.02]
        return [made[place] for place in (*order, *twice)]


def _messages(one: Told) -> Iterator[Message]:
    live = one.at_ms >= one.live_ms
    at_s, values = (one.at_ms[live] // 1000).tolist(), one.value[live].tolist()
    topic, unit = f"loggers/{one.device}/readings", UNITS[one.word]
    for first in range(0, len(at_s), one.frame):
        part = values[first : first + one.frame]
        if one.frame == 1:
            said = f'{{"at":{at_s[first]},"registers":{{"{one.word}":{{"value":{part[0]},"unit":"{unit}"}}}}}}'
        else:
            step_s = at_s[1] - at_s[0]
            head = f'"register":"{one.word}","unit":"{unit}","start":{at_s[first]},"step_s":{step_s}'
            said = f'{{"frames":[{{{head},"values":{part}}}]}}'
        yield Message(topic, said.encode(), 1000 * at_s[first + len(part) - 1])


@dataclass(frozen=True, slots=True)
class _Maker:
    now_s: int
    step_s: int
    rng: np.random.Generator

    def plain(self, number: int) -> Told:
        """A meter that brings load. Every tenth has a clock that goes an hour ahead for a while, and back."""
        name = f"plain{number:04}"
        at_s = self._instants(2 * DAY_S)
        value = self._index(at_s, np.ones(len(at_s)))
        frame = FRAME if number % 3 == 0 and number % 10 != 1 else 1
        if number % 10 == 1:
            wrong = (at_s >= self.now_s - 3 * 3600) & (at_s < self.now_s - 2 * 3600)
            # A second beside the others: what it says twice of one moment is not the same instant.
            at_s = np.where(wrong, at_s + 3601, at_s)
        return self._told(name, name, "electricity_index", (at_s, value), frame)

    def faulty(self, number: int) -> Iterator[Told]:
        """One meter of each fault, the twins being two of one device."""
        at_s = self._instants(40 * DAY_S)
        night = (at_s % DAY_S < 6 * 3600) | (at_s % DAY_S >= 22 * 3600)
        flow = np.where(night, 0.0, 1.0) + np.where(at_s >= self.now_s - 5 * DAY_S, 0.8, 0.0)
        yield self._named(f"leak{number}", "water_index", at_s, self._index(at_s, flow))
        load = np.where(at_s >= self.now_s - LIVE_S, 8.0, 1.0) * (1 + 0.1 * self.rng.standard_normal(len(at_s)))
        yield self._named(f"load{number}", "electricity_index", at_s, self._index(at_s, np.abs(load)))
        at_s = self._instants(3 * DAY_S)
        value = self._index(at_s, np.ones(len(at_s)))
        until = at_s < self.now_s - SILENT_S
        yield self._named(f"silent{number}", "electricity_index", at_s[until], value[until])
        for letter, word in (("a", "electricity_index"), ("b", "water_index")):
            yield self._told(f"twin{number}{letter}", f"twin{number}", word, (at_s[until], value[until]), 1)
        speaks = until | (at_s >= self.now_s - BACK_S)
        yield self._named(f"back{number}", "electricity_index", at_s[speaks], value[speaks])

    def _named(self, name: str, word: str, at_s: NDArray[np.int64], value: Floats) -> Told:
        return self._told(name, name, word, (at_s, value), 1)

    def _told(self, name: str, device: str, word: str, said: tuple[NDArray[np.int64], Floats], frame: int) -> Told:
        carrier = Carrier.WATER if word == "water_index" else Carrier.ELECTRICITY
        # Of one kind are so many at a site; a fault's meters stand with others.
        number = int("".join(filter(str.isdigit, name)))
        site = f"site{number // AT_A_SITE:03}"
        meter = Meter(name, site, name, carrier, Kind.INDEX, UNITS[word], QUARTER_S)
        at_s, value = said
        live_s = int(self.now_s - LIVE_S)
        return Told(meter, device, word, at_s * 1000, np.round(value, 3), live_s * 1000, frame)

    def _instants(self, back_s: int) -> NDArray[np.int64]:
        """A quarter-hour each before the run, a step each in the stretch that is published."""
        live_s = self.now_s - LIVE_S
        old = np.arange(live_s - back_s - live_s % QUARTER_S, live_s, QUARTER_S, dtype=np.int64)
        return np.concatenate([old, np.arange(live_s, self.now_s, self.step_s, dtype=np.int64)])

    def _index(self, at_s: NDArray[np.int64], rate: Floats) -> Floats:
        """An index that moves by `rate` units an hour, from somewhere on."""
        moved = np.concatenate([[0.0], np.cumsum(np.diff(at_s) / 3600 * rate[1:])])
        return np.asarray(self.rng.integers(100, 10_000) + moved)
