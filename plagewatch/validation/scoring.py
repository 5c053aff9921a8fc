"""How well tickets and scores agree with labelled hours, events and alarms; what each figure means is said here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.intervals import Floats, Seconds

HOUR_S, DAY_S, YEAR_S = 3600, 86_400, 366 * 86_400
WARM_UP_S = 56 * DAY_S
"""So long after a meter's first reading nothing counts yet: rules that look back must have seen something."""
QUIET_STEPS = 3
"""Labelled (or flagged) steps with at most so many others between them are one event (or one alarm)."""

Flags = NDArray[np.bool_]


class Told(NamedTuple):
    """A ticket as it is scored [s since 1970 UTC]: starts of its first and last abnormal step; None = not cleared."""

    rule: str
    first_s: int
    last_s: int
    opened_s: int
    cleared_s: int | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labelled steps of one meter; both arrays of one length. start_s: seconds since 1970 UTC, ascending."""

    start_s: Seconds
    abnormal: Flags


@dataclass(frozen=True, slots=True)
class JudgedMeter:
    """The steps of one meter that count: with a reading, with a label, after the warm-up; arrays of one length.

    flagged: within a ticket. score: larger = more abnormal; -inf where the rule said nothing. step_s: length of a step.
    """

    start_s: Seconds
    abnormal: Flags
    flagged: Flags
    score: Floats
    tickets: Sequence[Told]
    step_s: int = HOUR_S


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on one meter. waited_h: from an event to its ticket; first_flag_h: to its first flagged step."""

    steps: int
    labelled: int
    flagged: int
    both: int
    events: int
    found: int
    alarms: int
    right: int
    waited_h: tuple[float, ...]
    first_flag_h: tuple[float, ...]
    step_s: int = HOUR_S


@dataclass(frozen=True, slots=True)
class Figures:
    """Pooled over meters; NaN = not to be had. Precision, recall and F1 of hours, and of events against alarms."""

    hour_precision: float
    hour_recall: float
    hour_f1: float
    event_precision: float
    event_recall: float
    event_f1: float
    events: int
    found: int
    alarms: int
    right: int
    alarms_per_year: float
    median_delay_h: float
    median_first_flag_h: float


def judged_meter(
    read_s: Seconds,
    labels: Labelled,
    scores: tuple[Seconds, Floats],
    tickets: Sequence[Told],
    *,
    step_s: int = HOUR_S,
    warm_up_s: int = WARM_UP_S,
) -> JudgedMeter:
    """The steps that count of a meter with readings at `read_s` (ascending, at least one)."""
    keep = np.isin(labels.start_s, read_s) & (labels.start_s >= read_s[0] + warm_up_s)
    start_s = labels.start_s[keep]
    score = np.full(len(start_s), -np.inf)
    _, here, there = np.intersect1d(start_s, scores[0], return_indices=True)
    score[here] = scores[1][there]
    flagged = np.zeros(len(start_s), np.bool_)
    for each in tickets:
        flagged |= _within(each, start_s, step_s)
    return JudgedMeter(start_s, labels.abnormal[keep], flagged, score, tuple(tickets), step_s)


def live_only(meter: JudgedMeter) -> JudgedMeter:
    """The same, with only those steps flagged that were not over yet when their ticket was opened."""
    flagged = np.zeros(len(meter.start_s), np.bool_)
    for each in meter.tickets:
        flagged |= _within(each, meter.start_s, meter.step_s) & (meter.start_s + meter.step_s >= each.opened_s)
    return replace(meter, flagged=flagged)


def counts(meter: JudgedMeter) -> Counts:
    """Steps, events and alarms of one meter."""
    events, alarms = runs(meter.abnormal), runs(meter.flagged)
    found = [(first, end) for first, end in events if meter.flagged[first:end].any()]
    return Counts(
        steps=len(meter.start_s),
        labelled=int(meter.abnormal.sum()),
        flagged=int(meter.flagged.sum()),
        both=int((meter.abnormal & meter.flagged).sum()),
        events=len(events),
        found=len(found),
        alarms=len(alarms),
        right=sum(bool(meter.abnormal[first:end].any()) for first, end in alarms),
        waited_h=tuple(_waited_h(meter, first, end) for first, end in found if meter.tickets),
        first_flag_h=tuple(int(np.argmax(meter.flagged[a:b])) * meter.step_s / HOUR_S for a, b in found),
        step_s=meter.step_s,
    )


