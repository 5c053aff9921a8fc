"""Far more water than this meter ever passes, within minutes: a burst pipe, an open hydrant.

Amounts are compared, not flows: what ran in the last hour so far, against the largest amount of any whole hour of
the last weeks. A short draw, however strong, is no burst, and a pulse of ten litres no flow; a burst that flows twelve
times as fast as the largest hour is one after a quarter of an hour, one of sixty times after three minutes.
"""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats, Seconds
from plagewatch.metering.local_time import local_fields
from rules.detectors.case import Case, FineSteps
from rules.detectors.credible import within
from rules.detectors.history import DayGrid, before
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.night_water import LITRES
from rules.detectors.verdicts import HOUR_S, Flags, Judgement, MeterHours, NotJudged, Verdicts, judged, unfit

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class WaterBurst:
    """How much is a burst.

    spans_h: stretches in which the amount is taken [h]. times: so many times the largest usual one of that stretch.
    least_l: and at least so much [l]: a garden or a pool takes up to 700 from a home in an hour. weeks, rest_days: the
        largest usual one is that of the second largest day of so many weeks, the newest days left out. least_days: with
        fewer known no verdict.
    credible_times, credible_l_per_h: a flow beyond the larger of so many times that of the largest usual hour and this
        one is no water but another unit or pulse weight; nothing is said of it, nor of the day after it.
    """

    spans_h: tuple[int, ...] = (1,)
    times: float = 3.0
    least_l: float = 1000.0
    weeks: int = 8
    rest_days: int = 3
    least_days: int = 21
    credible_times: float = 50.0
    credible_l_per_h: float = 10_000.0


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps of one length; arrays of one length. day: place of each one's local day in the table of usual amounts."""

    end_s: Seconds
    litres: Floats
    step_s: int
    day: Seconds


def judge(case: Case, parameters: WaterBurst) -> Judgement:
    """A verdict for each step of `case.fine`, and for each hour before those; known when the step is over.

    start_s is an hour before that moment: what is judged is the hour up to it, even where its first part is judged
    already. Each verdict takes only days that were over before its own.
    """
    hours, fine = case.hours, case.fine
    refused = unfit(hours) or _unlike(hours, fine)
    if refused is not None:
        return refused
    per_unit, grid = LITRES[hours.unit], DayGrid.of(hours)
    steps = _Steps(hours.start_s + HOUR_S, hours.amount * per_unit, HOUR_S, grid.day)
    largest = {span: _largest_usual(_run_in(steps, span), grid, parameters) for span in parameters.spans_h}
    verdicts = _verdicts(steps, largest, parameters)
    if fine is not None and len(fine.start_s):
        known = fine.start_s >= hours.start_s[0]
        start_s, litres = fine.start_s[known], fine.amount[known] * per_unit
        # A quarter after midnight is of a day of which no hour is over yet.
        first = int(local_fields(hours.start_s[:1], hours.tz).day[0])
        day = np.clip(local_fields(start_s, hours.tz).day - first, 0, len(grid.value))
        newest = _verdicts(_Steps(start_s + fine.step_s, litres, fine.step_s, day), largest, parameters)
        verdicts = _one_after_the_other(verdicts.where(verdicts.known_s <= int(fine.start_s[0])), newest)
    return judged(verdicts, hours)


def _learn(case: Case, parameters: WaterBurst) -> Learnt | None:
    hours = case.hours
    if unfit(hours) is not None or hours.unit not in LITRES:
        return None
    grid = DayGrid.of(hours)
    steps = _Steps(hours.start_s + HOUR_S, hours.amount * LITRES[hours.unit], HOUR_S, grid.day)
    largest = {str(span): _largest_usual(_run_in(steps, span), grid, parameters) for span in parameters.spans_h}
    return learnt_of(hours, {span: usual[grid.day] for span, usual in largest.items()})


def _calm(learnt: Learnt, newest: Newest, parameters: WaterBurst) -> bool:
    """Whether no new hour, and none of the newest quarters, comes near the amount of a burst."""
    hours, fine = newest.hours, newest.fine
    stretches = [(hours.start_s, hours.amount, HOUR_S, newest.new)]
    if fine is not None:
        stretches.append((fine.start_s, fine.amount, fine.step_s, np.ones(len(fine.start_s), np.bool_)))
    for start_s, amount, step_s, new in stretches:
        litres = amount * LITRES[hours.unit]
        steps = _Steps(start_s + step_s, litres, step_s, np.zeros(0, np.int64))
        of_hour = hours.start_s[0] + (start_s - hours.start_s[0]) // HOUR_S * HOUR_S
        for span in learnt.arrays:
            limit = np.fmax(parameters.times * _at(learnt, span, of_hour), parameters.least_l)
            if np.any(new & (_run_in(steps, int(span)) >= CALM * limit)):
                return False
    return not _between_hours(learnt, newest, parameters)


def _between_hours(learnt: Learnt, newest: Newest, parameters: WaterBurst) -> bool:
    """Whether a burst may lie across two hours of which the quarters came too late to be seen."""
    hours, unseen = newest.hours, newest.without_fine(before_h=1)
    litres = hours.amount * LITRES[hours.unit]
    steps = _Steps(hours.start_s + HOUR_S, litres, HOUR_S, np.zeros(0, np.int64))
    for span in learnt.arrays:
        limit = np.fmax(parameters.times * _at(learnt, span, hours.start_s), parameters.least_l)
        if np.any(unseen & (np.isnan(litres) | (_run_in(steps, int(span) + 1) >= CALM * limit))):
            return True
    return False


