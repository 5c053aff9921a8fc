"""Learns at night what is usual, keeps it, and tells from it which meters a look can pass over."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import structlog

from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Meter
from plagewatch.store.engine import Engine
from plagewatch.store.records import rule_learnt
from plagewatch.store.records.rule_learnt import LearntOf
from plagewatch.store.series.protocol import SeriesStore
from rules.cases import QUARTER_S, Cases, covered_by_sun, facts_of, fine_steps
from rules.catalogue import Need, Rule
from rules.detectors.case import FineSteps
from rules.detectors.learnt import REACH_H, Learnt, Newest, learnt_of
from rules.detectors.verdicts import HOUR_S, Flags, MeterHours
from rules.estate import Estate
from rules.tracks import meant_for

log = structlog.get_logger()

AHEAD_S = 2 * 86_400
"""What is usual is learnt for so long ahead: a night without learning is no harm [s]."""
TOGETHER = 500
"""So many meters are asked for in one question."""
KNOWN = "known"
"""Under this name stands which of the newest hours were known when a meter was learnt from."""
FINE_S = 2 * HOUR_S
"""So much of the newest quarter-hours a look sees [s]."""


def learn(series: SeriesStore, estate: Estate, now_s: int) -> list[LearntOf]:
    """What is usual at each meter from now on. Raises SeriesError."""
    found = []
    cases = Cases(series, estate, (now_s, now_s))
    for meter in estate.meters:
        rules = [rule for rule in meant_for(meter, estate.rules) if rule.warm is not None]
        if not rules:
            continue
        case = cases.of(meter, rules, until_s=now_s + AHEAD_S)
        kept: dict[str, Learnt | None] = {}
        if len(case.hours):  # else nothing is known of it: its first hours are judged as they come
            kept[KNOWN] = learnt_of(case.hours, {KNOWN: case.hours.seen.astype(np.float64)})
            for rule in rules:
                assert rule.warm is not None
                kept[_key(rule)] = rule.warm.learn(case, rule.parameters)
        found.append(LearntOf(meter.id, now_s, packed(kept)))
    return found


def _key(rule: Rule) -> str:
    """The rule and its numbers: what was learnt with others is of no use."""
    return f"{rule.id}:{rule.parameters!r}"


def packed(learnt: Mapping[str, Learnt | None]) -> bytes:
    """As it is kept; amounts with seven digits.

    >>> unpacked(packed({"a": None, "b": Learnt(0, 3600, {"x": np.array([1.5])}, {"y": 2.0})}))["b"].numbers
    {'y': 2.0}
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for place, one in enumerate(learnt.values()):
        if one is not None:
            arrays[f"{place}"] = np.array([one.start_s, one.until_s], np.int64)
            arrays |= {f"{place}.a.{name}": value.astype(np.float32) for name, value in one.arrays.items()}
            arrays |= {f"{place}.n.{name}": np.array(value) for name, value in one.numbers.items()}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, keys=np.array(list(learnt)), **arrays)
    return file.getvalue()


def unpacked(kept: bytes) -> dict[str, Learnt | None]:
    """What `packed` kept."""
    with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
        found: dict[str, Learnt | None] = {}
        names = arrays.files
        for place, key in enumerate(arrays["keys"].tolist()):
            if str(place) not in names:
                found[key] = None
                continue
            start_s, until_s = arrays[str(place)].tolist()
            a, n = f"{place}.a.", f"{place}.n."
            found[key] = Learnt(
                start_s,
                until_s,
                {name.removeprefix(a): arrays[name].astype(np.float64) for name in names if name.startswith(a)},
                {name.removeprefix(n): float(arrays[name]) for name in names if name.startswith(n)},
            )
        return found


