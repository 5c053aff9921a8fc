"""Loads a meter's hours and lets every rule that is meant for it judge them, once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from plagewatch.metering.calendars.entered import EnteredDays
from plagewatch.metering.intervals import Resolution, Seconds
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Carrier, Kind, Meter, Share, shares_on
from plagewatch.store.engine import Engine
from plagewatch.store.records import registry, rule_modes
from plagewatch.store.records.calendars import entered_days
from plagewatch.store.series.protocol import SeriesStore
from plagewatch.store.weather import Whose
from rules import catalogue
from rules.catalogue import Rule
from rules.detectors.case import Case, DayKinds
from rules.detectors.day_kinds import day_kinds, holidays_of
from rules.detectors.verdicts import HOUR_S, Flags, MeterHours, NotJudged, Verdicts
from rules.in_force import in_force
from rules.outdoors import Outdoors
from rules.walk import Track

Progress = Callable[[str], None]
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules said: tracks to walk over, and (rule, meter) -> why a rule said nothing."""

    tracks: Sequence[Track]
    not_judged: Mapping[tuple[str, str], NotJudged] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estate:
    """What the registry says of meters that are judged, read once for a run over many.

    zones: the time zone of each site. sunny: sites with solar panels. device_of: the device that reports for a meter.
    rules: those that look, with their parameters. entered: what people entered of the days of a site. shares: which
    buildings a meter serves. weather: whose weather counts for a site; None = nobody's.
    """

    meters: Sequence[Meter]
    zones: Mapping[str, str]
    sunny: Collection[str]
    device_of: Mapping[str, str]
    rules: Sequence[Rule] = catalogue.RULES
    entered: Mapping[str, EnteredDays] = field(default_factory=dict)
    shares: Mapping[str, Sequence[Share]] = field(default_factory=dict)
    weather: Whose | None = None

    @classmethod
    def read(cls, engine: Engine) -> Self:
        """All that is registered."""
        meters = registry.meters(engine)
        shares: dict[str, list[Share]] = defaultdict(list)
        for share in registry.shares(engine):
            shares[share.meter].append(share)
        return cls(
            meters,
            {site.id: site.timezone for site in registry.sites(engine)},
            {meter.site for meter in meters if meter.carrier is Carrier.SOLAR},
            {binding.meter: binding.device for binding in registry.bindings(engine)},  # the newest binding counts
            in_force(rule_modes.history(engine)),
            entered_days(engine),
            shares,
            Whose.read(engine),
        )

    def units(self) -> dict[str, Self]:
        """Parts that can be judged apart from each other, by the first of their sites: sites that share no device."""
        first = {site: site for site in self.zones}

        def root(site: str) -> str:
            while first[site] != site:
                site = first[site]
            return site

        seen: dict[str, str] = {}  # device -> a site of it
        for meter in self.meters:
            if device := self.device_of.get(meter.id):
                here, there = sorted((root(meter.site), root(seen.setdefault(device, meter.site))))
                first[there] = here
        grouped: dict[str, list[Meter]] = {root(site): [] for site in sorted(first)}
        for meter in self.meters:
            grouped[root(meter.site)].append(meter)
        return {unit: replace(self, meters=members) for unit, members in grouped.items()}


def judge_all(series: SeriesStore, estate: Estate, span_s: tuple[int, int], progress: Progress | None) -> Judged:
    """Every rule on every meter it is meant for; hours in [span_s[0], span_s[1]) are read, earlier ones where a rule
    has to look farther back."""
    tracks: list[Track] = []
    refused: dict[tuple[str, str], NotJudged] = {}
    known = _Days(estate)
    longest_s = (_first_s(span_s, estate.rules), span_s[1])
    outdoors = None if estate.weather is None else Outdoors(series, estate.weather, longest_s)
    for number, meter in enumerate(estate.meters, 1):
        wanted = [rule for rule in estate.rules if meter.carrier in rule.carriers]
        if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):  # no device of its own falls silent
            wanted = [rule for rule in wanted if rule.id != catalogue.NO_DATA.id]
        if not wanted:
            continue
        hours = _hours(series, meter, estate.zones[meter.site], (_first_s(span_s, wanted), span_s[1]))
        days = known.of(meter, hours)
        if days is not None:
            hours = replace(hours, holidays=holidays_of(days))
        weather = None
        if outdoors is not None and any(rule.needs_weather for rule in wanted):
            weather = outdoors.at(meter.site, hours)
        if meter.carrier is Carrier.ELECTRICITY and meter.site in estate.sunny:
            hours = covered_by_sun(hours)
        case = Case(hours, days, weather)
        for rule in wanted:
            said = rule.judge(case)
            if rule.id == catalogue.UNUSUAL_LOAD.id and not isinstance(said, NotJudged):
                case = replace(case, told=_too_high(hours, said))
            if isinstance(said, NotJudged):
                refused[rule.id, meter.id] = said
            else:
                tracks.append(Track(rule, meter.id, rule.cause, said))
        if progress is not None and number % 25 == 0:
            progress(f"rules: {number} of {len(estate.meters)} meters judged")
    return Judged(_silent_together(tracks, estate.device_of), refused)