def figures(parts: Sequence[Counts]) -> Figures:
    """The figures of several meters together, as if they were one.

    >>> one = Counts(8784, 10, 5, 4, 4, 2, 3, 2, (1.0, 3.0), (0.0, 1.0))
    >>> both = figures([one])
    >>> both.hour_precision, both.hour_recall, both.event_recall, both.alarms_per_year, both.median_delay_h
    (0.8, 0.4, 0.5, 3.0, 2.0)
    """
    labelled, flagged, both = (sum(getattr(p, name) for p in parts) for name in ("labelled", "flagged", "both"))
    events, found, alarms, right = (sum(getattr(p, n) for p in parts) for n in ("events", "found", "alarms", "right"))
    years = sum(part.steps * part.step_s for part in parts) / YEAR_S
    event_precision, event_recall = _ratio(right, alarms), _ratio(found, events)
    return Figures(
        hour_precision=_ratio(both, flagged),
        hour_recall=_ratio(both, labelled),
        hour_f1=_ratio(2 * both, flagged + labelled),
        event_precision=event_precision,
        event_recall=event_recall,
        event_f1=_ratio(2 * event_precision * event_recall, event_precision + event_recall),
        events=events,
        found=found,
        alarms=alarms,
        right=right,
        alarms_per_year=_ratio(alarms, years),
        median_delay_h=_median([each for part in parts for each in part.waited_h]),
        median_first_flag_h=_median([each for part in parts for each in part.first_flag_h]),
    )


def average_precision(abnormal: Flags, score: Floats) -> float:
    """Area under the steps of precision over recall; equal scores are taken together; NaN where nothing is abnormal.

    >>> average_precision(np.array([True, False, True, False]), np.array([4.0, 3.0, 2.0, 1.0]))
    0.8333333333333333
    """
    return weighted_precision(abnormal, score, np.ones(len(score)))


def weighted_precision(abnormal: Flags, score: Floats, weight: Floats) -> float:
    """`average_precision` where each step counts `weight` times; all arrays of one length."""
    order = np.argsort(-score, kind="stable")
    return ranked_precision(score[order], np.where(abnormal, weight, 0.0)[order], weight[order])


def ranked_precision(score: Floats, hit: Floats, weight: Floats) -> float:
    """Average precision of steps that stand in falling order of score; hit: weight where abnormal, else 0."""
    hits, seen = np.cumsum(hit), np.cumsum(weight)
    if not len(hits) or hits[-1] == 0:
        return float("nan")
    last = np.concatenate([np.flatnonzero(score[1:] != score[:-1]), [len(score) - 1]])
    hits, seen = hits[last], seen[last]
    precision = np.divide(hits, seen, out=np.zeros(len(hits)), where=seen > 0)
    return float(np.sum(np.diff(hits, prepend=0.0) / hits[-1] * precision))


def roc_auc(abnormal: Flags, score: Floats) -> float:
    """Chance that an abnormal step scores above another one, ties count half; NaN where there is but one kind.

    >>> roc_auc(np.array([True, False, True, False]), np.array([4.0, 3.0, 2.0, 1.0]))
    0.75
    """
    hits, others = int(abnormal.sum()), int((~abnormal).sum())
    if not hits or not others:
        return float("nan")
    _, place, number = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(number) - (number - 1) / 2)[place]
    return float((rank[abnormal].sum() - hits * (hits + 1) / 2) / (hits * others))


def runs(flag: Flags, quiet: int = QUIET_STEPS) -> list[tuple[int, int]]:
    """Half-open stretches of places that are True, joined over at most `quiet` places that are not.

    >>> runs(np.array([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], np.bool_))
    [(1, 6), (10, 11)]
    """
    place = np.flatnonzero(flag)
    if not len(place):
        return []
    cut = np.flatnonzero(np.diff(place) > quiet + 1)
    firsts, lasts = np.concatenate([[place[0]], place[cut + 1]]), np.concatenate([place[cut], [place[-1]]])
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def _within(ticket: Told, start_s: Seconds, step_s: int) -> Flags:
    return np.asarray((start_s + step_s > ticket.first_s) & (start_s <= ticket.last_s), np.bool_)


def _waited_h(meter: JudgedMeter, first: int, end: int) -> float:
    begun, steps = int(meter.start_s[first]), meter.start_s[first:end]
    flagged = meter.flagged[first:end]
    opened = [t.opened_s for t in meter.tickets if (_within(t, steps, meter.step_s) & flagged).any()]
    return max(0, min(opened) - begun) / HOUR_S


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")
