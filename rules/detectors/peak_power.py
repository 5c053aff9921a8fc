"""A building that draws more than the power it has contracted."""

from dataclasses import dataclass

import numpy as np

from plagewatch.metering.intervals import Floats
from rules.detectors.case import Case, FineSteps
from rules.detectors.credible import beyond_use
from rules.detectors.history import DayGrid
from rules.detectors.learnt import Learnt, Newest, Warm, learnt_of
from rules.detectors.verdicts import HOUR_S, Judgement, MeterHours, NotJudged, Verdicts, unfit, unjudged

KWH = {"kWh": 1.0, "MWh": 1000.0, "Wh": 0.001}
BROKEN = 10.0  # times the contracted power is no load but another unit or a wrong pulse weight


@dataclass(frozen=True, slots=True)
class PeakPower:
    """share: the part of the contracted power from which a quarter of an hour, or an hour, makes a ticket."""

    share: float = 1.0


def judge(case: Case, parameters: PeakPower) -> Judgement:
    """A verdict for each hour: its highest quarter where quarters are known, else the whole hour's mean power."""
    hours, contracted_kw = case.hours, case.facts.contracted_kw
    refused = unfit(hours)
    if refused is not None:
        return refused
    if contracted_kw is None or not 0 < contracted_kw < float("inf"):
        given = float("nan") if contracted_kw is None else contracted_kw
        return NotJudged(
            "no_contract", "No contracted power is entered ({contracted_kw} kW).", {"contracted_kw": given}
        )
    if hours.unit not in KWH:
        return NotJudged("no_power", "{hours:.0f} hours that are no electricity.", {"hours": len(hours)})
    power_kw = np.fmax(hours.amount * KWH[hours.unit], _fine_kw(hours, case.fine))
    power_kw = np.where((power_kw >= 0) & (power_kw < BROKEN * contracted_kw), power_kw, np.nan)
    known = np.isfinite(power_kw) & ~beyond_use(DayGrid.of(hours))
    if not known.any():
        return unjudged(hours)
    over = power_kw >= parameters.share * contracted_kw
    return Verdicts(
        start_s=hours.start_s,
        since_s=hours.start_s,
        score=np.nan_to_num(power_kw / (parameters.share * contracted_kw)),
        abnormal=over,
        expected=np.full(len(hours), contracted_kw / KWH[hours.unit]),
        numbers={
            "peak_kw": power_kw,
            "contracted_kw": np.full(len(hours), contracted_kw),
            "over_kw": power_kw - contracted_kw,
        },
    ).where(known)


def _learn(case: Case, parameters: PeakPower) -> Learnt | None:
    return None if isinstance(judge(case, parameters), NotJudged) else learnt_of(case.hours, {})


def _calm(learnt: Learnt, newest: Newest, parameters: PeakPower) -> bool:
    del learnt
    limit_kw = newest.facts.contracted_kw
    if limit_kw is None:
        return True
    mean_kw = newest.hours.amount * KWH[newest.hours.unit]
    power_kw = np.fmax(mean_kw, _fine_kw(newest.hours, newest.fine))
    # All of an hour may have run in one of its quarters.
    unseen = newest.without_fine() & ~(4 * mean_kw < parameters.share * limit_kw)
    return not np.any(unseen | (newest.new & (power_kw >= parameters.share * limit_kw)))


WARM = Warm(_learn, _calm)


def _fine_kw(hours: MeterHours, fine: FineSteps | None) -> Floats:
    """The highest mean power of a finer step in each hour [kW]; NaN where none is known."""
    peak_kw = np.full(len(hours), np.nan)
    if fine is None or not len(fine.start_s) or not 0 < fine.step_s < HOUR_S:
        return peak_kw
    place = (fine.start_s - hours.start_s[0]) // HOUR_S
    there = (place >= 0) & (place < len(hours)) & np.isfinite(fine.amount)
    np.fmax.at(peak_kw, place[there], fine.amount[there] * KWH[hours.unit] * HOUR_S / fine.step_s)
    return peak_kw
