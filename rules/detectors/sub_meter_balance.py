"""A meter against the meters behind it: what no sub-meter explains, beyond what the meters' own errors can be.

More behind the head than through it is always a fault of the figures: a wrong factor, a wrong link. More through the
head than usual is either use that nobody measures or a sub-meter that counts too little. Where one sub-meter with
another factor would close the balance, it is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from plagewatch.metering.balance import COVERAGE_FACTOR
from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case
from rules.detectors.history import DayGrid, before, quantile
from rules.detectors.verdicts import Judgement, MeterHours, NotJudged, Verdicts, judged, unfit


@dataclass(frozen=True, slots=True)
class SubMeterBalance:
    """What is compared, and what a balance may be off.

    days: so many days are balanced together. least_h: hours that head and all subs measured among them [h].
    permissible_error: of a new meter in its usual range, relative; in_use: a meter in use may be off so many times
        that. slack_share: what must be missing besides, of the head, before anybody is told. usual_share, weeks: the
        unmeasured share of the head that is usual is this quantile of the last weeks, the newest `days` left out.
    factors: wrong pulse weights that are tried, and their inverses.
    """

    days: int = 7
    least_h: int = 120
    permissible_error: float = 0.02
    in_use: float = 2.0
    slack_share: float = 0.05
    usual_share: float = 0.9
    weeks: int = 8
    factors: tuple[float, ...] = (2.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Amounts of the last days up to the end of each judged day [unit of the meter]; parts: [meters, days]."""

    place: NDArray[np.int64]
    head: Floats
    parts: Floats
    uncertainty: Floats

    @property
    def unmeasured(self) -> Floats:
        return np.asarray(self.head - self.parts.sum(axis=0))


def judge(case: Case, parameters: SubMeterBalance) -> Judgement:
    """A verdict at the end of each local day whose last days are known of all; `case.others["parts"]` are the subs.

    numbers: suspect_part is the place in that list of the one sub-meter whose factor would explain it, suspect_factor
    how many times too much it counts; both absent where none would.
    """
    hours, parts = case.hours, case.others.get("parts", ())
    refused = unfit(hours) or _unlike(hours, parts)
    if refused is not None:
        return refused
    grid = DayGrid.of(hours)
    sums = _sums(hours, parts, grid, parameters)
    share = np.full(len(grid.value), np.nan)
    share[grid.day[sums.place]] = sums.unmeasured / np.where(sums.head > 0, sums.head, np.nan)
    window = before(share, 7 * parameters.weeks + parameters.days)[:, : 7 * parameters.weeks]
    usual_share = quantile(window, parameters.usual_share, least=14)[grid.day[sums.place]]
    allowed = sums.uncertainty + parameters.slack_share * sums.head
    too_high = -sums.unmeasured / allowed
    missing = (sums.unmeasured - np.maximum(usual_share, 0.0) * sums.head) / allowed
    score = np.fmax(np.fmax(too_high, missing), 0.0)
    abnormal = score >= 1
    suspect, factor = _suspect(sums, np.where(np.isnan(usual_share), 0.0, usual_share), allowed, parameters)
    start_s = hours.start_s[sums.place]
    first = hours.start_s[np.maximum(sums.place - 24 * parameters.days + 1, 0)]
    verdicts = Verdicts(
        start_s=start_s,
        since_s=np.where(abnormal, first, start_s),
        score=score,
        abnormal=abnormal,
        expected=np.full(len(start_s), np.nan),
        numbers={
            f"head_{hours.unit.lower()}": sums.head,
            f"parts_{hours.unit.lower()}": sums.parts.sum(axis=0),
            f"unmeasured_{hours.unit.lower()}": sums.unmeasured,
            f"uncertainty_{hours.unit.lower()}": sums.uncertainty,
            "usual_unmeasured_pct": 100 * usual_share,
            "days": np.full(len(start_s), float(parameters.days)),
            "suspect_part": suspect,
            "suspect_factor": factor,
        },
    )
    return judged(verdicts, hours)


def _unlike(hours: MeterHours, parts: Sequence[MeterHours]) -> NotJudged | None:
    if not parts:
        numbers = {"hours": float(len(hours))}
        return NotJudged("no_parts", "{hours:.0f} hours, but no meter stands behind this one.", numbers)
    for number, part in enumerate(parts, 1):
        if part.unit != hours.unit or not np.array_equal(part.start_s, hours.start_s):
            return NotJudged(
                "parts_unlike", "Sub-meter {number:g} has other hours or another unit.", {"number": number}
            )
    return None


def _sums(hours: MeterHours, parts: Sequence[MeterHours], grid: DayGrid, parameters: SubMeterBalance) -> _Sums:
    amounts = np.stack([hours.amount, *(part.amount for part in parts)])
    together = np.asarray(np.isfinite(amounts).all(axis=0))
    span_h = 24 * parameters.days
    place = np.flatnonzero(grid.hour == 23)
    place = place[place >= span_h - 1]
    known = np.zeros(len(place))
    sums = np.zeros((len(amounts), len(place)))
    for index, end in enumerate(place.tolist()):
        last = slice(end - span_h + 1, end + 1)
        known[index] = together[last].sum()
        sums[:, index] = np.where(together[last], amounts[:, last], 0.0).sum(axis=1)
    keep = np.asarray((known >= parameters.least_h) & (sums[0] >= 0) & (sums.max(axis=0) > 0))
    place, sums = place[keep], sums[:, keep]
    limit = parameters.in_use * parameters.permissible_error * np.abs(sums)
    return _Sums(place, sums[0], sums[1:], COVERAGE_FACTOR * np.sqrt((limit**2).sum(axis=0)) / sqrt(3.0))


def _suspect(sums: _Sums, usual_share: Floats, allowed: Floats, parameters: SubMeterBalance) -> tuple[Floats, Floats]:
    """The sub-meter and factor that bring the unmeasured share nearest to the usual one; NaN where it stays too far.

    Each with whole arrays of days: place of the sub-meter, and how many times too much it counts.
    """
    best = np.full(len(sums.head), np.inf)
    suspect, found = np.full(len(sums.head), np.nan), np.full(len(sums.head), np.nan)
    for place, part in enumerate(sums.parts):
        for times in parameters.factors:
            for factor in (times, 1 / times):
                off = np.abs(sums.unmeasured + part - part / factor - usual_share * sums.head)
                nearer = (off < best) & (off <= allowed) & (part > 0)
                best = np.where(nearer, off, best)
                suspect, found = np.where(nearer, float(place), suspect), np.where(nearer, factor, found)
    return suspect, found