def _first_s(span_s: tuple[int, int], rules: Sequence[Rule]) -> int:
    """Where the hours must begin so that the rule with the longest memory says the same as with all of the past."""
    return span_s[0] - (max(rule.history_days for rule in rules) - catalogue.HISTORY_DAYS) * DAY_S


def _hours(series: SeriesStore, meter: Meter, tz: str, span_s: tuple[int, int]) -> MeterHours:
    found = series.intervals(Resolution.HOUR, meter.id, *span_s)
    return MeterHours.on_grid(found, span_s[1], tz, meter.unit, meter.interval_s)


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


def _too_high(hours: MeterHours, said: Verdicts) -> Flags:
    """Hours of which unusual load says that they are too high, or belong to a change that it has told."""
    high = said.abnormal if said.lasting is None else said.abnormal | said.lasting
    high = high & (said.numbers["used_kwh"] >= said.numbers["usual_kwh"])
    return np.asarray(np.isin(hours.start_s, said.start_s[high]))


def covered_by_sun(hours: MeterHours) -> MeterHours:
    """The hours of a site with solar panels, those at 0 left out: the sun carried the load, which says nothing of it.

    >>> from plagewatch.metering.intervals import Intervals
    >>> noon = Intervals.measured(np.array([0, 3600]), np.array([3.0, 0.0]))
    >>> covered_by_sun(MeterHours.on_grid(noon, 7200, "UTC", "kWh")).amount
    array([ 3., nan])
    """
    return replace(hours, amount=np.where(hours.amount > 0, hours.amount, np.nan))


def _silent_together(tracks: Sequence[Track], device_of: Mapping[str, str]) -> list[Track]:
    """Meters of one device that are silent together become one cause at the first of them."""
    groups: dict[str, list[Track]] = defaultdict(list)
    result: list[Track] = []
    for track in tracks:
        device = device_of.get(track.meter) if track.rule.id == catalogue.NO_DATA.id else None
        (groups[device] if device is not None else result).append(track)
    for members in groups.values():
        result += together(members) if len(members) > 1 else members
    return result


def together(members: Sequence[Track]) -> list[Track]:
    """The tracks of the meters of one device, the hours in which all are silent taken out, and one track for those.

    A meter counts as silent with the others from half its limit on: they seldom fall silent in the very same hour.
    """
    start_s = np.arange(
        max(int(track.verdicts.start_s[0]) for track in members),
        min(int(track.verdicts.start_s[-1]) for track in members) + 1,
        HOUR_S,
    )
    if not len(start_s):
        return list(members)
    parts = [track.verdicts.where(np.isin(track.verdicts.start_s, start_s)) for track in members]
    score = np.max([part.score for part in parts], axis=0)
    silent = np.all([part.score >= 0.5 for part in parts], axis=0)
    device = Verdicts(
        start_s=start_s,
        since_s=np.where(silent, np.min([part.since_s for part in parts], axis=0), start_s),
        score=np.where(silent, score, 0.0),
        abnormal=silent & (score >= 1),
        expected=np.full(len(start_s), np.nan),
        numbers={
            "silent_h": np.max([part.numbers["silent_h"] for part in parts], axis=0),
            "limit_h": parts[0].numbers["limit_h"],
            "meters": np.full(len(start_s), float(len(members))),
        },
    )
    taken = start_s[device.abnormal]
    alone = [_without(track, taken) for track in members]
    covers = tuple(track.meter for track in members)
    return [*alone, Track(members[0].rule, members[0].meter, catalogue.DEVICE_SILENT, device, covers)]


def _without(track: Track, taken: Seconds) -> Track:
    still = track.verdicts.abnormal & ~np.isin(track.verdicts.start_s, taken)
    return Track(track.rule, track.meter, track.cause, replace(track.verdicts, abnormal=still))
