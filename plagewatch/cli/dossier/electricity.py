"""Labelled hours of electricity: the rule as it is, chosen without each site in turn, and its peers."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plagewatch.cli.dossier import labelled_sets
from plagewatch.cli.dossier.labelled_sets import LABELS, LabelledSet, NoSet
from plagewatch.cli.dossier.peers import PEERS, Peer
from plagewatch.cli.dossier.peers import judged as judged_by
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.validation.injecting import Read
from plagewatch.validation.ranges import ranges
from plagewatch.validation.scoring import (
    Figures,
    JudgedMeter,
    Labelled,
    average_precision,
    counts,
    figures,
    judged_meter,
)
from rules.catalogue import RULES, UNUSUAL_LOAD
from rules.detectors.unusual_load import UnusualLoad

GRID: Mapping[str, Sequence[float]] = {
    "deviations": (7.0, 9.0, 11.0),
    "repeats": (12.0, 16.0, 20.0),
    "lasts_h": (24, 36, 48),
}
MOST_ALARMS = 20.0  # a year and building; more nobody reads
THRESHOLDS = 1 - np.geomspace(0.0005, 0.2, 30)  # quantiles of a peer's scores that are tried

NO_SCORES: Read = np.zeros(0, np.int64), np.zeros(0)

Meters = Mapping[str, JudgedMeter]


@dataclass(frozen=True, slots=True)
class Result:
    """A detector on the labelled meters. setting: what was chosen. ranges: 90 % ranges over buildings, by figure."""

    name: str
    sees: str
    setting: str
    meters: Meters
    pr_auc: float
    figures: Figures
    ranges: Mapping[str, tuple[float, float]]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was chosen without a site, and what it did there."""

    site: str
    setting: str
    pr_auc: float
    figures: Figures


@dataclass(frozen=True, slots=True)
class Plateau:
    """The figures of all tried settings: lowest and highest, and how many settings keep all four limits."""

    tried: int
    reach_all: int
    lowest: Mapping[str, float]
    highest: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Electricity:
    """All that a set of labelled hours says. missing: peers that are not installed."""

    name: str
    sites: Mapping[str, str]
    ours: Result
    ours_held_out: Result
    held_out: Sequence[HeldOut]
    plateau: Plateau
    peers: Sequence[tuple[Result, Result]]
    missing: Sequence[Peer]
    replayed: Replayed


def measure(found: LabelledSet, goal: Mapping[str, float], say: Callable[[str], None]) -> Electricity:
    """Everything about a set with labelled hours. goal: `pr_auc`, `hour_f1`, `event_f1` at least, `alarms` at most.

    Raises NoSet where the labelled meters stand on one site: none can be held out then.
    """
    truth, read = labelled_sets.labels(found), labelled_sets.readings(found)
    sites = {meter: found.meters[meter]["site"] for meter in truth}
    if len(set(sites.values())) < 2:
        raise NoSet(f"{found.folder / LABELS}: labelled meters on two sites at least are needed, to hold one out.")

    with in_store(found.folder) as opened:
        live = replay(opened)
        as_it_is, tried = scored(read, truth, live), dict[str, Meters]()
        for number, setting in enumerate(settings(), 1):
            rule = replace(UNUSUAL_LOAD, parameters=setting)
            rules = [rule if each.id == rule.id else each for each in RULES]
            tried[described(setting)] = scored(read, truth, replay(opened, rules))
            if number % 9 == 0:
                say(f"{found.name}: {number} settings tried")
    chosen, held = without_each_site(tried, sites, worth)
    cpu_s = live.cost.per_meter_year(UNUSUAL_LOAD.id)
    there = [peer for peer in PEERS if peer.there]
    return Electricity(
        found.name,
        sites,
        result("plagewatch", "past", "as it is", as_it_is, cpu_s),
        result("plagewatch", "past", "chosen without the site", chosen, cpu_s),
        held,
        plateau(tried, goal),
        [_beside(peer, {meter: read[meter] for meter in truth}, truth, sites, say) for peer in there],
        [peer for peer in PEERS if not peer.there],
        live,
    )


def scored(read: Mapping[str, Read], truth: Mapping[str, Labelled], replayed: Replayed) -> Meters:
    """The labelled meters as the replayed rules judged them."""
    return {
        meter: judged_meter(
            read[meter][0], of_meter, replayed.scores.get(meter, NO_SCORES), replayed.tickets.get(meter, ())
        )
        for meter, of_meter in truth.items()
    }


