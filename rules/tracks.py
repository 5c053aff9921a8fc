"""Lets every rule that is meant for a meter judge it, once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from plagewatch.metering.intervals import Seconds
from plagewatch.metering.meters import Kind, Meter
from plagewatch.store.series.protocol import SeriesStore
from rules import catalogue
from rules.cases import Cases
from rules.catalogue import Rule
from rules.detectors.case import Case
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, MeterHours, NotJudged, Verdicts
from rules.estate import Estate
from rules.walk import Track

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules said: tracks to walk over, and (rule, meter) -> why a rule said nothing."""

    tracks: Sequence[Track]
    not_judged: Mapping[tuple[str, str], NotJudged] = field(default_factory=dict)


def judge_all(
    series: SeriesStore,
    estate: Estate,
    span_s: tuple[int, int],
    progress: Progress | None,
    only: Collection[Meter] | None = None,
) -> Judged:
    """Every rule on every meter it is meant for, as it is known at span_s[1]; ticks from span_s[0] on count.

    Hours before are read as far back as the rules have to look. only: of the estate's meters those to be judged.
    """
    tracks: list[Track] = []
    refused: dict[tuple[str, str], NotJudged] = {}
    cases = Cases(series, estate, span_s)
    for number, meter in enumerate(estate.meters if only is None else only, 1):
        if wanted := meant_for(meter, estate.rules):
            for rule, said in _judged(cases.of(meter, wanted), wanted):
                if isinstance(said, NotJudged):
                    refused[rule.id, meter.id] = said
                else:
                    tracks.append(Track(rule, meter.id, rule.cause, said))
        if progress is not None and number % 25 == 0:
            progress(f"rules: {number} of {len(estate.meters)} meters judged")
    return Judged(_silent_together(tracks, estate.device_of), refused)


def meant_for(meter: Meter, rules: Iterable[Rule]) -> list[Rule]:
    """The rules that look at a meter."""
    wanted = [rule for rule in rules if meter.carrier in rule.carriers]
    if meter.kind in (Kind.VIRTUAL, Kind.DELIVERY):  # no device of its own falls silent
        wanted = [rule for rule in wanted if rule.id != catalogue.NO_DATA.id]
    return wanted


def _judged(case: Case, rules: Sequence[Rule]) -> Iterator[tuple[Rule, Judgement]]:
    for rule in rules:
        said = rule.judge(case)
        if rule.id == catalogue.UNUSUAL_LOAD.id and not isinstance(said, NotJudged):
            case = replace(case, told=_too_high(case.hours, said))
        yield rule, said


def _too_high(hours: MeterHours, said: Verdicts) -> Flags:
    """Hours of which unusual load says that they are too high, or belong to a change that it has told."""
    high = said.abnormal if said.lasting is None else said.abnormal | said.lasting
    high = high & (said.numbers["used_kwh"] >= said.numbers["usual_kwh"])
    return np.asarray(np.isin(hours.start_s, said.start_s[high]))


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