@dataclass(slots=True)
class Memory:
    """What a worker knows of meters from its looks before: what was learnt of them, and the hours it saw last."""

    _made_s: dict[str, int] = field(default_factory=dict)
    _learnt: dict[str, Mapping[str, Learnt | None]] = field(default_factory=dict)
    _seen: dict[str, MeterHours] = field(default_factory=dict)

    def refresh(self, engine: Engine, meters: Collection[str]) -> None:
        """Read what was learnt of these meters since it was read last."""
        made_s = rule_learnt.made_s(engine, meters)
        for meter in meters:
            if meter not in made_s:
                self._learnt.pop(meter, None)
        newer = [meter for meter, made in made_s.items() if self._made_s.get(meter) != made]
        for one in rule_learnt.learnt(engine, newer):
            self._made_s[one.meter], self._learnt[one.meter] = one.made_s, unpacked(one.packed)

    def forget_seen(self, meters: Iterable[str]) -> None:
        """Their look did not end well: what it saw is new to the next one."""
        for meter in meters:
            self._seen.pop(meter, None)

    def restless(self, series: SeriesStore, estate: Estate, span_s: tuple[int, int]) -> list[Meter]:
        """Meters of which not every rule is sure to find nothing abnormal at the ticks in (span_s[0], span_s[1]].

        Of the others no ticket needs to be opened; only the newest hours are read of any. Raises SeriesError.
        """
        found = []
        for meters in _blocks(estate.meters):
            ids = [meter.id for meter in meters]
            hours = series.intervals_of(Resolution.HOUR, ids, span_s[1] - REACH_H * HOUR_S, span_s[1])
            fine_ids = [meter.id for meter in meters if _needs_fine(meter, estate.rules)]
            fine = series.intervals_of(Resolution.QUARTER, fine_ids, span_s[1] - FINE_S, span_s[1]) if fine_ids else {}
            for meter in meters:
                told = hours.get((meter.id, "main"))
                quarters = fine.get((meter.id, "main"))
                if told is None:
                    self._seen.pop(meter.id, None)
                    found.append(meter)
                    continue
                zone = estate.zones[meter.site]
                window = MeterHours.on_grid(told, span_s[1], zone, meter.unit, meter.interval_s)
                steps = None if quarters is None else fine_steps(meter, quarters)
                try:
                    calm = self._calm(estate, meter, window, steps, span_s[0])
                except Exception as error:
                    # Its own data are at fault: whoever judges it tells so, and no other meter waits for that.
                    log.warning("a meter cannot be passed over", meter=meter.id, error=str(error))
                    calm = False
                if not calm:
                    found.append(meter)
        return found

    def _calm(self, estate: Estate, meter: Meter, hours: MeterHours, fine: FineSteps | None, from_s: int) -> bool:
        if not len(hours):
            self._seen.pop(meter.id, None)
            return False
        new = self._new(meter, hours) & (hours.start_s + HOUR_S > from_s)
        learnt = self._learnt.get(meter.id, {})
        if self._came_later(meter, hours, new):
            return False
        if meter.carrier is Carrier.ELECTRICITY and meter.site in estate.sunny:
            hours = covered_by_sun(hours)
        newest = Newest(hours, new, fine, facts_of(estate, meter, hours))
        for rule in meant_for(meter, estate.rules):
            if rule.warm is None:
                continue
            key = _key(rule)
            if key not in learnt:
                return False
            known = learnt[key]
            if known is None:
                continue  # it cannot judge this meter, as the night found
            if known.until_s < newest.hours.start_s[-1] + HOUR_S or not rule.warm.calm(known, newest, rule.parameters):
                return False
        return True

    def _came_later(self, meter: Meter, hours: MeterHours, new: Flags) -> bool:
        """Whether a new hour is from before the night, and was not known when it learnt: what it learnt is too little.

        A history that was brought, or a gateway that was away and tells all at once.
        """
        before = hours.start_s < self._made_s.get(meter.id, 0) - HOUR_S
        known = self._learnt.get(meter.id, {}).get(KNOWN)
        if known is not None:
            before &= known.at(KNOWN, hours.start_s) != 1.0
        return bool(np.any(new & before & hours.seen))

    def gap_h(self, meter: str) -> int:
        """The longest stretch of the hours that the last look saw in which nothing was heard of a meter [h]."""
        hours = self._seen.get(meter)
        if hours is None:
            return REACH_H
        heard = np.flatnonzero(hours.seen) - len(hours)
        return int(np.diff(np.concatenate([[-REACH_H - 1], heard, [0]])).max()) - 1

    def _new(self, meter: Meter, hours: MeterHours) -> Flags:
        """Hours that were not seen before, or not so, and those after them: their verdicts weigh what was before."""
        before = self._seen.get(meter.id)
        self._seen[meter.id] = hours
        new = np.ones(len(hours), np.bool_)
        if before is not None and len(before):
            place = (hours.start_s - before.start_s[0]) // HOUR_S
            there = np.flatnonzero((place >= 0) & (place < len(before)))
            old = place[there]
            same = (before.amount[old] == hours.amount[there]) | (
                np.isnan(before.amount[old]) & np.isnan(hours.amount[there])
            )
            new[there[same & (before.seen[old] == hours.seen[there])]] = False
        return np.maximum.accumulate(new)


def _needs_fine(meter: Meter, rules: Iterable[Rule]) -> bool:
    if (meter.interval_s or 0) > QUARTER_S:
        return False
    return any(rule.warm is not None and Need.FINE in rule.needs for rule in meant_for(meter, rules))


def _blocks(meters: Sequence[Meter]) -> Iterator[list[Meter]]:
    rest = iter(meters)
    while block := list(islice(rest, TOGETHER)):
        yield block