def settings() -> list[UnusualLoad]:
    """The settings of the rule that are tried."""
    combinations = itertools.product(*GRID.values())
    return [replace(UNUSUAL_LOAD.parameters, **dict(zip(GRID, each, strict=True))) for each in combinations]


def described(setting: UnusualLoad) -> str:
    """The numbers of a setting that are tried."""
    return ", ".join(f"{name} {getattr(setting, name):g}" for name in GRID)


def worth(meters: Sequence[JudgedMeter]) -> float:
    """What a setting is chosen by: the sum of the three figures; none with more alarms than anybody reads."""
    told = figures([counts(meter) for meter in meters])
    if told.alarms_per_year > MOST_ALARMS:
        return -told.alarms_per_year
    return pooled_precision(meters) + told.hour_f1 + told.event_f1


def agreement(meters: Sequence[JudgedMeter]) -> float:
    """What a peer's threshold is chosen by: the sum of hour F1 and event F1."""
    told = figures([counts(meter) for meter in meters])
    return told.hour_f1 + told.event_f1


def without_each_site(
    tried: Mapping[str, Meters], sites: Mapping[str, str], by: Callable[[Sequence[JudgedMeter]], float]
) -> tuple[Meters, list[HeldOut]]:
    """For each site the setting that is best on all others: each meter as judged by it, and the figures by site."""
    chosen: dict[str, JudgedMeter] = {}
    held: list[HeldOut] = []
    for site in sorted(set(sites.values())):
        others = [meter for meter, of in sites.items() if of != site]
        best = max(tried, key=lambda setting: by([tried[setting][meter] for meter in others]))
        here = {meter: tried[best][meter] for meter, of in sites.items() if of == site}
        chosen.update(here)
        told = figures([counts(meter) for meter in here.values()])
        held.append(HeldOut(site, best, pooled_precision(list(here.values())), told))
    return {meter: chosen[meter] for meter in sites}, held


def plateau(tried: Mapping[str, Meters], goal: Mapping[str, float]) -> Plateau:
    """How the figures of all settings lie."""
    names = ("pr_auc", "hour_f1", "event_f1", "alarms")
    rows = []
    for meters in tried.values():
        told = figures([counts(meter) for meter in meters.values()])
        rows.append((pooled_precision(list(meters.values())), told.hour_f1, told.event_f1, told.alarms_per_year))
    table = np.array(rows)
    reach = (table[:, :3] >= [goal[name] for name in names[:3]]).all(axis=1) & (table[:, 3] <= goal["alarms"])
    lowest, highest = table.min(axis=0).tolist(), table.max(axis=0).tolist()
    return Plateau(
        len(table), int(reach.sum()), dict(zip(names, lowest, strict=True)), dict(zip(names, highest, strict=True))
    )


def result(name: str, sees: str, setting: str, meters: Meters, cpu_s: float) -> Result:
    """All figures of a detector."""
    judged = list(meters.values())
    told = figures([counts(meter) for meter in judged])
    return Result(name, sees, setting, meters, pooled_precision(judged), told, ranges(judged), cpu_s)


def pooled_precision(meters: Sequence[JudgedMeter]) -> float:
    """PR-AUC over all hours of all meters."""
    abnormal, score = (np.concatenate([getattr(meter, n) for meter in meters]) for n in ("abnormal", "score"))
    return average_precision(abnormal, score)


def _beside(
    peer: Peer,
    read: Mapping[str, Read],
    truth: Mapping[str, Labelled],
    sites: Mapping[str, str],
    say: Callable[[str], None],
) -> tuple[Result, Result]:
    """A peer with its best threshold, and with the one that is best on the other sites."""
    say(f"peer: {peer.name}")
    said = judged_by(peer, read)
    plain = {m: judged_meter(read[m][0], of_meter, said.scores[m], ()) for m, of_meter in truth.items()}
    known = np.concatenate([meter.score[np.isfinite(meter.score)] for meter in plain.values()])
    tried = {
        f"from {level:.3g}": {m: replace(meter, flagged=meter.score >= level) for m, meter in plain.items()}
        for level in np.unique(np.quantile(known, THRESHOLDS)).tolist()
    }
    best = max(tried, key=lambda setting: agreement(list(tried[setting].values())))
    chosen, _ = without_each_site(tried, sites, agreement)
    return (
        result(peer.name, peer.sees, best, tried[best], said.cpu_s),
        result(peer.name, peer.sees, "chosen without the site", chosen, said.cpu_s),
    )
