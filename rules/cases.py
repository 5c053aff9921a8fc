"""Brings together what the rules see of a meter: its hours, the days, the weather, meters beside it, facts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from plagewatch.metering.calendars.entered import EnteredDays
from plagewatch.metering.intervals import Resolution, Seconds
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Carrier, Meter, SubMeter, shares_on
from plagewatch.store.series.protocol import SeriesStore
from rules.catalogue import Need, Rule
from rules.detectors.case import Case, DayKinds, Facts, FineSteps
from rules.detectors.day_kinds import day_kinds, holidays_of
from rules.detectors.verdicts import HOUR_S, WHOLE, MeterHours
from rules.estate import Estate
from rules.outdoors import Outdoors

DAY_S, QUARTER_S = 86_400, 900
NEIGHBOURS = 5
"""So many plants of a site are compared with at most: more say nothing new."""


@dataclass(slots=True)
class Cases:
    """Cases of an estate's meters for ticks in (span_s[0], span_s[1]], with as much past as each rule has to see."""

    series: SeriesStore
    estate: Estate
    span_s: tuple[int, int]
    _outdoors: Outdoors | None = field(init=False)
    _days: "_Days" = field(init=False)
    _site: str = field(init=False, default="")
    _hours: dict[tuple[str, int], MeterHours] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        weather, longest_s = self.estate.weather, (self._first_s(self.estate.rules), self.span_s[1])
        self._outdoors = None if weather is None else Outdoors(self.series, weather, longest_s)
        self._days = _Days(self.estate)

    def of(self, meter: Meter, rules: Collection[Rule]) -> Case:
        """What these rules need to see of a meter. Raises SeriesError."""
        if meter.site != self._site:
            self._site = meter.site
            self._hours.clear()  # only meters of one site look at each other
        from_s = self._first_s(rules)
        needs = {need for rule in rules for need in rule.needs}
        hours = self.hours(meter, from_s)
        days = self._days.of(meter, hours)
        if days is not None:
            hours = replace(hours, holidays=holidays_of(days))
        if meter.carrier is Carrier.ELECTRICITY and meter.site in self.estate.sunny:
            hours = covered_by_sun(hours)
        weather = None
        if self._outdoors is not None and Need.WEATHER in needs:
            weather = self._outdoors.at(meter.site, hours)
        fine = self._fine(meter) if Need.FINE in needs else None
        return Case(hours, days, weather, fine, self._facts(meter, hours), self._others(meter, needs, hours, from_s))

    def hours(self, meter: Meter, from_s: int) -> MeterHours:
        """Hours of a meter, read once for all at its site that look at it."""
        key = meter.id, from_s
        if key not in self._hours:
            found = self.series.intervals(Resolution.HOUR, meter.id, from_s, self.span_s[1])
            zone = self.estate.zones[meter.site]
            self._hours[key] = MeterHours.on_grid(found, self.span_s[1], zone, meter.unit, meter.interval_s)
        return self._hours[key]

    def _first_s(self, rules: Iterable[Rule]) -> int:
        """Where the hours must begin so that the rule with the longest memory says the same as with all of the past."""
        return self.span_s[0] - max((rule.history_days for rule in rules), default=0) * DAY_S

    def _fine(self, meter: Meter) -> FineSteps | None:
        """Quarter-hours up to the newest one that is wholly measured; None without any, or for a slower meter."""
        if (meter.interval_s or 0) > QUARTER_S:
            return None
        found = self.series.intervals(Resolution.QUARTER, meter.id, self.span_s[0] - DAY_S, self.span_s[1])
        found = found.where(found.known & (found.coverage >= WHOLE))
        if not len(found):
            return None
        start_s = np.arange(int(found.start_s[0]), int(found.start_s[-1]) + 1, QUARTER_S, dtype=np.int64)
        amount = np.full(len(start_s), np.nan)
        amount[(found.start_s - start_s[0]) // QUARTER_S] = found.amount
        return FineSteps(start_s, amount, QUARTER_S)

    def _facts(self, meter: Meter, hours: MeterHours) -> Facts:
        latitude, longitude = self.estate.places.get(meter.site, (None, None))
        found = self.estate.set_aside.get(meter.id, ())
        served = {share.building for share in self.estate.shares.get(meter.id, ())}
        return Facts(
            latitude=latitude,
            longitude=longitude,
            warm=bool(served & set(self.estate.care)),
            quarantined_s=np.array([one.quarter_s for one in found], np.int64),
            jumps=np.array([one.amount for one in found], np.float64),
            exchanged_s=self.estate.exchanged_s.get(meter.id, ()),
        )

    def _others(
        self, meter: Meter, needs: Collection[Need], hours: MeterHours, from_s: int
    ) -> dict[str, Sequence[MeterHours]]:
        others: dict[str, Sequence[MeterHours]] = {}
        beside = [one for one in self.estate.meters if one.site == meter.site and one.id != meter.id]
        if Need.ALIKE in needs:
            alike = [one for one in beside if one.carrier is meter.carrier and one.unit == meter.unit]
            others["alike"] = [self.hours(one, from_s) for one in alike[:NEIGHBOURS]]
        if Need.LOAD in needs:
            load = [one for one in beside if one.carrier is Carrier.ELECTRICITY]
            others["load"] = [self.hours(one, from_s) for one in load[:NEIGHBOURS]]
        if Need.PARTS in needs and len(hours):
            parts = _parts_on(self.estate.parts.get(meter.id, ()), hours)
            known = {one.id: one for one in self.estate.meters}
            others["parts"] = [on_hours(self.hours(known[one], from_s), hours.start_s) for one in parts if one in known]
        return others


def _parts_on(parts: Sequence[SubMeter], hours: MeterHours) -> list[str]:
    """The meters behind a meter on the last day of its hours."""
    last = local_day(int(hours.start_s[-1]), hours.tz)
    return sorted(one.sub for one in parts if one.valid_from <= last and (one.valid_to is None or last < one.valid_to))


def on_hours(hours: MeterHours, start_s: Seconds) -> MeterHours:
    """The same meter on other unbroken hours; what it does not know of them is NaN.

    >>> from plagewatch.metering.intervals import Intervals
    >>> meter = MeterHours.on_grid(Intervals.measured(np.array([3600]), np.array([2.0])), 7200, "UTC", "kWh")
    >>> on_hours(meter, np.array([0, 3600, 7200])).amount
    array([nan,  2., nan])
    """
    amount, seen = np.full(len(start_s), np.nan), np.zeros(len(start_s), np.bool_)
    if len(start_s):
        place = (hours.start_s - start_s[0]) // HOUR_S
        there = (place >= 0) & (place < len(start_s))
        amount[place[there]], seen[place[there]] = hours.amount[there], hours.seen[there]
    return replace(hours, start_s=start_s, amount=amount, seen=seen)


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of meters, made once for all meters that serve the same buildings over the same days."""

    estate: Estate
    _made: dict[tuple[object, ...], DayKinds] = field(default_factory=dict)

    def of(self, meter: Meter, hours: MeterHours) -> DayKinds | None:
        """The days of a meter's hours; None where it has no hour."""
        if not len(hours):
            return None
        first, last = (local_day(int(hours.start_s[place]), hours.tz) for place in (0, -1))
        serves = tuple(share.building for share in shares_on(self.estate.shares.get(meter.id, ()), last))
        entered = self.estate.entered.get(meter.site, EnteredDays())
        key = (first, last, meter.site, serves)
        if key not in self._made:
            parts = [entered.of_buildings([building]) for building in serves] or [entered.of_buildings([])]
            self._made[key] = day_kinds(first, last, hours.tz, parts)
        return self._made[key]


def covered_by_sun(hours: MeterHours) -> MeterHours:
    """The hours of a site with solar panels, those at 0 left out: the sun carried the load, which says nothing of it.

    >>> from plagewatch.metering.intervals import Intervals
    >>> noon = Intervals.measured(np.array([0, 3600]), np.array([3.0, 0.0]))
    >>> covered_by_sun(MeterHours.on_grid(noon, 7200, "UTC", "kWh")).amount
    array([ 3., nan])
    """
    return replace(hours, amount=np.where(hours.amount > 0, hours.amount, np.nan))