def _at(learnt: Learnt, span: str, start_s: Seconds) -> Floats:
    usual = learnt.arrays[span]
    place = (start_s - learnt.start_s) // HOUR_S
    there = (place >= 0) & (place < len(usual))
    return np.where(there, usual[np.clip(place, 0, len(usual) - 1)], np.nan)


CALM = 0.9
"""Of the amount of a burst: below it no rounding makes one."""
WARM = Warm(_learn, _calm)


def _unlike(hours: MeterHours, fine: FineSteps | None) -> NotJudged | None:
    if hours.unit not in LITRES:
        numbers = {"hours": float(len(hours))}
        return NotJudged("unit_unknown", "{hours:.0f} hours of water in a unit that is not known here.", numbers)
    if fine is not None and not 0 < fine.step_s <= HOUR_S:
        return NotJudged("too_coarse", "Steps of {step_s:g} s; a burst needs an hour or less.", {"step_s": fine.step_s})
    return None


def _run_in(steps: _Steps, span_h: int) -> Floats:
    """What ran in the span up to the end of each step [l]; what is not known counts as nothing."""
    count = span_h * HOUR_S // steps.step_s
    litres = np.where(np.isfinite(steps.litres), np.maximum(steps.litres, 0.0), 0.0)
    return _sum_of_last(litres, count)


def _sum_of_last(amount: Floats, count: int) -> Floats:
    """Sum of each value and those before it, `count` together; before the first there is nothing.

    >>> _sum_of_last(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [1.0, 3.0, 5.0]
    """
    padded = np.concatenate([np.zeros(count - 1), amount])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, count).sum(axis=-1))


def _largest_usual(ran: Floats, grid: DayGrid, parameters: WaterBurst) -> Floats:
    """For each day, and the one after them, the largest amount of the second largest of the days before.

    NaN where too few are known.
    """
    table = np.full((len(grid.value) + 1, 24), np.nan)
    table[grid.day, grid.hour] = np.where(np.isfinite(grid.at_hours(grid.value)), ran, np.nan)
    of_day = np.where(np.isfinite(table).sum(axis=1) >= 16, np.fmax.reduce(table, axis=1), np.nan)
    window = before(of_day, 7 * parameters.weeks + parameters.rest_days)[:, : 7 * parameters.weeks]
    known = np.isfinite(window).sum(axis=1)
    second = -np.sort(-window, axis=1)[:, 1]  # NaN goes to the end
    return np.where((known >= max(parameters.least_days, 2)) & (second > 0), second, np.nan)


def _verdicts(steps: _Steps, largest: dict[int, Floats], parameters: WaterBurst) -> Verdicts:
    spans = list(largest)
    usual = np.stack([largest[span][steps.day] for span in spans])
    ran = np.stack([_run_in(steps, span) for span in spans])
    score = ran / np.maximum(parameters.times * usual, parameters.least_l)
    worst = np.argmax(np.where(np.isnan(score), -np.inf, score), axis=0)[None]
    flow = steps.litres * HOUR_S / steps.step_s
    per_hour = usual / np.array(spans)[:, None]
    running = flow > np.min(per_hour, axis=0)
    beyond = flow > np.maximum(parameters.credible_times * np.max(per_hour, axis=0), parameters.credible_l_per_h)
    believed = ~within(beyond, DAY_S // steps.step_s)
    place = np.arange(len(flow))
    first = np.maximum.accumulate(np.where(running, 0, place + 1))
    since_s = steps.end_s[np.minimum(first, place)] - steps.step_s
    start_s = steps.end_s - HOUR_S
    score, ran, usual = (np.take_along_axis(each, worst, 0)[0] for each in (score, ran, usual))
    abnormal = running & (score >= 1)
    verdicts = Verdicts(
        start_s=start_s,
        since_s=np.where(abnormal, np.minimum(since_s, start_s), start_s),
        score=score,
        abnormal=abnormal,
        expected=np.full(len(start_s), np.nan),
        numbers={
            "ran_l": ran,
            "largest_usual_l": usual,
            "span_h": np.array(spans, np.float64)[worst[0]],
            "flow_l_per_h": flow,
            "running_min": (steps.end_s - since_s) / 60,
            "extra_m3": (ran - usual) / 1000,
        },
    )
    return verdicts.where(np.isfinite(score) & np.isfinite(steps.litres) & believed)


def _one_after_the_other(one: Verdicts, other: Verdicts) -> Verdicts:
    def both(first: Floats, second: Floats) -> Floats:
        return np.concatenate([first, second])

    flags: Flags = np.concatenate([one.abnormal, other.abnormal])
    return Verdicts(
        start_s=np.concatenate([one.start_s, other.start_s]),
        since_s=np.concatenate([one.since_s, other.since_s]),
        score=both(one.score, other.score),
        abnormal=flags,
        expected=both(one.expected, other.expected),
        numbers={name: both(values, other.numbers[name]) for name, values in one.numbers.items()},
    )
